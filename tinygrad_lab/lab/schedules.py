"""Learning-rate schedules by text, as in `cosine`, `step:1000:0.5` or `warmup:100+cosine`.

Every schedule in the table of `optim.schedules` may be named, with its arguments in their order, those with a default
in brackets; the rate comes from the configuration, and how many updates there are from the length of the training.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from inspect import Parameter
from typing import Any

from tinygrad_lab.errors import ArgumentError, LabError
from tinygrad_lab.optim import schedules
from tinygrad_lab.optim.base import Schedule
from tinygrad_lab.refusals.nearest import meant

WARMUP = "warmup"


def _numbers_of(make: Callable[..., Schedule]) -> list[Parameter]:
    """Return the parameters that a text gives: all but the rate (or the schedule to warm up to) and the total."""
    return [p for p in list(inspect.signature(make).parameters.values())[1:] if p.name != "total"]


def _form(name: str, make: Callable[..., Schedule]) -> str:
    """Return the form of a schedule's text, such as `cosine[:MINIMUM]`."""
    words = (f":{p.name.upper()}" for p in _numbers_of(make) if p.default is Parameter.empty)
    others = (f"[:{p.name.upper()}]" for p in _numbers_of(make) if p.default is not Parameter.empty)
    return name + "".join((*words, *others))


FORMS = [_form(name, make) for name, make in schedules.SCHEDULES.items()]
USAGE = f"{', '.join(FORMS[:-1])} or {FORMS[-1]}, after an optional {_form(WARMUP, schedules.linear_warmup)}+"


def rate(text: str, lr: float, updates: int) -> float | Schedule:
    """Read a schedule, whose steps are updates.

    A rate that stays is returned as the number that it is: an optimizer's number is an input of compiled steps, so that
    one program serves all rates.

    Arguments:
        text: one of `FORMS`, after an optional `warmup:STEPS+`.
        lr: the learning rate to start from.
        updates: the most updates there will be.

    Raises:
        LabError: the text is not of this form.

    Example:
        >>> [rate("warmup:2+exponential:0.5", 8.0, 100)(step) for step in range(4)]
        [4.0, 4.0, 2.0, 1.0]
    """
    if text == "constant":
        return lr
    prefix, plus, rest = text.partition("+")
    name, *words = prefix.split(":")
    make = schedules.linear_warmup if name == WARMUP else None if plus else schedules.SCHEDULES.get(name)
    given = _read(words, make) if make else None
    if make is None or given is None:
        advice = "numbers are positive, and numbers of steps whole"
        known = [WARMUP, *schedules.SCHEDULES] if make is None and not plus else ()
        raise LabError(f"config: schedule must be {USAGE}, got {text!r}; {meant(name, known, advice)}")
    if "total" in inspect.signature(make).parameters:
        given["total"] = updates
    try:
        return make(rate(rest, lr, updates) if plus else lr, **given)
    except ArgumentError as error:
        raise LabError(f"config: the schedule {text!r} does not work ({error}); correct it") from error


def _read(words: list[str], make: Callable[..., Schedule]) -> dict[str, Any] | None:
    """Return the arguments in the words; None if they do not fit the schedule."""
    taken = _numbers_of(make)
    required = sum(p.default is Parameter.empty for p in taken)
    if not required <= len(words) <= len(taken):
        return None
    try:
        given = {
            p.name: int(word) if p.annotation == "int" else float(word) for p, word in zip(taken, words, strict=False)
        }
    except ValueError:
        return None
    return given if all(0 < number < math.inf for number in given.values()) else None
