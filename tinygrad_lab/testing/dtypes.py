"""Function and rule in the arguments' own dtypes and layouts: against themselves in the widest, and in C order."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from tinygrad_lab.testing.differences import Array, real_parts
from tinygrad_lab.testing.elements import Found
from tinygrad_lab.testing.mistakes import Diagnosis, Mistake
from tinygrad_lab.testing.noise import Error, persistent, steady
from tinygrad_lab.testing.problem import overflows
from tinygrad_lab.testing.reproduction import call
from tinygrad_lab.testing.sample import Sample
from tinygrad_lab.testing.shaken import FIRST, MANY, spread
from tinygrad_lab.testing.verdict import FAIL, KINK, Verdict

NARROW = Diagnosis(Mistake.NARROW, "off in the arguments' own dtype, but right in a wider one")
LAYOUT = Diagnosis(
    Mistake.LAYOUT, "depends on how the arrays lie in memory: it is another for C-contiguous copies of them"
)
ROUNDING = 8  # in units of the own dtype; what goes beyond has to be the same at neighbouring points to be a mistake
SEEN = 5  # times as far as rounding was seen to carry the gradient, or the function
BARELY = 1  # the same, in a dtype so narrow that units granted by the dozen would hide whole percents
COARSE = 1e-4  # the unit of such a dtype
UNITS = 2  # of rounding, there
OUTSIDE, NARROWLY = 10, 3  # times as far as rounding was seen to carry it from outside, and in such a dtype
BESIDE = 1  # and beside 1: 1 - y² loses half a unit by the rounding of y, and as much again by that of its square
CLOSE_BY = (0, 1, -1, 2, -2, 3, -3, 4, -4)  # units by which to move, to see rounding from outside
FAR, STILL = 0.1, 2  # relative to an element: results that move by less than two units tell nothing of it
MOST = 64  # so many elements at most are looked at so
HIDDEN = 1e3  # units of the largest result may be lost inside a function whose rounding cannot be seen
LOST = 0.1  # a relative error of the function from which on its own dtype tells nothing
HALF = 0.5  # the same, of the function itself, where rounding cannot be seen
CLOSE = 1e-10  # relative difference allowed besides: functions and rules may use different approximations

Rule = Callable[[Array], Array]  # the gradient at a point


def check_dtypes(sample: Sample, found: Found) -> None:
    """Compare the rule in the arguments' own dtypes and layouts with others: only rounding may differ."""
    problem, weights = sample.problem, sample.weights[0]
    if problem.adapter.random:
        problem.adapter.note("the arguments' own dtypes and memory layouts: its random numbers go by them")
        return
    if sample.own_unit > sample.unit and problem.own_error < LOST:
        wide = sample.gradients[0]
        _compare(sample, found, wide, NARROW, CLOSE, lambda x: problem.gradient(weights, x)[0])
    if problem.has_layout and problem.own_error < LOST:
        plain, _ = problem.own_gradient(weights, contiguous=True)
        _compare(
            sample,
            found,
            plain,
            LAYOUT,
            0.0,
            lambda x: problem.own_gradient(weights, None if x is problem.x else x, contiguous=True)[0],
        )


def _compare(sample: Sample, found: Found, right: Array, reason: Diagnosis, close: float, again: Rule) -> None:
    problem, weights, own, unit = sample.problem, sample.weights[0], sample.own[0], sample.own_unit
    dtypes = [array.dtype for array in (*(leaf.array for leaf in problem.leaves), *problem.results)]
    underflow = max(float(np.finfo(dtype).smallest_subnormal) for dtype in dtypes)
    units = UNITS if unit > COARSE else ROUNDING
    tolerance = np.maximum(close, units * problem.units) * np.abs(right) + ROUNDING * underflow
    # Rules subtract from 1, as in 1 - y²: where little is left, its rounding is that of the cotangent.
    beside = units if unit <= COARSE else BESIDE
    tolerance = tolerance + beside * problem.units * np.max(np.abs(weights), initial=0)
    comparable = (np.abs(right) < problem.largest / 1e3) & np.isfinite(right)
    if sample.own_overflow:
        comparable &= np.isfinite(own)
    off = comparable & ~(np.abs(own - right) <= tolerance)
    if not np.any(off):
        return
    seen = _widened(
        tolerance, unit, np.where(off, own - right, 0), lambda: problem.own_gradient(weights)[0] - again(problem.x)
    )
    tolerance = seen if seen is not None else _unseen(sample, right, tolerance, again)
    off &= ~((np.abs(own - right) <= tolerance) | (tolerance == np.inf))  # of NaN neither is less
    if seen is not None:
        off &= ~_of_another_branch(found[0], own, np.abs(own - right), tolerance)
    worst = sorted(np.flatnonzero(off).tolist(), key=lambda i: -abs(float(own[i] - right[i])) / float(tolerance[i]))
    telling = (i for i in worst[:MOST] if not (seen is None and unit > COARSE and _stands_still(sample, i)))
    if (seen is None or unit > COARSE) and not any(
        _steady(sample, i, Error(float(own[i]), float(right[i])), again, tolerance[i])
        for i in itertools.islice(telling, 4)
    ):
        return
    for i in worst:
        value = float(right[i])
        found[0][i] = Verdict(FAIL, float(own[i]), value, float(tolerance[i]), value, value, reason)


def _of_another_branch(found: dict[int, Verdict], own: Array, off: Array, tolerance: Array) -> Array:
    """Return which elements have the gradient of another side of a kink, as they get where rounding parts ties."""
    kinks = np.array([i for i in range(own.size) if i in found and found[i].status == KINK], int)
    other = np.zeros(own.size, bool)
    carried = np.max(tolerance[kinks], initial=0)
    for i in kinks.tolist():
        low, high = found[i].low - tolerance[i], found[i].high + tolerance[i]
        other[i] = off[i] <= carried and low <= own[i] <= high
    return other


def _widened(tolerance: Array, unit: float, off: Array, compute: Callable[[], Array]) -> Array | None:
    """Return a tolerance, widened by how far rounding was seen to carry something, or None if it cannot be seen.

    Arguments:
        tolerance: without that.
        unit: of the own dtype.
        off: how far it is off: where that is too far, rounding is looked at many times.
        compute: gives what is carried.
    """
    for seeds in (FIRST, MANY[len(FIRST) :]):
        seen = spread(compute, seeds)
        if seen is None:
            return None
        tolerance = np.maximum(tolerance, (BARELY if unit > COARSE else SEEN) * seen)
        if np.all(np.abs(off) <= tolerance):
            break
    return tolerance


def _unseen(sample: Sample, right: Array, tolerance: Array, again: Rule) -> Array:
    """Return how far the rounding of another system may carry a gradient, which cannot be seen inside."""
    problem, weights, unit = sample.problem, sample.weights[0], sample.own_unit
    units, farther = (UNITS, NARROWLY) if unit > COARSE else (ROUNDING, OUTSIDE)
    # Where the function itself comes out otherwise in the own dtype, so may its gradient.
    off = problem.own_off
    if unit > COARSE:  # but for the rounding that every result has
        off = np.maximum(off - unit / 2 * np.abs(problem.y), 0)
        tolerance = tolerance + farther * _scatter(sample, again)
    else:
        for each in np.unique(problem.units):
            rounding = sample.rounding_of(weights, right, float(each), units)
            tolerance = tolerance + np.where(problem.units == each, rounding, 0)
    largest = np.max(np.abs(right[np.isfinite(right)]), initial=0)
    tiny = float(np.finfo(np.float64).tiny)
    relative = np.max(off / np.maximum(np.abs(problem.y), tiny), initial=0)
    shown = relative * (np.abs(right) + largest) + np.sum(np.abs(weights) * off) / problem.scale
    tolerance = tolerance + farther * shown
    # A rule may be ill-conditioned: what rounding the arguments would do to it, it may do itself.
    moved = [problem.gradient(weights, problem.x * (1 + sign * units * problem.units / 2))[0] for sign in (1, -1)]
    return np.asarray(tolerance + units * np.max([np.abs(other - sample.gradients[0]) for other in moved], axis=0))


def _scatter(sample: Sample, again: Rule) -> Array:
    """Return how far errors in the own dtype are apart at points a few units away, where a mistake is the same."""
    problem, weights, unit = sample.problem, sample.weights[0], sample.own_unit
    errors = []
    for steps in CLOSE_BY:
        x = problem.rounded(problem.x * (1 + steps * unit))
        errors.append(problem.own_gradient(weights, x)[0] - again(x))
    return np.asarray(np.ptp(errors, axis=0) / 2)


def _stands_still(sample: Sample, i: int) -> bool:
    """Whether the results hardly move with an element in the own dtype: what is made of them is too coarse then."""
    problem = sample.problem
    values = real_parts(problem.results).astype(problem.dtype)
    for sign in (1, -1):
        x = problem.x.copy()
        x[i] += sign * FAR * problem.scale[i]
        if np.any(np.abs(problem.own_value(problem.rounded(x)) - values) > STILL * sample.own_unit * np.abs(values)):
            return False
    return True


def _steady(sample: Sample, i: int, error: Error, again: Rule, tolerance: float) -> bool:
    problem, weights = sample.problem, sample.weights[0]

    def later(size: float) -> Error:
        x = problem.rounded(sample.moved(size))
        return Error(float(problem.own_gradient(weights, x)[0][i]), float(again(x)[i]))

    if not np.isfinite(error.off):
        return True
    if sample.own_unit > COARSE:
        return persistent(error, later)
    return steady(error, later, sample.own_unit, float(tolerance))


# -- the function itself ---------------------------------------------------------------------------------------------


def value_fault(sample: Sample) -> str:
    """Return what is wrong with the function in the arguments' own dtypes, or nothing: it may differ by rounding."""
    problem, unit = sample.problem, max(sample.own_unit, sample.problem.own_unit)
    if unit <= float(np.finfo(problem.dtype).eps) or sample.own_overflow:
        return ""
    units = UNITS if unit > COARSE else ROUNDING
    own, wide = real_parts(problem.results).astype(problem.dtype), problem.y
    # Beside the largest number so much is lost, and beside 1.
    numbers = np.abs(np.concatenate([problem.x, wide, np.ones(1)]))
    largest = np.max(numbers[np.isfinite(numbers)])
    tolerance = max(CLOSE, units * unit) * np.abs(wide) + units * unit * largest
    off = np.isfinite(own) & np.isfinite(wide) & ~(np.abs(own - wide) <= tolerance)
    if not np.any(off):
        return ""
    with overflows(under=True) as lost:
        problem.own_value()
    if lost:
        return ""  # to a dtype's range, which is no rounding either
    difference = np.where(off, own - wide, 0)
    seen = _widened(tolerance, unit, difference, lambda: problem.own_value() - problem.value(problem.x))
    if seen is None and not problem.own_error < HALF:
        return ""
    tolerance = tolerance + (units if unit > COARSE else HIDDEN) * unit * largest if seen is None else seen
    off &= ~(np.abs(own - wide) <= tolerance)
    if not np.any(off):
        return ""
    j = int(np.argmax(np.where(off, np.abs(own - wide) / tolerance, 0)))

    def later(size: float) -> Error:
        x = problem.rounded(sample.moved(size))
        return Error(float(problem.own_value(x)[j]), float(problem.value(x)[j]))

    error = Error(float(own[j]), float(wide[j]))
    if not persistent(error, later):
        return ""
    return (
        f"{problem.adapter.name}, element {j} of the result: the function itself is off in the arguments' own dtype, "
        f"but right in a wider one\n"
        f"  {error.found:+.10g} there   {error.right:+.10g} in a wider one, as differences and gradients have it\n"
        f"{Mistake.NARROW.line}\n"
        f"  {call(problem, sample.weights[0])}"
    )
