"""`check_gradients`: the rule's gradient against differences, by a random direction first, then element by element."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import ArgumentError, GradientError
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.differences import Array, Slope, estimate, ladder
from tinygrad_lab.testing.problem import Problem
from tinygrad_lab.testing.report import GradientReport, Outcome
from tinygrad_lab.testing.reproduction import call
from tinygrad_lab.testing.verdict import BOUNDS, CLOSE, FAIL, INCONCLUSIVE, KINK, PASS, Verdict, judge

ELEMENTS = 256  # so many elements at most are looked at one by one
SPREAD = 1e3  # gradients that differ by more are not tested along one direction: the large would hide the small
NEARBY = 32  # points at which to look around a kink
TOGETHER = "a tie or another kink, not shared as the derivative along all its elements together demands"
VISIBLE = 1e-4  # a direction's tolerance may be this part of the smallest contribution
OWN = 1e-3  # relative difference allowed between a rule in the arguments' dtypes and in the widest
ROUNDING = 64  # a rule's arithmetic may be off by so many units in the last place of what it adds up


def check_gradients(
    fn: Callable[..., Any] | Adapter,
    *args: Any,
    wrt: int | tuple[int, ...] | None = None,
    order: int = 1,
    cotangent: Any = None,
) -> GradientReport:
    """Check that the gradient of `fn` at `args` is its derivative, in reverse and, where there is one, forward mode.

    The vector-Jacobian product of random cotangents of both signs is compared with extrapolated differences of `fn`.
    A failure is a difference beyond a multiple of the differences' own error bound; at a kink the gradient has to lie
    between the one-sided derivatives, along each element and along all of them together.

    Arguments:
        fn: a function of this package, plain NumPy code, or an adapter. It may return any nested container of arrays.
        args: arrays, numbers, Values and nested containers of them, of any floating-point or complex dtype; the rule
            runs in the arguments' dtype, the reference in the widest there is. Integers are left alone.
        wrt: the positions of the arguments to differentiate with respect to; all of them unless told.
        order: 2 checks the gradient's gradient as well.
        cotangent: shaped like the result; random unless given.

    Raises:
        GradientError: if an element's gradient is wrong; it says which, by what, and how to see it again.
        ArgumentError: if there is nothing to differentiate.

    Example:
        >>> import numpy as np
        >>> check_gradients(np.multiply, np.array([[1.0], [2.0]]), np.array([3.0, 4.0, 5.0])).ok
        True
    """
    if order not in (1, 2):
        raise ArgumentError(f"check_gradients: order must be 1 or 2, got {order}; check a gradient function for more")
    adapter = fn if isinstance(fn, Adapter) else Adapter(fn)
    problem = Problem(adapter, args, wrt)
    check = _Check(problem, cotangent)
    report = check.report
    if order == 2:
        leaves = [leaf.array for leaf in problem.leaves]
        cotangents = problem.cotangents(check.weights[0])
        weights = [c.astype(y.dtype) for c, y in zip(cotangents, problem.results, strict=True)]
        terms = float(
            max((np.max(np.abs(c), initial=0) for c in weights), default=0)
        )  # gradients are made of cotangents
        derived = Problem(adapter.derived(problem.rebuild), (leaves, weights), None, terms)
        report = report.joined(_Check(derived, None).report)
    return report


class _Check:
    """One run: the gradients for one or two cotangents, then the comparison."""

    def __init__(self, problem: Problem, cotangent: Any) -> None:
        self.problem = problem
        # From the arguments alone: the last bits of a result differ from processor to processor.
        self.rng = np.random.default_rng(zlib.crc32(problem.x.astype(np.float64).tobytes()))
        self.weights = self._weights(cotangent)
        with np.errstate(all="ignore"):
            self.gradients, units = zip(*(problem.gradient(w) for w in self.weights), strict=True)
            self.unit = max(units)
            self.own, units = zip(*(problem.own_gradient(w) for w in self.weights), strict=True)
            self.own_unit = max(units)
            self.rounding = [self._wide_rounding(k) for k in range(len(self.weights))]
            self.sizes = self._sizes()
            self.found: list[dict[int, Verdict]] = [{} for _ in self.weights]
            self.slopes: dict[int, Slope] = {}
            self.forward = ""  # what is wrong with forward mode
            for group in self._groups():
                self._check_group(group)
            self._check_kinks()
            self._check_dtypes()
            self._fill()
        outcome = Outcome(problem, self.weights, list(self.gradients), self.found, self.slopes)
        self.report = outcome.report()
        if not self.report.ok:
            raise GradientError(outcome.explanation(), self.report)
        if self.forward:
            raise GradientError(self.forward, self.report)

    def _fill(self) -> None:
        """Look at every element of an array in which one is wrong: the pattern tells what is wrong."""
        for leaf in self.problem.leaves:
            numbers = range(leaf.coordinates.start, leaf.coordinates.stop)
            verdicts = [found[i] for found in self.found for i in numbers if i in found]
            if any(verdict.status == FAIL and not verdict.reason for verdict in verdicts):
                for i in [i for i in numbers if i not in self.slopes][:ELEMENTS]:
                    self._check_element(i)

    def _weights(self, cotangent: Any) -> list[Array]:
        if cotangent is not None:
            leaves = [np.asarray(plain(c)) for c in tree.flatten(cotangent)[0]]
            shapes, wanted = [c.shape for c in leaves], [y.shape for y in self.problem.outputs]
            if shapes != wanted:
                raise ArgumentError(
                    f"check_gradients: cotangent must have the shapes {wanted} of the result, got {shapes}; "
                    f"nest it like the result"
                )
            return [self.problem.weights(leaves)]
        m = self.problem.y.size
        # Few bits, so that they are the same in every dtype; and both signs for every element.
        first = np.round(self.rng.uniform(0.5, 1.5, m) * 64) / 64 * self.rng.choice([-1, 1], m)
        second = -np.sign(first) * np.round(self.rng.uniform(0.5, 1.5, m) * 64) / 64
        return [w.astype(self.problem.dtype) for w in (first, second)]

    def _sizes(self) -> Array:
        """Return how large each result is here or not far away: at a minimum of 0 it is 0 only here."""
        step = self.problem.scale * np.random.default_rng(0).uniform(-0.25, 0.25, self.problem.x.size)
        try:
            change = np.abs(self.problem.value(self.problem.x + step) - self.problem.y)
        except (ValueError, ArithmeticError):
            return np.abs(self.problem.y)
        return np.abs(self.problem.y) + np.where(np.isfinite(change), change, 0)

    def _wide_rounding(self, k: int) -> Array:
        """Return the rounding of a gradient in the widest dtype, by what it is in the arguments' dtype."""
        shown = np.abs(self.own[k] - self.gradients[k]) * (self.unit / self.own_unit if self.own_unit else 0)
        rounding = self._rounding(self.weights[k], self.gradients[k], self.unit)
        return rounding + (ROUNDING * np.where(np.isfinite(shown), shown, 0) if self.own_unit > self.unit else 0)

    def _rounding(self, weights: Array, gradient: Array, unit: float) -> Array:
        """Return how far each element may be off by the rule's arithmetic."""
        largest = np.zeros_like(gradient)
        for leaf in self.problem.leaves:
            mine = gradient[leaf.coordinates]
            largest[leaf.coordinates] = np.max(np.abs(mine[np.isfinite(mine)]), initial=0)
        values = np.sum(np.abs(weights * self.problem.y))
        dtypes = [leaf.array.dtype for leaf in self.problem.leaves] if unit > self.unit else [np.float64]
        underflow = max(float(np.finfo(dtype).smallest_subnormal) for dtype in dtypes)
        terms = largest + values / np.maximum(1, self.problem.scale) + self.problem.terms
        return ROUNDING * (unit * terms + underflow)

    def _check_dtypes(self) -> None:
        """Compare the rule in the arguments' own dtypes with the rule in the widest: only rounding may differ."""
        wide, weights = self.gradients[0], self.weights[0]
        own, unit = self.own[0], self.own_unit
        if unit <= self.unit:
            return
        # Rules subtract from 1, as in 1 - y²: where little is left, its rounding is that of the cotangent.
        tolerance = max(OWN, ROUNDING * unit) * np.abs(wide) + self._rounding(weights, wide, unit)
        tolerance += ROUNDING * unit * np.max(np.abs(weights), initial=0)
        off = ~(np.abs(own - wide) <= tolerance) & (np.abs(wide) < self.problem.largest / 1e3) & np.isfinite(wide)
        if not np.any(off):
            return
        # A rule may be ill-conditioned: what rounding the arguments would do to it, it may do itself.
        for sign in (1, -1):
            moved, _ = self.problem.gradient(weights, self.problem.x * (1 + sign * 4 * unit))
            off &= ~(np.abs(own - wide) <= tolerance + 8 * np.abs(moved - wide))
        reason = "off in the arguments' own dtype, but right in a wider one"
        for i in np.flatnonzero(off).tolist():
            value = float(wide[i])
            self.found[0][i] = Verdict(FAIL, float(own[i]), value, float(tolerance[i]), value, value, reason)

    # -- along directions --------------------------------------------------------------------------------------------

    def _groups(self) -> Iterator[Array]:
        """Yield coordinates whose gradients are of about one size, large ones first, zeros last."""
        sizes = np.max(np.abs(self.gradients), axis=0) * self.problem.scale
        order = np.argsort(-sizes)
        while order.size:
            largest = sizes[order[0]]
            together = sizes[order] * SPREAD >= largest if largest > 0 else sizes[order] == largest
            together[0] = True
            yield order[together]
            order = order[~together]

    def _slope(self, direction: Array, x: Array | None = None) -> Slope:
        x = self.problem.x if x is None else x
        rungs, noise = ladder(lambda t: self.problem.value(x + t * direction))
        return estimate(rungs, noise + 4 * self.problem.hidden)

    def _check_group(self, group: Array) -> None:
        size = self.rng.uniform(0.5, 1, group.size) * self.rng.choice([-1, 1], group.size)
        direction = np.zeros_like(self.problem.x)
        direction[group] = size * self.problem.scale[group]
        slope = self._slope(direction)
        self._check_forward(slope, direction)
        if all(self._agrees(slope, direction, group, k) for k in range(len(self.weights))):
            for k, gradient in enumerate(self.gradients):
                for i in group:
                    self.found[k][i] = Verdict(PASS, float(gradient[i]), np.nan, np.nan, np.nan, np.nan)
            return
        if group.size > ELEMENTS:
            group = self.rng.choice(group, ELEMENTS, replace=False)
        for i in group:
            self._check_element(i)

    def _check_forward(self, slope: Slope, direction: Array) -> None:
        """Compare forward mode along a direction with the slope, result by result, unless there is a kink."""
        forward = None if self.forward or np.any(slope.kink) else self.problem.tangent(direction)
        if forward is None:
            return
        largest = np.max(np.abs(forward[np.isfinite(forward)]), initial=0)
        rounding = ROUNDING * (
            self.unit * (largest + np.abs(self.problem.y) + self.problem.terms) + float(np.finfo(np.float64).tiny)
        )
        tolerance = BOUNDS * slope.bound + CLOSE * np.maximum(np.abs(forward), np.abs(slope.value)) + rounding
        known = np.isfinite(forward) & np.isfinite(slope.bound)
        wrong = np.flatnonzero(known & (np.abs(forward - slope.value) > tolerance))
        if wrong.size:
            j = wrong[0]
            self.forward = (
                f"{self.problem.adapter.name}, forward mode, element {j} of the result: not the slope of a direction\n"
                f"  analytic {float(forward[j]):+.10g}   numeric {float(slope.value[j]):+.10g} "
                f"± {float(slope.bound[j]):.0e}\n"
                f"  {wrong.size} of {forward.size} elements wrong, reverse mode is right: is the rule linear in g?\n"
                f"  reproduce: {call(self.problem, self.weights[0])}"
            )

    def _agrees(self, slope: Slope, direction: Array, group: Array, k: int) -> bool:
        """Whether the direction leaves no element room to be wrong."""
        weights, gradient = self.weights[k], self.gradients[k]
        terms = np.abs(gradient[group] * direction[group])
        rounding = np.sum(np.abs(direction) * self.rounding[k])
        verdict = judge(np.sum(gradient * direction), weights, slope, rounding)
        tolerance = BOUNDS * verdict.bound + rounding + max(1e-9, self.unit) * np.sum(terms)
        smallest = np.min(terms)
        if smallest == 0:
            visible = np.max(np.abs(gradient) * self.problem.scale) + 1e-6 * (
                np.sum(np.abs(weights) * self.sizes) + self.problem.terms
            )
        else:
            visible = smallest
        off = abs(verdict.analytic - verdict.numeric)
        return verdict.status != KINK and off <= tolerance and tolerance <= VISIBLE * visible

    # -- element by element ------------------------------------------------------------------------------------------

    def _check_element(self, i: int) -> None:
        slope = self._along(i, self.problem.scale[i])
        verdicts = [self._judge(i, k, slope, strict=True) for k in range(len(self.weights))]
        if any(v.status in (FAIL, INCONCLUSIVE) for v in verdicts):
            if self.problem.scale[i] != 1:
                slope = _sharper(slope, self._along(i, 1))
            verdicts = [self._judge(i, k, slope, strict=False) for k in range(len(self.weights))]
        if np.any(slope.kink):
            for wider in self._around(slope, lambda x: self._along(i, self.problem.scale[i], x)):
                if all(v.status != FAIL for v in verdicts):
                    break
                verdicts = [self._judge(i, k, wider, strict=False) for k in range(len(self.weights))]
        self.slopes[i] = slope
        for k, verdict in enumerate(verdicts):
            self.found[k][i] = verdict

    def _along(self, i: int, scale: Any, x: Array | None = None) -> Slope:
        """Return the slope along one coordinate, per unit of it."""
        step = scale * self.rng.uniform(0.5, 1)  # not round, so that rounding shows as such
        direction = np.zeros_like(self.problem.x)
        direction[i] = step
        return Slope(*(part / step for part in self._slope(direction, x)))

    def _around(self, slope: Slope, nearby: Callable[[Array], Slope]) -> Iterator[Slope]:
        """Yield a kinked slope, widened step by step by slopes at points nearby, where other branches hold.

        Their hull contains the generalised gradient (F. H. Clarke 1975), and with it what any sensible rule may return.
        """
        low, high = np.fmin(slope.left, slope.right), np.fmax(slope.left, slope.right)
        bound = np.where(slope.kink, np.maximum(slope.left_bound, slope.right_bound), slope.bound)
        for _ in range(NEARBY):
            noise = self.rng.uniform(-1, 1, self.problem.x.size)
            other = nearby(self.problem.x + 1e-3 * self.problem.scale * noise)
            low, high = np.fmin(low, other.value), np.fmax(high, other.value)
            bound = np.fmax(bound, np.where(np.isfinite(other.bound), other.bound, 0))
            yield Slope((low + high) / 2, bound, low, high, bound, bound)

    def _judge(self, i: int, k: int, slope: Slope, strict: bool) -> Verdict:
        weights, gradient, scale = self.weights[k], self.gradients[k], self.problem.scale[i]
        negligible = 0.0
        if not strict:
            finite = np.where(np.isfinite(gradient), np.abs(gradient), 0)
            values = np.sum(np.abs(weights) * self.sizes) + self.problem.terms
            negligible = float((1e-3 * np.max(finite * self.problem.scale) + 1e-6 * values) / scale)
        return judge(float(gradient[i]), weights, slope, float(self.rounding[k][i]), negligible)

    def _check_kinks(self) -> None:
        """Move all kinked elements together: a value between the sides for each need not be one for all of them."""
        for k, found in enumerate(self.found):
            kinked = [i for i, verdict in found.items() if verdict.status == KINK]
            if len(kinked) < 2:
                continue
            direction = np.zeros_like(self.problem.x)
            direction[kinked] = self.rng.uniform(0.5, 1, len(kinked)) * np.min(self.problem.scale[kinked])
            rounding = float(np.sum(np.abs(direction) * self.rounding[k]))
            slope, analytic = self._slope(direction), float(self.gradients[k] @ direction)
            joint = judge(analytic, self.weights[k], slope, rounding)
            for wider in self._around(slope, functools.partial(self._slope, direction)):
                if joint.status != FAIL:
                    break
                joint = judge(analytic, self.weights[k], wider, rounding)
            if joint.status == FAIL:
                for i in kinked:
                    found[i] = found[i]._replace(status=FAIL, reason=TOGETHER)


def _sharper(first: Slope, second: Slope) -> Slope:
    """Return, for each output element, whichever slope has the smaller bound."""
    better = second.bound < first.bound
    return Slope(*(np.where(better, b, a) for a, b in zip(first, second, strict=True)))
