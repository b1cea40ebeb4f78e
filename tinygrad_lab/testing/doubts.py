"""What looks wrong about an element, looked at again: is it the rounding of the function, or of its rule?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinygrad_lab.testing.differences import RATIO, Array, Slope, ladder, rounding
from tinygrad_lab.testing.elements import CLOSE_BY, confirms, other_scales
from tinygrad_lab.testing.noise import Error, carried, steady
from tinygrad_lab.testing.sample import Sample
from tinygrad_lab.testing.verdict import BOUNDS, FAIL, SHARP, Verdict, judge

ROUGHLY = 0.1  # of what is off: what finer steps see counts if it is as large


def is_rounding(sample: Sample, i: int, k: int, verdict: Verdict, slope: Slope) -> bool:
    """Whether what looks wrong about an element is rounding, or happens closer by than the steps that were taken.

    Arguments:
        sample: the problem and its gradients.
        i: the element's coordinate.
        k: the cotangent's number.
        verdict: that something is wrong, also beside the slopes nearby if elements are equal.
        slope: of all results along the element; those that stand still are left alone.
    """
    if not np.isfinite(verdict.analytic):
        # Of an infinite result, or one that is no number, even a cotangent of 0 makes NaN.
        return sample.overflow or sample.problem.undefined
    # Equal elements have other branches close by only, along which a function changes as much less.
    lost = sample.resolution * (10 / CLOSE_BY if sample.tied else 1)
    still = abs(verdict.numeric) <= verdict.bound if sample.tied else verdict.numeric == 0
    if still and abs(verdict.analytic) * float(sample.problem.scale[i]) <= lost:
        return True  # the function stands still, as log(1 + u) does for a small u
    moving = slope.value != 0
    moving = moving if np.any(moving) else np.ones_like(moving)

    def verdict_at(x: Array | None, scale: float, rungs: slice = slice(None), wary: bool = False) -> Verdict:
        analytic = float((sample.gradients[k] if x is None else sample.problem.gradient(sample.weights[k], x)[0])[i])
        slope = sample.along(i, scale, x, rungs, moving, wary)
        return judge(analytic, sample.weights[k][moving], slope, float(sample.rounding[k][i]))

    verdict = judge(verdict.analytic, sample.weights[k], slope, float(sample.rounding[k][i]))
    scale = _scale_of(verdict, float(sample.problem.scale[i]), lambda scale: verdict_at(None, scale))
    if verdict.high == verdict.low and (
        verdict_at(None, scale, wary=True).status != FAIL or _contradicted(sample, i, k, verdict, moving)
    ):
        return True
    rungs = sample.few if confirms(verdict_at(None, scale, sample.few), verdict) else slice(None)

    def again(size: float) -> Error:
        return verdict_at(sample.moved(size), scale, rungs).error

    error = again(0.0)
    if abs(error.found - verdict.analytic) > SHARP * max(abs(verdict.analytic), abs(verdict.numeric)):
        return False  # it is another each time
    if verdict.high > verdict.low:
        return bool(carried(error, again))
    tolerance = np.inf if sample.tied else BOUNDS * verdict.bound + float(sample.rounding[k][i])
    return not steady(error, again, float(np.finfo(sample.problem.dtype).eps), tolerance)


def _scale_of(verdict: Verdict, scale: float, verdict_at: Callable[[float], Verdict]) -> float:
    """Return how far the steps went that showed what a verdict says."""
    scales = (scale, *other_scales(scale, failed=True))
    apart = [abs(verdict_at(scale).numeric - verdict.numeric) for scale in scales]
    return scales[int(np.argmin(np.where(np.isnan(apart), np.inf, apart)))]


def _contradicted(sample: Sample, i: int, k: int, verdict: Verdict, moving: Array) -> bool:
    """Whether quotients of finer steps differ from a slope by far more than their rounding, as close to a pole."""
    weights, problem = sample.weights[k][moving], sample.problem
    for scale in other_scales(float(problem.scale[i]), failed=True):
        direction = np.zeros_like(problem.x)
        direction[i], far = scale, max(1.0, float(np.abs(problem.x[i])) / scale)
        values = ladder(lambda t, d=direction: problem.value(problem.x + t * d)[moving], centre=problem.y[moving])  # type: ignore[misc]
        steps = values.steps[1:] * scale
        quotients = (values.above - values.below) @ weights / (2 * values.steps * scale)
        quotients = quotients[1:] + (quotients[1:] - quotients[:-1]) / (RATIO**2 - 1)
        noise = (rounding(values, far)[1:] + 4 * problem.hidden[moving]) @ np.abs(weights) / steps
        off = np.abs(quotients - verdict.numeric)
        finer = steps < float(problem.scale[i]) * SHARP
        if np.any(finer & (off > BOUNDS * (noise + verdict.bound)) & (off > ROUGHLY * abs(verdict.off))):
            return True
    return False
