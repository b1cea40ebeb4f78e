"""Derivatives by mpmath at more than 50 digits, from both sides: what the checker finds is judged by them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

DIGITS = 200  # of which a second difference with the step below leaves more than 50
STEP = mpf(10) ** -30  # relative
NEARBY = 8  # units in the last place: a derivative that is right there is as right as its argument
WRONG, ROUGH, CONVENTION, RIGHT = "wrong", "inexact", "convention", "right"
CLOSE, HALF_RIGHT = 1e-6, 1e-2  # relative errors: from here on inexact, and wrong


class Truth(NamedTuple):
    """A derivative from the left and from the right; they are one number where the function is smooth."""

    left: Any
    right: Any

    @property
    def exists(self) -> bool:
        size = abs(self.left) + abs(self.right)
        return bool(mp.isfinite(size) and abs(self.left - self.right) <= mpf(10) ** -12 * (size + 1))

    @property
    def value(self) -> Any:
        return (self.left + self.right) / 2

    @property
    def digits(self) -> list[str]:
        """The derivative at 50 digits, or those from both sides; nothing where there are none."""
        if not mp.isfinite(self.left + self.right):
            return []
        return [mp.nstr(x, 50) for x in ((self.value,) if self.exists else self)]


def numbers(argument: Any) -> Any:
    """Return an argument in mpmath's numbers, exactly."""
    if isinstance(argument, list):
        return [numbers(part) for part in argument]
    return argument if isinstance(argument, mpf) else mpf(float(argument))


def value(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Return a function's value, or None where it has none."""
    try:
        found = function(*map(numbers, args))
        return mp.re(found) if mp.im(found) == 0 and mp.isfinite(found) else None
    except (ValueError, ArithmeticError):
        return None


def derivative(function: Callable[..., Any], args: tuple[Any, ...], where: tuple[Any, ...]) -> Truth | None:
    """Return a derivative from both sides, or None where there is none that is finite on both.

    Arguments:
        function: on mpmath's numbers.
        args: floats, and lists of them.
        where: one place, or two for a second derivative; a place is an argument's position, then indices into it.
    """
    found, finer = _quotients(function, args, where, STEP), _quotients(function, args, where, STEP**1.5)
    if found is None or finer is None:
        return None
    steady = all(abs(a - b) <= mpf(10) ** -9 * (1 + abs(a)) for a, b in zip(found, finer, strict=True))
    return found if steady else None


def _quotients(function: Callable[..., Any], args: tuple[Any, ...], where: tuple[Any, ...], step: Any) -> Truth | None:
    """Return difference quotients from both sides."""
    exact = [numbers(arg) for arg in args]
    steps = [step * (abs(_at(exact, place)) or 1) for place in where]

    def moved(*amounts: Any) -> Any:
        changed = [numbers(arg) for arg in args]
        for place, amount in zip(where, amounts, strict=True):
            _move(changed, place, amount)
        found = function(*changed)
        if mp.im(found) != 0 or not mp.isfinite(found):
            raise ValueError("no real value")
        return mp.re(found)

    def first(side: int) -> Any:
        (h,) = steps
        return side * (moved(side * h) - moved(0)) / h

    def second(side: int) -> Any:
        h, k = (side * step for step in steps)
        if where[0] == where[1]:
            return (moved(h, k) - 2 * moved(h, 0) + moved(0, 0)) / (h * k)
        return (moved(h, k) - moved(h, 0) - moved(0, k) + moved(0, 0)) / (h * k)

    try:
        side = first if len(where) == 1 else second
        return Truth(side(-1), side(1))
    except (ValueError, ArithmeticError):
        return None


def together(
    function: Callable[..., Any], args: tuple[Any, ...], places: list[tuple[int, ...]], weights: list[Any] | None = None
) -> Truth | None:
    """Return a derivative from both sides as several numbers move together, each as far as its weight says."""

    def moved(amount: Any) -> Any:
        changed = [numbers(arg) for arg in args]
        for place, weight in zip(places, weights or [1] * len(places), strict=True):
            _move(changed, place, weight * amount)
        return mp.re(function(*changed))

    try:
        return Truth((moved(0) - moved(-STEP)) / STEP, (moved(STEP) - moved(0)) / STEP)
    except (ValueError, ArithmeticError):
        return None


def _at(args: Any, place: tuple[int, ...]) -> Any:
    return functools.reduce(lambda part, index: part[index], place, args)


def _move(args: Any, place: tuple[int, ...], amount: Any) -> None:
    holder = _at(args, place[:-1])
    holder[place[-1]] += amount


def judged(
    function: Callable[..., Any], args: tuple[Any, ...], where: tuple[Any, ...], found: float, close: float = CLOSE
) -> tuple[str, Any]:
    """Say of a derivative that a library gave whether it is right, and return what it should be.

    A number counts as right if it is the derivative at arguments that differ by a few units in the last place.
    """
    truth = derivative(function, args, where)
    if (
        len(where) == 2 and isinstance(args[0], list) and _jumps(function, args)
    ):  # second differences along two arguments may not see it
        return (RIGHT if np.isfinite(found) else CONVENTION), Truth(mp.nan, mp.nan)
    if truth is None:
        return RIGHT, None  # at the end of a domain
    if not truth.exists:
        return CONVENTION, truth
    if len(where) == 1 and _kinked(function, args):  # where numbers are equal, say, though smooth along each alone
        hull = _nearby(function, args, where)
        inside = hull.left - CLOSE <= found <= hull.right + CLOSE
        return (RIGHT if inside else CONVENTION), hull
    right = truth.value
    if np.isfinite(found):
        error = abs(mpf(found) - right)
        allowed = _spread(function, args, where, right) + mpf(10) ** -12
        if error <= close * abs(right) + allowed:
            return RIGHT, truth
        size = max(1, abs(value(function, args) or 1))
        return (ROUGH if error <= max(HALF_RIGHT * abs(right), CLOSE * size) + allowed else WRONG), truth
    return (WRONG if abs(right) < 1e300 else RIGHT), truth


def _jumps(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether there are slopes on both sides of a point, but no gradient to be differentiated again."""
    return all(derivative(function, args, (place,)) for place in _places(args)) and _kinked(function, args)


def _kinked(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether slopes along directions that move several arguments are no sums of those along each."""
    places = _places(args)
    single = [derivative(function, args, (place,)) for place in places]
    if len(places) < 2 or any(truth is None or not truth.exists for truth in single):
        return len(places) > 1
    rng = np.random.default_rng(0)
    for signs in [*rng.choice([-1, 1], (4, len(places))), np.ones(len(places))]:
        weights = [int(s) * mpf(int(n)) for s, n in zip(signs, rng.integers(1, 5, len(places)), strict=True)]
        slope = together(function, args, places, weights)
        expected = mp.fsum(w * truth.value for w, truth in zip(weights, single, strict=True) if truth is not None)
        if slope is None or abs(slope.right - expected) > mpf(10) ** -9 * (1 + abs(expected)):
            return True
    return False


def _nearby(function: Callable[..., Any], args: tuple[Any, ...], where: tuple[Any, ...]) -> Truth:
    """Return the least and the largest derivative of those close by: between them is what a kink allows."""
    rng, found = np.random.default_rng(0), []
    for _ in range(24):
        near = [numbers(arg) for arg in args]
        for place in _places(args):
            _move(near, place, mpf(10) ** -12 * mpf(float(rng.uniform(-1, 1))))
        truth = derivative(function, tuple(near), where)
        found += [truth.value] if truth is not None and truth.exists else []
    return Truth(min(found, default=mp.nan), max(found, default=mp.nan))


def _places(args: tuple[Any, ...]) -> list[tuple[int, ...]]:
    return [(i, *j) for i, arg in enumerate(args) for j in np.ndindex(np.shape(arg))]


def _spread(function: Callable[..., Any], args: tuple[Any, ...], where: tuple[Any, ...], right: Any) -> Any:
    """Return how much a derivative changes over a few units in the last place of the arguments."""
    off = mpf(0)
    for sign in (1, -1):
        near = tuple(_scaled(arg, 1 + sign * NEARBY * float(np.finfo(float).eps)) for arg in args)
        truth = derivative(function, near, where)
        off = max(off, abs(truth.value - right)) if truth is not None and truth.exists else off
    return off


def _scaled(arg: Any, factor: float) -> Any:
    return [_scaled(part, factor) for part in arg] if isinstance(arg, list) else float(arg) * factor
