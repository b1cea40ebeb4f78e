"""The rule in the arguments' own dtypes and layouts: against itself in the widest dtype, and on C-contiguous arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.elements import Found
from tinygrad_lab.testing.mistakes import Diagnosis, Mistake
from tinygrad_lab.testing.noise import Error, steady
from tinygrad_lab.testing.sample import Sample
from tinygrad_lab.testing.shaken import spread
from tinygrad_lab.testing.verdict import FAIL, Verdict

NARROW = Diagnosis(Mistake.NARROW, "off in the arguments' own dtype, but right in a wider one")
LAYOUT = Diagnosis(
    Mistake.LAYOUT, "depends on how the arrays lie in memory: it is another for C-contiguous copies of them"
)
ROUNDING = 8  # in units of the own dtype; what goes beyond has to be the same at neighbouring points to be a mistake
SEEN = 10  # times as far as rounding was seen to carry the gradient, or the function
LOST = 0.1  # a relative error of the function from which on its own dtype tells nothing
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
    tolerance = max(close, ROUNDING * unit) * np.abs(right) + ROUNDING * underflow
    # Rules subtract from 1, as in 1 - y²: where little is left, its rounding is that of the cotangent.
    tolerance = tolerance + ROUNDING * unit * np.max(np.abs(weights), initial=0)
    comparable = (np.abs(right) < problem.largest / 1e3) & np.isfinite(right)
    if sample.own_overflow:
        comparable &= np.isfinite(own)
    off = comparable & ~(np.abs(own - right) <= tolerance)
    if not np.any(off):
        return
    seen = spread(lambda: problem.own_gradient(weights)[0] - again(problem.x))
    tolerance = np.maximum(tolerance, SEEN * seen) if seen is not None else _bounded(sample, right, tolerance)
    off &= ~(np.abs(own - right) <= tolerance)
    worst = sorted(np.flatnonzero(off).tolist(), key=lambda i: -abs(float(own[i] - right[i])) / float(tolerance[i]))
    if seen is None and not any(
        _steady(sample, i, Error(float(own[i]), float(right[i])), again, tolerance[i]) for i in worst[:4]
    ):
        return
    for i in worst:
        value = float(right[i])
        found[0][i] = Verdict(FAIL, float(own[i]), value, float(tolerance[i]), value, value, reason)


def _bounded(sample: Sample, right: Array, tolerance: Array) -> Array:
    """Return a bound of the rounding of another system, which cannot be seen."""
    problem, weights, unit = sample.problem, sample.weights[0], sample.own_unit
    tolerance = tolerance + sample.rounding_of(weights, right, unit, ROUNDING)
    # Where the function itself comes out otherwise in the own dtype, so may its gradient.
    largest = np.max(np.abs(right[np.isfinite(right)]), initial=0)
    shown = problem.own_error * (np.abs(right) + largest) + np.sum(np.abs(weights) * problem.own_off) / problem.scale
    tolerance = tolerance + SEEN * shown
    # A rule may be ill-conditioned: what rounding the arguments would do to it, it may do itself.
    moved = [problem.gradient(weights, problem.x * (1 + sign * 4 * unit))[0] for sign in (1, -1)]
    return np.asarray(tolerance + 8 * np.max([np.abs(other - sample.gradients[0]) for other in moved], axis=0))


def _steady(sample: Sample, i: int, error: Error, again: Rule, tolerance: float) -> bool:
    problem, weights = sample.problem, sample.weights[0]

    def later(size: float) -> Error:
        x = problem.rounded(sample.moved(size))
        return Error(float(problem.own_gradient(weights, x)[0][i]), float(again(x)[i]))

    return not np.isfinite(error.off) or steady(error, later, sample.own_unit, float(tolerance))
