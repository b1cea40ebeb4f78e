"""Rules of the functions that reduce along axes, and of cumulative sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, defvjp
from tinygrad_lab.errors import CallError, OperationError
from tinygrad_lab.rules.axes import as_last, flattened, many_axes, other_axes, reduced_axes, resized
from tinygrad_lab.rules.dtypes import converted
from tinygrad_lab.rules.folding import accumulated, halved
from tinygrad_lab.typing import Array, ArrayLike, Axes, DTypeLike, Function, Keywords, Result


def expand(g: Array, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Give `g` its reduced axes back, with length 1, so that it broadcasts against the input `x`."""
    return g if keepdims or axis is None or x.ndim == 0 else np.expand_dims(g, axis)


def count(x: Array, axis: Axes, where: ArrayLike) -> Result:
    """Return how many elements each result was reduced from; 1 instead of 0, as nothing receives a gradient then."""
    if where is not True:
        return np.sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=True, dtype=np.finfo(x.dtype).dtype)
    return max(math.prod(x.shape[i] for i in reduced_axes(axis, x.ndim)), 1)


def _sum(
    g: Array, y: Array, x: Array, axis: Axes = None, dtype: DTypeLike = None, keepdims: bool = False,
    initial: ArrayLike | None = None, where: ArrayLike = True,
) -> Array:  # fmt: skip
    g = expand(g, x, axis, keepdims)
    return np.broadcast_to(g if where is True else np.where(where, g, 0), x.shape)


def _mean(
    g: Array,
    y: Array,
    x: Array,
    axis: Axes = None,
    dtype: DTypeLike = None,
    keepdims: bool = False,
    *,
    where: ArrayLike = True,
) -> Array:
    share = 1 / count(x, axis, where)  # a float16 holds 1 / n of more elements than it can count
    return _sum(expand(g, x, axis, keepdims) * share, y, x, axis, keepdims=True, where=where)


def _extremum(
    g: Array,
    y: Array,
    x: Array,
    axis: Axes = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike = True,
) -> Array:
    """The elements that equal the extremum share its gradient."""
    chosen = ((x == expand(y, x, axis, keepdims)) | (x != x)) & where  # a NaN is the extremum where there is one
    number = np.sum(chosen, axis=axis, keepdims=True, dtype=x.dtype)
    return np.where(chosen, expand(g, x, axis, keepdims) / np.maximum(number, 1), 0)


def _cumsum(g: Array, y: Array, x: Array, axis: int | None = None, dtype: DTypeLike = None) -> Array:
    along = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, along), along), along), x.shape)


defvjp(np.sum, _sum, moves=True)
defvjp(np.mean, _mean, moves=True)
defvjp(np.max, _extremum, selects=True)
defvjp(np.min, _extremum, selects=True)
defvjp(np.amax, _extremum, selects=True)
defvjp(np.amin, _extremum, selects=True)
defvjp(np.cumsum, _cumsum, moves=True)


@composed(np.prod)
def _prod(
    a: Array,
    axis: Axes = None,
    dtype: DTypeLike = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike = True,
) -> Array:
    """There is no division, so zeros need no care, at any order."""
    if initial is not None and np.ndim(initial):
        ask(np.prod, (a,), {"initial": initial})
    axes, shape = reduced_axes(axis, np.ndim(a)), np.shape(a)
    a = a if dtype is None else a.astype(dtype)
    if where is not True:
        where = np.broadcast_to(where, shape)  # the array is not broadcast to it
        a = np.where(where, a, a.dtype.type(1))
    a = as_last(a, axes)
    a = halved(np.multiply, a) if a.shape[-1] else np.sum(a, axis=-1) + 1
    a = a if initial is None else a * converted(initial, a.dtype)
    return np.reshape(a, resized(shape, axes, 1)) if keepdims else a


# -- cumulative products and sums ------------------------------------------------------------------------------------


@composed(np.cumprod)
def _cumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Result:
    """There is no division, so zeros need no care, at any order."""
    a, axis = flattened(np.atleast_1d(a), axis)
    a = np.moveaxis(a if dtype is None else a.astype(dtype), axis, -1)
    return np.moveaxis(accumulated(np.multiply, a), -1, axis)


def _cumulative(function: Function, along: Function, neutral: int) -> None:
    """Declare `np.cumulative_sum` or `np.cumulative_prod`, which may start with the neutral element."""

    @composed(function)
    def cumulate(
        x: Array, /, *, axis: int | None = None, dtype: DTypeLike = None, include_initial: bool = False
    ) -> Array:
        x = np.atleast_1d(x)
        if axis is None and x.ndim != 1:
            raise OperationError(f"{function.__name__}: an array with {x.ndim} axes needs an axis; pass axis=0")
        axes = many_axes(axis, x.ndim)
        if len(axes) != 1:
            raise OperationError(f"{function.__name__}: axis must be one axis, got {axis}; do one after the other")
        axis = axes[0]
        result = along(x, axis, dtype)
        if not include_initial:
            return result
        first = np.zeros_like(result, shape=resized(x.shape, (axis,), 1)) + neutral
        return np.concatenate([first, result], axis)


_cumulative(np.cumulative_sum, np.cumsum, 0)
_cumulative(np.cumulative_prod, np.cumprod, 1)


@composed(np.ptp)
def _ptp(a: Array, axis: Axes = None, *, keepdims: bool = False) -> Array:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@composed(np.average)
def _average(
    a: Array, axis: Axes = None, weights: ArrayLike | None = None, returned: bool = False, *, keepdims: bool = False
) -> Result:
    if weights is None:
        if 0 in np.shape(a) or np.ndim(a) == 0:
            ask(np.average, (a, axis), {})
        weights = np.ones_like(a)
    elif np.shape(weights) != np.shape(a):
        axes = many_axes(axis, np.ndim(a))
        weights = np.transpose(weights, np.argsort(axes, kind="stable"))
        weights = np.reshape(weights, resized(np.shape(a), other_axes(axes, np.ndim(a)), 1))
        weights = np.broadcast_to(weights, np.shape(a))
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


# -- leaving out NaNs ------------------------------------------------------------------------------------------------

# fmt: off
composed(np.nansum)(lambda a, axis=None, **kwargs: np.sum(_filled(a, 0), axis, **kwargs))
composed(np.nanprod)(lambda a, axis=None, **kwargs: np.prod(_filled(a, 1), axis, **kwargs))
composed(np.nancumsum)(lambda a, axis=None, **kwargs: np.cumsum(_filled(a, 0), axis, **kwargs))
composed(np.nancumprod)(lambda a, axis=None, **kwargs: np.cumprod(_filled(a, 1), axis, **kwargs))
composed(np.nanmean)(lambda a, axis=None, **kwargs: np.mean(a, axis, **_masked("nanmean", a, kwargs)))
composed(np.nanvar)(lambda a, axis=None, **kwargs: _nan_spread(np.var, a, axis, _masked("nanvar", a, kwargs)))
composed(np.nanstd)(lambda a, axis=None, **kwargs: _nan_spread(np.std, a, axis, _masked("nanstd", a, kwargs)))
composed(np.nanmax)(lambda a, axis=None, **kwargs: _nan_extremum(np.max, -np.inf, a, axis, kwargs))
composed(np.nanmin)(lambda a, axis=None, **kwargs: _nan_extremum(np.min, np.inf, a, axis, kwargs))
# fmt: on


def _filled(a: Array, number: int) -> Array:
    return np.where(np.isnan(a), number, a)


def _masked(name: str, a: Array, kwargs: Keywords) -> Keywords:
    """Let `where` leave out NaNs too."""
    if kwargs.get("dtype") is not None and np.dtype(kwargs["dtype"]).kind not in "fc":
        raise CallError(f"{name}: dtype must be floating or complex, got {kwargs['dtype']}; leave it out")
    if "mean" in kwargs:
        kwargs = {**kwargs, "mean": converted(kwargs["mean"], a.dtype)}
    return {**kwargs, "where": ~np.isnan(a) & kwargs.get("where", True)}


def _nan_spread(function: Function, a: Array, axis: Axes, kwargs: Keywords) -> Array:
    """Return NaN where no more elements are left than parameters."""
    count = np.sum(np.broadcast_to(kwargs["where"], np.shape(a)), axis=axis, keepdims=kwargs.get("keepdims", False))
    spread = function(a, axis, **kwargs)
    few = count <= kwargs.get("ddof", 0) + kwargs.get("correction", 0)
    return np.where(few, np.nan, spread)


def _nan_extremum(function: Function, neutral: float, a: Array, axis: Any, kwargs: Keywords) -> Result:
    kwargs = {name: x for name, x in kwargs.items() if name != "initial" or x is not None}
    if "initial" not in kwargs and (kwargs.get("where", True) is not True or 0 in np.shape(a)):
        return function(a, axis, **kwargs)  # NumPy says that it needs an initial number
    least = kwargs.get("initial", np.nan)
    kwargs = {"initial": neutral, **_masked(f"nan{function.__name__}", a, kwargs)}
    empty = ~np.any(kwargs["where"], axis, keepdims=kwargs.get("keepdims", False))
    return np.where(empty, least, function(a, axis, **kwargs))
