"""What all optimizers share: a pure rule on arrays, and a thin `step()` that applies it to every parameter."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lab.calls.foreign import ARRAYS
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError, UndefinedMethodError
from tinygrad_lab.optim.arguments import (
    check_at_least_0,
    check_shape,
    computed,
    listed,
    refuse_recorded,
    refuse_results,
    values,
)
from tinygrad_lab.optim.parts import parts, whole
from tinygrad_lab.refusals import making, names
from tinygrad_lab.refusals.nearest import meant
from tinygrad_lab.typing import Array, NDArray, Result

State = dict[str, Any]  # "step", the number of updates made, and arrays; {} before the first update
Schedule = Callable[[int], float]
Params: TypeAlias = Iterable[Value] | Iterable[Mapping[str, Any]]  # or groups: {"params": Values, "lr": 0.1, ...}


class Optimizer:
    """Base class: a subclass defines `update`, which computes on arrays and changes nothing.

    A complex parameter is updated as the pair of its real and imaginary parts.

    Arguments:
        params: the Values to optimize, such as `model.parameters()`; or groups of them, dicts with the Values under
            `params` and, under their names, those of the optimizer's arguments that are another for this group.
        lr: the learning rate: a number, or a schedule `step -> rate`, where step counts the calls of `step()` from 0.

    Attributes:
        params: the list of Values, of all groups.
        states: for each of them, what `update` returned last; {} before the first update.
        lr: the learning rate or schedule; assign to it at any time.
        groups: for each group an optimizer with its own arguments, [] without groups; what a group was not given
            follows this optimizer, so `optimizer.lr = 0.1` is for the groups without a rate of their own.
        steps: how often `step()` was called.

    Raises:
        ArgumentTypeError: if `params` holds anything but Values.
        ArgumentError: if `params` is empty, repeats a Value or holds the result of an operation, if `lr` is negative,
            or if a group has an unknown name.

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

    With groups:
        >>> body, head = tl.nn.Linear(2, 2), tl.nn.Linear(2, 1)
        >>> groups = [{"params": body.parameters(), "lr": 0.001}, {"params": head.parameters()}]
        >>> optimizer = tl.optim.Adam(groups, lr=0.1)
        >>> optimizer.lr = 0.05  # the head's
        >>> optimizer.groups[0].lr
        0.001
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        making.tell(cls)

    variables = ("lr", "steps", "_lag")  # inputs of a compiled step, so that they may change from call to call

    def __init__(self, params: Params, lr: float | Schedule) -> None:
        name = type(self).__name__
        given: list[Any] = listed(name, params)
        self.groups: list[Optimizer] = []
        self._own: tuple[str, ...] = ()  # of a group: the names of its own arguments
        self._owners: list[int] = []  # with groups: for each parameter, its group's position
        if any(isinstance(one, Mapping) for one in given):
            self.groups = [self._group(one, lr) for one in given]
            self._owners = [i for i, group in enumerate(self.groups) for _ in group.params]
            given = [parameter for group in self.groups for parameter in group.params]
        self.params: list[Value] = values(name, given)
        if not self.params:
            raise ArgumentError(
                f"{name}: params is empty; pass a model's parameters(), and check that the model has some"
            )
        refuse_results(name, self.params)
        if len(set(self.params)) < len(self.params):
            raise ArgumentError(
                f"{name}: params repeats {len(self.params) - len(set(self.params))} of its Values, which a step would "
                f"update twice; drop the repetition"
            )
        if not callable(lr):
            check_at_least_0(name, lr=lr)
        self.lr = lr
        self.steps = 0
        self._lag = 0  # how many steps the parameter that is being updated took no part in
        self.states: list[State] = [{} for _ in self.params]

    def _group(self, given: Any, lr: float | Schedule) -> Optimizer:
        """Return an optimizer for a group, which checks its arguments as ever."""
        kind = type(self)
        known = [name for name in inspect.signature(kind).parameters if name != "params"]
        if not isinstance(given, Mapping) or "params" not in given:
            found = list(given) if isinstance(given, Mapping) else type(given).__name__
            raise ArgumentTypeError(
                f'{kind.__name__}: every group must be a dict with its Values under "params", got {found}; '
                f"pass only groups, or only Values"
            )
        options = {name: option for name, option in given.items() if name != "params"}
        for name in options:
            if name not in known:
                raise ArgumentError(
                    f"{kind.__name__}: a group's options must be among {', '.join(known)}, got {name!r}; "
                    f"{meant(name, known, 'leave it out')}"
                )
        params = given["params"]
        group = kind([params] if isinstance(params, Value) else params, **{"lr": lr, **options})
        group._own = tuple(options)
        return group

    def rule_of(self, position: int) -> Optimizer:
        """Return whose `update` a parameter is given to: this optimizer's, or that of its group, brought up to date."""
        if not self.groups:
            return self
        group = self.groups[self._owners[position]]
        for name, x in vars(self).items():
            if name not in group._own and name not in _NOT_SHARED:
                setattr(group, name, x)
        return group

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the new parameter and the new state; a pure function of arrays.

        Arguments:
            parameter: array.
            gradient: array of the same shape.
            state: what the last call returned, {} at first.
        """
        raise UndefinedMethodError(f"{type(self).__name__}: has no update method; write one as in Optimizer's example")

    def rate(self, step: int) -> Result:
        """Return the learning rate of a parameter's update number `step`, counted from 0.

        Within `step()`, a schedule is asked for the number of the optimizer's steps, in which a parameter without a
        gradient took no part.
        """
        rate: Any = self.lr
        if type(rate) is float:  # the usual case
            return rate
        if callable(rate):
            rate = rate(step + self._lag)
        if type(rate) is Value and rate.requires_grad:
            return rate  # an update is differentiated with respect to it
        return rate.item() if hasattr(rate, "item") else float(rate)  # a Python number does not widen float32

    def step(self) -> None:
        """Update every parameter that has a gradient; its `data` is bound to a new array, never written into.

        Raises:
            ArgumentTypeError: if a gradient is lazy and its parameter is not.
            GradientLostError: if `update` returns a Value, as it does for a learning rate that requires a gradient.
        """
        states, rule = self.states, self
        alike = not self.groups and not callable(self.lr)
        for position, parameter in enumerate(self.params):
            gradient = parameter.grad
            if gradient is not None:
                data, state = parameter.data, states[position]
                if type(gradient) not in ARRAYS:
                    gradient = computed(type(self).__name__, data, gradient)
                if not state:
                    check_shape(type(self).__name__, position, data, gradient)
                if not alike:
                    rule = self.rule_of(position)
                    if callable(rule.lr) and (not state or "step" in state):
                        rule._lag = self.steps - state.get("step", 0)
                new, states[position] = rule.updated(data, gradient, state)
                if type(new) is Value:
                    refuse_recorded(type(self).__name__, self.lr, data)
                parameter.data = new
                rule._lag = 0
        self.steps += 1

    def updated(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return what `update` does; it is given a complex parameter as pairs of real numbers.

        The way down is along the gradient's conjugate.
        """
        if parameter.dtype.kind != "c":
            return self.update(parameter, gradient, state)
        new, state = self.update(parts(parameter), parts(np.conj(gradient)), state)
        return whole(new), state

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to None."""
        for parameter in self.params:
            parameter.grad = None

    def __repr__(self) -> str:
        known = [name for name in inspect.signature(type(self)).parameters if name != "params" and hasattr(self, name)]
        settings = "".join(f", {name}={getattr(self, name)!r}" for name in known)
        many = "" if len(self.params) == 1 else "s"
        return f"{type(self).__name__}({len(self.params):,} parameter{many}{settings}), after {self.steps:,} steps"

    def state_dict(self) -> dict[str, NDArray]:
        """Return copies of all states, as arrays by "position.name"; with the parameters' arrays, all to go on from.

        Beside them stand the number of steps and the learning rates that are numbers, under the class's name.
        """
        kind = type(self).__name__
        about = {f"{kind}.steps": np.array(self.steps)}
        for place, owner in self._rates().items():
            if not callable(owner.lr):
                about[f"{kind}.{place}"] = np.array(owner.lr)
            elif hasattr(owner.lr, "state_dict"):
                about |= {f"{kind}.{place}.{name}": np.array(x) for name, x in owner.lr.state_dict().items()}
        return about | {
            f"{position}.{name}": np.array(item)
            for position, state in enumerate(self.states)
            for name, item in state.items()
        }

    def _rates(self) -> dict[str, Optimizer]:
        """Return whose learning rates are saved, by the names they are saved under."""
        groups = ((f"groups.{i}.lr", group) for i, group in enumerate(self.groups) if "lr" in group._own)
        return {"lr": self, **dict(groups)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict()` returned; a schedule of this optimizer stays, a number takes the one saved.

        Raises:
            ArgumentError: if it belongs to another optimizer or to other parameters; nothing is changed then.
        """
        kind, states = type(self).__name__, [State() for _ in self.params]
        about: dict[str, Any] = {}
        for key, item in state.items():
            position, _, name = key.partition(".")
            if not position.isdigit() and position == kind:
                about[name] = item
            elif not position.isdigit():
                raise ArgumentError(
                    f"{kind}: the state is of another optimizer, {position}; build the one that was saved"
                )
            elif int(position) >= len(states):
                raise ArgumentError(
                    f"{kind}: the state has an entry {key!r}, but the optimizer only {len(states)} parameter(s); "
                    f"load it into an optimizer of the same parameters"
                )
            else:
                states[int(position)][name] = int(item) if name == "step" else np.array(item)[()]
        for place, found in enumerate(states):
            if found:
                self._check_state(place, found)
        self.states, self.steps = states, int(about.get("steps", max((s.get("step", 0) for s in states), default=0)))
        for name, owner in self._rates().items():
            inner = {key.removeprefix(f"{name}."): x for key, x in about.items() if key.startswith(f"{name}.")}
            if inner and hasattr(owner.lr, "load_state_dict"):
                owner.lr.load_state_dict(inner)
            elif name in about and not callable(owner.lr):
                owner.lr = float(about[name])

    def _check_state(self, position: int, found: State) -> None:
        """Refuse a parameter's state of other names or shapes than an update would leave."""
        zeros = np.zeros_like(self.params[position].data)
        with np.errstate(all="ignore"):
            rule = self.rule_of(position)
            expected = {name: np.shape(x) for name, x in rule.updated(zeros, zeros, {})[1].items()}
        shapes = {name: np.shape(x) for name, x in found.items()}
        if shapes != expected:
            raise ArgumentError(
                f"{type(self).__name__}: state of parameter {position} must hold {expected}, got {shapes}; load it "
                f"into an optimizer of the same class and options, and of the same parameters"
            )


_NOT_SHARED = frozenset({"params", "states", "groups", "steps", "_own", "_owners", "_lag"})


names.tell_optimizers(Optimizer)
