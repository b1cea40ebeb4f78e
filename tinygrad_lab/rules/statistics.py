"""Covariances, and quantiles: an interpolation between two order statistics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.calls.receivers import Recorder
from tinygrad_lab.calls.refusals import no_rule_for
from tinygrad_lab.core.arrays import listed
from tinygrad_lab.core.registry import composed
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import as_last, many_axes


@composed(np.cov)
def _cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    rows = [np.atleast_2d(x) if rowvar or np.ndim(x) == 1 else np.transpose(x) for x in (m, y) if x is not None]
    x = np.concatenate(rows, axis=0)
    x = x.astype(np.result_type(x, np.float64) if dtype is None else dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = [listed(w) for w in (fweights, aweights) if w is not None]
    weight = math.prod(weights, start=1)
    total = np.sum(weight) if weights else x.shape[1]
    lost = ddof * (np.sum(weight * listed(aweights)) / total if aweights is not None else 1)
    x = x - np.sum(x * weight, axis=1, keepdims=True) / total
    return np.squeeze((x * weight) @ np.conjugate(np.transpose(x)) / (total - lost))


@composed(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    spread = np.sqrt(np.real(np.diagonal(c)))
    return c / spread[:, None] / spread


# -- quantiles -------------------------------------------------------------------------------------------------------


def _between(places: Callable[[Any], Any], a: Any, axis: Any, keepdims: bool) -> Any:
    """Return the order statistics at `places`, whole or broken numbers that NumPy finds as quantiles of the ranks."""
    axes = many_axes(axis, np.ndim(a))
    rows = as_last(a, axes)
    order = np.argsort(rows, axis=-1, kind="stable")
    ranks = np.where(np.isnan(rows), np.nan, np.argsort(order, axis=-1))
    place = places(ranks)  # NaN if NumPy's answer is NaN
    asked = np.ndim(place) - rows.ndim + 1
    low = np.floor(np.nan_to_num(place)).astype(int)
    high = np.minimum(low + 1, rows.shape[-1] - 1)
    part = np.where(np.isnan(place), 0, place - low)
    ordered = np.take_along_axis(rows, order, -1)
    below, above = (np.take_along_axis(ordered, _last(i, asked), -1) for i in (low, high))
    t = _last(part, asked)
    result = np.where(_last(np.isnan(place), asked), np.nan, below * (1 - t) + np.where(t == 0, 0, above) * t)
    result = np.reshape(np.moveaxis(result, -1, 0), np.shape(place))
    dtype = np.result_type(places(np.zeros(1, rows.dtype)))
    result = result if result.dtype == dtype else result.astype(dtype)
    return np.expand_dims(result, tuple(i + asked for i in axes)) if keepdims else result


def _last(place: Any, asked: int) -> Any:
    """Put the axes of the quantiles that were asked for behind the others, as one."""
    shape = np.shape(place)
    return np.moveaxis(np.reshape(place, (math.prod(shape[:asked]), *shape[asked:])), 0, -1)


def _quantile(function: Callable[..., Any], scale: float) -> None:
    @composed(function)
    def quantile(
        a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: Any = "linear",
        keepdims: bool = False, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        if weights is not None:
            raise OperationError(f"{function.__name__}: weights must be left out, got some; repeat elements instead")
        if isinstance(q, Recorder):
            raise no_rule_for(function.__name__, "q")
        of_ranks = np.nanquantile if function in (np.nanquantile, np.nanpercentile) else np.quantile
        return _between(lambda ranks: of_ranks(ranks, np.divide(q, scale), axis=-1, method=method), a, axis, keepdims)


_quantile(np.quantile, 1)
_quantile(np.percentile, 100)
_quantile(np.nanquantile, 1)
_quantile(np.nanpercentile, 100)


def _median(function: Callable[..., Any]) -> None:
    @composed(function)
    def median(a: Any, axis: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
        return _between(lambda ranks: function(ranks, axis=-1), a, axis, keepdims)


_median(np.median)
_median(np.nanmedian)
