"""Errors of operations whose derivative rule is missing, or returns no gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_lab.errors import ArgumentTypeError, GradientLostError, RuleError
from tinygrad_lab.refusals.nearest import nearest
from tinygrad_lab.typing import Function, Shape


def no_rules(name: str) -> GradientLostError:
    """Describe a primitive of which no derivative was declared."""
    return GradientLostError(
        f"{name}: has no derivative rule; declare one with tinygrad_lab.defvjp, or call it on v.data to leave the graph"
    )


def no_operation(function: Function, advice: str | None, known: Iterable[str]) -> GradientLostError:
    """Describe a function that is not in the registry, or that is refused with advice."""
    name = getattr(function, "__name__", repr(function))
    if advice is not None:
        return GradientLostError(f"{name}: does not take Values; {advice}")
    near = nearest(name, known, 0.0)
    return GradientLostError(
        f"{name}: has no derivative rule (the nearest name that has one is {near[0]}); declare one with "
        f"tinygrad_lab.defvjp, or call it on v.data to leave the graph"
    )


def escaped(name: str) -> GradientLostError:
    """Describe a primitive whose body met a Value that is none of its arguments."""
    return GradientLostError(
        f"{name}: its body met a Value that is none of its arguments; pass each Value as an argument of its own, "
        f"not in a closure, a container or a Module"
    )


def gradient_does_not_fit(name: str, position: int, like: Shape, given: Shape) -> RuleError:
    """Describe a rule whose result has a shape that broadcasting cannot explain."""
    return RuleError(
        f"{name}: the gradient of argument {position} has shape {given}, which does not broadcast from the "
        f"argument's {like}; check that argument's rule"
    )


def gradient_is_no_array(name: str, position: int, given: object) -> RuleError:
    """Describe a rule that returned something else."""
    return RuleError(
        f"{name}: the gradient of argument {position} is a {type(given).__name__}, not an array; "
        f"write that argument's rule as an expression in g"
    )


def not_all_gradients(name: str, needed: tuple[int, ...], found: Any) -> RuleError:
    """Describe a joint rule that did not return a gradient for each argument it was asked for."""
    given = f"{len(found)} gradient(s)" if isinstance(found, tuple | list) else type(found).__name__
    return RuleError(
        f"{name}: the joint rule returned {given} instead of a tuple of {len(needed)}, one gradient for each argument "
        f"in {needed}; return one per position in its first argument"
    )


def not_all_tangents(name: str, count: int, found: Any) -> RuleError:
    """Describe a rule of `defjvp` that did not return a tangent for each of several results."""
    given = f"{len(found)} tangent(s)" if isinstance(found, tuple | list) else type(found).__name__
    return RuleError(
        f"{name}: the forward rule returned {given} for {count} results; return a tuple with one tangent for each"
    )


def not_linear(name: str, position: int) -> RuleError:
    """Describe a rule of `defjvp` whose tangents do not add up."""
    return RuleError(
        f"{name}: the forward rule of argument {position} is not linear in the tangent t: of t + u it does not return "
        f"the sum of what it returns of t and of u; return the derivative times t"
    )


def no_array(name: str, given: object) -> ArgumentTypeError:
    """Describe an operation that returned something else, such as an array of texts."""
    if hasattr(given, "dtype"):
        return ArgumentTypeError(f"{name}: returned dtype {given.dtype}, which has no derivative; pass numbers only")
    return ArgumentTypeError(
        f"{name}: returned a {type(given).__name__}, not an array or a tuple of arrays; return arrays"
    )
