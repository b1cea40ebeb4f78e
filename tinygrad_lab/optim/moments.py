"""Adam and its variants: steps from running means of the gradients and of their squares, the first two moments."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentTypeError
from tinygrad_lab.optim.adaptive import over_root
from tinygrad_lab.optim.arguments import check, check_at_least_0
from tinygrad_lab.optim.base import Optimizer, Params, Schedule, State
from tinygrad_lab.typing import Array


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
        return parameter - rate * over_root(mean, root), {"step": step + 1, "mean": mean, "squares": squares}


class AdamW(Adam):
    """Adam with decoupled weight decay: `w ← w − lr · λ w` comes first, and the gradient stays as it is.

    Arguments and errors are those of `Adam`.

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


class NAdam(Adam):
    """Adam with Nesterov's momentum: the step uses the mean gradient as it will be after the next one.

    With `μ_t = β₁ (1 − 0.96^(t ψ) / 2)` and `π_t = μ_1 … μ_t`, the update is
    `w ← w − lr · (μ_{t+1} m / (1 − π_{t+1}) + (1 − μ_t) g / (1 − π_t)) / (√v̂ + ε)`.

    Arguments and errors are those of `Adam`, and `momentum_decay` is ψ, at least 0.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value(4.0)
        >>> optimizer = tl.optim.NAdam([w], lr=0.5)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        3.4718

    Source: T. Dozat, "Incorporating Nesterov momentum into Adam", 2016.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 0.002,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)
        check_at_least_0("NAdam", momentum_decay=momentum_decay)
        self.momentum_decay = float(momentum_decay)

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the parameter after one step, and the state with both moments and the product π."""
        step, (beta1, beta2) = state.get("step", 0), self.betas
        gradient = gradient + self.weight_decay * parameter
        mean, squares = self._means(gradient, state)
        now, then = (beta1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay)) for t in (step + 1, step + 2))
        product = state.get("product", np.ones_like(gradient, shape=())[()]) * now
        root = np.sqrt(squares) / (1 - beta2 ** (step + 1)) ** 0.5 + self.eps
        rate = self.rate(step)
        parameter = parameter - rate * (1 - now) / (1 - product) * over_root(gradient, root)
        parameter = parameter - rate * then / (1 - product * then) * over_root(mean, root)
        return parameter, {"step": step + 1, "mean": mean, "squares": squares, "product": product}


class RAdam(Adam):
    """Adam that divides by the root mean square only after it has seen enough gradients to know it.

    With `ρ∞ = 2 / (1 − β₂) − 1` and `ρ_t = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)`, the update is Adam's times
    `√((ρ_t − 4)(ρ_t − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ_t))` where `ρ_t > 5`, and `w ← w − lr · m̂` before.

    Arguments and errors are those of `Adam`.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value(4.0)
        >>> optimizer = tl.optim.RAdam([w], lr=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        3.2

    Source: L. Liu and others, "On the variance of the adaptive learning rate and beyond", 2020.
    """

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the parameter after one step, and the state with both moments."""
        step, (beta1, beta2) = state.get("step", 0), self.betas
        gradient = gradient + self.weight_decay * parameter
        mean, squares = self._means(gradient, state)
        t = step + 1
        known = 1 - beta2**t
        last = 2 / (1 - beta2) - 1
        length = last - 2 * t * beta2**t / known
        # Below 5 the variance is unknown: the plain mean is used, as a factor and a denominator of 1 make it.
        variance = (length - 4) * (length - 2) * last / ((last - 4) * (last - 2) * length)
        known_well = length > 5
        factor = np.where(known_well, np.maximum(variance, 0) ** 0.5 * known**0.5, 1.0).item()
        root = np.where(known_well, np.sqrt(squares) + self.eps, np.ones_like(squares))
        rate = self.rate(step) / (1 - beta1**t)
        return parameter - rate * factor * over_root(mean, root), {"step": t, "mean": mean, "squares": squares}


class Lion(Optimizer):
    """Steps of one size along the signs of a mean gradient, `w ← w (1 − lr λ) − lr · sign(β₁ m + (1 − β₁) g)`.

    Then `m ← β₂ m + (1 − β₂) g`: one array of state, half of Adam's.

    Arguments:
        params: the Values to optimize, or groups of them: see `Optimizer`.
        lr: the learning rate, a number or a schedule `step -> rate`; three to ten times smaller than Adam's.
        betas: (β₁, β₂), each in [0, 1).
        weight_decay: λ.

    Raises:
        ArgumentError: if a number is out of its range.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value(4.0)
        >>> optimizer = tl.optim.Lion([w], lr=0.5)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> w.item()
        3.5

    Source: X. Chen and others, "Symbolic discovery of optimization algorithms", 2023.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 0.0001,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        check_at_least_0("Lion", weight_decay=weight_decay)
        self.betas, self.weight_decay = checked_betas("Lion", betas), float(weight_decay)

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Any, State]:
        """Return the parameter after one step, and the state with the mean gradient."""
        step, mean = state.get("step", 0), state.get("mean", 0.0)
        beta1, beta2 = self.betas
        rate = self.rate(step)
        direction = np.sign(beta1 * mean + (1 - beta1) * gradient)
        parameter = parameter * (1 - rate * self.weight_decay) - rate * direction
        return parameter, {"step": step + 1, "mean": beta2 * mean + (1 - beta2) * gradient}


def checked_betas(name: str, betas: tuple[float, float]) -> tuple[float, float]:
    """Return two decay rates as Python numbers, each in [0, 1)."""
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise ArgumentTypeError(f"{name}: betas must be a pair of numbers, got {betas!r}; (0.9, 0.999) is usual")
    for beta in betas:
        check(name, "betas", beta, 0 <= beta < 1, "in [0, 1)")
    return float(betas[0]), float(betas[1])
