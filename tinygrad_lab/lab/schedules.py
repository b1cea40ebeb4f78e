"""Learning-rate schedules by text, as in `cosine`, `step:1000:0.5` or `warmup:100+cosine`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.optim import schedules
from tinygrad_lab.optim.base import Schedule

_COUNTS = ("SIZE", "STEPS")  # whole numbers, of updates

# form, with optional numbers in brackets: (rate, number of updates, the numbers) -> rate or schedule
SCHEDULES: dict[str, Callable[..., float | Schedule]] = {
    "constant": lambda lr, updates: lr,
    "step:SIZE:FACTOR": lambda lr, updates, size, factor: schedules.step(lr, size, factor),
    "exponential:FACTOR": lambda lr, updates, factor: schedules.exponential(lr, factor),
    "cosine[:MINIMUM]": lambda lr, updates, minimum=0.0: schedules.cosine(lr, updates, minimum),
}
WARMUP = "warmup:STEPS"
USAGE = f"{', '.join(list(SCHEDULES)[:-1])} or {list(SCHEDULES)[-1]}, after an optional {WARMUP}+"


def rate(text: str, lr: float, updates: int) -> float | Schedule:
    """Read a schedule; its steps are updates.

    Arguments:
        text: one of the forms in `SCHEDULES`, after an optional `warmup:STEPS+`.
        lr: the learning rate that it changes.
        updates: how many updates there are at most.

    Raises:
        LabError: the text is of no such form.

    Example:
        >>> [rate("warmup:2+exponential:0.5", 8.0, 100)(step) for step in range(4)]
        [4.0, 4.0, 2.0, 1.0]
    """
    prefix, plus, rest = text.partition("+")
    steps = _numbers(prefix, WARMUP)
    if steps is not None:
        return schedules.linear_warmup(rate(rest, lr, updates) if plus else lr, *steps)
    for form, make in SCHEDULES.items():
        numbers = _numbers(text, form)
        if numbers is not None:
            return make(lr, updates, *numbers)
    raise LabError(
        f"config: schedule must be {USAGE}, got {text!r}; numbers must be positive, and SIZE and STEPS count updates"
    )


def _numbers(text: str, form: str) -> list[Any] | None:
    """Return the positive numbers in a text of this form, or None if it is of another."""
    name, *required = form.partition("[")[0].split(":")
    optional = re.findall(r"\[:(\w+)\]", form)
    given_name, *words = text.split(":")
    if given_name != name or not len(required) <= len(words) <= len(required) + len(optional):
        return None
    try:
        names = [*required, *optional][: len(words)]
        numbers = [int(word) if n in _COUNTS else float(word) for n, word in zip(names, words, strict=True)]
    except ValueError:
        return None
    return numbers if all(0 < number < math.inf for number in numbers) else None
