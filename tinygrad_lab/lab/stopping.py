"""When to stop: conditions such as `loss<0.001` and `accuracy=1`."""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tinygrad_lab.errors import LabError

# An accuracy "equals" what it has reached: with 21 points nothing but luck makes it 0.95 exactly.
_LOSS = {"<": operator.lt, "<=": operator.le}
_ACCURACY = {"=": operator.ge, ">=": operator.ge, ">": operator.gt}
_SYNTAX = re.compile(r"\s*(loss|accuracy)\s*(<=|>=|=|<|>)\s*(\S+)\s*")


class Condition(NamedTuple):
    """One comparison of the loss or the accuracy with a number."""

    on_loss: bool
    holds: Callable[[float, float], bool]
    value: float


class Until:
    """A stopping condition, made from text.

    Arguments:
        text: `loss<NUMBER`, `loss<=NUMBER`, `accuracy=NUMBER` (reached), `accuracy>=NUMBER`, `accuracy>NUMBER`,
            or several of them joined by `and`.

    Raises:
        LabError: the text is not of this form.

    Example:
        >>> until = Until("accuracy=1 and loss<0.01")
        >>> until(loss=0.5, accuracy=1.0), until(loss=0.005, accuracy=1.0)
        (False, True)
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.conditions = tuple(_parse(part, text) for part in re.split(r"\band\b", text))

    @property
    def needs_accuracy(self) -> bool:
        """Whether a condition is on the accuracy."""
        return not all(condition.on_loss for condition in self.conditions)

    def __call__(self, loss: float, accuracy: float) -> bool:
        """Return whether all conditions hold."""
        return bool(self.holds(loss, accuracy))

    def holds(self, loss: Any, accuracy: Any) -> Any:
        """Return whether all conditions hold, as an array of one bool for arrays."""
        parts = (holds(loss if on_loss else accuracy, value) for on_loss, holds, value in self.conditions)
        return functools.reduce(operator.and_, parts)

    def __repr__(self) -> str:
        return f"Until({self.text!r})"


def _parse(part: str, text: str) -> Condition:
    match = _SYNTAX.fullmatch(part)
    if match is not None:
        quantity, comparison, number = match.groups()
        holds = (_LOSS if quantity == "loss" else _ACCURACY).get(comparison)
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if holds is not None and not math.isnan(value) and (quantity == "loss" or 0 <= value <= 1):
            return Condition(quantity == "loss", holds, value)
    raise LabError(
        f"until: condition must be loss<NUMBER or accuracy=NUMBER with an accuracy from 0 to 1, got {text!r}; "
        f"join several by `and`, as in 'accuracy=1 and loss<0.01'"
    )
