"""Rules of the variance and of the standard deviation."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, primitive
from tinygrad_lab.rules.axes import as_last, reduced_axes
from tinygrad_lab.rules.dtypes import with_dtype
from tinygrad_lab.rules.limits import direction
from tinygrad_lab.rules.norms import norm
from tinygrad_lab.rules.reductions import count, expand
from tinygrad_lab.typing import Array, ArrayLike, Axes, DTypeLike, Function


def _deviation(x: Array, axis: Any, where: Any) -> Array:
    """Return `x - mean`, with 0 where `where` excludes it."""
    if where is not True:
        return np.where(where, x - np.mean(x, axis=axis, keepdims=True, where=where), 0)
    # Relative to the first element the deviations of equal numbers are 0 exactly, not the rounding error of a mean.
    axes = reduced_axes(axis, x.ndim)
    x = x - x[tuple(slice(0, 1) if i in axes else slice(None) for i in range(x.ndim))]
    return x - np.mean(x, axis=axis, keepdims=True)


def _var_rule(
    g: Array, y: Array, x: Array, axis: Axes = None, dtype: DTypeLike = None, ddof: float = 0, keepdims: bool = False,
    where: ArrayLike = True,
) -> Array:  # fmt: skip
    slope = 2 * np.conjugate(_deviation(x, axis, where)) / (count(x, axis, where) - ddof)
    return expand(g, x, axis, keepdims) * slope


def _std_rule(
    g: Array, y: Array, x: Array, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False,
    where: Any = True,
) -> Array:  # fmt: skip
    n, deviation = count(x, axis, where), _deviation(x, axis, where)
    g, y = expand(g, x, axis, keepdims), expand(y, x, axis, keepdims)
    spread = y * np.any(deviation != 0, axis=axis, keepdims=True)  # of equal numbers y may be a rounding error
    slope = direction(np.conjugate(deviation), spread * (n - ddof))
    return g * np.where(n > 1, slope, 0)  # one number alone never deviates from its mean: 0 at every order


@primitive(_var_rule)
def var(x: Array, **keywords: Any) -> Array:
    """Return `np.var(x)` about the mean of `x`."""
    return np.var(x, **keywords)


@primitive(_std_rule)
def std(x: Array, **keywords: Any) -> Array:
    """Return `np.std(x)` about the mean of `x`."""
    return np.std(x, **keywords)


def _deviation_from(mean: ArrayLike, x: Array, where: ArrayLike) -> Array:
    return x - mean if where is True else np.where(where, x - mean, 0)


def _free(x: Array, axis: Any, where: ArrayLike, ddof: float) -> Array:
    """Return how many elements there are for each result, without `ddof` of them."""
    dtype = np.finfo(x.dtype).dtype
    counted = np.sum(np.broadcast_to(beside(where, x), x.shape), axis=axis, keepdims=True, dtype=dtype)
    return np.maximum(counted - float(ddof), 0)


def _only(a: Array, where: ArrayLike) -> Array:
    """Put 0 in the place of what is left out: no gradient arrives there, however steep what made it is."""
    return a if where is True else np.where(where, a, with_dtype(a).dtype.type(0))


@composed(np.var)
def _var(
    a: Array, axis: Axes = None, dtype: DTypeLike = None, *, ddof: float = 0, keepdims: bool = False,
    where: ArrayLike = True, mean: ArrayLike | None = None, correction: float | None = None,
) -> Array:  # fmt: skip
    ddof = _corrected(np.var, ddof, correction)
    a = _only(a, where)
    if mean is None:
        return var(a, **_given(axis, dtype, ddof, keepdims, where))
    a = with_dtype(a)
    deviation = _deviation_from(mean, a if dtype is None else a.astype(dtype), where)
    square = np.real(deviation * np.conjugate(deviation)) if np.iscomplexobj(a) else np.square(deviation)
    total = np.sum(square, axis=axis, keepdims=True) / _free(deviation, axis, where, ddof)
    return total if keepdims else np.squeeze(total, reduced_axes(axis, a.ndim))


@composed(np.std)
def _std(
    a: Array, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False, where: Any = True,
    mean: Any = None, correction: float | None = None,
) -> Array:  # fmt: skip
    ddof = _corrected(np.std, ddof, correction)
    a = _only(a, where)
    if mean is None:
        return std(a, **_given(axis, dtype, ddof, keepdims, where))
    a = with_dtype(a)
    deviation = _deviation_from(mean, a if dtype is None else a.astype(dtype), where)
    if np.iscomplexobj(deviation) and not np.iscomplexobj(a):  # NumPy squares it as it is
        return np.sqrt(np.var(a, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, mean=mean))
    axes = reduced_axes(axis, a.ndim)
    total = np.expand_dims(norm(as_last(deviation, axes), axis=-1), axes) / _free(deviation, axis, where, ddof) ** 0.5
    return total if keepdims else np.squeeze(total, axes)


def _corrected(function: Function, ddof: float, correction: float | None) -> float:
    """Return what is subtracted from the number of elements; NumPy refuses it given twice."""
    if correction is None:
        return ddof
    if ddof != 0:
        ask(function, (0.0,), {"ddof": ddof, "correction": correction})
    return correction


def _given(axis: Axes, dtype: DTypeLike, ddof: float, keepdims: bool, where: ArrayLike) -> dict[str, Any]:
    """Return the keywords that say something."""
    keywords = {"axis": axis, "dtype": dtype, "ddof": ddof or None, "keepdims": keepdims or None}
    given = {name: x for name, x in keywords.items() if x is not None}
    return given if where is True else {**given, "where": where}
