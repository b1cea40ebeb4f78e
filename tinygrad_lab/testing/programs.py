"""Random programs: graphs of up to eight operations with fan-out and reuse, inside every operation's domain."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.core.registry import OPS, RULE
from tinygrad_lab.testing import strategies
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.domains import Domain, find_domains
from tinygrad_lab.testing.extra import DrawFn, SearchStrategy, composite, st

LONGEST = 8
_JUMPING = frozenset({np.copysign, np.remainder, np.fmod})  # at 0, or at every multiple of the divisor


class Step(NamedTuple):
    """One line of a program: the result of a function of earlier values."""

    text: str
    function: Callable[..., Any]
    inputs: tuple[int, ...]


class Program:
    """A function of arrays, made of steps; it returns every value that no later step uses.

    Attributes:
        steps: in the order they run; value `i` is argument `i`, or what step `i - arity` gave.
        arity: how many arguments it takes.
    """

    __name__ = "program"

    def __init__(self, steps: Sequence[Step], arity: int) -> None:
        self.steps, self.arity = tuple(steps), arity

    def __call__(self, *args: Any) -> Any:
        """Run the program on arrays or Values."""
        values = list(args)
        for step in self.steps:
            values.append(step.function(*(values[i] for i in step.inputs)))
        used = {i for step in self.steps for i in step.inputs}
        return tuple(value for i, value in enumerate(values) if i not in used)

    def __repr__(self) -> str:
        """The program's text, a line a step; `v0`, `v1`, … are its values."""
        texts = (step.text.format(*(f"v{i}" for i in step.inputs)) for step in self.steps)
        lines = [f"v{number} = {text}" for number, text in enumerate(texts, self.arity)]
        return "\n".join(["", *lines, ""])


def programs() -> SearchStrategy[Call]:
    """Calls of random programs on one to three arrays.

    Every step takes values that its operation is smooth at, or has them brought there by a step in between.

    Example:
        >>> from hypothesis import find
        >>> len(find(programs(), lambda call: len(call.function.steps) > 1).function.steps)
        2
    """
    return _programs()


@composite
def _programs(draw: DrawFn) -> Call:
    arity = draw(st.integers(1, 3))
    args = draw(strategies.broadcastable(arity))
    values: list[Array] = list(args)
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, LONGEST))):
        _extend(draw, values, steps)
    return Call(Program(steps, arity), args)


def _extend(draw: DrawFn, values: list[Array], steps: list[Step]) -> None:
    """Add an operation to the program, on values chosen among all before."""
    first = draw(st.integers(0, len(values) - 1))
    kind = draw(st.sampled_from(["elementwise", "elementwise", "elementwise", "structure"]))
    if kind == "structure":
        fitting = [step for step in _structure(values[first], first) if step is not None]
        return _add(draw(st.sampled_from(fitting)), values, steps)
    name, function, domains = draw(st.sampled_from(_elementwise()))
    inputs = [first]
    for _ in domains[1:]:
        inputs.append(draw(st.sampled_from(_partners(values, first))))
    inside = tuple(_inside(i, domain, values, steps) for i, domain in zip(inputs, domains, strict=True))
    return _add(Step(f"{name}({', '.join(['{}'] * len(inside))})", function, inside), values, steps)


def _partners(values: list[Array], first: int) -> list[int]:
    """Return the values that broadcast against `values[first]` and do not make it larger than need be."""
    shape = values[first].shape
    return [first, *(i for i, v in enumerate(values) if i != first and _broadcasts(shape, v.shape))]


def _broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1], strict=False))


def _inside(i: int, domain: Domain, values: list[Array], steps: list[Step]) -> int:
    """Return the position of value `i`, or of what a further step makes of it, well inside a domain."""
    x = values[i]
    low, high = domain.low, domain.high
    away = [np.abs(x - point) for point in (low, high, *domain.without) if np.isfinite(point)]
    if x in domain and np.all(np.abs(x) <= 8) and all(np.all(distance > 1e-2) for distance in away):
        return i
    text = f"Domain({low}, {high}, {domain.without}).squash({{}})"
    _add(Step(text.replace("inf", "np.inf"), domain.squash, (i,)), values, steps)
    return len(values) - 1


def _structure(x: Array, i: int) -> list[Step | None]:
    """Return the steps that reduce, rearrange or multiply an array of this shape."""
    matrix, filled = x.ndim == 2, x.ndim > 0 and 0 not in x.shape
    return [
        Step("np.sum({})", np.sum, (i,)),
        Step("np.ravel({})", np.ravel, (i,)),
        Step("np.mean({}, axis=-1)", functools.partial(np.mean, axis=-1), (i,)) if filled else None,
        Step("np.sum({}, axis=0, keepdims=True)", functools.partial(np.sum, axis=0, keepdims=True), (i,))
        if filled
        else None,
        Step("np.max({}, axis=-1)", functools.partial(np.max, axis=-1), (i,)) if filled else None,
        Step("{}[[0, -1, 0]]", lambda x: x[[0, -1, 0]], (i,)) if filled else None,
        Step("{}.T", np.transpose, (i,)) if matrix else None,
        Step("({0} @ {0}.T)", lambda x: x @ np.transpose(x), (i,)) if matrix else None,
    ]


def _add(step: Step, values: list[Array], steps: list[Step]) -> None:
    with np.errstate(all="ignore"):
        values.append(np.asarray(step.function(*(values[i] for i in step.inputs))))
    steps.append(step)


@functools.cache
def _elementwise() -> list[tuple[str, Callable[..., Any], tuple[Domain, ...]]]:
    """Return the registry's elementwise NumPy functions with their domains, in an order that no file decides."""
    ops = [op for op in OPS.values() if op.kind == RULE and op.elementwise and getattr(np, op.name, 0) is op.function]
    smooth = [
        op for op in ops if None not in op.rules and op.function not in _JUMPING and isinstance(op.function, np.ufunc)
    ]
    smooth.sort(key=lambda op: op.name)
    return [(f"np.{op.function.__name__}", op.function, find_domains(op.function, len(op.rules))) for op in smooth]
