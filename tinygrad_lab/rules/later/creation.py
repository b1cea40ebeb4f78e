"""Functions that make arrays out of others: of Values too, where NumPy lets them through."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, defzero
from tinygrad_lab.rules.axes import standing_along
from tinygrad_lab.rules.dtypes import converted, with_dtypes
from tinygrad_lab.rules.plain import from_list
from tinygrad_lab.typing import Array, ArrayLike, DTypeLike, Result

# Given `like=` a Value these make the plain arrays that they make without it.
defzero(np.arange, np.empty, np.eye, np.identity, np.ones, np.tri, np.zeros, np.frombuffer, np.fromfile,
        np.fromfunction, np.fromiter, np.fromstring, np.genfromtxt, np.loadtxt)  # fmt: skip


@composed(np.array, np.asarray, np.asanyarray, np.require)
def _array(a: Array, dtype: DTypeLike = None, *_: Any, ndmin: int = 0, **__: Any) -> Array:
    """Stack nested lists: `np.array([v, w], like=v)`; without `like=` NumPy does not ask, and the Value refuses."""
    array = np.stack([_array(part) for part in a]) if isinstance(a, list | tuple) else a
    array = np.reshape(array, (1,) * (ndmin - np.ndim(array)) + np.shape(array)) if np.ndim(array) < ndmin else array
    return array if dtype is None else np.positive(array).astype(dtype)


@composed(np.ascontiguousarray, np.asfortranarray)
def _contiguous(a: Array, dtype: DTypeLike = None, **_: Any) -> Array:
    return _array(a, dtype, ndmin=1)


@composed(np.full)
def _full(
    shape: Any, fill_value: ArrayLike, dtype: DTypeLike = None, order: Literal["C", "F", None] = "C", **_: Any
) -> Result:
    return converted(np.broadcast_to(fill_value, shape), dtype)


# -- grids -----------------------------------------------------------------------------------------------------------


def _parts(num: int, endpoint: bool, start: Any, stop: Any, dtype: Any) -> tuple[Any, ...]:
    """Return numbers from 0 to 1 along a new first axis, and the ends."""
    start, stop = np.broadcast_arrays(from_list(start), from_list(stop))
    t = np.reshape(np.linspace(0, 1, num, endpoint, dtype=dtype), standing_along(0, np.ndim(start) + 1))
    t = beside(t, start, stop)
    return t, *(converted(end, dtype) for end in (start, stop))


@composed(np.linspace)
def _linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, *, device: Literal[None, "cpu"] = None,
) -> Result:  # fmt: skip
    start, stop = from_list(start), from_list(stop)
    natural = np.result_type(start, stop, 1.0)
    t, first, last = _parts(num, endpoint, start, stop, natural)
    samples = np.moveaxis(converted((1 - t) * first + t * last, dtype or natural), 0, axis)
    steps = num - 1 if endpoint else num
    return (samples, (stop - start) / steps if steps else np.nan) if retstep else samples


@composed(np.logspace)
def _logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Result:
    if np.ndim(base):
        start, stop, base = np.broadcast_arrays(*with_dtypes(start, stop, base))
        base = np.expand_dims(base, axis)
    return converted(base ** np.linspace(start, stop, num, endpoint, axis=axis), dtype)


@composed(np.geomspace)
def _geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Result:
    start, stop = with_dtypes(start, stop)
    ask(np.geomspace, (start, stop, 1), {})  # which refuses zeros
    natural = np.result_type(start, stop, np.float64)
    t, first, last = _parts(num, endpoint, start, stop, natural)
    return np.moveaxis(converted(first * (last / first) ** t, dtype or natural), 0, axis)


@composed(np.meshgrid)
def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: Literal["xy", "ij"] = "xy") -> Result:
    n = len(xi)
    places = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    grid = [np.reshape(x, standing_along(place, n)) for x, place in zip(xi, places, strict=True)]
    return tuple(grid) if sparse else np.broadcast_arrays(*grid)


# -- diagonals -------------------------------------------------------------------------------------------------------


@composed(np.diag)
def _diag(v: Array, k: int = 0) -> Array:
    if v.ndim not in (1, 2):
        ask(np.diag, (v, k), {})
    if v.ndim == 2:
        return np.diagonal(v, k)
    columns = np.pad(v, (max(k, 0), max(-k, 0)))  # each number stands in its column
    chosen = beside(np.eye(v.shape[0] + abs(k), k=k, dtype=bool), v)
    return np.where(chosen, columns, 0) if k >= 0 else np.transpose(np.diag(v, -k))


@composed(np.diagflat)
def _diagflat(v: Array, k: int = 0) -> Array:
    return np.diag(np.ravel(v), k)


@composed(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Result:
    if np.ndim(x) != 1:
        ask(np.vander, (x, N), {})
    length = len(np.empty((len(x) if N is None else N,)))  # which refuses what is no length
    powers = beside(np.arange(length), x)
    return np.expand_dims(x, -1) ** (powers if increasing else np.flip(powers))
