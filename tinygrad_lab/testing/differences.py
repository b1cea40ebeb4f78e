"""Derivatives along a direction from function values alone, with an error bound, and from each side separately.

One set of values on a geometric ladder of steps feeds three extrapolation tableaux: central, left and right. Each
entry's error is what it disagrees with its neighbours by, plus the rounding of the values it was made of; each output
element takes the entry that is best for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

RUNGS, RATIO = 12, 4
STEPS = 0.25 * float(RATIO) ** -np.arange(RUNGS)  # powers of two: multiplying by them is exact
COLUMNS = 6
BLIND = 1e-6  # of a side's error, what the central quotients may miss
BLOCK = 512  # so many results are worked on at once: what a processor's cache holds, rungs and tableaux included


class Slope(NamedTuple):
    """A derivative along a direction: for each output element its value, and an error bound for that.

    Attributes:
        value: the derivative; at a kink the mean of both sides; NaN where no step gave one.
        bound: how far the truth may be off, by the tableaux' disagreement and the rounding of the function's values.
        left, right: the derivatives from either side, NaN where the function is not defined there.
        left_bound, right_bound: their bounds.
    """

    value: Any
    bound: Any
    left: Any
    right: Any
    left_bound: Any
    right_bound: Any

    @property
    def kink(self) -> Any:
        """Where left and right differ beyond their bounds."""
        gap, size = np.abs(self.left - self.right), np.maximum(np.abs(self.left), np.abs(self.right))
        return gap > 3 * (self.left_bound + self.right_bound) + 1e-6 * size

    def less(self, part: Slope) -> Slope | None:
        """Return what is left of a slope without that along a part of its direction, or None: it may be no sum."""
        if np.any(self.kink) or np.any(part.kink):
            return None
        value, left, right = self.value - part.value, self.left - part.left, self.right - part.right
        bounds = (self.left_bound + part.left_bound, self.right_bound + part.right_bound)
        return Slope(value, self.bound + part.bound, left, right, *bounds)


def few(dtype: Any) -> slice:
    """Return the rungs that tell whether a smooth function's slope is what it should be, which takes more if narrow."""
    return slice(4, 7) if np.finfo(dtype).eps < np.finfo(np.float64).eps else slice(2, 7)


def real_parts(arrays: list[Array]) -> Array:
    """Return the elements of all arrays as one real vector; a complex element gives two."""
    parts = [np.stack([a.real, a.imag], -1).ravel() if np.iscomplexobj(a) else a.ravel() for a in arrays]
    return np.concatenate(parts) if parts else np.zeros(0)


def unit_of(array: Array) -> float:
    """Return the rounding unit of what an array was computed in: what LAPACK gives is float64, whatever was asked for.

    Example:
        >>> unit_of(np.full(1, 1 / 3)) == unit_of(np.full(1, 1 / 3, np.longdouble))
        True
    """
    double = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    computed = double if np.array_equal(double, array, equal_nan=True) else array
    return float(max(np.finfo(array.dtype).eps, np.finfo(computed.dtype).eps))


# -- the ladder of steps ---------------------------------------------------------------------------------------------


class Ladder(NamedTuple):
    """Values at `t = 0` and at plus and minus each step: shapes (m,), (rungs, m), (rungs, m)."""

    steps: Array
    centre: Array
    above: Array
    below: Array

    def among(self, chosen: Any) -> Ladder:
        """Return the values of some results."""
        return Ladder(self.steps, self.centre[chosen], self.above[:, chosen], self.below[:, chosen])


def slope_along(
    along: Callable[[Any], Array],
    rungs: slice = slice(None),
    centre: Array | None = None,
    hidden: Any = 0.0,
    far: float = 1.0,
    wary: bool = False,
) -> Slope:
    """Return the slope of `along(t)`, a vector, at `t = 0`.

    Arguments:
        along: the function, along a line.
        rungs: which of the steps to take.
        centre: `along(0)`, if it is known.
        hidden: how far each value may be off by what no step shows.
        far: how many times as large as the longest step the point is, which is rounded as much more coarsely.
        wary: whether to widen the bounds where the slope is another at finer steps, as of what oscillates.
    """
    found = ladder(along, rungs, centre)
    moves = np.any((found.above != found.centre) | (found.below != found.centre), axis=0)
    if 2 * np.count_nonzero(moves) > moves.size:
        return _estimated(found, np.broadcast_to(hidden, moves.shape), far, wary)
    # Most results stand still along one element of many.
    slope = _estimated(found.among(moves), np.broadcast_to(hidden, moves.shape)[moves], far, wary)
    still = 0 * np.abs(found.centre)
    bound = 2 * (np.finfo(still.dtype).eps * np.abs(found.centre) + hidden) / found.steps[1]
    whole = Slope(still, bound, still.copy(), still.copy(), bound.copy(), bound.copy())
    for part, moved in zip(whole, slope, strict=True):
        part[moves] = moved
    return whole


def ladder(along: Callable[[Any], Array], rungs: slice = slice(None), centre: Array | None = None) -> Ladder:
    """Evaluate `along(t)`, a vector, on steps; one where it raises, or gives another number of results, is NaN."""
    centre = along(0) if centre is None else centre

    def at(t: Any) -> Array:
        try:
            values = along(t)
        except (
            Exception
        ):  # it is not defined there, and says so in its own way: an assertion, an error of another system
            return np.full_like(centre, np.nan)
        return values if values.shape == centre.shape else np.full_like(centre, np.nan)

    with np.errstate(all="ignore"):
        steps = STEPS[rungs]
        return Ladder(steps, centre, np.stack([at(t) for t in steps]), np.stack([at(-t) for t in steps]))


def rounding(rungs: Ladder, far: float = 1.0) -> Array:
    """Return how far each value may be off by rounding, of shape (rungs, m), at a point `far` times the longest step.

    At least half a unit in the last place. Where all values of an element are multiples of something coarser, they were
    rounded to that on the way: by a narrower dtype inside the function, or by a cancellation.
    """
    values = np.concatenate([rungs.centre[None], rungs.above, rungs.below])
    size = np.maximum(np.maximum(np.abs(rungs.above), np.abs(rungs.below)), np.abs(rungs.centre))
    noise = np.maximum(np.finfo(values.dtype).eps * size, _quantum(values) / 2)
    # The point itself is rounded, which the value follows with its slope.
    change = np.maximum(np.abs(rungs.above - rungs.centre), np.abs(rungs.below - rungs.centre))
    noise = noise + 4 * far * np.finfo(values.dtype).eps * change / rungs.steps[:, None]
    # A value that stands still on the finest steps and then moves by a few units of rounding moves in steps itself.
    moves = np.abs(np.concatenate([rungs.above, rungs.below]) - rungs.centre)
    least = np.min(np.where(moves > 0, moves, np.inf), axis=0)
    still = (moves[len(rungs.steps) - 1] == 0) & (moves[-1] == 0)
    stairs = still & (least < 1024 * np.finfo(values.dtype).eps * np.maximum(1, np.abs(rungs.centre)))
    noise = np.where(stairs, np.maximum(noise, least), noise)
    return np.where(np.isfinite(noise), noise, 0)


def _quantum(values: Array) -> Array:
    """Return, for each column, the lowest bit that is set in any of its numbers; 0 for a column that is constant."""
    digits = np.finfo(values.dtype).nmant + 1
    usable = np.isfinite(values) & (values != 0) & np.any(values != values[0], axis=0)
    mantissa, exponent = np.frexp(np.where(usable, np.abs(values), 1))
    bits = np.ldexp(mantissa, digits).astype(np.uint64)
    lowest = (bits & (~bits + np.uint64(1))).astype(values.dtype)
    quantum = np.min(np.where(usable, np.ldexp(lowest, exponent - digits), np.inf), axis=0)
    # A few values that differ by as much as they are large are no rounding, but a jump somewhere on the way.
    moves, size = np.max(np.abs(values - values[0]), axis=0), np.max(np.abs(values), axis=0)
    jump = (moves <= 4 * quantum) & (size <= 64 * quantum)
    return np.where(np.isfinite(quantum) & ~jump, quantum, 0)


# -- extrapolation ---------------------------------------------------------------------------------------------------


def _estimated(rungs: Ladder, hidden: Array, far: float, wary: bool) -> Slope:
    """Return the slopes of a ladder's values, whose rounding is what shows and what is hidden, a block at a time."""
    blocks = [slice(start, start + BLOCK) for start in range(0, max(hidden.size, 1), BLOCK)]
    parts = [rungs.among(block) for block in blocks]
    noise = [rounding(part, far) + hidden[block] for part, block in zip(parts, blocks, strict=True)]
    slopes = [estimate(part, off, wary) for part, off in zip(parts, noise, strict=True)]
    return slopes[0] if len(slopes) == 1 else Slope(*map(np.concatenate, zip(*slopes, strict=True)))


def estimate(rungs: Ladder, noise: Array, wary: bool = False) -> Slope:
    """Return the slopes of a ladder's values at `t = 0`."""
    with np.errstate(all="ignore"):
        steps = rungs.steps[:, None]
        right, left = (rungs.above - rungs.centre) / steps, (rungs.centre - rungs.below) / steps
        columns = np.concatenate([(left + right) / 2, left, right], axis=1)
        powers = np.repeat([RATIO**2, RATIO, RATIO], rungs.centre.size).astype(float)
        noise = noise / steps
        found = _extrapolate(columns, powers, np.concatenate([noise, 2 * noise, 2 * noise], axis=1), wary)
    (value, left, right), (bound, left_bound, right_bound) = (part.reshape(3, -1) for part in found)
    # Close to a kink the central quotients may settle on another slope; the sides know the value at 0.
    astray = np.abs(value - (left + right) / 2) > 3 * (left_bound + right_bound) + bound
    value = np.where(astray, (left + right) / 2, value)
    bound = np.where(astray, np.maximum(left_bound, right_bound), bound)
    # Of an even function with a sharp bend the central quotients are 0, whatever the steps; the sides tell.
    bound = np.fmax(bound, BLIND * np.fmin(left_bound, right_bound))
    # Where the pieces on both sides meet smoothly, each side is smoother than both together.
    sides_bound = np.maximum(left_bound, right_bound) + np.abs(left - right)
    sharper = sides_bound < bound
    value, bound = np.where(sharper, (left + right) / 2, value), np.where(sharper, sides_bound, bound)
    # At the edge of a domain only one side has values.
    one_sided = ~np.isfinite(bound)
    nearer = np.where(left_bound < right_bound, left, right)
    value = np.where(one_sided, nearer, value)
    bound = np.where(one_sided, np.minimum(left_bound, right_bound), bound)
    return Slope(value, bound, left, right, left_bound, right_bound)


def _extrapolate(column: Array, power: Array, noise: Array, wary: bool) -> tuple[Array, Array]:
    """Return each output element's best entry of the Richardson tableau, and its error.

    Arguments:
        column: difference quotients, coarsest step first, shape (rungs, m).
        power: what a step's leading error shrinks by from rung to rung, of shape (m,).
        noise: how far each quotient may be off by rounding, of the same shape.
        wary: whether all finer steps have to bear out the best entry.
    """
    entries, errors, apart_by = [], [], []
    for p in range(1, min(COLUMNS, len(column))):
        finer = column[1:] + (column[1:] - column[:-1]) / (power**p - 1)
        off = np.maximum(np.abs(finer - column[1:]), np.abs(finer - column[:-1]))
        # Two entries may agree by luck; the next finer row has to agree as well, or the one before the finest.
        apart = np.abs(finer[1:] - finer[:-1])
        off[:-1] = np.maximum(off[:-1], apart)
        off[-1:] = np.maximum(off[-1:], apart[-1:]) if len(apart) else off[-1:]
        entries.append(finer)
        errors.append(off + 2 * noise[p:])
        apart_by.append(off - 4 * noise[p:])
        column = finer
    values, bounds = np.concatenate(entries), np.concatenate(errors)
    bounds = np.where(np.isnan(bounds), np.inf, bounds)
    best = np.argmin(bounds, axis=0)[None]
    value, bound = (np.take_along_axis(table, best, 0)[0] for table in (values, bounds))
    # The finest steps must not contradict it by more than their rounding: they see what happens close by.
    finest = entries[0][-1]
    bound = np.fmax(bound, np.abs(finest - value) - 4 * noise[-1])
    if wary:
        bound = np.fmax(bound, _contradicted(values, bounds, apart_by, best[0]))
    return np.where(np.isfinite(bound), value, np.nan), bound


def _contradicted(values: Array, bounds: Array, apart_by: list[Array], best: Array) -> Array:
    """Return how far finer steps than those of the best entries contradict these, beyond rounding.

    Their own entries may be others, or may agree less among each other, which for smooth functions they do more.
    """
    columns = np.concatenate([np.full(len(part), p) for p, part in enumerate(apart_by)])
    rungs = np.concatenate([np.arange(p, p + len(part)) for p, part in enumerate(apart_by)])
    finer = rungs[:, None] > rungs[best]
    value = np.take_along_axis(values, best[None], 0)
    others = np.where(finer, np.abs(values - value) - 2 * bounds, 0)
    apart = np.where(finer & (columns[:, None] == columns[best]), np.concatenate(apart_by), 0)
    return np.asarray(np.fmax(np.fmax.reduce(others, axis=0), np.fmax.reduce(apart, axis=0)))
