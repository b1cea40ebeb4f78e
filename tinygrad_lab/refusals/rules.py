"""What an operation is refused with whose derivative rule is missing, or returns no gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_lab.errors import ArgumentTypeError, GradientLostError, RuleError
from tinygrad_lab.refusals.nearest import nearest
from tinygrad_lab.typing import Shape


def no_rules(name: str) -> GradientLostError:
    """Describe a primitive of which no derivative was declared."""
    return GradientLostError(
        f"{name}: function must have a derivative rule, got none for it; declare one with "
        f"tinygrad_lab.defvjp, or call it on v.data to leave the graph"
    )


def no_operation(name: str, known: Iterable[str]) -> GradientLostError:
    """Describe a function that is not in the registry."""
    near = nearest(name, known, 0.0)
    return GradientLostError(
        f"{name}: function must have a derivative rule, got none for it; the nearest that has one is "
        f"{near[0]}, declare one with tinygrad_lab.defvjp, or call it on v.data to leave the graph"
    )


def escaped(name: str) -> GradientLostError:
    """Describe a primitive whose body met a Value that is none of its arguments."""
    return GradientLostError(
        f"{name}: the body of a primitive must compute with its arguments' arrays, got a Value inside it; pass each "
        f"Value as an argument of its own, not in a closure, a container or a Module"
    )


def gradient_does_not_fit(name: str, position: int, like: Shape, given: Shape) -> RuleError:
    """Describe a rule whose result has a shape that broadcasting cannot explain."""
    return RuleError(
        f"{name}: the gradient of argument {position} must broadcast from shape {like}, "
        f"got {given}; check that argument's rule"
    )


def gradient_is_no_array(name: str, position: int, given: object) -> RuleError:
    """Describe a rule that returned something else."""
    return RuleError(
        f"{name}: the gradient of argument {position} must be an array, got {type(given).__name__}; "
        f"write that argument's rule as an expression in g"
    )


def not_all_gradients(name: str, needed: tuple[int, ...], found: Any) -> RuleError:
    """Describe a joint rule that did not return a gradient for each argument it was asked for."""
    given = f"{len(found)} of them" if isinstance(found, tuple | list) else type(found).__name__
    return RuleError(
        f"{name}: the joint rule must return a tuple of {len(needed)} gradients, one for each argument in "
        f"{needed}, got {given}; return one per position in its first argument"
    )


def no_array(name: str, given: object) -> ArgumentTypeError:
    """Describe the body of a primitive that returned something else."""
    return ArgumentTypeError(
        f"{name}: result must be an array or a tuple of arrays, got {type(given).__name__}; return arrays"
    )


def too_many(name: str) -> ArgumentTypeError:
    """Describe rules beside one that is for all arguments."""
    return ArgumentTypeError(
        f"defvjp: a variadic or a joint rule must be the only one, got more for {name}; leave them out"
    )
