"""Padding and sliding windows, with their adjoints: cutting out and overlap-add."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.rules.axes import many_axes
from tinygrad_lab.typing import Array, ArrayLike, Axes, Result


@primitive(lambda g, y, x, width, constant_values=0: g[_inner(width, y.shape)])
def constant_pad(x: Array, width: Any, constant_values: ArrayLike = 0) -> Array:
    """Return `x` with a constant around it; `width` holds a pair (before, after) for each axis."""
    return np.pad(x, width, constant_values=constant_values)


def _inner(width: Any, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(before, n - after) for (before, after), n in zip(width, shape, strict=True))


@primitive(lambda g, y, windows, shape, window_shape, axis=None: sliding_window_view(g, window_shape, axis))
def overlap_add(windows: Array, shape: tuple[int, ...], window_shape: Any, axis: Axes = None) -> Result:
    """Return the array of `shape` to which each window has added its elements at the places they were taken from.

    The adjoint of `sliding_window_view`. Each tap of the windows is one addition of a shifted block.
    """
    sizes = tuple(np.atleast_1d(window_shape).tolist())
    axes = many_axes(axis, len(shape), repeated=True)
    total = np.zeros_like(windows, shape=shape)
    for taps in np.ndindex(sizes):
        start = [0] * len(shape)
        for i, tap in zip(axes, taps, strict=True):
            start[i] += tap
        block = tuple(slice(first, first + n) for first, n in zip(start, windows.shape, strict=False))
        total[block] += windows[(..., *taps)]
    return total


defvjp(
    sliding_window_view,
    lambda g, y, x, window_shape, axis=None, subok=False, writeable=False: overlap_add(g, x.shape, window_shape, axis),
)
