"""Learning-rate schedules: functions `step -> rate`, for an optimizer's `lr`. Steps count from 0.

They compute with operators and NumPy's functions only, so that a compiled step computes them too.
"""

from __future__ import annotations

import numpy as np

from tinygrad_lab.optim.base import Schedule, check


def constant(lr: float) -> Schedule:
    """Return the schedule that is always `lr`.

    Example:
        >>> constant(0.1)(1000)
        0.1
    """
    return lambda step: lr


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
    return lambda step: lr * gamma ** (step // step_size)


def exponential(lr: float, gamma: float) -> Schedule:
    """Return the decay `lr · gamma ^ step`.

    Arguments:
        lr: the first rate.
        gamma: the factor of each step.

    Example:
        >>> [exponential(8.0, 0.5)(i) for i in range(4)]
        [8.0, 4.0, 2.0, 1.0]
    """
    return lambda step: lr * gamma**step


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
    return lambda step: (minimum + (lr - minimum) * (1 + np.cos(np.pi * np.minimum(step, total) / total)) / 2).item()


def linear_warmup(schedule: float | Schedule, warmup_steps: int) -> Schedule:
    """Return `schedule`, in its first steps multiplied by `(step + 1) / warmup_steps`.

    Arguments:
        schedule: a schedule, or a number for a constant one.
        warmup_steps: the number of steps until the full rate.

    Raises:
        ArgumentError: if `warmup_steps` is below 1.

    Example:
        >>> [linear_warmup(8.0, 4)(i) for i in range(6)]
        [2.0, 4.0, 6.0, 8.0, 8.0, 8.0]

    Source: P. Goyal and others, "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017.
    """
    check("schedules.linear_warmup", "warmup_steps", warmup_steps, warmup_steps >= 1, "at least 1")
    full = schedule if callable(schedule) else constant(schedule)
    return lambda step: full(step) * np.minimum(1.0, (step + 1) / warmup_steps).item()
