"""The gradients of a problem for one or two cotangents, with what is known of their rounding: what checks compare."""

from __future__ import annotations

import functools
import zlib
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.testing.differences import Array, Slope, few, slope_along
from tinygrad_lab.testing.noise import moved
from tinygrad_lab.testing.problem import Problem, overflows
from tinygrad_lab.testing.shaken import spread

ROUNDING = 64  # a rule's arithmetic may be off by so many units in the last place of what it adds up


class Sample:
    """One problem, one or two cotangents of it, and the gradients that belong to them.

    Attributes:
        problem: the function and where it is looked at.
        rng: for directions and the like; seeded by the arguments.
        weights: the cotangents, flat.
        gradients: for each cotangent, in the widest dtype.
        own: for each cotangent, as the rule gives it in the arguments' dtypes and layouts.
        unit, own_unit: the rounding units of their dtypes.
        left_out: which results have no cotangent, since they are no numbers, or too large to be compared.
        overflow, own_overflow: whether a number was too large for the dtype on the way, so that NaN proves nothing.
        rounding: how far each element of `gradients` may be off by the rule's own arithmetic.
        sizes: how large each result is, here or not far away.
        few: the steps that do for most slopes.
    """

    def __init__(self, problem: Problem, cotangent: Any) -> None:
        self.problem = problem
        # From the arguments alone: the last bits of a result differ from processor to processor.
        self.rng = np.random.default_rng(zlib.crc32(problem.x.astype(np.float64).tobytes()))
        self.left_out = np.zeros(problem.y.size, bool)
        self.weights = self._weights(cotangent)
        with overflows() as seen:
            self.gradients, units = zip(*(problem.gradient(w) for w in self.weights), strict=True)
        most = float(np.finfo(np.float64).max)  # verdicts are in float64
        beyond = any(np.any(np.isfinite(gradient) & (np.abs(gradient) > most)) for gradient in self.gradients)
        self.unit, self.overflow = max(units), problem.overflow or beyond or "overflow" in seen
        with overflows() as seen:
            self.own, units = zip(*(problem.own_gradient(w) for w in self.weights), strict=True)
        self.own_unit, self.own_overflow = max(units), bool(seen)
        self.rounding = [self._wide_rounding(k) for k in range(len(self.weights))]
        self.sizes, self.few = self._sizes(), few(problem.dtype)
        self._terms: dict[int, Array] = {}

    def _weights(self, cotangent: Any) -> list[Array]:
        if cotangent is not None:
            leaves = [np.asarray(plain(c)) for c in tree.flatten(cotangent)[0]]
            shapes, wanted = [c.shape for c in leaves], [y.shape for y in self.problem.outputs]
            if shapes != wanted:
                raise ArgumentError(
                    f"check_gradients: cotangent has shapes {shapes}, but the result has {wanted}; "
                    f"nest it like the result"
                )
            return [self.problem.weights(leaves)]
        m = self.problem.y.size
        # Few bits, so that they are the same in every dtype; and both signs for every element.
        first = np.round(self.rng.uniform(0.5, 1.5, m) * 64) / 64 * self.rng.choice([-1, 1], m)
        second = -np.sign(first) * np.round(self.rng.uniform(0.5, 1.5, m) * 64) / 64
        # Of results that are no numbers, or too large for other dtypes, nothing can be said.
        usual = np.abs(self.problem.y) < float(np.finfo(np.float64).max) ** 0.5
        self.left_out = ~usual if np.any(usual) else self.left_out
        return [np.where(self.left_out, 0, w).astype(self.problem.dtype) for w in (first, second)]

    def _sizes(self) -> Array:
        """Return how large each result is here or not far away: at a minimum of 0 it is 0 only here."""
        try:
            change = np.abs(self.problem.value(self._elsewhere()) - self.problem.y)
        except Exception:  # it is not defined there
            return np.abs(self.problem.y)
        return np.abs(self.problem.y) + np.where(np.isfinite(change), change, 0)

    def _elsewhere(self) -> Array:
        step = self.problem.scale * np.random.default_rng(0).uniform(-0.25, 0.25, self.problem.x.size)
        return self.problem.x + step

    def _wide_rounding(self, k: int) -> Array:
        """Return the rounding of a gradient in the widest dtype, by what it is in the arguments' dtype."""
        shown = np.abs(self.own[k] - self.gradients[k]) * (self.unit / self.own_unit if self.own_unit else 0)
        rounding = self.rounding_of(self.weights[k], self.gradients[k], self.unit, least=0.0)
        return rounding + (ROUNDING * np.where(np.isfinite(shown), shown, 0) if self.own_unit > self.unit else 0)

    @functools.cached_property
    def unseen(self) -> Array:
        """Which elements matter to results alone that are left out: a gradient of 0 says nothing about them."""
        if not np.any(self.left_out):
            return np.zeros(self.problem.x.size, bool)
        feeds, _ = self.problem.gradient(self.left_out.astype(self.problem.dtype))
        return (feeds != 0) & np.all([gradient == 0 for gradient in self.gradients], axis=0)

    def rounding_of(
        self, weights: Array, gradient: Array, unit: float, units: int = ROUNDING, least: float = 1.0
    ) -> Array:
        """Return how far each element of a gradient may be off by the arithmetic of a rule in a dtype of this unit.

        Arguments:
            weights: the cotangent.
            gradient: the gradient.
            unit: of the dtype.
            units: how many of them are granted.
            least: the size of an element below which the rounding of results counts no more than there.
        """
        largest = np.zeros_like(gradient)
        for leaf in self.problem.leaves:
            mine = gradient[leaf.coordinates]
            largest[leaf.coordinates] = np.max(np.abs(mine[np.isfinite(mine)]), initial=0)
        values = np.abs(weights * self.problem.y)
        values = np.sum(values[np.isfinite(values)])
        dtypes = [leaf.array.dtype for leaf in self.problem.leaves] if unit > self.unit else [np.float64]
        underflow = max(float(np.finfo(dtype).smallest_subnormal) for dtype in dtypes)
        terms = largest + values / np.maximum(least, self.problem.scale) + self.problem.terms
        return units * (unit * terms + underflow)

    def terms(self, k: int) -> Array:
        """Return how large the terms are that each element of a gradient is made of, however little is left of them.

        Rounding is as large as they are, and so they show in how far it carries the gradient.
        """
        if k not in self._terms:
            seen = spread(lambda: self.problem.gradient(self.weights[k])[0])
            terms = np.where(np.isfinite(seen), seen, 0) if seen is not None else np.zeros_like(self.gradients[k])
            self._terms[k] = terms / float(np.finfo(np.float64).eps)  # rules hold constants in float64
        return self._terms[k]

    @functools.cached_property
    def value_rounding(self) -> Array:
        """How far rounding was seen to carry each result, not far away: here, nothing may be left of its terms."""
        seen = spread(lambda: self.problem.value(self._elsewhere()))
        return np.where(np.isfinite(seen), seen, 0) if seen is not None else np.zeros_like(self.problem.y)

    @property
    def value_terms(self) -> Array:
        """How large the terms are that each result is made of, not far away."""
        return np.asarray(self.value_rounding / float(np.finfo(np.float64).eps))

    def slope(
        self,
        direction: Array,
        x: Array | None = None,
        rungs: slice = slice(None),
        among: Any = slice(None),
        wary: bool = False,
    ) -> Slope:
        """Return the slope of every result, or of some, along a direction, at the problem's point or another."""
        problem, hidden = self.problem, 4 * self.problem.hidden[among]
        point = problem.x if x is None else x
        centre = problem.y[among] if x is None else None
        moves = direction != 0
        far = float(np.max(np.abs(point[moves] / direction[moves]), initial=2) / 2)
        return slope_along(lambda t: problem.value(point + t * direction)[among], rungs, centre, hidden, far, wary)

    def along(
        self,
        i: int,
        scale: Any,
        x: Array | None = None,
        rungs: slice = slice(None),
        among: Any = slice(None),
        wary: bool = False,
    ) -> Slope:
        """Return the slope along one coordinate, per unit of it."""
        step = scale * self.rng.uniform(0.5, 1)  # not round, so that rounding shows as such
        direction = np.zeros_like(self.problem.x)
        direction[i] = step
        return Slope(*(part / step for part in self.slope(direction, x, rungs, among, wary)))

    @property
    def resolution(self) -> float:
        """What is lost beside 1: a function that stands still may change by so much."""
        return float(np.finfo(self.problem.dtype).eps)

    @functools.cached_property
    def tied(self) -> bool:
        """Whether elements are equal: smooth one by one, a function may have a kink where they part."""
        return np.unique(self.problem.x).size < self.problem.x.size

    def moved(self, size: float) -> Array:
        """Return a point nearby."""
        return moved(self.rng, self.problem.x, size)
