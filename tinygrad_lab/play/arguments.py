"""Checks of the arguments that a page sends, before anything changes."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_lab.errors import LabError


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number that a page has sent.

    Raises:
        LabError: it is not a whole number, or outside its limits.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise LabError(f"play: {name} must be a whole number from {low} to {high}, got {str(value)[:40]}; correct it")
    return value


def number(name: str, value: Any, low: float, high: float) -> float:
    """Return a finite number that a page has sent.

    Raises:
        LabError: it is not a finite number, or outside its limits.
    """
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not low <= value <= high:
        raise LabError(f"play: {name} must be a number from {low:g} to {high:g}, got {str(value)[:40]}; correct it")
    return float(value)
