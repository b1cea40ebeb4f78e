"""Learning-rate schedules: functions `step -> rate`, for an optimizer's `lr`. Steps count from 0.

They compute with operators and NumPy's functions only, so that a compiled step computes them too; and they are
functions of this module with arguments bound, so that they can be pickled.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.optim.arguments import check, check_rate
from tinygrad_lab.optim.base import Schedule
from tinygrad_lab.typing import Result


def constant(lr: float) -> Schedule:
    """Return the schedule that is always `lr`.

    Example:
        >>> constant(0.1)(1000)
        0.1
    """
    check_rate("constant", lr)
    return functools.partial(_constant, lr=lr)


def _constant(step: Any, lr: float) -> float:
    return lr


def step(lr: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """Return the staircase `lr · gamma ^ ⌊step / step_size⌋`.

    Arguments:
        lr: the first rate.
        step_size: the number of steps between two changes.
        gamma: the factor of each change.

    Raises:
        ArgumentError: if `step_size` is below 1.

    Example:
        >>> [step(8.0, 2, 0.5)(i) for i in range(5)]
        [8.0, 8.0, 4.0, 4.0, 2.0]
    """
    check("schedules.step", "step_size", step_size, step_size >= 1, "at least 1")
    check_rate("step", lr)
    return functools.partial(_step, lr=lr, step_size=step_size, gamma=gamma)


def _step(step: Any, lr: float, step_size: int, gamma: float) -> float:
    return lr * gamma ** (step // step_size)


def exponential(lr: float, gamma: float) -> Schedule:
    """Return the decay `lr · gamma ^ step`.

    Arguments:
        lr: the first rate.
        gamma: the factor of each step.

    Example:
        >>> [exponential(8.0, 0.5)(i) for i in range(4)]
        [8.0, 4.0, 2.0, 1.0]
    """
    check_rate("exponential", lr)
    return functools.partial(_exponential, lr=lr, gamma=gamma)


def _exponential(step: Any, lr: float, gamma: float) -> float:
    return lr * gamma**step


def cosine(lr: float, total: int, minimum: float = 0.0) -> Schedule:
    """Return half a cosine from `lr` down to `minimum`, `minimum + (lr − minimum) · (1 + cos(π step / total)) / 2`.

    Arguments:
        lr: the first rate.
        total: the step at which the minimum is reached; it stays there.
        minimum: the last rate.

    Raises:
        ArgumentError: if `total` is below 1.

    Example:
        >>> [round(cosine(2.0, 4)(i), 3) for i in range(6)]
        [2.0, 1.707, 1.0, 0.293, 0.0, 0.0]

    Source: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017 (without restarts).
    """
    check("schedules.cosine", "total", total, total >= 1, "at least 1")
    check_rate("cosine", lr)
    return functools.partial(_cosine, lr=lr, total=total, minimum=minimum)


def _cosine(step: Any, lr: float, total: int, minimum: float) -> float:
    return _half_cosine(lr, minimum, np.minimum(step, total) / total).item()


def _half_cosine(start: float, end: float, part: Any) -> Result:
    return end + (start - end) * (1 + np.cos(np.pi * part)) / 2


def linear_warmup(schedule: float | Schedule, warmup_steps: int) -> Schedule:
    """Return `schedule`, in its first steps multiplied by `(step + 1) / warmup_steps`.

    Arguments:
        schedule: a schedule, or a number for a constant one.
        warmup_steps: the number of steps until the full rate; 0 for `schedule` itself.

    Raises:
        ArgumentError: if `warmup_steps` is below 0.

    Example:
        >>> [linear_warmup(8.0, 4)(i) for i in range(6)]
        [2.0, 4.0, 6.0, 8.0, 8.0, 8.0]

    Source: P. Goyal and others, "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017.
    """
    check("schedules.linear_warmup", "warmup_steps", warmup_steps, warmup_steps >= 0, "at least 0")
    full = schedule if callable(schedule) else constant(schedule)
    return functools.partial(_linear_warmup, full=full, warmup_steps=warmup_steps)


def _linear_warmup(step: Any, full: Schedule, warmup_steps: int) -> float:
    return full(step) * np.minimum(1.0, (step + 1) / max(warmup_steps, 1)).item()


def one_cycle(
    max_lr: float, total: int, pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4
) -> Schedule:
    """Return half a cosine up from `max_lr / div_factor` to `max_lr`, and one down to nearly nothing.

    Arguments:
        max_lr: the highest rate.
        total: the number of steps; the last rate stays. Of a single step the rate is `max_lr`.
        pct_start: the share of them that goes up.
        div_factor: the first rate is `max_lr / div_factor`.
        final_div_factor: the last rate is the first one divided by this.

    Raises:
        ArgumentError: if `total` is below 1, or `pct_start` not between 0 and 1.

    Example:
        >>> [round(one_cycle(1.0, 11)(i), 3) for i in (0, 2, 10, 20)]
        [0.04, 0.96, 0.0, 0.0]

    Source: L. Smith, N. Topin, "Super-convergence: very fast training using large learning rates", 2018.
    """
    check_rate("one_cycle", max_lr)
    check("schedules.one_cycle", "total", total, total >= 1, "at least 1")
    check("schedules.one_cycle", "pct_start", pct_start, 0 < pct_start < 1, "between 0 and 1")
    first = max_lr / div_factor
    return functools.partial(
        _one_cycle, first=first, top=max_lr, last=first / final_div_factor, peak=pct_start * total - 1, total=total
    )


def _one_cycle(step: Any, first: float, top: float, last: float, peak: float, total: int) -> float:
    up = _half_cosine(first, top, np.clip(step / peak, 0.0, 1.0)) if peak > 0 else top
    down = _half_cosine(top, last, np.clip((step - peak) / (total - 1 - peak), 0.0, 1.0))
    return np.where((step > peak) & (step > 0 or total > 1), down, up).item()


def warm_restarts(lr: float, first: int, factor: int = 1, minimum: float = 0.0) -> Schedule:
    """Return half cosines from `lr` down to `minimum`, one after the other, each `factor` times as long as the last.

    Arguments:
        lr: the rate at each start.
        first: the number of steps of the first.
        factor: how many times as long each is as the one before it.
        minimum: the rate that each approaches.

    Raises:
        ArgumentError: if `first` or `factor` is below 1.

    Example:
        >>> [round(warm_restarts(2.0, 2, 2)(i), 3) for i in range(7)]
        [2.0, 1.0, 2.0, 1.707, 1.0, 0.293, 2.0]

    Source: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """
    check("schedules.warm_restarts", "first", first, first >= 1, "at least 1")
    check("schedules.warm_restarts", "factor", factor, factor >= 1, "at least 1")
    check_rate("warm_restarts", lr)
    return functools.partial(_warm_restarts, lr=lr, first=first, factor=factor, minimum=minimum)


def _warm_restarts(step: Any, lr: float, first: int, factor: int, minimum: float) -> float:
    if factor == 1:
        return _half_cosine(lr, minimum, np.divide(step % first, first)).item()
    # n cycles take first · (factorⁿ − 1) / (factor − 1) steps; the half keeps rounding away from the next n.
    cycle = np.floor(np.log((step + 0.5) * (factor - 1) / first + 1) / np.log(factor))
    gone = first * (factor**cycle - 1) / (factor - 1)
    return _half_cosine(lr, minimum, (step - gone) / (first * factor**cycle)).item()


def polynomial(lr: float, total: int, power: float = 1.0) -> Schedule:
    """Return `lr · (1 − step / total) ^ power`, and 0 after `total` steps.

    Arguments:
        lr: the first rate.
        total: the number of steps.
        power: 1 for a straight line.

    Raises:
        ArgumentError: if `total` is below 1.

    Example:
        >>> [polynomial(8.0, 4)(i) for i in range(6)]
        [8.0, 6.0, 4.0, 2.0, 0.0, 0.0]
    """
    check("schedules.polynomial", "total", total, total >= 1, "at least 1")
    check_rate("polynomial", lr)
    return functools.partial(_polynomial, lr=lr, total=total, power=power)


def _polynomial(step: Any, lr: float, total: int, power: float) -> float:
    return (lr * (1 - np.minimum(step, total) / total) ** power).item()


#: By name; each takes the rate first, and as `total` how many steps there are.
SCHEDULES: dict[str, Callable[..., Schedule]] = {
    make.__name__: make for make in (constant, step, exponential, cosine, one_cycle, warm_restarts, polynomial)
}


class Plateau:
    """A schedule that lowers its rate when a figure that is watched has stopped improving.

    Call `observe` with the figure, after each epoch say.

    Arguments:
        lr: the first rate.
        factor: what the rate is multiplied by.
        patience: how many observations without improvement are waited for; the next one lowers the rate.
        threshold: how much smaller, as a share, a figure must be than the best one to count as an improvement.
        minimum: the lowest rate.

    Attributes:
        lr: the present rate.

    Raises:
        ArgumentError: if the factor is not between 0 and 1, or the patience is negative.

    Example:
        >>> schedule = Plateau(1.0, factor=0.5, patience=1)
        >>> for loss in (3.0, 2.0, 2.0, 2.0):
        ...     schedule.observe(loss)
        >>> schedule(0)
        0.5
    """

    def __init__(
        self, lr: float, factor: float = 0.1, patience: int = 10, threshold: float = 1e-4, minimum: float = 0.0
    ) -> None:
        check("Plateau", "factor", factor, 0 < factor < 1, "between 0 and 1")
        check("Plateau", "patience", patience, patience >= 0, "at least 0")
        self.lr, self.factor, self.patience, self.threshold, self.minimum = lr, factor, patience, threshold, minimum
        self._best, self._waited = float("inf"), 0

    def observe(self, figure: float) -> None:
        """Take notice of the figure, such as the loss on the validation set; smaller is better."""
        if figure < self._best * (1 - self.threshold):
            self._best, self._waited = float(figure), 0
            return
        self._waited += 1
        if self._waited > self.patience:
            self.lr, self._waited = max(self.lr * self.factor, self.minimum), 0

    def state_dict(self) -> dict[str, float]:
        """Return what to go on from: the rate, the best figure, and how many were no better since."""
        return {"lr": self.lr, "best": self._best, "waited": self._waited}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict()` returned."""
        self.lr, self._best, self._waited = float(state["lr"]), float(state["best"]), int(state["waited"])

    def __call__(self, step: int) -> float:
        """Return the present rate."""
        return self.lr


__all__ = ["SCHEDULES", "Plateau", "linear_warmup", *SCHEDULES]

if not TYPE_CHECKING:
    __getattr__ = refusals.names.of_package(__name__, lambda: __all__)
