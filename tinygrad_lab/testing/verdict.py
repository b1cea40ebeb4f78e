"""One comparison: an analytic number against a slope and its error bound."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tinygrad_lab.testing.differences import Array, Slope
from tinygrad_lab.testing.mistakes import Diagnosis
from tinygrad_lab.testing.noise import Error

PASS, FAIL, KINK, INCONCLUSIVE = "pass", "fail", "kink-ok", "inconclusive"
OVERFLOW = "overflow"  # undecided as well, and known why
BY_GRAVITY = (PASS, KINK, OVERFLOW, INCONCLUSIVE, FAIL)

BOUNDS = 10  # how many error bounds analytic and numeric value may be apart
CLOSE = 1e-9  # and how much besides, relative to the larger of them
SHARP = 1e-3  # a verdict counts if the bounds are smaller than this part of the value


class Verdict(NamedTuple):
    """What was found for one number: its status, the numeric value between `low` and `high`, and their error bound.

    `reason` says what is wrong where the comparison itself cannot show it, `tolerance` how far off the number may be.
    """

    status: str
    analytic: float
    numeric: float
    bound: float
    low: float
    high: float
    reason: Diagnosis | None = None
    tolerance: float = np.nan

    @property
    def off(self) -> float:
        """How far the analytic value lies outside of the numeric ones, with its sign."""
        return self.analytic - min(max(self.analytic, self.low), self.high)

    @property
    def error(self) -> Error:
        """The analytic value, and the nearest of the numeric ones."""
        return Error(self.analytic, min(max(self.analytic, self.low), self.high))


class Tolerance(NamedTuple):
    """Differences that somebody has decided not to call failures, relative to the derivative and absolute."""

    rtol: float = 0.0
    atol: float = 0.0

    def applied(self, verdict: Verdict) -> Verdict:
        """Return a verdict that passes what is tolerated."""
        allowed = self.atol + self.rtol * max(abs(verdict.low), abs(verdict.high))
        return verdict._replace(status=PASS) if abs(verdict.off) <= allowed and allowed > 0 else verdict


def judge(analytic: float, weights: Array, slope: Slope, rounding: float, negligible: float = 0.0) -> Verdict:
    """Compare `analytic` with the weighted sum of a slope's elements.

    Arguments:
        analytic: what the rule gave.
        weights: the cotangent, a number for each element of the slope.
        slope: its elements' derivatives.
        rounding: how far the rule's own arithmetic may have put `analytic` off.
        negligible: a size that counts as 0; values are told apart down to `SHARP` of it.
    """
    used = weights != 0
    weights = weights[used]
    kink, value = slope.kink[used], slope.value[used]
    left = weights * np.where(kink, slope.left[used], value)
    right = weights * np.where(kink, slope.right[used], value)
    low, high = float(np.sum(np.minimum(left, right))), float(np.sum(np.maximum(left, right)))
    one_sided = np.maximum(slope.left_bound[used], slope.right_bound[used])
    bound = float(np.sum(np.abs(weights) * np.where(kink, one_sided, slope.bound[used])))
    numeric = (low + high) / 2
    size = max(abs(analytic), abs(low), abs(high))
    tolerance = BOUNDS * bound + CLOSE * size + rounding
    if not (np.isfinite(numeric) and np.isfinite(bound)):
        status = INCONCLUSIVE
    elif not np.isfinite(analytic):
        status = FAIL if BOUNDS * bound <= SHARP * max(abs(numeric), negligible) else INCONCLUSIVE
    else:
        sharp = BOUNDS * bound <= SHARP * max(size, negligible)
        if not low - tolerance <= analytic <= high + tolerance:
            status = FAIL
        elif high - low > tolerance:
            status = KINK
        else:
            status = PASS if sharp else INCONCLUSIVE
    return Verdict(status, float(analytic), numeric, bound, low, high, tolerance=tolerance)
