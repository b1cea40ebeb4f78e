"""Optimizers that divide each parameter's step by the root of the squared gradients it has seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.optim.arguments import check_at_least_0
from tinygrad_lab.optim.base import Optimizer, Params, Schedule, State
from tinygrad_lab.typing import Array, Result


class Adagrad(Optimizer):
    """Steps divided by the root of all squared gradients so far, `s ← s + g²; w ← w − lr / (1 + t η) · g / (√s + ε)`.

    Arguments:
        params: the Values to optimize, or groups of them: see `Optimizer`.
        lr: the learning rate, a number or a schedule `step -> rate`.
        lr_decay: η; t is the number of updates before this one.
        weight_decay: λ, adds `λ w` to the gradient.
        eps: ε, outside the root.

    Raises:
        ArgumentError: if a number is negative.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value(4.0)
        >>> optimizer = tl.optim.Adagrad([w], lr=0.5)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        3.5

    Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", 2011.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 0.01,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        super().__init__(params, lr)
        check_at_least_0("Adagrad", lr_decay=lr_decay, weight_decay=weight_decay, eps=eps)
        self.lr_decay, self.weight_decay, self.eps = float(lr_decay), float(weight_decay), float(eps)

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the parameter after one step, and the state with the sum of squares."""
        step = state.get("step", 0)
        gradient = gradient + self.weight_decay * parameter
        squares = state.get("squares", 0.0) + gradient * gradient
        rate = self.rate(step) / (1 + step * self.lr_decay)
        parameter = parameter - rate * over_root(gradient, np.sqrt(squares) + self.eps)
        return parameter, {"step": step + 1, "squares": squares}


class RMSprop(Optimizer):
    """Steps divided by a running root mean square, `s ← α s + (1 − α) g²; w ← w − lr · g / (√s + ε)`.

    Arguments:
        params: the Values to optimize, or groups of them: see `Optimizer`.
        lr: the learning rate, a number or a schedule `step -> rate`.
        alpha: α, how much of the running mean is kept.
        eps: ε.
        weight_decay: λ, adds `λ w` to the gradient.
        momentum: μ; the step becomes `v ← μ v + g / (√s + ε); w ← w − lr · v`.
        centered: subtract the square of the running mean gradient from s, which leaves the variance.

    Raises:
        ArgumentError: if a number is negative.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value(4.0)
        >>> optimizer = tl.optim.RMSprop([w], lr=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        3.0

    Source: T. Tieleman, G. Hinton, "Lecture 6.5: rmsprop", 2012; centered: A. Graves, "Generating sequences with
    recurrent neural networks", 2013.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(params, lr)
        check_at_least_0("RMSprop", alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum)
        self.alpha, self.eps = float(alpha), float(eps)
        self.weight_decay, self.momentum, self.centered = float(weight_decay), float(momentum), centered

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the parameter after one step, and the state with the running means."""
        step = state.get("step", 0)
        gradient = gradient + self.weight_decay * parameter
        squares = self.alpha * state.get("squares", 0.0) + (1 - self.alpha) * gradient * gradient
        after: State = {"step": step + 1, "squares": squares}
        variance = squares
        if self.centered:
            after["mean"] = mean = self.alpha * state.get("mean", 0.0) + (1 - self.alpha) * gradient
            variance = np.maximum(squares - mean * mean, 0)  # rounding may take it below 0
        direction = over_root(gradient, np.sqrt(variance) + self.eps)
        if self.momentum:
            after["velocity"] = direction = self.momentum * state.get("velocity", 0.0) + direction
        return parameter - self.rate(step) * direction, after


def over_root(numerator: Array, root: Array) -> Result:
    """Return `numerator / root`, and 0 where both are 0 (a zero gradient and eps=0, or one below the dtype's range)."""
    return numerator / np.where(root == 0, 1, root)
