"""How arrays may lie in memory: rules must give the same gradient for each."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.lib.stride_tricks import as_strided

from tinygrad_lab.testing.differences import Array


def plain(x: Array) -> Array:
    """Return an array as it is."""
    return x


def fortran(x: Array) -> Array:
    """Return a copy whose first axis is the fastest."""
    return np.array(x, order="F")


def second_fastest(x: Array) -> Array:
    """Return a copy whose second axis is the fastest, as the channels of pictures often are."""
    return fortran(x) if x.ndim < 3 else np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)


def reversed_axes(x: Array) -> Array:
    """Return a copy with a negative stride along every axis."""
    return np.asarray(np.flip(np.flip(x).copy()))


def strided(x: Array) -> Array:
    """Return a copy of which every other element in memory belongs to something else, its axes in the same order."""
    order: Literal["F", "C"] = "F" if x.flags.f_contiguous and not x.flags.c_contiguous else "C"
    wide = np.full([2 * n for n in x.shape], 7, x.dtype, order)
    for axis in range(x.ndim):
        wide = np.moveaxis(np.moveaxis(wide, axis, 0)[::2], 0, axis)
    wide[...] = x
    return wide


def repeated(x: Array) -> Array:
    """Return an array of the same shape whose first slice is repeated along the first axis, with stride 0."""
    if x.ndim == 0 or x.shape[0] == 0:
        return x
    return as_strided(x[:1].copy(), x.shape, (0, *x[:1].copy().strides[1:]), writeable=False)


def read_only(x: Array) -> Array:
    """Return a copy that must not be written to."""
    x = x.copy()
    x.flags.writeable = False
    return x


def laid_out_like(like: Array, values: Array) -> Array:
    """Return values in the dtype of another array of their shape, and with its strides, unless elements share memory.

    Example:
        >>> laid_out_like(np.arange(6)[::-2], np.array([1.0, 2.0, 3.0])).strides
        (-16,)
    """
    if like.flags.c_contiguous or 0 in like.strides:
        return np.array(values, like.dtype)
    low, high = byte_bounds(like)
    start = like.__array_interface__["data"][0] - low
    made: Array = np.ndarray(like.shape, like.dtype, np.empty(high - low, np.uint8).data, start, like.strides)
    made[...] = values
    return made


def described(array: Array) -> str:
    """Name an array's dtype and shape, and how it lies in memory where that is not in C order.

    Example:
        >>> described(np.ones((2, 3))), described(np.asfortranarray(np.ones((2, 3), np.float32)))
        ('float64 (2, 3)', 'float32 (2, 3) in Fortran order')
        >>> described(np.arange(8.0)[::-2]), described(np.broadcast_to(1.0, (2, 2)))
        ('float64 (4,) reversed, with gaps', 'float64 (2, 2) repeated with stride 0, read-only')
    """
    steps = [step for step, length in zip(array.strides, array.shape, strict=True) if length > 1 and array.size]
    words = []
    if 0 in steps:
        words.append("repeated with stride 0")
    elif steps and not array.flags.c_contiguous:
        order = [abs(step) for step in steps]
        words += ["in Fortran order"] if len(order) > 1 and order == sorted(order) else []
        words += ["with other axes first in memory"] if order not in (sorted(order), sorted(order)[::-1]) else []
        words += ["reversed"] if min(steps) < 0 else []
        low, high = byte_bounds(array)
        words += ["with gaps"] if high - low > array.nbytes else []
    words += [] if array.flags.writeable else ["read-only"]
    return f"{array.dtype.name} {array.shape} {', '.join(words)}".strip()
