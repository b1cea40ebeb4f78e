"""Is it a mistake or rounding? A mistake is the same at neighbouring points, and rounding is not.

Whoever bounds rounding beforehand, by the size of what goes in and comes out, cannot know what cancels inside: the
logarithm of a sum close to 1, a difference of large means. Therefore whatever looks wrong is looked at again nearby.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.testing.differences import Array

FINE = (2.0**2, 2.0**6, 2.0**10)  # in units of rounding: only rounding tells these points apart
COARSE = (1e-4, 1e-3, 1e-2)  # relative: far enough where values stand still in steps
ALIKE = 0.25  # errors are one and the same if they differ by less than this part


def steady(off: float, again: Callable[[float], Any], unit: float) -> bool:
    """Whether an error stays what it is at neighbouring points: at all that are close, and some further away.

    Arguments:
        off: the error.
        again: takes how far to move, relative to the point, and gives the error there.
        unit: of the dtype in which the error was made.

    Example:
        >>> steady(1e-3, lambda size: 1e-3 * (1 + size), 1e-16)
        True
        >>> rng = np.random.default_rng(0)
        >>> steady(1e-16, lambda size: 1e-16 * rng.normal(), 1e-16)
        False
    """

    def same(size: float) -> bool | None:
        try:
            return bool(abs(float(again(size)) - off) <= ALIKE * abs(off))
        except (ValueError, ArithmeticError):
            return None  # it is not defined there

    with np.errstate(all="ignore"):
        if not all(same(min(unit * n, COARSE[-1])) is not False for n in FINE):
            return False
        further = [same(size) for size in COARSE]
    return any(vote is not False for vote in further)


def moved(rng: np.random.Generator, x: Array, size: float) -> Array:
    """Return numbers moved by up to a part of themselves, up or down at random."""
    signs = rng.choice([-1, 1], np.shape(x))
    return np.asarray(x * (1 + size * signs * rng.uniform(0.5, 1, np.shape(x))), np.asarray(x).dtype)
