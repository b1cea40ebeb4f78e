"""Optimizers that scale each parameter's step by the gradients it has seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.optim.base import Optimizer, Params, Schedule, State, check, check_at_least_0
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
        parameter = parameter - rate * ratio(gradient, np.sqrt(squares) + self.eps)
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
        direction = ratio(gradient, np.sqrt(variance) + self.eps)
        if self.momentum:
            after["velocity"] = direction = self.momentum * state.get("velocity", 0.0) + direction
        return parameter - self.rate(step) * direction, after


class Adam(Optimizer):
    """Adaptive moments: `m ← β₁ m + (1 − β₁) g; s ← β₂ s + (1 − β₂) g²; w ← w − lr · m̂ / (√ŝ + ε)`.

    m̂ = m / (1 − β₁ᵗ) and ŝ = s / (1 − β₂ᵗ) correct the start from 0; t counts updates from 1.

    Arguments:
        params: the Values to optimize, or groups of them: see `Optimizer`.
        lr: the learning rate, a number or a schedule `step -> rate`.
        betas: (β₁, β₂), each in [0, 1).
        eps: ε.
        weight_decay: λ, adds `λ w` to the gradient.

    Raises:
        ArgumentError: if a number is out of its range.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value(4.0)
        >>> optimizer = tl.optim.Adam([w], lr=0.5)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        3.5

    Source: D. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        name = type(self).__name__
        check_at_least_0(name, eps=eps, weight_decay=weight_decay)
        self.betas = checked_betas(name, betas)
        self.eps, self.weight_decay = float(eps), float(weight_decay)

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the parameter after one step, and the state with both moments."""
        return self._moments(parameter, gradient + self.weight_decay * parameter, state)

    def _means(self, gradient: Array, state: State) -> tuple[Any, Any]:
        """Return the running means of the gradients and of their squares, with this one taken in."""
        beta1, beta2 = self.betas
        mean = beta1 * state.get("mean", 0.0) + (1 - beta1) * gradient
        squares = beta2 * state.get("squares", 0.0) + (1 - beta2) * gradient * gradient
        return mean, squares

    def _moments(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        step, (beta1, beta2) = state.get("step", 0), self.betas
        mean, squares = self._means(gradient, state)
        root = np.sqrt(squares) / (1 - beta2 ** (step + 1)) ** 0.5 + self.eps
        rate = self.rate(step) / (1 - beta1 ** (step + 1))
        return parameter - rate * ratio(mean, root), {"step": step + 1, "mean": mean, "squares": squares}


class AdamW(Adam):
    """Adam with decoupled weight decay: `w ← w − lr · λ w` comes first, and the gradient stays as it is.

    Arguments:
        params: the Values to optimize, or groups of them: see `Optimizer`.
        lr: the learning rate, a number or a schedule `step -> rate`.
        betas: (β₁, β₂), each in [0, 1).
        eps: ε.
        weight_decay: λ.

    Raises:
        ArgumentError: if a number is out of its range.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value(4.0)
        >>> optimizer = tl.optim.AdamW([w], lr=0.5, weight_decay=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        3.3

    Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", 2019.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the parameter after one step, and the state with both moments."""
        decayed = parameter * (1 - self.rate(state.get("step", 0)) * self.weight_decay)
        return self._moments(decayed, gradient, state)


def checked_betas(name: str, betas: tuple[float, float]) -> tuple[float, float]:
    """Return two decay rates as Python numbers, each in [0, 1)."""
    for beta in betas:
        check(name, "betas", beta, 0 <= beta < 1, "in [0, 1)")
    return float(betas[0]), float(betas[1])


def ratio(numerator: Array, root: Array) -> Result:
    """Return `numerator / root`, and 0 where both are 0 (a zero gradient and eps=0, or one below the dtype's range)."""
    return numerator / np.where(root == 0, 1, root)
