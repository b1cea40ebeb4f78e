"""What optimizers, averages and clipping take, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.foreign import is_lazy
from tinygrad_lab.calls.receivers import plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError, GradientLostError
from tinygrad_lab.typing import Array


def computed(name: str, parameter: Any, gradient: Any) -> Array:
    """Return the array of a gradient, which is a Value after `backward(create_graph=True)`.

    One that only notes what to compute is refused: the parameter would become such a note, longer every step.
    """
    gradient = plain(gradient)
    if is_lazy(gradient) and not is_lazy(parameter):
        raise ArgumentTypeError(
            f"{name}: a gradient is a lazy {type(gradient).__name__} that has not been computed yet; call "
            f"tl.compute(loss, model) after loss.backward()"
        )
    return gradient


def refuse_recorded(name: str, lr: Any, parameter: Any) -> None:
    """Refuse a new parameter with a graph: what comes before it would have no gradient in the next step."""
    if type(parameter) is Value:
        raise refusals.arrays.hidden_values(name)
    cause = f"the learning rate {lr!r} requires a gradient" if type(lr) is Value else "update returned a Value"
    raise GradientLostError(
        f"{name}: step() cannot keep a graph, but {cause}; pass arrays and numbers, or differentiate "
        f"optimizer.update(parameter, gradient, state), which returns the new parameter and state"
    )


def listed(name: str, params: Any) -> list[Any]:
    """Return what is iterated over as a list; refuse a single Value, whose elements are no parameters, and the like."""
    if not isinstance(params, Iterable) or isinstance(params, Value | Mapping):
        raise ArgumentTypeError(
            f"{name}: params must be Values, got {type(params).__name__}; pass model.parameters() or a list"
        )
    return list(params)


def values(name: str, params: Any) -> list[Value]:
    """Return parameters as a list; refuse anything but Values."""
    params = listed(name, params)
    for parameter in params:
        if type(parameter) is not Value:
            raise ArgumentTypeError(
                f"{name}: params must be Values, but one is of type {type(parameter).__name__}; pass "
                f"model.parameters(), or wrap arrays in Value(...)"
            )
    return params


def refuse_results(name: str, params: list[Value]) -> None:
    """Refuse results of operations, which have no gradient and whose new data nobody would see."""
    for parameter in params:
        if parameter.op is not None:
            raise ArgumentError(
                f"{name}: params must be leaves, but one is the result of {parameter.op.name}; pass the Values that it "
                f"was computed from, or a leaf of its own: tl.Value(v.data)"
            )


def check_shape(name: str, position: int, parameter: Any, gradient: Any) -> None:
    """Refuse a gradient that somebody has assigned, and that would give the parameter another shape."""
    if np.shape(gradient) != parameter.shape:
        raise ArgumentError(
            f"{name}: the gradient of parameter {position} has shape {np.shape(gradient)}, but the parameter has "
            f"{parameter.shape}; assign one of the parameter's shape"
        )


def check_at_least_0(name: str, **arguments: Any) -> None:
    """Raise an ArgumentError unless all these arguments of an optimizer are at least 0."""
    for argument, value in arguments.items():
        check_number(name, argument, value)
        check(name, argument, value, value >= 0, "at least 0")


def check_number(name: str, argument: str, value: Any) -> None:
    """Raise an ArgumentTypeError for what is no number, nor may stand for one, as an array or a Value does."""
    if not hasattr(value, "__sub__") or isinstance(value, set):
        raise ArgumentTypeError(f"{name}: {argument} must be a number, got {value!r}; see the formula in help({name})")


def check(name: str, argument: str, value: float, fulfilled: bool, rule: str) -> None:
    """Raise an ArgumentError unless an argument of an optimizer or a schedule keeps its rule."""
    if not fulfilled:
        raise ArgumentError(f"{name}: {argument} must be {rule}, got {value}; see the formula in help({name})")


def check_rate(name: str, lr: Any) -> None:
    """Refuse what is no rate for a schedule to start from, such as the optimizer that PyTorch's schedulers take."""
    if not hasattr(lr, "__sub__"):
        given = repr(lr) if isinstance(lr, str | None) else type(lr).__name__
        raise ArgumentTypeError(
            f"schedules.{name}: lr must be a number, got {given}; give the schedule to the optimizer: "
            f"SGD(params, lr=schedules.{name}(0.1, ...))"
        )
