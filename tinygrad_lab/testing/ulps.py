"""Numbers moved by units in the last place (ulps), as rounding might have moved them: `shaken` runs functions so."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np

from tinygrad_lab.testing.differences import Array

LARGEST = 4  # numbers are moved by up to half of it and a half: in units in the last place, by one or two
SPARE = 10  # a result whose last so many bits are 0 was hardly rounded
_ARITHMETIC = frozenset({np.add, np.subtract, np.multiply, np.divide, np.square, np.sqrt, np.reciprocal})

_salt: ContextVar[tuple[int, int]] = ContextVar("salt")  # two odd numbers to move by
_units: ContextVar[tuple[float, float]] = ContextVar("units")


def salt(rng: np.random.Generator, of_arguments: list[float]) -> None:
    """Let numbers move another way from now on, by no more than the arguments' rounding units relative to them."""
    first, second = rng.integers(2**62, 2**63, 2).tolist()
    _salt.set((first | 1, second | 1))
    _units.set((max(of_arguments, default=0.0), min(of_arguments, default=0.0)))


def turn() -> None:
    """Let numbers move another way from now on: what is added up twice need not be rounded alike."""
    first, second = _salt.get()
    _salt.set((second, (first * second + 2) % 2**64 | 1))


def units() -> tuple[float, float]:
    """Return the coarsest and the finest of the arguments' rounding units."""
    return _units.get()


def constant(x: Any, inputs: Any) -> Any:
    """Move a number that was rounded to another dtype, such as 1/n in a rule, or is rounded to that of the arrays."""
    if not isinstance(x, float):
        return x
    arrays = [array for array in inputs if isinstance(array, np.ndarray) and array.dtype.kind in "fc"]
    kinds = [np.dtype(np.float64), *(array.real.dtype for array in arrays)]
    narrow = np.asarray(x, min(kinds, key=lambda kind: kind.itemsize))
    if short(np.float64(x)) and narrow == x:
        return x
    return narrow.dtype.type(moved(narrow, float(np.finfo(narrow.dtype).eps), vanished=x))


def rounded(result: Any, ufunc: Any, inputs: list[Any]) -> Any:
    """Move what was rounded."""
    if not isinstance(result, (np.ndarray, np.generic)) or result.dtype.kind not in "fc":
        return result
    if ufunc not in _ARITHMETIC:
        return moved(result, origin=tuple(np.abs(x) for x in inputs))  # without signs, which some do not see
    inputs = [np.asarray(x, result.dtype) for x in inputs]  # some are numbers, or of True and False
    vanished = _vanished(ufunc, result, inputs)
    if result.dtype.kind == "c" and ufunc not in (np.add, np.subtract):
        return np.where(short(result), result, moved(result))
    lost = _lost(ufunc, result, inputs)
    return np.where((lost == 0) & (vanished == 0), result, moved(result, origin=(lost,), vanished=vanished))


def _lost(ufunc: Any, result: Any, inputs: list[Any]) -> Any:
    """Return what arithmetic took from its results, or a number with its sign: 0 where it was exact."""
    a, b = inputs[0], inputs[-1]
    if ufunc in (np.add, np.subtract):
        b = b if ufunc is np.add else -b
        part = result - a
        return (a - (result - part)) + (b - part)  # D. E. Knuth 1969
    if ufunc in (np.multiply, np.square):
        product, rest = _product(a, b, result.dtype)
        return (product - result) + rest
    a = np.ones_like(a) if ufunc is np.reciprocal else a
    product, rest = _product(result, result if ufunc is np.sqrt else b, result.dtype)
    return ((a - product) - rest) * (1 if ufunc is np.sqrt else np.sign(b))


def _product(a: Any, b: Any, dtype: Any) -> tuple[Any, Any]:
    """Return a product and what rounding took from it (T. J. Dekker 1971)."""
    half = dtype.type(2 ** ((np.finfo(dtype).nmant + 2) // 2) + 1)
    (a_high, a_low), (b_high, b_low) = ((high := half * x - (half * x - x), x - high) for x in (a, b))
    product = a * b
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _vanished(ufunc: Any, result: Any, inputs: list[Any]) -> Any:
    """Return numbers with the signs of those results that are 0 because they are too small for the dtype; others 0."""
    a, b = inputs[0], inputs[-1]
    if ufunc in (np.add, np.subtract):  # of a constant, which was not rounded to the dtype beforehand
        return np.where(result == 0, _lost(ufunc, result, inputs), 0)
    if ufunc in (np.multiply, np.square, np.divide):
        return np.where((result == 0) & np.isfinite(b), np.sign(a) * np.sign(b), 0)
    return np.zeros(())


def short(x: Any) -> Any:
    """Whether the last bits are 0."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        return short(x.real) & short(x.imag)
    mantissa, _ = np.frexp(x)
    kind = np.finfo(x.dtype)
    scaled = np.ldexp(mantissa, max(kind.nmant + 1 - SPARE, (kind.nmant + 1) // 2))
    return (scaled == np.trunc(scaled)) & ((np.abs(x) >= kind.smallest_normal) | (x == 0))


def moved(x: Any, unit: float | None = None, origin: tuple[Any, ...] = (), vanished: Any = 0.0) -> Any:
    """Move every number by some units in its last place, equal ones alike: no further than the arguments' dtype has.

    What is rounded to a narrower dtype than theirs is no rounding that they bring, but a mistake.

    Arguments:
        x: the numbers.
        unit: by which they were rounded, if not by that of the arguments.
        origin: what they came from: numbers are alike if that is equal as well.
        vanished: numbers with the signs of those that are 0 by rounding alone, and would be so small otherwise.
    """
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype.kind not in "fc":
        return x
    if x.dtype.kind == "c":
        origin = tuple(part(number) for number in origin for part in (np.real, np.imag))
        real, imaginary = (moved(part(x), unit, origin, part(vanished)) for part in (np.real, np.imag))
        return (real + 1j * imaginary).astype(x.dtype)
    kind = np.finfo(x.dtype)
    noise = _scattered(np.asarray(x), origin)
    # By half a unit at least, so that all that is rounded moves; by one or two, so that few moves cancel each other.
    noise = LARGEST * noise + np.where(noise < 0, -0.5, 0.5)
    unit = min(float(kind.eps), units()[0]) if unit is None else unit
    noise = np.where((x == 0) & (vanished != 0), np.copysign(noise, vanished), noise)
    stays = ((x == 0) & (vanished == 0)) | np.isinf(x)
    most = np.where(stays, 0, np.maximum(x.dtype.type(unit) * np.abs(x), kind.smallest_subnormal))
    wide = np.result_type(x.dtype, np.float32) if unit >= float(kind.eps) else np.longdouble
    result = (x.astype(wide) + noise.astype(wide) * most).astype(x.dtype)
    if x.flags.c_contiguous:
        return result
    made = np.empty_like(x)  # in the same order: what goes by memory is to see the same memory
    made[...] = result
    return made


def _scattered(x: Array, origin: tuple[Any, ...]) -> Array:
    """Return numbers from -1/2 to 1/2 that look random, the same for numbers that are equal and have one origin."""
    first, second = _salt.get()
    with np.errstate(over="ignore", invalid="ignore"):
        bits = _bits(x) * np.uint64(first)
        for part in origin:  # added up, for the order of terms and factors does not matter
            bits = bits + np.broadcast_to(_bits(np.asarray(part)) * np.uint64(second), x.shape)
        bits = (bits ^ (bits >> np.uint64(32))) * np.uint64(second)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53 - 0.5


def _bits(x: Array) -> Array:
    """Return a whole number for each number, by its bits."""
    if x.dtype.kind != "f":
        x = x.astype(np.float64)
    words = np.ascontiguousarray(x).view(f"u{min(x.itemsize, 8)}")
    if x.itemsize <= 8:
        return words.reshape(x.shape).astype(np.uint64)
    # Of a longdouble the first word holds the last bits, the second sign and exponent, and bits that mean nothing.
    parts = words.reshape(*x.shape, x.itemsize // 8)
    return np.asarray(parts[..., 0] + (parts[..., 1] & np.uint64(0xFFFF)) * np.uint64(0x9E3779B97F4A7C15))
