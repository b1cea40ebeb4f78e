"""Rounding, seen: NumPy's own functions, run several times with every result moved by a unit in its last place.

How far that carries a result is how far rounding can have carried it, whatever cancels on the way: nobody has to bound
it beforehand. (Stochastic arithmetic: J. Vignes, "A stochastic arithmetic for reliable scientific computation", 1993;
D. S. Parker, "Monte Carlo arithmetic", 1997.)

What is exact stays as it is: copies, selections, sums of short numbers. Equal numbers are moved alike, so that ties
remain ties, unless they are equal by rounding alone, as x + 1e-20 and x - 1e-20. What was too small for the dtype, and
became 0, becomes the smallest number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinygrad_lab.calls.receivers import KeptArray
from tinygrad_lab.testing import ulps
from tinygrad_lab.testing.differences import Array

FIRST, MANY = range(6), range(30)  # how often to look: at first, and before something is called a mistake
_EXACT = frozenset({
    np.negative, np.positive, np.absolute, np.fabs, np.sign, np.copysign, np.conjugate, np.maximum, np.minimum, np.fmax,
    np.fmin, np.floor, np.ceil, np.trunc, np.rint, np.ldexp, np.frexp, np.fmod, np.remainder, np.nextafter,
})  # fmt: skip
_SUMS = frozenset({
    "sum", "mean", "average", "prod", "cumsum", "cumprod", "dot", "vdot", "inner", "tensordot", "einsum", "trace",
    "norm", "nansum", "nanmean", "nanprod", "convolve", "correlate", "vecdot", "multi_dot", "matrix_power", "trapezoid",
})  # fmt: skip

_shake: ContextVar[Shake | None] = ContextVar("shake", default=None)


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


def shaken(arrays: list[Any], narrowed: bool = False) -> list[Any]:
    """Return arrays whose computations are shaken, otherwise each time, inside of `shaking`; elsewhere the arrays.

    Arguments:
        arrays: the arguments.
        narrowed: whether it is right that results of mixed dtypes are rounded to the narrower, as a gradient is whose
            own derivative is asked for.
    """
    shake = _shake.get()
    if shake is None:
        return arrays
    arrays = [_viewed(array) for array in arrays]
    units = [float(np.finfo(array.dtype).eps) for array in arrays if isinstance(array, Shaken)]
    ulps.salt(shake.rng, [max(units)] if narrowed and units else units)
    return arrays


def bare(array: Any) -> Any:
    """Return a plain array."""
    return array.view(np.ndarray) if isinstance(array, Shaken) else array


def spread(compute: Callable[[], Array], seeds: range = FIRST) -> Array | None:
    """Return how far rounding was seen to carry each element of what a function returns.

    That is infinitely far if to or from NaN, and NaN if an element is NaN each time. Where it cannot be seen, since
    NumPy computes nothing of it, or takes no shaken arrays, the answer is None.

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
        known = np.isfinite(centre)
        most = np.zeros(np.shape(centre), np.longdouble)
        for seed in seeds:
            try:
                with shaking(seed) as shake:
                    found = compute()
            except Exception:  # a function may check what it is given
                return None
            felt = felt or shake.felt
            most = np.maximum(most, np.where(known & np.isfinite(found), np.abs(found - centre), 0))
            most = np.where(np.isfinite(found) != known, np.inf, most)
    return np.where(known | np.isinf(most), most, np.nan) if felt else None


class Shaken(KeptArray):
    """An array that moves the results of NumPy's functions by up to a unit in the last place."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **kwargs: Any) -> Any:
        if not all(_known(x) for x in (*inputs, *out)):
            return NotImplemented
        _feel()
        given = [ulps.constant(bare(x), inputs) for x in inputs]
        if out:
            kwargs["out"] = tuple(bare(x) for x in out)
        if method == "__call__" and ufunc.signature is None:
            result = getattr(ufunc, method)(*given, **kwargs)
            moved = result if ufunc in _EXACT else _each(ulps.rounded, result, ufunc, given)
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
        coarsest, finest = ulps.units()
        own = finest if float(np.finfo(self.dtype).eps) <= finest else coarsest
        return _viewed(ulps.moved(result, min(float(np.finfo(result.dtype).eps), own)))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))


def _feel() -> None:
    if (shake := _shake.get()) is not None:
        shake.felt = True


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
    exact = all(np.all(ulps.short(part)) for part in (*given, *found))
    if not given or exact or (not sums and all(_selected(part, given) for part in found)):
        return result
    ulps.turn()
    return _each(ulps.moved, function(*_nested(ulps.moved, args)))


def _floats(x: Any) -> list[Array]:
    if isinstance(x, (list, tuple)):
        return [array for part in x for array in _floats(part)]
    return [np.asarray(x)] if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc" else []


def _selected(result: Array, given: list[Array]) -> bool:
    """Whether all elements of a result are among those that went in."""
    return bool(np.all(np.isin(result, np.concatenate([array.ravel() for array in given])) | (result == 0)))
