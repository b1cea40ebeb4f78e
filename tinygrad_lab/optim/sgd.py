"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import Any

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.optim.arguments import check_at_least_0
from tinygrad_lab.optim.base import Optimizer, Params, Schedule, State
from tinygrad_lab.typing import Array, Result


class SGD(Optimizer):
    """Gradient descent, `w ← w − lr · g`, or with momentum μ and dampening τ `v ← μ v + (1 − τ) g; w ← w − lr · v`.

    The velocity starts as the first gradient. `dampening=momentum` makes it a moving average of the gradients.

    Arguments:
        params: the Values to optimize, or groups of them: see `Optimizer`.
        lr: the learning rate, a number or a schedule `step -> rate`.
        momentum: μ, how much of the velocity is kept.
        dampening: τ.
        weight_decay: λ, adds `λ w` to the gradient.
        nesterov: step along `g + μ v` rather than `v`; takes a momentum and no dampening.

    Raises:
        ArgumentError: if a number is negative, or nesterov lacks its momentum.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value(4.0)
        >>> optimizer = tl.optim.SGD([w], lr=0.25)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> w.data
        np.float64(2.0)

    Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep
    learning", 2013; with PyTorch's placement of the learning rate.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Schedule,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr)
        check_at_least_0("SGD", momentum=momentum, dampening=dampening, weight_decay=weight_decay)
        if nesterov and (momentum == 0 or dampening != 0):
            raise ArgumentError(
                f"SGD: nesterov needs a momentum and no dampening, got momentum={momentum} and "
                f"dampening={dampening}; pass momentum=0.9 and leave dampening out"
            )
        self.momentum = float(momentum)
        self.dampening = float(dampening)
        self.weight_decay = float(weight_decay)
        self.nesterov = nesterov

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the parameter after one step, and the state with its velocity."""
        step = state.get("step", 0)
        after: State = {"step": step + 1}
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        if self.momentum:
            velocity = self._accelerate(state["velocity"], gradient) if "velocity" in state else gradient.copy()
            after["velocity"] = velocity
            gradient = gradient + self.momentum * velocity if self.nesterov else velocity
        return parameter - self.rate(step) * gradient, after

    def _accelerate(self, velocity: Any, gradient: Array) -> Result:
        return self.momentum * velocity + (1 - self.dampening) * gradient
