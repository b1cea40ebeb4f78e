"""Is it a mistake or rounding? A mistake is the same at neighbouring points, and rounding is not.

Whoever bounds rounding beforehand, by the size of what goes in and comes out, cannot know what cancels inside: the
logarithm of a sum close to 1, a difference of large means. Therefore whatever looks wrong is looked at again nearby.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.shaken import MANY, shaking

FINE = tuple(2.0**n for n in range(2, 11))  # in units of rounding: only rounding tells these points apart
COARSE = (1e-3, 1e-2, 3e-2, 1e-1)  # relative: far enough where values stand still in steps, as close to saturation
ALIKE, CLOSELY = 0.25, 0.1  # errors are one and the same if they differ by less than this part; further away
ROUGHLY = 0.5  # the same, where dtypes are so narrow that rounding is a part of the error
NEIGHBOURS = tuple(float(size) for size in np.geomspace(0.01, 0.1, 8))  # relative: beyond their steps
ENOUGH, FAR = 8, 1e4  # so few samples will do where rounding carried it so many times less far
SEEN = 5  # times as far as rounding was seen to carry it
GROSS = 1e4  # an error so many times as large as rounding was thought to be is no step


class Error(NamedTuple):
    """What was found, and what is right."""

    found: float
    right: float

    @property
    def off(self) -> float:
        """The difference."""
        return self.found - self.right

    def like(self, other: Error, part: float) -> bool:
        """Whether it is off by as much as another."""
        return abs(self.off - other.off) <= part * abs(other.off)

    def in_proportion(self, other: Error, part: float) -> bool:
        """Whether it is off by as large a part of what is right."""
        known = self.right != 0 != other.right
        return known and abs(self.off * other.right - other.off * self.right) <= part * abs(other.off * self.right)


def steady(error: Error, again: Callable[[float], Error], unit: float, tolerance: float) -> bool:
    """Whether an error stays what it is at neighbouring points: at all that are close, and most further away.

    Arguments:
        error: at the point.
        again: takes how far to move, relative to the point, and gives the error there.
        unit: of the dtype in which the error was made.
        tolerance: how large rounding was thought to be.

    Example:
        >>> steady(Error(1.001, 1.0), lambda size: Error(1.001 + size, 1.0 + size), 1e-16, 1e-15)
        True
        >>> rng = np.random.default_rng(0)
        >>> steady(Error(1 + 1e-15, 1.0), lambda size: Error(1 + 1e-15 * rng.normal(), 1.0), 1e-16, 1e-15)
        False
    """

    def at(size: float) -> Error | None:
        try:
            return again(size)
        except Exception:
            return None  # it is not defined there

    with np.errstate(all="ignore"):
        known = carried(error, again)
        if known is not None:
            return not known
        close = [at(min(unit * n, COARSE[-1])) for n in FINE]
        if not all(other is None or other.like(error, ALIKE) for other in close):
            return False
        if abs(error.off) > GROSS * tolerance:
            return True
        away = [other for other in map(at, COARSE) if other is not None]
        kept = [other for other in away if other.like(error, CLOSELY) or other.in_proportion(error, CLOSELY)]
    return len(kept) >= len(away) - 1


def persistent(error: Error, again: Callable[[float], Error]) -> bool:
    """Whether an error is about as large a part of what is right at all neighbouring points: rounding goes both ways.

    Arguments:
        error: at the point.
        again: takes how far to move, relative to the point, and gives the error there.
    """

    def alike(size: float) -> bool:
        try:
            return again(size).in_proportion(error, ROUGHLY)
        except Exception:
            return False

    with np.errstate(all="ignore"):
        return all(alike(size) for size in NEIGHBOURS)


def carried(error: Error, again: Callable[[float], Error]) -> bool | None:
    """Whether rounding was seen to carry an error about as far as it is large; None if it cannot be seen.

    Arguments:
        error: at the point.
        again: takes how far to move, and gives the error there; it does not move.
    """
    seen, most = False, 0.0
    for seed in MANY:
        if seen and seed >= ENOUGH and abs(error.off) > FAR * most:
            break
        try:
            with np.errstate(all="ignore"), shaking(seed) as shake:
                other = again(0.0)
        except Exception:  # noqa: S112  a function may check what it is given
            continue
        off = abs(other.off - error.off)
        if not abs(error.off) > SEEN * off:  # or not a number
            return True
        most = max(most, off)
        seen = seen or shake.felt
    return False if seen else None


def moved(rng: np.random.Generator, x: Array, size: float) -> Array:
    """Return numbers moved by up to a part of themselves, zeros by as much of 1, up or down at random."""
    signs = rng.choice([-1, 1], np.shape(x))
    scale = np.where(x == 0, 1, np.abs(x))
    return np.asarray(x + size * scale * signs * rng.uniform(0.5, 1, np.shape(x)), np.asarray(x).dtype)
