"""What all optimizers share: a pure rule on arrays, and a thin `step()` that applies it to every parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError, UndefinedMethodError

State = dict[str, Any]  # "step", the number of updates made, and arrays; {} before the first update
Schedule = Callable[[int], float]


class Optimizer:
    """Base class: a subclass defines `update`, which computes on arrays and changes nothing.

    Arguments:
        params: the Values to optimize, such as `model.parameters()`.
        lr: the learning rate: a number, or a schedule `step -> rate`, where step counts a parameter's updates from 0.

    Attributes:
        params: the list of Values.
        states: for each of them, what `update` returned last; {} before the first update.
        lr: the learning rate or schedule; assign to it at any time.

    Raises:
        ArgumentTypeError: if `params` holds anything but Values.
        ArgumentError: if `params` is empty or repeats a Value, or if `lr` is negative.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> class Momentum(tl.optim.Optimizer):  # v ← 0.9 v − lr·g; w ← w + v
        ...     def update(self, parameter, gradient, state):
        ...         step = state.get("step", 0)
        ...         velocity = 0.9 * state.get("velocity", 0.0) - self.rate(step) * gradient
        ...         return parameter + velocity, {"step": step + 1, "velocity": velocity}
        >>> w = tl.Value([3.0, 4.0])
        >>> optimizer = Momentum([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.data
        array([0., 0.])
    """

    variables = ("lr",)  # numbers that a compiled step takes as inputs, so that they may change from call to call

    def __init__(self, params: Iterable[Value], lr: float | Schedule) -> None:
        name = type(self).__name__
        if not isinstance(params, Iterable) or isinstance(params, Value):
            raise ArgumentTypeError(
                f"{name}: params must be Values, got {type(params).__name__}; pass model.parameters() or a list"
            )
        self.params = list(params)
        for parameter in self.params:
            if type(parameter) is not Value:
                raise ArgumentTypeError(
                    f"{name}: params must be Values, got one {type(parameter).__name__}; pass model.parameters(), or "
                    f"wrap arrays in Value(...)"
                )
        if not self.params:
            raise ArgumentError(
                f"{name}: params must hold at least one Value, got none; does the model have parameters?"
            )
        if len(set(self.params)) < len(self.params):
            raise ArgumentError(
                f"{name}: params must hold each Value once, got {len(self.params) - len(set(self.params))} repeated; "
                f"a step would update those twice: drop the repetition"
            )
        if not callable(lr):
            check_at_least_0(name, lr=lr)
        self.lr = lr
        self.states: list[State] = [{} for _ in self.params]

    def update(self, parameter: Any, gradient: Any, state: State) -> tuple[Any, State]:
        """Return the new parameter and the new state; a pure function of arrays.

        Arguments:
            parameter: array.
            gradient: array of the same shape.
            state: what the last call returned, {} at first.
        """
        raise UndefinedMethodError(f"{type(self).__name__}: update must be defined, got none; see Optimizer's example")

    def rate(self, step: int) -> float:
        """Return the learning rate of the update that `step` others came before."""
        rate = self.lr(step) if callable(self.lr) else self.lr
        if type(rate) is float:
            return rate
        return rate.item() if hasattr(rate, "item") else float(rate)  # a Python number does not widen float32

    def step(self) -> None:
        """Update every parameter that has a gradient; its `data` is bound to a new array, never written into."""
        states = self.states
        for position, parameter in enumerate(self.params):
            gradient = parameter.grad
            if gradient is not None:
                if type(gradient) is Value:  # from backward(create_graph=True)
                    gradient = gradient.data
                parameter.data, states[position] = self.update(parameter.data, gradient, states[position])

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.params:
            parameter.grad = None

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return copies of all states, as arrays by "position.name"; with the parameters' arrays, all to go on from."""
        return {
            f"{position}.{name}": np.array(item)
            for position, state in enumerate(self.states)
            for name, item in state.items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict()` returned.

        Raises:
            ArgumentError: if it belongs to other parameters.
        """
        states: list[State] = [{} for _ in self.params]
        for key, item in state.items():
            position, _, name = key.partition(".")
            if not position.isdigit() or int(position) >= len(states):
                raise ArgumentError(
                    f"{type(self).__name__}: state must be of {len(states)} parameters, got an entry {key!r}; "
                    f"load it into an optimizer of the same parameters"
                )
            states[int(position)][name] = int(item) if name == "step" else np.array(item)[()]
        self.states = states


def check_at_least_0(name: str, **arguments: float) -> None:
    """Raise an ArgumentError unless all these arguments of an optimizer are at least 0."""
    for argument, value in arguments.items():
        check(name, argument, value, value >= 0, "at least 0")


def check(name: str, argument: str, value: float, fulfilled: bool, rule: str) -> None:
    """Raise an ArgumentError unless an argument of an optimizer or a schedule keeps its rule."""
    if not fulfilled:
        raise ArgumentError(f"{name}: {argument} must be {rule}, got {value}; see the formula in help({name})")
