"""Checks that need no differences: is a rule linear, the transpose of the forward derivative, and well-behaved?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import graph
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import GradientError, TinygradError
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.differences import real_parts
from tinygrad_lab.testing.problem import Problem

SLACK = 1e3  # sums may be rounded by so many units in the last place of their terms


def check_adjoint(fn: Callable[..., Any] | Adapter, *args: Any) -> None:
    """Check that reverse mode is the transpose of forward mode: ⟨J u, v⟩ = ⟨u, Jᵀ v⟩ for random u and v, to rounding.

    The dot-product test (J. Claerbout, "Earth Soundings Analysis", 1992). A system without forward mode passes it only
    for functions that are linear, where J u = f(x + u) - f(x).

    Arguments:
        fn: a function of this package, or an adapter.
        args: arrays, numbers, Values and nested containers of them.

    Raises:
        GradientError: if the products differ; the text gives both.

    Example:
        >>> import numpy as np
        >>> check_adjoint(np.matmul, np.ones((2, 3)), np.arange(12.0).reshape(3, 4))
    """
    problem = Problem(fn if isinstance(fn, Adapter) else Adapter(fn), args, None)
    rng = np.random.default_rng(0)
    u = rng.uniform(-1, 1, problem.x.size).astype(problem.dtype)
    v = rng.uniform(-1, 1, problem.y.size).astype(problem.dtype)
    gradient, unit = problem.gradient(v)
    forward = problem.tangent(u)
    if forward is None:
        forward = problem.value(problem.x + u) - problem.y
    ahead, back = forward * v, gradient * u
    # What cancels inside a rule may be as large as the values.
    scale = np.sum(np.abs(ahead)) + np.sum(np.abs(back)) + np.sum(np.abs(problem.y * v))
    if abs(np.sum(ahead) - np.sum(back)) > SLACK * unit * scale:  # not a number: there is nothing to compare
        raise GradientError(
            f"{problem.adapter.name}: reverse mode must be the transpose of forward mode, got "
            f"<J u, v> = {float(np.sum(ahead)):.12g} and <u, Jt v> = {float(np.sum(back)):.12g}; "
            f"check_gradients tells which of them is wrong"
        )


class _Rule(NamedTuple):
    """Something that turns a cotangent into a gradient, and what it must leave alone."""

    name: str
    apply: Callable[[Any], Any]  # cotangents -> list of gradients
    cotangents: list[Any]
    arguments: list[Any]
    owned: bool  # whether what it returns must not share memory with what it was given
    size: float  # of the largest result: what cancels inside the rule may be as large


def check_rule(fn: Callable[..., Any] | Adapter, *args: Any) -> None:
    """Check how a gradient behaves, whatever its value: the habits that a sweep through many rules depends on.

    It must have the argument's shape and dtype; be linear in the cotangent, negative ones included; be the same when
    computed again; and neither write into the arguments or the cotangent nor hand out their memory. For functions of
    this package every rule on the way is looked at by itself. All of it holds for 0-d and zero-size arguments as well,
    where the function takes them.

    Arguments:
        fn: a function of this package, or an adapter.
        args: arrays, numbers, Values and nested containers of them.

    Raises:
        GradientError: naming the operation, the argument and the habit.

    Example:
        >>> import numpy as np
        >>> check_rule(np.multiply, np.ones((2, 3)), np.arange(3.0))
    """
    problem = check_habits(fn, *args)
    adapter, arrays = problem.adapter, [leaf.array for leaf in problem.leaves]
    positions = [leaf.argument for leaf in problem.leaves]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the mean of nothing, and the like
        for variant in _variants(problem, arrays):
            try:
                for rule in _rules(adapter, problem, variant):
                    _check_habits(rule, positions)
            except GradientError:
                raise
            except Exception:  # noqa: S112  a function may take what means nothing to it, such as axis=0 of a number
                continue


def check_habits(fn: Callable[..., Any] | Adapter, *args: Any) -> Problem:
    """Do what `check_rule` does, for the given arguments alone."""
    adapter = fn if isinstance(fn, Adapter) else Adapter(fn)
    problem = Problem(adapter, args, None)
    positions = [leaf.argument for leaf in problem.leaves]
    with np.errstate(all="ignore"):
        for rule in _rules(adapter, problem, [leaf.array for leaf in problem.leaves]):
            _check_habits(rule, positions)
    return problem


def _variants(problem: Problem, arrays: list[Any]) -> Iterator[list[Any]]:
    """Yield zero-size and 0-d arrays in place of the given ones, if the function takes them."""
    for smaller in ([a.reshape(-1)[:0] for a in arrays], [a.reshape(-1)[:1].reshape(()) for a in arrays if a.size]):
        try:
            problem.adapter.value(smaller, problem.rebuild)
        except Exception:  # noqa: S112  whatever the function raises, it does not take these
            continue
        yield smaller


def _rules(adapter: Adapter, problem: Problem, arrays: list[Any]) -> Iterator[_Rule]:
    rng = np.random.default_rng(0)
    outputs = adapter.value(arrays, problem.rebuild)
    if adapter.own:
        yield from _recorded(adapter, problem, arrays, rng)
    yield _Rule(
        adapter.name,
        lambda cotangents: adapter.gradients(arrays, problem.rebuild, cotangents),
        [_noise(rng, output) for output in outputs],
        arrays,
        True,
        max((_size(output) for output in outputs), default=0.0),
    )


def _recorded(adapter: Adapter, problem: Problem, arrays: list[Any], rng: np.random.Generator) -> Iterator[_Rule]:
    """Yield the rules of all operations that the function records, each by itself."""
    results, _ = tree.flatten(adapter.function(*problem.rebuild([Value(array) for array in arrays])))
    for node in graph.ancestors([result for result in results if isinstance(result, Value)]):
        for position, parent in enumerate(node.parents):
            if node.op is None or parent is None or not parent.requires_grad:
                continue
            rule, saved, kwargs = node.op.rules[position], node.saved, node.kwargs

            def apply(cotangents: Any, rule: Any = rule, saved: Any = saved, kwargs: Any = kwargs) -> Any:
                return [rule(cotangents[0], *saved, **kwargs)]

            inputs = [s for s in saved if isinstance(s, np.ndarray)]
            name = f"{node.op.name}, rule of argument {position}"
            yield _Rule(name, apply, [_noise(rng, saved[0])], inputs, False, _size(saved[0]))


def _check_habits(rule: _Rule, positions: list[int]) -> None:
    given = [*rule.cotangents, *rule.arguments]
    copies = [np.copy(array) for array in given]
    try:
        first = rule.apply(rule.cotangents)
    except TinygradError as error:
        raise GradientError(f"{rule.name}: {error}") from error
    for number, (array, copy) in enumerate(zip(given, copies, strict=True)):
        if not np.array_equal(array, copy, equal_nan=True):
            what = "cotangent" if number < len(rule.cotangents) else "arguments"
            raise GradientError(f"{rule.name}: must leave the {what} alone, got it written into; compute a new array")
    for number, gradient in enumerate(first):
        name = f"{rule.name}, gradient of argument {positions[number]}" if rule.owned else rule.name
        _check_kind(name, gradient, rule.arguments[number] if rule.owned else None)
        if rule.owned:
            _check_memory(name, gradient, given, first[:number])
    first = [np.copy(gradient) for gradient in first]
    _check_linear(rule, first)


def _check_kind(name: str, gradient: Any, argument: Any) -> None:
    if not (isinstance(gradient, (np.ndarray, np.generic)) and gradient.dtype.kind in "fc"):
        raise GradientError(
            f"{name}: must be a floating-point array, got {_kind(gradient)}; write the rule as an expression in g"
        )
    if argument is not None and (gradient.shape, gradient.dtype) != (argument.shape, argument.dtype):
        raise GradientError(
            f"{name}: must have the argument's shape {argument.shape} and dtype {argument.dtype}, "
            f"got {gradient.shape} and {gradient.dtype}; sum over broadcast axes, and convert to the argument's dtype"
        )


def _check_memory(name: str, gradient: Any, given: list[Any], others: list[Any]) -> None:
    for what, arrays in (("what the rule was given", given), ("another gradient", others)):
        if any(np.may_share_memory(gradient, array) for array in arrays if isinstance(array, np.ndarray)):
            raise GradientError(f"{name}: must own its memory, got memory of {what}; return a copy")


def _check_linear(rule: _Rule, first: list[Any]) -> None:
    again = rule.apply(rule.cotangents)
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, again, strict=True)):
        raise GradientError(f"{rule.name}: must be the same each time, got two results; take randomness as an argument")
    rng = np.random.default_rng(1)
    others = [_noise(rng, c) for c in rule.cotangents]
    second = [np.copy(gradient) for gradient in rule.apply(others)]
    # Powers of two scale exactly, so that only the sum is rounded.
    mixed = rule.apply([b / 2 - 2 * a for a, b in zip(rule.cotangents, others, strict=True)])
    kinds = [np.finfo(np.asarray(array).dtype) for array in (*first, *rule.cotangents)]
    unit, least = (float(max(getattr(kind, part) for kind in kinds)) for part in ("eps", "smallest_normal"))
    for a, b, both in zip(first, second, mixed, strict=True):
        if not np.all(np.isfinite(a) & np.isfinite(b) & np.isfinite(both)):
            continue
        scale = _size(a) + _size(b) + rule.size * max(map(_size, rule.cotangents)) + least
        off = np.max(np.abs(real_parts([np.asarray(both - (b / 2 - 2 * a))])), initial=0)
        if off > SLACK * unit * scale:
            raise GradientError(
                f"{rule.name}: must be linear in the cotangent, got a difference of {float(off):.3g} between the "
                f"gradient of a combination and that of its parts; use g once as a factor in each term"
            )


def _size(array: Any) -> float:
    numbers = np.abs(np.asarray(array))
    return float(np.max(numbers[np.isfinite(numbers)], initial=0))


def _noise(rng: np.random.Generator, like: Any) -> Any:
    like = np.asarray(plain(like))
    noise = rng.uniform(0.5, 1.5, like.shape) * rng.choice([-1, 1], like.shape)
    if np.iscomplexobj(like):
        noise = noise + 1j * rng.uniform(0.5, 1.5, like.shape)
    return np.asarray(noise, like.dtype)


def _kind(x: Any) -> str:
    return f"dtype {x.dtype}" if isinstance(x, (np.ndarray, np.generic)) else type(x).__name__
