"""Writing at an index without writing in place: each function returns a new array.

`scatter` is the adjoint of indexing: repeated indices add up. These are the only places of the package that
write into an array, and each writes only into one that was made for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.receivers import Receiver
from tinygrad_lab.core.declare import primitive
from tinygrad_lab.core.registry import OPS
from tinygrad_lab.typing import Array, ArrayLike, Index, Result


def _is_basic(index: Index) -> bool:
    """Whether `index` holds only integers, slices, None and Ellipsis, so that it names no element twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice)) for part in parts)


def _recorder(index: Index) -> Receiver | None:
    """Return a part of an index that writes calls down, as an array that is being traced does: it gets the call."""
    parts = index if isinstance(index, tuple) else ()
    return next((part for part in parts if isinstance(part, Receiver)), None)


def add_into(out: Any, index: Index, value: ArrayLike) -> Result:
    """Add `value` into `out`, an array that nobody else holds, and return it."""
    if _is_basic(index):
        out[index] += value
        return out
    # One flat index per element: `np.add.at` is ten times slower with several.
    if isinstance(index, np.ndarray) and index.dtype.kind == "i":  # rows: no need to number all elements of `out`
        width = out.size // max(len(out), 1)
        positions = (index.ravel() % max(len(out), 1))[:, None] * width + np.arange(width)
        value = np.broadcast_to(value, index.shape + out.shape[1:])
    else:
        positions = beside(np.arange(out.size), out).reshape(out.shape)[index]
        value = np.broadcast_to(value, positions.shape)
    flat = out.reshape(-1)
    np.add.at(flat, positions.ravel(), value.ravel())
    return out if out.flags.c_contiguous else flat.reshape(out.shape)  # a view would be copied when it leaves the sweep


def subtract_along(out: Any, numbers: Any, value: Any, axis: int) -> Any:
    """Subtract `value` in `out`, an array that nobody else holds, at one place along an axis, and return it."""
    np.put_along_axis(out, numbers, np.take_along_axis(out, numbers, axis) - value, axis)
    return out


@primitive()
def scatter(g: Array, index: Index, shape: tuple[int, ...]) -> Array:
    """Return zeros of `shape` with `g` added at `index`."""
    if (recorder := _recorder(index)) is not None:
        return recorder.record(OPS[scatter], (g, index, shape), {})
    if type(g) is np.ndarray:  # the system's fresh pages are zeros already: only those that are written to cost
        return add_into(np.zeros(shape, g.dtype), index, g)
    return add_into(np.zeros_like(g, shape=shape), index, g)


@primitive()
def add_at(x: Array, value: ArrayLike, index: Index) -> Array:
    """Return a copy of `x` with `value` added at `index`; repeated indices add up."""
    if (recorder := _recorder(index)) is not None:
        return recorder.record(OPS[add_at], (x, value, index), {})
    return add_into(np.copy(x), index, value)


@primitive()
def set_at(x: Array, value: ArrayLike, index: Index) -> Array:
    """Return a copy of `x` with `value` at `index`; of repeated indices the last one wins."""
    if (recorder := _recorder(index)) is not None:
        return recorder.record(OPS[set_at], (x, value, index), {})
    out = np.copy(x)
    out[index] = value
    return out


class At:
    """`v.at[i].set(x)` and `v.at[i].add(x)` return a new Value; they stand for `v[i] = x` and `v[i] += x`."""

    __slots__ = ("_index", "_value")

    def __init__(self, value: Array, index: Index = ...) -> None:
        self._value, self._index = value, index

    def __getitem__(self, index: Index) -> At:
        return At(self._value, index)

    def set(self, x: ArrayLike) -> Array:
        """Return a new Value that equals the old one except at the index, where it is `x`."""
        return set_at(self._value, x, index=self._index)

    def add(self, x: ArrayLike) -> Array:
        """Return a new Value with `x` added at the index; repeated indices add up, as in `np.add.at`."""
        return add_at(self._value, x, index=self._index)
