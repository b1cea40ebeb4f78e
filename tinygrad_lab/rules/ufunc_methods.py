"""The methods of ufuncs, `reduce`, `accumulate`, `reduceat` and `outer`: functions whose first argument is the ufunc.

Those with a function of their own, such as `np.add.reduce`, are that function; the others are folded of calls.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.declare import composed, refuse
from tinygrad_lab.core.registry import ZERO, find
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import as_last, reduced_axes
from tinygrad_lab.rules.dtypes import converted, with_dtypes
from tinygrad_lab.rules.folding import accumulated, halved
from tinygrad_lab.typing import Array, Result

refuse("a Value is never written in place: write v = v.at[i].add(x), or v.at[i].set(x)", np.ufunc.at)

_REDUCTIONS: dict[np.ufunc, Any] = {
    np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
}  # fmt: skip
_CUMULATIONS: dict[np.ufunc, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}


@composed(np.ufunc.reduce)
def _reduce(
    ufunc: np.ufunc, array: Array, /, axis: Any = 0, dtype: Any = None, out: None = None, keepdims: bool = False,
    initial: Any = np._NoValue, where: Any = True,
) -> Array:  # fmt: skip
    array, options = converted(array, dtype), {"keepdims": keepdims, "where": where}
    if initial is not np._NoValue:
        options["initial"] = initial
    if find(ufunc).kind is ZERO or array.dtype.kind not in "fc":
        return ufunc.reduce(plain(array), axis, dtype, **options)
    if ufunc in _REDUCTIONS:
        return _REDUCTIONS[ufunc](array, axis, **options)
    started = initial is not np._NoValue and initial is not None
    given = {**options, **({"initial": 1} if started else {})}
    ufunc.reduce(beside(_like(array), where), axis, **given)  # NumPy checks
    axes = reduced_axes(axis, np.ndim(array))
    rows, mask = (as_last(np.broadcast_to(x, np.shape(array)), axes) for x in (array, where))
    if where is True and rows.shape[-1]:
        first = (initial,) if started else ()
        if _reorderable(ufunc):
            result = functools.reduce(ufunc, (*first, halved(ufunc, rows)))
        else:
            result = functools.reduce(ufunc, (*first, *np.moveaxis(rows, -1, 0)))
    else:
        start = initial if started else ufunc.identity
        result = np.zeros_like(rows, shape=rows.shape[:-1]) + start
        for row, taken in zip(np.moveaxis(rows, -1, 0), np.moveaxis(mask, -1, 0), strict=True):
            result = np.where(taken, ufunc(result, row), result)
    return np.expand_dims(result, axes) if keepdims else result


@composed(np.ufunc.accumulate)
def _accumulate(ufunc: np.ufunc, array: Any, /, axis: Any = 0, dtype: Any = None, out: None = None) -> Result:
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    if axis is None and np.ndim(array) == 1:
        axis = 0
    if axis is None or isinstance(axis, tuple | list):
        raise OperationError(f"{ufunc.__name__}.accumulate: axis must be one axis, got {axis}; ravel the array first")
    array = converted(array, dtype)
    if find(ufunc).kind is ZERO or array.dtype.kind not in "fc":
        return ufunc.accumulate(plain(array), axis, dtype)
    if ufunc in _CUMULATIONS and array.ndim:
        return _CUMULATIONS[ufunc](array, axis)
    ufunc.accumulate(_like(array), axis)  # NumPy checks
    if _reorderable(ufunc):
        return np.moveaxis(accumulated(ufunc, np.moveaxis(array, axis, -1)), -1, axis)
    rows = np.moveaxis(array, axis, 0)
    results = list(itertools.accumulate(rows, ufunc))
    return np.moveaxis(np.stack(results) if results else rows, 0, axis)


@composed(np.ufunc.reduceat)
def _reduceat(
    ufunc: np.ufunc, array: Any, indices: Any, /, axis: Any = 0, dtype: Any = None, out: None = None
) -> Result:
    array = converted(array, dtype)
    if find(ufunc).kind is ZERO or array.dtype.kind not in "fc":
        return ufunc.reduceat(plain(array), indices, axis, dtype)
    ufunc.reduceat(_like(array), indices, axis)  # NumPy checks
    rows = np.moveaxis(array, axis, 0)
    starts = np.asarray(indices).astype(np.intp).tolist()
    parts = [
        ufunc.reduce(rows[start:stop]) if start < stop else rows[start]
        for start, stop in zip(starts, [*starts[1:], rows.shape[0]], strict=False)
    ]
    return np.moveaxis(np.stack(parts), 0, axis) if parts else np.moveaxis(rows[:0], 0, axis)


@composed(np.ufunc.outer)
def _outer(ufunc: np.ufunc, A: Array, B: Any, /, **kwargs: Any) -> Result:
    A, B = with_dtypes(A, B)
    return ufunc(np.reshape(A, A.shape + (1,) * B.ndim), B, **kwargs)


def _like(array: Array) -> Array:
    """Return ones of the same shape and dtype, in the memory of a single one."""
    return np.broadcast_to(np.ones((), np.result_type(array)), np.shape(array))


@functools.cache
def _reorderable(ufunc: np.ufunc) -> bool:
    """Whether the order of the elements does not matter: NumPy then reduces several axes at once."""
    try:
        ufunc.reduce(np.ones((1, 1)), axis=(0, 1))
    except ValueError:
        return False
    return True
