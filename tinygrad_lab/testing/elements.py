"""One element at a time: its gradient against the slope along it, on both sides of a kink, and apart from rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tinygrad_lab.testing.differences import Array, Slope
from tinygrad_lab.testing.mistakes import Diagnosis, Mistake
from tinygrad_lab.testing.noise import Error, carried
from tinygrad_lab.testing.sample import Sample
from tinygrad_lab.testing.verdict import BOUNDS, FAIL, INCONCLUSIVE, KINK, PASS, SHARP, Verdict, judge

CLOSE_BY = 1e-4  # how far to go for other branches, relative to the elements
CURVATURE = 1e-3  # by so much slopes may differ there, relative as well
MINOR = 1e-3  # of the largest element of a gradient, and of its terms: what is smaller need not be told from 0
FAINT = 1e-6  # of the results, and of their terms: the same
LUCK = 1e-2  # how probable it may be that a mistake is taken for what finer steps agree with
FINER = 1e-4  # of the usual steps, where something happens that those are too long for
NEARBY = 64  # points at which to look around a kink
CLOSE = slice(8, 11)  # the rungs there: far shorter than `CLOSE_BY`, so that other kinks are seldom between them
MOST = 1000  # so many equal elements at most are taken for a tie
APART = np.array([0.5, 0.56, 0.71, 1.0])  # steps of which no two, nor sums of two, are as nearly alike as branches
TIES = 8  # so many groups of equal elements at most are moved together
TOGETHER = Diagnosis(
    Mistake.TIE, "a tie or another kink, not shared as the derivative along all its elements together demands"
)

Found = list[dict[int, Verdict]]  # per cotangent, by coordinate


def examine(sample: Sample, i: int, briefly: bool = False, hopeless: bool = False) -> tuple[Slope, list[Verdict]]:
    """Return the slope along an element, and the verdict on its gradient for each cotangent.

    Arguments:
        sample: the problem and its gradients.
        i: the element's coordinate.
        briefly: whether a failure may be told from a few steps, where others have been established already.
        hopeless: whether steps of other lengths have decided about none of the others.
    """
    cotangents = range(len(sample.weights))
    slope = sample.along(i, sample.problem.scale[i], rungs=sample.few)
    verdicts = [_judge(sample, i, k, slope, strict=True) for k in cotangents]
    if all(v.status == PASS or (briefly and v.status == FAIL) for v in verdicts) and not np.any(slope.kink):
        return slope, verdicts
    slope = sample.along(i, sample.problem.scale[i])
    verdicts = [_judge(sample, i, k, slope, strict=True) for k in cotangents]
    if any(
        v.status == FAIL or (v.status == INCONCLUSIVE and np.isfinite(v.analytic) and not hopeless) for v in verdicts
    ):
        slope, verdicts = _at_other_steps(sample, i, slope, verdicts)
    elif any(v.status == INCONCLUSIVE for v in verdicts):
        verdicts = [_judge(sample, i, k, slope, strict=False) for k in cotangents]
    tied = np.count_nonzero(sample.problem.x == sample.problem.x[i]) > 1  # smooth by itself, and not with the others
    if np.any(slope.kink) or tied:
        points = NEARBY // 8 if briefly else NEARBY
        for wider in _around(sample, slope, lambda x: sample.along(i, sample.problem.scale[i], x, CLOSE), points):
            if all(v.status != FAIL for v in verdicts):
                break
            verdicts = [_judge(sample, i, k, wider, strict=False) for k in cotangents]
    return slope, verdicts


def _at_other_steps(sample: Sample, i: int, slope: Slope, verdicts: list[Verdict]) -> tuple[Slope, list[Verdict]]:
    """Decide about an element by steps of other lengths: those as large as the element may skip what happens here."""
    cotangents, refuted = range(len(verdicts)), [False] * len(verdicts)
    for scale in other_scales(float(sample.problem.scale[i]), any(v.status == FAIL for v in verdicts)):
        other = sample.along(i, scale, rungs=sample.few)
        if all(confirms(_judge(sample, i, k, other, strict=True), verdicts[k]) for k in cotangents):
            continue
        other = sample.along(i, scale)
        found = [_judge(sample, i, k, other, strict=True) for k in cotangents]
        refuted = [known or _refutes(v, verdicts[k]) for k, (v, known) in enumerate(zip(found, refuted, strict=True))]
        found = [_agreed(v, before) for v, before in zip(found, verdicts, strict=True)]
        if all(v.status == PASS for v in found):
            return other, found
        slope = _sharper(slope, other)
    found = [_judge(sample, i, k, slope, strict=False) for k in cotangents]
    return slope, [
        v._replace(status=INCONCLUSIVE) if known and v.status == FAIL else v
        for v, known in zip(found, refuted, strict=True)
    ]


def settled(sample: Sample, i: int, k: int, verdict: Verdict) -> Verdict:
    """Return the verdict on an element that was inconclusive, in the light of the terms that it is made of.

    Where they cancel, what is left is as uncertain as they are, and yet known well beside them.
    """
    if not np.isfinite(verdict.analytic):
        return verdict
    uncertain = max(BOUNDS * verdict.bound, abs(verdict.off))
    known = uncertain <= SHARP * MINOR * float(sample.terms(k)[i])
    if not known:
        values = float(np.sum(np.abs(sample.weights[k]) * sample.value_terms) / sample.problem.scale[i])
        known = uncertain <= SHARP * FAINT * values
    return verdict._replace(status=PASS) if known else verdict


def _judge(sample: Sample, i: int, k: int, slope: Slope, strict: bool) -> Verdict:
    weights, gradient, scale = sample.weights[k], sample.gradients[k], sample.problem.scale[i]
    negligible = 0.0
    if not strict:
        finite = np.where(np.isfinite(gradient), np.abs(gradient), 0)
        values = np.sum(np.abs(weights) * sample.sizes) + sample.problem.terms
        negligible = float((MINOR * np.max(finite * sample.problem.scale) + FAINT * values) / scale)
    if not np.isfinite(gradient[i]) and np.any((slope.bound * scale > SHARP * sample.sizes)[weights != 0]):
        negligible = 0.0  # of one result the derivative may be infinite, however small it is beside others
    return judge(float(gradient[i]), weights, slope, float(sample.rounding[k][i]), negligible)


def other_scales(scale: float, failed: bool) -> tuple[float, ...]:
    """Return how far else to go than an element is large: as far as 1, much less far, and before a failure less still.

    A difference of squares in a `tanh` may go from -1 to 1 within a part of 1e-12 of its arguments.
    """
    finer = (FINER * scale, FINER**2 * scale) if failed else (FINER * scale,)
    return finer if scale == 1 else (1.0, *finer)


def _agreed(verdict: Verdict, before: Verdict) -> Verdict:
    """Return the verdict on an element at finer steps, whose bound may be wide.

    Where they agree so much more closely than those before that it is no luck, the others skipped something. What they
    cannot see, being coarser than the error was, is not for them to pass.
    """
    if verdict.status == PASS and before.status == FAIL and verdict.tolerance > abs(before.off):
        verdict = verdict._replace(status=INCONCLUSIVE)
    allowed = LUCK * abs(before.off) if before.status == FAIL else SHARP * abs(verdict.analytic)
    agrees = verdict.status == INCONCLUSIVE and abs(verdict.off) <= allowed and verdict.analytic != 0
    return verdict._replace(status=PASS) if agrees else verdict


def confirms(verdict: Verdict, before: Verdict) -> bool:
    """Whether steps of another length find the same thing wrong: not that it stands still, as what is rounded does."""
    apart = abs(verdict.numeric - before.numeric) > BOUNDS * (verdict.bound + before.bound)
    return not apart and before.status == FAIL and verdict.status == FAIL and verdict.numeric != 0


def _refutes(verdict: Verdict, before: Verdict) -> bool:
    """Whether finer steps, which find nothing wrong, give another slope than those before, too far off for rounding.

    Where they agree with the gradient as well as they can, they need not be so far off.
    """
    least = 1 if abs(verdict.off) <= verdict.bound else BOUNDS
    bound = least * (verdict.bound + before.bound)
    apart = verdict.low - before.high > bound or before.low - verdict.high > bound
    # The steps before are too long for a kink that is close by.
    kinked = verdict.low < before.low - bound and verdict.high > before.high + bound
    return before.status == FAIL and ((apart and verdict.status == INCONCLUSIVE) or (kinked and verdict.status == KINK))


def _sharper(first: Slope, second: Slope) -> Slope:
    """Return, for each output element, whichever slope has the smaller bound."""
    better = second.bound < first.bound
    return Slope(*(np.where(better, b, a) for a, b in zip(first, second, strict=True)))


def _around(sample: Sample, slope: Slope, nearby: Callable[[Array], Slope], points: int = NEARBY) -> Iterator[Slope]:
    """Yield a kinked slope, widened little by little, by slopes at points nearby, where other branches hold.

    Their hull contains the generalised gradient (F. H. Clarke 1975), and with it what any sensible rule may return.
    """
    least, most = np.fmin(slope.left, slope.right), np.fmax(slope.left, slope.right)
    low, high = least, most
    bound = np.where(slope.kink, np.maximum(slope.left_bound, slope.right_bound), slope.bound)
    rough, roughness = np.zeros(bound.shape, int), np.full(bound.shape, np.inf)
    for count in range(1, points + 1):
        noise = sample.rng.uniform(-1, 1, sample.problem.x.size)
        other = nearby(sample.problem.x + CLOSE_BY * sample.problem.scale * noise)
        # Where the branch is another, its slope here differs from that nearby by some curvature.
        margin = CURVATURE * np.maximum(np.maximum(np.abs(low), np.abs(high)), np.abs(other.value))
        # Of slopes that are alike, those of a smooth function are one; at a kink they may be of two branches.
        beyond = 0 if np.any(slope.kink) else margin
        low = np.where(other.value < least - beyond, np.fmin(low, other.value - margin), low)
        high = np.where(other.value > most + beyond, np.fmax(high, other.value + margin), high)
        # A wide bound tells of another kink that happens to be between the steps, or everywhere of noise.
        wide = np.isfinite(other.bound) & (BOUNDS * other.bound > margin)
        rough, roughness = rough + wide, np.where(wide, np.fmin(roughness, other.bound), roughness)
        bound = np.fmax(bound, np.where(np.isfinite(other.bound) & ~wide, other.bound, 0))
        around = np.where(2 * rough > count, np.fmax(bound, roughness), bound)
        yield Slope((low + high) / 2, around, low, high, around, around)


# -- kinked elements together ----------------------------------------------------------------------------------------


def judge_kinks(sample: Sample, found: Found) -> None:
    """Move kinked elements together: a value between the sides for each need not be one for all of them."""
    for k, verdicts in enumerate(found):
        kinked = np.array([i for i, verdict in verdicts.items() if verdict.status == KINK], int)
        # Of equal elements, one may have all of the gradient and the others nothing, which passes for each of them.
        with_ties = np.flatnonzero(np.isin(sample.problem.x, sample.problem.x[kinked]))
        kinked = with_ties if with_ties.size <= MOST else kinked
        if kinked.size < 2:
            continue
        for direction in _joint_directions(sample, kinked):
            if _disagrees(sample, k, direction):
                for i in np.flatnonzero(direction).tolist():
                    verdicts[i] = verdicts[i]._replace(status=FAIL, reason=TOGETHER)
                break


def _joint_directions(sample: Sample, kinked: Array) -> Iterator[Array]:
    """Yield directions that move kinked elements: those of a tie alike, which keeps the tie, then all at random."""
    x, rng = sample.problem.x, sample.rng
    step = float(np.min(sample.problem.scale[kinked])) * rng.uniform(0.5, 1)
    values = x[kinked]
    ties = [kinked[values == value] for value in np.unique(values)[:TIES]]
    for tie in ties:
        if tie.size > 1:
            yield _moving(x, tie, np.full(tie.size, step))
    yield _moving(x, kinked, np.full(kinked.size, step))
    if kinked.size > APART.size:  # they may part in more ways than can be looked at
        return
    yield _moving(x, kinked, step * rng.permutation(APART)[: kinked.size])
    if len(ties) == kinked.size:  # equal elements may change places, in more ways than can be looked at
        steps = step * rng.permutation(APART)[: kinked.size]
        yield _moving(x, kinked, steps * rng.choice([-1, 1], kinked.size))


def _moving(x: Array, chosen: Array, steps: Array) -> Array:
    direction = np.zeros_like(x)
    direction[chosen] = steps
    return direction


def _disagrees(sample: Sample, k: int, direction: Array) -> bool:
    moved = np.flatnonzero(direction)  # the others may have a gradient of NaN
    rounding = float(np.abs(direction[moved]) @ sample.rounding[k][moved])
    slope, analytic = sample.slope(direction), float(sample.gradients[k][moved] @ direction[moved])
    joint = judge(analytic, sample.weights[k], slope, rounding)
    for wider in _around(sample, slope, lambda x: sample.slope(direction, x, CLOSE)):
        if joint.status != FAIL:
            return False
        joint = judge(analytic, sample.weights[k], wider, rounding)
    if joint.status != FAIL:
        return False
    for part in (FINER, FINER**2):  # the steps before may have skipped what happens here
        closer = judge(part * analytic, sample.weights[k], sample.slope(part * direction), part * rounding)
        if closer.status in (PASS, KINK) and closer.tolerance <= part * abs(joint.off):
            return False

    def again(_: float) -> Error:
        gradient = sample.problem.gradient(sample.weights[k], sample.problem.x)[0]
        there = sample.slope(direction, sample.problem.x)
        return judge(float(gradient[moved] @ direction[moved]), sample.weights[k], there, rounding).error

    return not carried(joint.error, again)
