"""Rules of the functions that join, split and repeat arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from tinygrad_lab import refusals, tree
from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.errors import CallError, OperationError
from tinygrad_lab.rules.axes import along, cut, filling, flattened, interleaved, one_axis, resized
from tinygrad_lab.rules.dtypes import converted, with_dtype
from tinygrad_lab.typing import Array, ArrayLike, Arrays, DTypeLike, Result


@primitive()
def concatenate(*arrays: ArrayLike, **keywords: Any) -> Result:
    """Return `np.concatenate` of arrays along `axis`; `bounds` are the positions where each begins, and the end."""
    return np.concatenate(arrays, keywords["axis"])


@primitive()
def stack(*arrays: ArrayLike, **keywords: Any) -> Result:
    """Return `np.stack` of arrays along `axis`."""
    return np.stack(arrays, keywords["axis"])


# fmt: off
defvjp(concatenate,  variadic=lambda i, g, y, *arrays, axis, bounds: cut(g, one_axis(axis, g.ndim), *bounds[i : i + 2]),
                     moves=True)
defvjp(stack,        variadic=lambda i, g, y, *arrays, axis: g[along(one_axis(axis, g.ndim), i)], moves=True)
# fmt: on

_Casting = Literal["no", "equiv", "safe", "same_kind", "unsafe"]


def _cast(name: str, arrays: Arrays, joined: Array, dtype: DTypeLike, casting: _Casting) -> Result:
    if dtype is None and casting == "same_kind":
        return joined
    wanted = joined.dtype if dtype is None else np.dtype(dtype)
    for one in arrays:
        if hasattr(one, "dtype") and not np.can_cast(one.dtype, wanted, casting):
            raise CallError(
                f"{name}: the rule casting={casting!r} does not allow {one.dtype} to become {wanted}; "
                f"give another dtype or casting"
            )
    return converted(joined, wanted)


@composed(np.concatenate)
def _concatenate(arrays: Any, axis: int | None = 0, *, dtype: Any = None, casting: _Casting = "same_kind") -> Result:
    if axis is None:
        arrays, axis = [np.ravel(array) for array in arrays], 0
    sizes = (np.shape(array)[axis] if -np.ndim(array) <= axis < np.ndim(array) else 0 for array in arrays)
    joined = concatenate(*arrays, axis=axis, bounds=tuple(itertools.accumulate(sizes, initial=0)))
    if joined.dtype == object:
        raise refusals.rules.no_array("concatenate", joined)
    return _cast("concatenate", arrays, joined, dtype, casting)


@composed(np.stack)
def _stack(arrays: Any, axis: int = 0, *, dtype: Any = None, casting: _Casting = "same_kind") -> Result:
    return _cast("stack", arrays, stack(*arrays, axis=axis), dtype, casting)


@composed(np.vstack)
def _vstack(tup: Arrays, **kwargs: Any) -> Result:
    return np.concatenate([np.atleast_2d(array) for array in tup], 0, **kwargs)


@composed(np.hstack)
def _hstack(tup: Arrays, **kwargs: Any) -> Result:
    arrays = [np.atleast_1d(array) for array in tup]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, **kwargs)


@composed(np.dstack)
def _dstack(tup: Arrays) -> Result:
    return np.concatenate([np.atleast_3d(array) for array in tup], 2)


@composed(np.column_stack)
def _column_stack(tup: Arrays) -> Result:
    return np.concatenate([np.reshape(a, (-1, 1)) if np.ndim(a) < 2 else a for a in tup], 1)


def _splitter(function: Callable[..., Any]) -> None:
    """Declare `np.split` or `np.array_split`: NumPy splits the positions, and slices take the elements."""

    @composed(function)
    def split(ary: Array, indices_or_sections: Any, axis: int = 0) -> Result:
        axis = one_axis(axis, ary.ndim)
        parts = function(np.arange(ary.shape[axis]), indices_or_sections)
        return [cut(ary, axis, *_bounds(part)) for part in parts]


def _bounds(positions: Any) -> tuple[int, int]:
    return (int(positions[0]), int(positions[-1]) + 1) if len(positions) else (0, 0)


_splitter(np.split)
_splitter(np.array_split)


def _splitter_along(function: Callable[..., Any], axis: int) -> None:
    """Declare `np.hsplit`, `np.vsplit` or `np.dsplit`, which want at least so many axes."""

    @composed(function)
    def split(ary: Array, indices_or_sections: Any) -> Result:
        if ary.ndim <= max(axis, 1):
            ask(function, (ary, indices_or_sections), {})
        return np.split(ary, indices_or_sections, min(axis, ary.ndim - 1))


_splitter_along(np.vsplit, 0)
_splitter_along(np.hsplit, 1)
_splitter_along(np.dsplit, 2)


@composed(np.tile)
def _tile(A: Array, reps: Any) -> Result:
    reps = tuple(np.atleast_1d(reps).tolist())
    ndim = max(len(reps), A.ndim)
    reps = (1,) * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - A.ndim) + A.shape
    copies = np.broadcast_to(np.reshape(A, interleaved((1,) * ndim, shape)), interleaved(reps, shape))
    return np.reshape(copies, tuple(r * n for r, n in zip(reps, shape, strict=True)))


@composed(np.repeat)
def _repeat(a: Array, repeats: Any, axis: int | None = None) -> Array:
    a, axis = flattened(np.atleast_1d(a), axis)
    if np.size(repeats) > 1:
        return np.take(a, np.repeat(beside(np.arange(a.shape[axis]), repeats), repeats), axis)
    times = int(np.reshape(repeats, ()))
    before, after = a.shape[: axis + 1], a.shape[axis + 1 :]
    copies = np.broadcast_to(np.reshape(a, (*before, 1, *after)), (*before, times, *after))
    return np.reshape(copies, (*before[:-1], before[-1] * times, *after))


@composed(np.append)
def _append(arr: Array, values: Array, axis: int | None = None) -> Array:
    return np.concatenate([arr, values], axis)


@composed(np.insert)
def _insert(arr: Array, obj: Any, values: Array, axis: int | None = None) -> Array:
    """NumPy inserts new positions among the old ones; indexing takes the elements there."""
    if np.iscomplexobj(values) and not np.iscomplexobj(arr):
        ask(np.insert, (arr, obj, values, axis), {})
    arr, axis = flattened(with_dtype(arr), axis)
    n = np.shape(arr)[axis]
    obj = np.arange(n)[obj] if isinstance(obj, slice) else obj
    count = len(np.insert(np.arange(n), obj, 0)) - n if np.ndim(obj) else None
    if count is None or np.size(obj) == 1:  # one place takes all rows of the values
        values = np.reshape(values, (1,) * (np.ndim(arr) - np.ndim(values)) + np.shape(values))
        values = np.moveaxis(values, 0, axis) if np.ndim(obj) == 0 else values
        count = np.shape(values)[axis]
        obj = np.full(count, obj, np.intp)
    order = np.insert(np.arange(n), obj, n + np.arange(count))
    values = filling(converted(values, arr.dtype), resized(np.shape(arr), (axis,), count))
    return np.take(np.concatenate([arr, values], axis), order, axis)


@composed(np.delete)
def _delete(arr: Array, obj: Any, axis: int | None = None) -> Array:
    arr, axis = flattened(arr, axis)
    return np.take(arr, np.delete(beside(np.arange(arr.shape[axis]), obj), obj), axis)


@composed(np.resize)
def _resize(a: Array, new_shape: Any) -> Array:
    if a.size == 0:
        return np.zeros_like(a, shape=new_shape)
    return np.ravel(a)[np.resize(np.arange(a.size), new_shape)]


@composed(np.unstack)
def _unstack(x: Any, /, *, axis: int = 0) -> Result:
    return tuple(np.moveaxis(x, axis, 0))


@composed(np.block)
def _block(arrays: Any) -> Result:
    """Join the innermost lists along the last axis, those around them along the one before, and so on."""
    depth = _depth(arrays)
    ndim = max([depth, *(np.ndim(array) for array in tree.flatten(arrays)[0])])

    def join(part: Array, axis: int) -> Result:
        if not isinstance(part, list):
            return np.reshape(part, (1,) * (ndim - np.ndim(part)) + np.shape(part))
        return np.concatenate([join(one, axis + 1) for one in part], axis)

    return join(arrays, -depth)


def _depth(arrays: Arrays) -> int:
    """Return how deep the lists are nested, all of them alike."""
    if isinstance(arrays, tuple):
        raise CallError("block: takes arrays nested in lists, not in a tuple; write a list")
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(part) for part in arrays}
    if len(depths) != 1:
        raise OperationError(
            f"block: every list must be nested to the same depth and not be empty, got depths "
            f"{sorted(depths) or 'none'}; put single arrays into lists"
        )
    return 1 + depths.pop()
