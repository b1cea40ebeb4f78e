"""`Domain`: where the elements of an argument may lie, with the numbers that tests draw from it.

Numbers are chosen, not filtered: a domain has a table of 256 of them, simple ones first, and a string of bytes picks
from it. Half are quarters in [-4, 4], which meet (ties, kinks) and print well; half are of sizes from 1e-4 to 1e2,
but for one in 32 of all, which is as small as 1e-12 or as large as 1e6.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.refusals.nearest import none_of
from tinygrad_lab.testing.differences import Array

Matrices = Literal["any", "symmetric", "positive definite", "invertible"]
TABLE = 256
EXTREME = np.array([1e-5, -3e-7, 1e-9, -1e-12, 500.0, -2e3, 3e4, -1e6])


def _symmetric(x: Array) -> Array:
    return (x + np.conjugate(np.swapaxes(x, -1, -2))) / 2


def _positive_definite(x: Array) -> Array:
    x = x / np.maximum(1, np.max(np.abs(x), axis=(-2, -1), keepdims=True, initial=0))
    return x @ np.conjugate(np.swapaxes(x, -1, -2)) + np.eye(x.shape[-1])


def _invertible(x: Array) -> Array:
    """Make the diagonal dominate; every other sign is negative, so that determinants have both."""
    n = x.shape[-1]
    x = x / np.maximum(1, np.max(np.abs(x), axis=(-2, -1), keepdims=True, initial=0))
    return x + np.diag((n + 0.5) * (-1.0) ** np.arange(n))


_MATRICES: dict[str, Callable[[Array], Array]] = {
    "any": lambda x: x,
    "symmetric": _symmetric,
    "positive definite": _positive_definite,
    "invertible": _invertible,
}


@dataclass(frozen=True)
class Domain:
    """Where an argument's elements may lie.

    Arguments:
        low, high: the ends of an open interval.
        without: points inside that are left out.
        distinct: whether all elements of an array differ, by more than a test moves them.
        matrices: what the last two axes hold: "any", "symmetric", "positive definite" or "invertible" matrices; unless
            "any", the arrays are square and the interval bounds the numbers that they are made from.

    Raises:
        ArgumentError: if the interval is empty or `matrices` is unknown.

    Example:
        >>> Domain(low=0).fill(bytes([0, 1, 2, 3]), (2, 2))
        array([[1., 2.],
               [3., 4.]])
        >>> Domain(distinct=True).fill(bytes([9, 9, 0]), (3,))
        array([-0.5,  1. , -2. ])
    """

    low: float = -math.inf
    high: float = math.inf
    without: tuple[float, ...] = ()
    distinct: bool = False
    matrices: Matrices = "any"

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ArgumentError(
                f"Domain: low must be below high, got {self.low} and {self.high}; leave out an end that has no limit"
            )
        if self.matrices not in _MATRICES:
            raise ArgumentError(f"Domain: matrices {none_of(_MATRICES, self.matrices, 'choose one of them')}")

    def __contains__(self, x: Any) -> bool:
        """Whether all elements of `x` lie in the interval, and on none of the points left out."""
        x = np.asarray(x)
        inside = (self.low < x) & (x < self.high)
        return bool(np.all(inside & np.isin(x, self.without, invert=True)))

    @property
    def table(self) -> Array:
        """The numbers that are drawn, simple ones first, extreme ones last."""
        return _extended(self.low, self.high, self.without)

    def codes(self, least: float, most: float) -> bytes:
        """Return the codes of the domain's numbers that are so large at least, and at most; there may be none."""
        return _codes_between(self.low, self.high, self.without, least, most)

    def fill(self, codes: bytes, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        """Return an array of the domain's numbers, an element for each byte.

        Arguments:
            codes: positions in the table; a complex array takes twice as many, the second half for imaginary parts.
            shape: the array's shape.
            dtype: a floating-point or complex dtype.
        """
        size = math.prod(shape)
        positions = np.frombuffer(codes, np.uint8)
        real = self._numbers(positions[:size]).reshape(shape)
        if np.dtype(dtype).kind != "c":
            return self._rounded(_MATRICES[self.matrices](real), dtype)
        # Imaginary parts are small, so that functions stay off their branch cuts.
        imaginary = _table(-0.25, 0.25, ())[positions[size : 2 * size]].reshape(shape)
        return np.asarray(_MATRICES[self.matrices](real + 1j * imaginary)).astype(dtype)

    def _rounded(self, x: Array, dtype: Any) -> Array:
        """Return `x` in a dtype, without subnormal numbers, or leaving the interval by rounding onto its end."""
        if np.dtype(dtype) == np.float16:
            x = np.asarray(np.clip(x, -1e4, 1e4))  # of the numbers that a table holds, float16 does not take all
        exact, x = x, x.astype(dtype)
        if self.matrices != "any" or x.dtype == np.float64:
            return x
        least = np.finfo(x.dtype).smallest_normal
        # Neither does a small number become 0, which may lie outside.
        x = np.where((exact != 0) & (np.abs(x) < least), np.copysign(least, exact).astype(dtype), x)
        low, high, far = (x.dtype.type(number) for number in (self.low, self.high, np.inf))
        low = np.nextafter(low, far) if math.isfinite(self.low) else low
        high = np.nextafter(high, -far) if math.isfinite(self.high) else high
        return np.asarray(np.clip(x, low, high))

    def _numbers(self, positions: Array) -> Array:
        if not self.distinct:
            return _extended(self.low, self.high, self.without)[positions]
        ranks = np.argsort(np.argsort(positions, kind="stable"), kind="stable") + 1.0
        if math.isfinite(self.low) and math.isfinite(self.high):
            return self.low + (self.high - self.low) * ranks / (ranks.size + 1)
        start = 0.0 if math.isfinite(self.low) or math.isfinite(self.high) else -(ranks.size + 1.0) / 2
        spread = 1.5 * (start + ranks) - 0.5 * (start != 0)
        return self.high - spread if math.isfinite(self.high) else spread + (self.low if math.isfinite(self.low) else 0)

    def squash(self, x: Any) -> Any:
        """Bring any real numbers into the domain, smoothly: plain NumPy, to be part of a function under test."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return (self.low + self.high) / 2 + 0.45 * (self.high - self.low) * np.tanh(x)
        if math.isfinite(self.low) or 0 in self.without:
            return max(self.low, 0.0) + 0.5 + 2 / (1 + x * x)
        return self.high - 0.5 - 2 / (1 + x * x) if math.isfinite(self.high) else 2 * np.tanh(x)


REAL, NONZERO, POSITIVE = Domain(), Domain(without=(0.0,)), Domain(low=0)
UNIT, ABOVE_ONE = Domain(-1, 1), Domain(low=1)
COMMON = (REAL, NONZERO, POSITIVE, UNIT, ABOVE_ONE, Domain(0, 1))


def find_domains(function: Callable[..., Any], arity: int) -> tuple[Domain, ...]:
    """Return the widest of the common domains, one for each argument, on which an elementwise function is finite.

    Raises:
        ArgumentError: if it is finite on none of them.

    Example:
        >>> find_domains(np.log, 1) == (POSITIVE,), find_domains(np.divide, 2) == (REAL, NONZERO)
        (True, True)
    """
    candidates = sorted(itertools.product(range(len(COMMON)), repeat=arity), key=lambda chosen: (sum(chosen), chosen))
    for chosen in candidates:
        domains = tuple(COMMON[i] for i in chosen)
        # Tried on numbers of ordinary size: the exponential function overflows on others, and is defined there.
        grid = np.meshgrid(*(_table(domain.low, domain.high, domain.without) for domain in domains))
        with np.errstate(all="ignore"):
            if np.all(np.isfinite(function(*grid))):
                return domains
    name = getattr(function, "__name__", "function")
    raise ArgumentError(f"{name}: the function is not finite on any of the usual domains; pass domain=Domain(...)")


@functools.cache
def _extended(low: float, high: float, without: tuple[float, ...]) -> Array:
    """Return the table with extreme numbers in its last places."""
    table = _table(low, high, without).copy()
    extreme = _inside(EXTREME, low, high, without)
    table[TABLE - extreme.size :] = extreme
    table.flags.writeable = False
    return table


@functools.cache
def _codes_between(low: float, high: float, without: tuple[float, ...], least: float, most: float) -> bytes:
    sizes = np.abs(_extended(low, high, without))
    return bytes(np.flatnonzero((least <= sizes) & (sizes <= most)).tolist())


@functools.cache
def _table(low: float, high: float, without: tuple[float, ...]) -> Array:
    quarters = _quarters()
    sizes = np.array([float(f"{10 ** (6 * (i * 0.61803398875 % 1) - 4):.3g}") for i in range(1, TABLE + 1)])
    signs = np.where(np.arange(TABLE) % 2, -1, 1)
    if math.isfinite(low) and math.isfinite(high):
        centre, reach = (low + high) / 2, (high - low) / 2
        near = np.minimum(sizes, 100) / 101  # as close to an end as 1e-6 of the interval
        plain = np.concatenate(
            [quarters, centre + reach * np.arange(0, 8)[:, None].repeat(2, 1).ravel() / 8 * signs[:16]]
        )
        scattered = np.concatenate([centre + reach * signs * near, centre + reach * signs * (1 - near)])
        scattered = scattered.reshape(2, TABLE).T.ravel()
    else:
        end = low if math.isfinite(low) else high if math.isfinite(high) else 0
        plain, scattered = np.concatenate([quarters, end + quarters]), end + signs * sizes
    plain, scattered = (_inside(numbers, low, high, without) for numbers in (plain, scattered))
    # As a byte shrinks its number gets simpler: the quarters come first, and then again.
    table = np.concatenate([np.resize(plain, TABLE // 2), np.resize(scattered, TABLE // 2)])
    table.flags.writeable = False
    return table


def _quarters() -> Array:
    """Return the quarters in [-4, 4], whole numbers before halves before fourths."""
    steps = [*range(4, 17, 4), 0, *range(2, 17, 4), *range(1, 17, 2)]
    return np.array([sign * step / 4 for step in steps for sign in ((1, -1) if step else (1,))])


def _inside(numbers: Array, low: float, high: float, without: tuple[float, ...]) -> Array:
    numbers = numbers[(low < numbers) & (numbers < high) & np.isin(numbers, without, invert=True)]
    return np.array(list(dict.fromkeys(numbers.tolist())))
