"""The same gradient by every way in which its system may ask for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.errors import GradientError
from tinygrad_lab.refusals.wording import with_class
from tinygrad_lab.testing.adapters.base import Way
from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.mistakes import Mistake, failure
from tinygrad_lab.testing.problem import Problem
from tinygrad_lab.testing.reproduction import call

SLACK = 1e4  # sums may be rounded by so many units in the last place of their terms
SEEN = 8  # times what rounding was seen to do


def fault(problem: Problem, weights: Array) -> str:
    """Return what is wrong with the gradient where it is asked for in another way, or nothing.

    Arguments:
        problem: the function and its arguments.
        weights: a cotangent, flat.
    """
    adapter = problem.adapter
    leaves, cotangents = problem.unflatten(problem.x), problem.cotangents(weights)
    terms = float(np.sum(np.abs(weights * problem.y)))
    try:
        for way in adapter.ways(leaves, problem.rebuild, cotangents):
            found = _found(problem, way)
            if found is None:
                continue
            right = adapter.gradients(leaves, problem.rebuild, way.cotangents)
            for number, (gradient, expected) in enumerate(zip(found, right, strict=True)):
                off = 0.0 if gradient is None else _off(gradient, expected, terms)
                if np.isinf(off) and (problem.overflow or adapter.own):
                    continue  # which is finite proves nothing then; here, a constant 0 stops what is infinite
                if off and not off <= SEEN * _spread(problem, way, number):
                    argument = problem.leaves[number].argument
                    return _text(problem, weights, f", gradient of argument {argument}", way, off)
    except GradientError as error:
        return f"{error}\n  {call(problem, weights)}"
    return ""


def _found(problem: Problem, way: Way) -> Any:
    try:
        return way.gradients()
    except GradientError:
        raise
    except Exception as error:
        said = with_class(error)
        if not way.optional:
            raise failure(
                Mistake.OTHER_WAY,
                f"{problem.adapter.name}: there is no gradient {way.when} ({said}); "
                f"in `backward`, think of `None` and of arguments that need no gradient",
            ) from error
        problem.adapter.note(f"the gradient {way.when}: {said}")
        return None


def _off(gradient: Any, expected: Any, terms: float) -> float:
    """Return how far apart two gradients are, or 0 if that is rounding."""
    gradient, expected = np.asarray(gradient), np.asarray(expected)
    if gradient.shape != expected.shape:
        return float("nan")
    known = np.isfinite(gradient) & np.isfinite(expected)
    unit = float(np.finfo(expected.dtype).eps)
    size = float(np.max(np.abs(expected[known]), initial=0))
    off = float(np.max(np.abs(gradient - expected)[known], initial=0))
    if np.any(np.isfinite(gradient) != np.isfinite(expected)):
        return float("inf")
    return off if off > SLACK * unit * (size + terms) else 0.0


def _spread(problem: Problem, way: Way, number: int) -> float:
    """Return how much a gradient changes with the rounding of the arguments."""
    unit, spread = float(np.finfo(problem.dtype).eps), 0.0
    right = problem.adapter.gradients(problem.unflatten(problem.x), problem.rebuild, way.cotangents)[number]
    for units in (1, -1, 2, -2, 4, -4):
        near = problem.unflatten(problem.x * (1 + units * unit))
        other = problem.adapter.gradients(near, problem.rebuild, way.cotangents)[number]
        spread = max(spread, float(np.max(np.abs(np.asarray(other) - right), initial=0)))
    return spread


def _text(problem: Problem, weights: Array, what: str, way: Way, off: float) -> str:
    return (
        f"{problem.adapter.name}{what}: another {way.when}\n"
        f"  it differs by {off:.3g} from the gradient for every cotangent by itself\n"
        f"{Mistake.OTHER_WAY.line}\n"
        f"  {call(problem, weights)}"
    )
