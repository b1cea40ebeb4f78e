"""The vocabulary of axes, which every rule shares: an axis that does not exist raises NumPy's own error.

`axis` is what a caller gave: a number from -ndim to ndim - 1, several of them, or None. The functions below turn it
into numbers from 0 to ndim - 1; an index or a shape made of those needs no further care.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinygrad_lab.typing import Array, ArrayLike, Axes, Index, Result


def one_axis(axis: Any, ndim: int) -> int:
    """Return one axis, counted from 0.

    Raises:
        AxisError: NumPy's, if it is not one of `ndim` axes; TypeError if it is no integer.
    """
    return normalize_axis_index(axis, ndim)


def many_axes(axis: Any, ndim: int, *, repeated: bool = False) -> tuple[int, ...]:
    """Return one axis or several, counted from 0 and in the given order; None stands for all.

    Raises:
        AxisError: NumPy's, if one is not one of `ndim` axes; TypeError if one is no integer; ValueError if one comes
            twice, unless it may be `repeated`.
    """
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim, allow_duplicate=repeated)


def reduced_axes(axis: Axes, ndim: int) -> tuple[int, ...]:
    """Return the axes that a reduction sums over; NumPy lets a number have an axis 0 there, and in cumulative sums."""
    if ndim == 0 and axis in (0, -1):
        return ()
    return many_axes(axis, ndim)


def other_axes(axes: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Return the axes that are not among `axes`."""
    return tuple(i for i in range(ndim) if i not in axes)


def flattened(x: Array, axis: Axes) -> tuple[Any, int]:
    """Return `x` and its axis; where the axis is None, all elements of `x` along one."""
    return (np.ravel(x), 0) if axis is None else (x, one_axis(axis, np.ndim(x)))


def along(axis: int, index: Index) -> tuple[Any, ...]:
    """Return an index that picks `index` along an axis, counted from 0, and everything along the others."""
    return (slice(None),) * axis + (index,)


def cut(x: Array, axis: int, start: int | None, stop: int | None) -> Result:
    """Return `x[start:stop]` along an axis, counted from 0."""
    return x[along(axis, slice(start, stop))]


def resized(shape: tuple[int, ...], axes: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Return `shape` with another size along `axes`."""
    return tuple(size if i in axes else n for i, n in enumerate(shape))


def filling(x: ArrayLike, shape: tuple[int, ...]) -> Result:
    """Return `x` broadcast to a shape, as NumPy does where it assigns: it may have further leading axes of length 1."""
    further = np.ndim(x) - len(shape)
    if further > 0 and np.shape(x)[:further] == (1,) * further:
        x = np.reshape(x, np.shape(x)[further:])
    return np.broadcast_to(x, shape)


def interleaved(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Return the first of each, the second of each, …: the shape in which each axis of `b` stands behind one of `a`."""
    return tuple(itertools.chain.from_iterable(zip(a, b, strict=True)))


def standing_along(axis: int, ndim: int) -> tuple[int, ...]:
    """Return the shape that a vector takes to stand along an axis of an array of `ndim` axes."""
    return tuple(-1 if i == axis else 1 for i in range(ndim))


def as_last(x: Array, axes: tuple[int, ...]) -> Result:
    """Return `x` with `axes` made one, the last."""
    shape, kept = np.shape(x), other_axes(axes, np.ndim(x))
    x = x if kept + axes == tuple(range(len(shape))) else np.transpose(x, kept + axes)
    return np.reshape(x, (*(shape[i] for i in kept), math.prod(shape[i] for i in axes)))
