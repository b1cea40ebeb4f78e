"""Rules of the functions that reduce along axes, and of cumulative sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.core.registry import composed, defvjp
from tinygrad_lab.rules.limits import ratio


def _expand(g: Any, axis: Any, keepdims: bool) -> Any:
    """Give `g` its reduced axes back, with length 1, so that it broadcasts against the input."""
    return g if keepdims or axis is None else np.expand_dims(g, axis)


def _count(x: Any, axis: Any, where: Any) -> Any:
    """Return how many elements each result was reduced from; 1 instead of 0, as nothing receives a gradient then."""
    if where is not True:
        return np.sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=True, dtype=x.dtype)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return max(math.prod(x.shape[i] for i in axes), 1)


def _sum(
    g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False,
    initial: Any = None, where: Any = True,
) -> Any:  # fmt: skip
    g = _expand(g, axis, keepdims)
    return np.broadcast_to(g if where is True else np.where(where, g, 0), x.shape)


def _mean(
    g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    return _sum(_expand(g, axis, keepdims) / _count(x, axis, where), y, x, axis, keepdims=True, where=where)


def _extremum(
    g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """The elements that equal the extremum share its gradient."""
    chosen = (x == _expand(y, axis, keepdims)) & where
    count = np.sum(chosen, axis=axis, keepdims=True, dtype=x.dtype)
    return np.where(chosen, _expand(g, axis, keepdims) / np.maximum(count, 1), 0)


def _cumsum(g: Any, y: Any, x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    along = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, along), along), along), x.shape)


def _deviation(x: Any, axis: Any, where: Any, mean: Any) -> Any:
    """Return `x - mean`, with 0 where `where` excludes it."""
    if where is not True:
        mean = np.mean(x, axis=axis, keepdims=True, where=where) if mean is None else mean
        return np.where(where, x - mean, 0)
    if mean is None:
        # Relative to the first element the deviations of equal numbers are 0 exactly, not the rounding error of a mean.
        axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
        x = x - x[tuple(slice(0, 1) if i in axes else slice(None) for i in range(x.ndim))]
        mean = np.mean(x, axis=axis, keepdims=True)
    return x - mean


def _var(
    g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False,
    *, where: Any = True, mean: Any = None, correction: float = 0,
) -> Any:  # fmt: skip
    slope = 2 * np.conjugate(_deviation(x, axis, where, mean)) / (_count(x, axis, where) - ddof - correction)
    return _expand(g, axis, keepdims) * slope


def _std(
    g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False,
    *, where: Any = True, mean: Any = None, correction: float = 0,
) -> Any:  # fmt: skip
    count = _count(x, axis, where) - ddof - correction
    g, y = _expand(g, axis, keepdims), _expand(y, axis, keepdims)
    return g * ratio(np.conjugate(_deviation(x, axis, where, mean)), y * count)


defvjp(np.sum, _sum)
defvjp(np.mean, _mean)
defvjp(np.max, _extremum)
defvjp(np.min, _extremum)
defvjp(np.amax, _extremum)
defvjp(np.amin, _extremum)
defvjp(np.cumsum, _cumsum)
defvjp(np.var, _var)
defvjp(np.std, _std)


@composed(np.prod)
def _prod(
    a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Multiply the two halves, and so on: there is no division, so zeros need no care, at any order."""
    shape, ndim = np.shape(a), np.ndim(a)
    axes = tuple(range(ndim)) if axis is None else tuple(np.atleast_1d(axis) % ndim)
    kept = tuple(i for i in range(ndim) if i not in axes)
    a = a if dtype is None else a.astype(dtype)
    a = a if where is True else np.where(where, a, 1)
    sizes = tuple(shape[i] for i in kept)
    a = np.reshape(np.transpose(a, kept + axes), (*sizes, math.prod(shape[i] for i in axes)))
    while a.shape[-1] > 1:
        half = a.shape[-1] // 2
        product = a[..., :half] * a[..., half : 2 * half]
        a = np.concatenate([product, a[..., 2 * half :]], axis=-1) if a.shape[-1] % 2 else product
    a = a[..., 0] if a.shape[-1] else np.sum(a, axis=-1) + 1
    a = a if initial is None else a * initial
    return np.reshape(a, tuple(1 if i in axes else n for i, n in enumerate(shape))) if keepdims else a
