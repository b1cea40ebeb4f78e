"""Rounding, seen: NumPy's own functions, run several times with every result moved by a unit in its last place.

How far that carries a result is how far rounding can have carried it, whatever cancels on the way: nobody has to bound
it beforehand. (Stochastic arithmetic: J. Vignes, "A stochastic arithmetic for reliable scientific computation", 1993;
D. S. Parker, "Monte Carlo arithmetic", 1997.)

What is exact stays as it is: copies, selections, sums of short numbers. Equal numbers are moved alike, so that ties
remain ties.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinygrad_lab.calls.receivers import KeptArray
from tinygrad_lab.testing.differences import Array

SAMPLES = 6
SPARE = 10  # a result whose last so many bits are 0 was hardly rounded
_EXACT = frozenset({
    np.negative, np.positive, np.absolute, np.fabs, np.sign, np.copysign, np.conjugate, np.maximum, np.minimum, np.fmax,
    np.fmin, np.floor, np.ceil, np.trunc, np.rint, np.ldexp, np.frexp, np.fmod, np.remainder, np.nextafter,
})  # fmt: skip
_ARITHMETIC = frozenset({np.multiply, np.divide, np.square, np.sqrt, np.reciprocal})

_SUMS = frozenset({
    "sum", "mean", "average", "prod", "cumsum", "cumprod", "dot", "vdot", "inner", "tensordot", "einsum", "trace",
    "norm", "nansum", "nanmean", "nanprod", "convolve", "correlate", "vecdot", "multi_dot", "matrix_power", "trapezoid",
})  # fmt: skip

_shake: ContextVar[Shake | None] = ContextVar("shake", default=None)
_salt: ContextVar[tuple[int, int, float, float]] = ContextVar("salt")  # two odd numbers to move by, and two units


class Shake:
    """One way in which rounding may go; `felt`: whether anything has been rounded so."""

    def __init__(self, seed: int) -> None:
        self.rng, self.felt = np.random.default_rng(seed), False


@contextmanager
def shaking(seed: int) -> Iterator[Shake]:
    """Let rounding go another way in the `with` block, for arrays that go through `shaken`."""
    shake = Shake(seed)
    token = _shake.set(shake)
    try:
        yield shake
    finally:
        _shake.reset(token)


def steadfast() -> bool:
    """Whether nothing is being shaken, so that what is computed again is the same."""
    return _shake.get() is None


def shaken(arrays: list[Any]) -> list[Any]:
    """Return arrays whose computations are shaken, otherwise each time, inside of `shaking`; elsewhere the arrays."""
    shake = _shake.get()
    if shake is None:
        return arrays
    rng = shake.rng
    arrays = [_viewed(array) for array in arrays]
    units = [float(np.finfo(array.dtype).eps) for array in arrays if isinstance(array, Shaken)]
    first, second = rng.integers(2**62, 2**63, 2).tolist()
    _salt.set((first | 1, second | 1, max(units, default=0.0), min(units, default=0.0)))
    return arrays


def bare(array: Any) -> Any:
    """Return a plain array."""
    return array.view(np.ndarray) if isinstance(array, Shaken) else array


def spread(compute: Callable[[], Array], samples: int = SAMPLES) -> Array | None:
    """Return how far rounding was seen to carry each element of what a function returns: infinitely far if to NaN.

    Where it cannot be seen, since NumPy computes nothing of it, or takes no shaken arrays, the answer is None.

    Example:
        >>> def compute():
        ...     (x,) = shaken([np.array([1e-3, 1.0])])
        ...     return bare(np.log(1 + x * x / 3) - 1e-3)
        >>> spread(compute) < 1e-15
        array([ True,  True])
    """
    felt = False
    with np.errstate(all="ignore"):
        centre = compute()
        most = np.zeros(np.shape(centre), np.longdouble)
        for seed in range(samples):
            try:
                with shaking(seed) as shake:
                    off = np.abs(compute() - centre)
            except Exception:  # a function may check what it is given
                return None
            felt = felt or shake.felt
            most = np.maximum(most, np.where(np.isnan(off), np.inf, off))
    return np.where(np.isfinite(centre), most, np.inf) if felt else None


class Shaken(KeptArray):
    """An array that moves the results of NumPy's functions by up to a unit in the last place."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **kwargs: Any) -> Any:
        if not all(_known(x) for x in (*inputs, *out)):
            return NotImplemented
        _feel()
        given = [_constant(bare(x), inputs) for x in inputs]
        if out:
            kwargs["out"] = tuple(bare(x) for x in out)
        if method == "__call__" and ufunc.signature is None:
            result = getattr(ufunc, method)(*given, **kwargs)
            moved = result if ufunc in _EXACT else _each(_rounded, result, ufunc, given)
        elif method == "at" or ufunc in _EXACT:
            moved = getattr(ufunc, method)(*given, **kwargs)
        else:
            moved = _through(lambda *arrays: getattr(ufunc, method)(*arrays, **kwargs), given, sums=True)
        if out and out[0] is not None:
            bare(out[0])[...] = moved
            return out[0]
        return _each(_viewed, moved)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if not all(issubclass(kind, np.ndarray) for kind in types):
            return NotImplemented
        _feel()
        args, kwargs = _nested(bare, args), _nested(bare, kwargs)
        if kwargs.get("out") is not None:
            return function(*args, **kwargs)
        sums = getattr(function, "__name__", "") in _SUMS
        return _each(_viewed, _through(lambda *args: function(*args, **kwargs), args, sums))

    def __getitem__(self, index: Any) -> Any:
        return _viewed(bare(self)[_nested(bare, index)])

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the array in another dtype: a narrower one rounds.

        Where dtypes are mixed, the widest of them is not to be made narrower.
        """
        result = bare(self).astype(dtype, *args, **kwargs)
        if result.dtype.itemsize >= self.dtype.itemsize or result.dtype.kind not in "fc":
            return _viewed(result)
        *_, own, least = _salt.get()
        return _viewed(_moved(result, min(float(np.finfo(result.dtype).eps), least if self._is_widest else own)))

    @property
    def _is_widest(self) -> bool:
        return float(np.finfo(self.dtype).eps) <= _salt.get()[-1]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))


def _feel() -> None:
    if (shake := _shake.get()) is not None:
        shake.felt = True


def _constant(x: Any, inputs: Any) -> Any:
    """Move a number that was rounded to another dtype before, such as 1/n in a rule."""
    if isinstance(x, float) and not _short(np.float64(x)):
        return float(_moved(np.float64(x), float(np.finfo(float).eps)))
    return x


def _known(x: Any) -> bool:
    return x is None or isinstance(x, (np.ndarray, np.generic)) or not hasattr(x, "__array_ufunc__")


def _nested(change: Callable[[Any], Any], x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(_nested(change, part) for part in x)
    return {key: _nested(change, part) for key, part in x.items()} if isinstance(x, dict) else change(x)


def _each(change: Callable[..., Any], result: Any, *others: Any) -> Any:
    if isinstance(result, tuple):
        parts = [change(part, *others) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return [change(part, *others) for part in result] if isinstance(result, list) else change(result, *others)


def _viewed(result: Any) -> Any:
    floating = isinstance(result, (np.ndarray, np.generic)) and result.dtype.kind in "fc"
    return np.asarray(result).view(Shaken) if floating else result


def _through(function: Callable[..., Any], args: Any, sums: bool) -> Any:
    """Return what a function that adds up or rearranges gives: shaken before and after, unless it only selects.

    A sum may equal one of its terms, where the others are lost beside it.
    """
    result = function(*args)
    given = _floats(args)
    found = _floats(result)
    exact = all(np.all(_short(part)) for part in (*given, *found))
    if not given or exact or (not sums and all(_selected(part, given) for part in found)):
        return result
    _turn()
    return _each(_moved, function(*_nested(_moved, args)))


def _turn() -> None:
    """Let numbers move another way from now on: what is added up twice need not be rounded alike."""
    first, second, *units = _salt.get()
    _salt.set((second, (first * second + 2) % 2**64 | 1, units[0], units[1]))


def _floats(x: Any) -> list[Array]:
    if isinstance(x, (list, tuple)):
        return [array for part in x for array in _floats(part)]
    return [np.asarray(x)] if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc" else []


def _selected(result: Array, given: list[Array]) -> bool:
    """Whether all elements of a result are among those that went in."""
    return bool(np.all(np.isin(result, np.concatenate([array.ravel() for array in given])) | (result == 0)))


def _rounded(result: Any, ufunc: Any, inputs: list[Any]) -> Any:
    """Move what was rounded."""
    if not isinstance(result, (np.ndarray, np.generic)) or result.dtype.kind not in "fc":
        return result
    if ufunc in (np.add, np.subtract):
        a, b = inputs[0], inputs[1] if ufunc is np.add else -inputs[1]
        part = result - a
        lost = (a - (result - part)) + (b - part)  # what the sum lacks (D. E. Knuth 1969)
        return np.where(lost == 0, result, _moved(result))
    if ufunc in _ARITHMETIC:
        return np.where(_short(result), result, _moved(result))
    return _moved(result)


def _short(x: Any) -> Any:
    """Whether the last bits are 0."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        return _short(x.real) & _short(x.imag)
    mantissa, _ = np.frexp(x)
    kind = np.finfo(x.dtype)
    scaled = np.ldexp(mantissa, max(kind.nmant + 1 - SPARE, (kind.nmant + 1) // 2))
    return (scaled == np.trunc(scaled)) & ((np.abs(x) >= kind.smallest_normal) | (x == 0))


def _moved(x: Any, unit: float | None = None) -> Any:
    """Move every number by up to a unit in its last place, equal ones alike: no further than the arguments' dtype has.

    What is rounded to a narrower dtype than theirs is no rounding that they bring, but a mistake.
    """
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype.kind not in "fc":
        return x
    if x.dtype.kind == "c":
        return (_moved(np.real(x)) + 1j * _moved(np.imag(x))).astype(x.dtype)
    first, second, own, _ = _salt.get()
    kind = np.finfo(x.dtype)
    noise = _scattered(np.asarray(x), first, second)
    noise = noise + np.where(noise < 0, -0.5, 0.5)  # by half a unit at least, so that all that is rounded moves
    unit = min(float(kind.eps), own) if unit is None else unit
    most = np.where(x == 0, 0, np.maximum(x.dtype.type(unit) * np.abs(x), kind.smallest_subnormal))
    wide = np.result_type(x.dtype, np.float32) if unit >= float(kind.eps) else np.longdouble
    moved = (x.astype(wide) + noise.astype(wide) * most).astype(x.dtype)
    if x.flags.c_contiguous:
        return moved
    made = np.empty_like(x)  # in the same order: what goes by memory is to see the same memory
    made[...] = moved
    return made


def _scattered(x: Array, first: int, second: int) -> Array:
    """Return numbers from -1/2 to 1/2 that look random, the same for equal numbers."""
    words = np.ascontiguousarray(x).view(f"u{min(x.itemsize, 8)}")  # of a longdouble, the first holds the last bits
    bits = (words[..., :: x.itemsize // 8] if x.itemsize > 8 else words).reshape(x.shape).astype(np.uint64)
    with np.errstate(over="ignore"):
        bits = bits * np.uint64(first)
        bits = (bits ^ (bits >> np.uint64(32))) * np.uint64(second)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53 - 0.5
