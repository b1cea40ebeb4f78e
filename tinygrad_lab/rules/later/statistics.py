"""Covariances, and quantiles: an interpolation between two order statistics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.declare import composed
from tinygrad_lab.errors import CallError, OperationError
from tinygrad_lab.rules.axes import as_last, many_axes, standing_along
from tinygrad_lab.rules.dtypes import converted, with_dtype
from tinygrad_lab.rules.plain import detached, from_list
from tinygrad_lab.typing import Array, ArrayLike, Axes, DTypeLike, Result


@composed(np.cov)
def _cov(
    m: Array, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Array:  # fmt: skip
    if ddof is not None and ddof != int(ddof):
        raise OperationError(f"cov: ddof must be a whole number, got {ddof}; leave it out for 1")
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise CallError(f"cov: dtype must be floating or complex, got {dtype}; leave it out")
    if fweights is not None or aweights is not None:
        ask(np.cov, (m, y, rowvar, bias, ddof, fweights, aweights), {})
    rows = [np.atleast_2d(x) if rowvar or np.ndim(x) == 1 else np.transpose(x) for x in (m, y) if x is not None]
    x = np.concatenate(rows, axis=0)
    if rows[0].shape[0] == 0:
        return np.zeros((0, 0))
    x = x.astype(np.result_type(x, np.float64) if dtype is None else dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = [from_list(w) for w in (fweights, aweights) if w is not None]
    weight = math.prod(weights, start=1)
    total = np.sum(weight) if weights else x.shape[1]
    lost = ddof * (np.sum(weight * from_list(aweights)) / total if aweights is not None else 1)
    free = np.maximum(total - lost, 0.0) if weights else max(total - lost, 0.0)
    x = x - np.sum(x * weight, axis=1, keepdims=True) / total
    return np.squeeze((x * weight) @ np.conjugate(np.transpose(x)) / free)


@composed(np.corrcoef)
def _corrcoef(x: Array, y: Array | None = None, rowvar: bool = True, *, dtype: DTypeLike = None) -> Array:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    spread = np.sqrt(np.real(np.diagonal(c)))
    return c / spread[:, None] / spread


# -- quantiles -------------------------------------------------------------------------------------------------------

# Where the methods that interpolate put q among the ranks: at n q + alpha + q (1 - alpha - beta) - 1.
# R. Hyndman and Y. Fan, "Sample quantiles in statistical packages" (1996).
_POSITIONS = {
    "linear": (1, 1), "weibull": (0, 0), "hazen": (1 / 2, 1 / 2), "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8), "interpolated_inverted_cdf": (0, 1),
}  # fmt: skip


def _between(rows: Any, order: Any, place: Any, drift: Any) -> Result:
    """Interpolate between the order statistics at a place, whole or broken; NaN where the place is.

    `order` sorts the rows along their last axis; the place has the axes of the quantiles that are asked for, then those
    of the rows; `drift` is 0, with the derivative of the place.
    """
    asked = np.ndim(place) - rows.ndim + 1
    none = np.isnan(place)
    high = np.minimum(np.maximum(np.ceil(np.where(none, 0, place)), 1), rows.shape[-1] - 1).astype(int)
    low = np.maximum(high - 1, 0)
    part, none = _last(np.where(none, 0, place - low) + drift, asked), _last(none, asked)
    ordered = np.take_along_axis(rows, order, -1)
    below, above = (np.take_along_axis(ordered, _last(i, asked), -1) for i in (low, high))
    # An infinity or a NaN counts for nothing where its part is 0.
    below, above = (
        np.where((part == 1) & ~np.isfinite(below), above, below),
        np.where((part == 0) & ~np.isfinite(above), below, above),
    )
    part = np.where(np.isinf(below) & (below == above), 0.5, part)
    result = np.where(none, np.nan, below * (1 - part) + above * part)
    return np.reshape(np.moveaxis(result, -1, 0), np.shape(place))


def _last(place: Any, asked: int) -> Result:
    """Put the axes of the quantiles that were asked for behind the others, as one."""
    shape = np.shape(place)
    return np.moveaxis(np.reshape(place, (math.prod(shape[:asked]), *shape[asked:])), 0, -1)


def _drift(q: ArrayLike, ranks: Any, method: str) -> Result:
    """Return 0, with the derivative in `q` of its place among the ranks; beyond them it stays."""
    counts = np.sum(~np.isnan(ranks), axis=-1)
    q = np.reshape(q, np.shape(q) + (1,) * np.ndim(counts))
    if method not in _POSITIONS:
        return np.zeros(np.broadcast_shapes(np.shape(q), np.shape(counts)))
    alpha, beta = _POSITIONS[method]
    slope, here = counts + 1 - alpha - beta, plain(q)
    place = slope * here + alpha - 1
    return np.where((place >= 0) & (place <= counts - 1), slope, 0) * (q - here)


def _sorted_rows(a: Array, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return the samples along a last axis, what sorts them, and their ranks, of which NumPy finds the quantiles."""
    rows = as_last(a, axes)
    order = np.argsort(rows, axis=-1, kind="stable")
    return rows, order, np.where(np.isnan(rows), np.nan, np.argsort(order, axis=-1))


def _kept(result: Array, axes: tuple[int, ...], asked: int, keepdims: bool) -> Result:
    return np.expand_dims(result, tuple(i + asked for i in axes)) if keepdims else result


def _weight_rows(weights: ArrayLike, a: Array, axes: tuple[int, ...]) -> Array:
    """Return the weights of the samples along a last axis; a vector of them stands along the only axis."""
    weights = plain(weights)
    if np.shape(weights) != np.shape(a) and np.ndim(weights) == 1 and len(axes) == 1:
        weights = np.reshape(weights, standing_along(axes[0], np.ndim(a)))
    return as_last(np.broadcast_to(weights, np.shape(a)), axes)


def _quantile(function: Callable[..., Any], of_ranks: Callable[..., Any], scale: float) -> None:
    @composed(function)
    def quantile(
        a: Array, q: ArrayLike, axis: Axes = None, overwrite_input: bool = False, method: Any = "linear",
        keepdims: bool = False, *, weights: ArrayLike | None = None,
    ) -> Array:  # fmt: skip
        a = with_dtype(a)
        if a.size == 0:
            return detached(function)(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)
        axes = many_axes(axis, np.ndim(a))
        dtype = np.result_type(function(beside(np.zeros(1, a.dtype), q), plain(q), method=method))
        rows, order, ranks = _sorted_rows(a, axes)
        q = beside(np.divide(q, scale), q, a)
        options = {} if weights is None else {"weights": _weight_rows(weights, a, axes)}
        place = of_ranks(ranks, plain(q), axis=-1, method=method, **options)
        result = _between(rows, order, place, _drift(q, ranks, "" if options else method))
        return _kept(converted(result, dtype), axes, np.ndim(q), keepdims)


_quantile(np.quantile, np.quantile, 1)
_quantile(np.percentile, np.quantile, 100)
_quantile(np.nanquantile, np.nanquantile, 1)
_quantile(np.nanpercentile, np.nanquantile, 100)


def _median(function: Callable[..., Any]) -> None:
    @composed(function)
    def median(a: Array, axis: Axes = None, overwrite_input: bool = False, keepdims: bool = False) -> Array:
        if a.size == 0:
            return detached(function)(a, axis=axis, keepdims=keepdims)
        axes = many_axes(axis, np.ndim(a))
        rows, order, ranks = _sorted_rows(a, axes)
        result = _between(rows, order, function(ranks, axis=-1), 0)
        return _kept(converted(result, np.result_type(function(np.zeros(1, a.dtype)))), axes, 0, keepdims)


_median(np.median)
_median(np.nanmedian)
