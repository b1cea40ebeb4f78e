"""Many elements at once: along a direction that moves them all, and where that disagrees, along parts of it.

What passes along a direction leaves no element room to be wrong by more than `VISIBLE` of its share. Where it does
not pass, the elements are halved, until those that are wrong are found: n elements cost as many directions as they
have sizes, and each wrong one as many more as n has binary digits. The slope along one half of a direction is what
that along the other leaves of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lab.testing.differences import Array, Slope
from tinygrad_lab.testing.doubts import is_rounding
from tinygrad_lab.testing.elements import FAINT, MINOR, Found, examine, settled
from tinygrad_lab.testing.mistakes import Mistake
from tinygrad_lab.testing.noise import Error, steady
from tinygrad_lab.testing.reproduction import call
from tinygrad_lab.testing.sample import ROUNDING, Sample
from tinygrad_lab.testing.verdict import (
    BOUNDS,
    CLOSE,
    FAIL,
    INCONCLUSIVE,
    KINK,
    OVERFLOW,
    PASS,
    Tolerance,
    Verdict,
    judge,
)

SPREAD = 1e3  # gradients that differ by more are not tested along one direction: the large would hide the small
VISIBLE = 1e-4  # a direction's tolerance may be this part of the smallest contribution
FEWEST = 16  # so many elements are looked at one by one rather than divided further, where that is cheap
CHEAP = 1000  # arguments and results with no more elements
CLEAR = 100  # times what is tolerated: more steps along the same direction would not bring it back
ELEMENTS = 256  # so many elements at most are looked at one by one
WORK = 60_000  # elements of arguments and results, over all the wrong elements that the report needs
HOPELESS = 3  # so many elements in a row stay open before steps of other lengths are no longer tried
DOUBTS = 4  # so many elements that look wrong may turn out to be rounding before all others do as well


class Search:
    """The search for wrong elements.

    Attributes:
        found: per cotangent, the verdicts by coordinate.
        slopes: by coordinate, of the elements looked at one by one.
        enough: so many wrong elements are all that a report needs.
        forward: what is wrong with forward mode, or nothing.
    """

    def __init__(self, sample: Sample, tolerance: Tolerance) -> None:
        self.sample, self.tolerance = sample, tolerance
        self.found: Found = [{} for _ in sample.weights]
        self.slopes: dict[int, Slope] = {}
        self.forward = ""
        self._failed = self._doubts = self._open = 0
        size = sample.problem.x.size + sample.problem.y.size
        self.enough = min(max(WORK // max(size, 1), 6), 64)
        self._fewest = FEWEST if size <= CHEAP else 1
        for group in self._groups() if sample.problem.y.size else ():  # nothing can be said of no results
            self._decide(group)
        self._doubt_unseen()

    def _groups(self) -> Iterator[Array]:
        """Yield coordinates whose gradients are of about one size, large ones first, zeros last."""
        sizes = np.max([self._size(k) for k in range(len(self.sample.weights))], axis=0)
        order = np.argsort(-sizes)
        while order.size:
            largest = sizes[order[0]]
            together = sizes[order] * SPREAD >= largest if largest > 0 else sizes[order] == largest
            together[0] = True
            yield order[together]
            order = order[~together]

    def _size(self, k: int) -> Array:
        """Return how much each element matters by a gradient; what is no larger than the rule's rounding is 0."""
        gradient = np.abs(self.sample.gradients[k])
        return np.where(gradient <= self.sample.rounding[k], 0, gradient) * self.sample.problem.scale

    def _decide(self, group: Array, direction: Array | None = None, slope: Slope | None = None) -> Slope | None:
        """Decide about a group of elements, or about its halves; return the slope that was found.

        Arguments:
            group: coordinates.
            direction: moves them; drawn unless given.
            slope: along it, if it is known.
        """
        if self._failed >= self.enough or len(self.slopes) >= ELEMENTS:
            return None
        whole = direction is None
        direction = self._direction(group) if direction is None else direction
        passes, slope = self._passes(group, direction, slope, whole)
        if passes:
            for k, gradient in enumerate(self.sample.gradients):
                numbers = gradient[group].astype(float).tolist()
                for i, number in zip(group.tolist(), numbers, strict=True):
                    self.found[k][i] = Verdict(PASS, number, np.nan, np.nan, np.nan, np.nan)
        elif group.size <= self._fewest:
            for i in group.tolist():
                self.look(i)
        else:
            first, second = np.array_split(group, 2)
            half = self._decide(first, _restricted(direction, first))
            self._decide(second, _restricted(direction, second), slope.less(half) if half else None)
        return slope

    def look(self, i: int) -> None:
        """Decide about one element."""
        self.slopes[i], verdicts = examine(self.sample, i, self._failed > 0, self._open >= HOPELESS)
        self._open = self._open + 1 if all(v.status == INCONCLUSIVE for v in verdicts) else 0
        known = self._failed > 0
        for k, verdict in enumerate(verdicts):
            # The first is looked at again; once one is known to be wrong, the others need no benefit of a doubt.
            if verdict.status == FAIL and not known:
                known = self._doubts < DOUBTS and not is_rounding(self.sample, i, k, verdict, self.slopes[i])
                verdict = verdict if known else verdict._replace(status=INCONCLUSIVE)
            if verdict.status == INCONCLUSIVE:
                verdict = settled(self.sample, i, k, verdict)
            # Known why, where something was too large on the way.
            numbers = np.isfinite(verdict.analytic) and np.isfinite(verdict.numeric)
            if verdict.status == INCONCLUSIVE and self.sample.overflow and not numbers:
                verdict = verdict._replace(status=OVERFLOW)
            self.found[k][i] = verdict
        statuses = [found[i].status for found in self.found]
        self._doubts += any(v.status == FAIL for v in verdicts) and FAIL not in statuses
        self._failed += FAIL in statuses

    def _doubt_unseen(self) -> None:
        """Let nothing pass that matters to no result with a cotangent, and to others."""
        status = INCONCLUSIVE if self.sample.problem.undefined else OVERFLOW
        for i in np.flatnonzero(self.sample.unseen).tolist():
            for found in self.found:
                if i in found and found[i].status == PASS:
                    found[i] = found[i]._replace(status=status)

    # -- one direction -----------------------------------------------------------------------------------------------

    def _direction(self, group: Array) -> Array:
        rng, problem = self.sample.rng, self.sample.problem
        direction = np.zeros_like(problem.x)
        direction[group] = rng.uniform(0.5, 1, group.size) * rng.choice([-1, 1], group.size) * problem.scale[group]
        return direction

    def _passes(self, group: Array, direction: Array, known: Slope | None, whole: bool) -> tuple[bool, Slope]:
        """Whether a group passes along a direction, and the slope: evaluated unless what is known tells enough."""
        if known is not None:
            off = self._worst(known, direction, group, last=False)
            if off <= 1 or CLEAR < off < np.inf:
                return off <= 1, known
        few, every = self.sample.few, slice(None)
        for rungs in (few, every) if whole or self._fewest >= group.size > 1 else (few,):
            slope = self.sample.slope(direction, rungs=rungs)
            off = self._worst(slope, direction, group, last=rungs is every)
            if off <= 1 or (CLEAR < off < np.inf and not (whole and group.size <= FEWEST)):
                break
        self._check_forward(slope, direction)
        return off <= 1, slope

    def _worst(self, slope: Slope, direction: Array, group: Array, last: bool) -> float:
        return max(self._off(slope, direction, group, k, last) for k in range(len(self.sample.weights)))

    def _off(self, slope: Slope, direction: Array, group: Array, k: int, last: bool) -> float:
        """Return how far off the gradient is, as a part of what is tolerated; infinitely if elements had room for it.

        To 1 the direction leaves no element room to be wrong; at last none that matters beside the largest.
        """
        sample = self.sample
        weights, gradient, scale = sample.weights[k], sample.gradients[k], sample.problem.scale
        terms = np.abs(gradient[group] * direction[group])
        rounding = np.abs(direction[group]) @ sample.rounding[k][group]
        verdict = judge(float(gradient[group] @ direction[group]), weights, slope, float(rounding))
        tolerance = BOUNDS * verdict.bound + rounding + max(1e-10, 4 * sample.unit) * np.sum(terms)
        smallest = np.min(self._size(k)[group]) / 2  # a direction moves an element by half its scale at least
        values = FAINT * (np.sum(np.abs(weights) * sample.sizes) + sample.problem.terms)
        largest = np.max(np.abs(gradient) * scale) + values
        visible = max(smallest, MINOR * largest) if smallest and last else smallest or largest
        if verdict.status == KINK or not tolerance <= VISIBLE * visible:
            return np.inf
        off = abs(verdict.analytic - verdict.numeric)
        return float(off / tolerance) if off > tolerance else 0.0 if off <= tolerance else np.inf

    def _check_forward(self, slope: Slope, direction: Array) -> None:
        """Compare forward mode along a direction with the slope, result by result, unless there is a kink."""
        sample, problem = self.sample, self.sample.problem
        forward = None if self.forward or np.any(slope.kink) else problem.tangent(direction)
        if forward is None:
            return
        largest = np.max(np.abs(forward[np.isfinite(forward)]), initial=0)
        rounding = ROUNDING * (
            sample.unit * (largest + sample.sizes + problem.terms) + float(np.finfo(np.float64).tiny)
        )
        # Of results that stand still, differences do not see slopes that are this small beside the others.
        rounding = rounding + ROUNDING * sample.unit * np.max(np.abs(sample.gradients) * problem.scale)
        tolerance = BOUNDS * slope.bound + CLOSE * np.maximum(np.abs(forward), np.abs(slope.value)) + rounding
        tolerance = tolerance + self.tolerance.atol + self.tolerance.rtol * np.abs(slope.value)
        known = np.isfinite(forward) & np.isfinite(slope.bound)
        wrong = np.flatnonzero(known & (np.abs(forward - slope.value) > tolerance))
        if not wrong.size or self._follows(forward, direction):
            return
        j = wrong[0]
        if slope.value[j] == 0 and abs(forward[j]) <= sample.resolution:
            return

        def again(size: float) -> Error:
            x = sample.moved(size)
            ahead: Any = problem.tangent(direction, x)
            return Error(float(ahead[j]), float(sample.slope(direction, x).value[j]))

        error, unit = Error(float(forward[j]), float(slope.value[j])), float(np.finfo(problem.dtype).eps)
        if not steady(error, again, unit, np.inf if sample.tied else float(tolerance[j])):
            return
        self.forward = (
            f"{problem.adapter.name}, forward mode, element {j} of the result: not the slope of a direction\n"
            f"  analytic {float(forward[j]):+.10g}   numeric {float(slope.value[j]):+.10g} "
            f"± {float(slope.bound[j]):.0e}\n"
            f"  {wrong.size} of {forward.size} elements wrong, reverse mode is right: is the rule linear in g?\n"
            f"{Mistake.FORWARD.line}\n"
            f"  {call(problem, sample.weights[0])}"
        )

    def _follows(self, forward: Array, direction: Array) -> bool:
        """Whether forward mode says what reverse mode does, which is looked at by itself, and may be right at a tie."""
        sample = self.sample
        pairs = [(w * forward, g * direction) for w, g in zip(sample.weights, sample.gradients, strict=True)]
        sizes = [np.sum(np.abs(ahead)) + np.sum(np.abs(back)) for ahead, back in pairs]
        return all(
            abs(np.sum(ahead) - np.sum(back)) <= CLOSE * size for (ahead, back), size in zip(pairs, sizes, strict=True)
        )


def _restricted(direction: Array, group: Array) -> Array:
    """Return what a direction does to some coordinates."""
    part = np.zeros_like(direction)
    part[group] = direction[group]
    return part
