"""Pooling: the maximum or the mean of windows that slide over the last axes."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.convolution import AXES
from tinygrad_lab.functional.windows import Size, Sizes, blocks, each, overlap_add, padded, windows
from tinygrad_lab.typing import Array, Result


def _taps(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Iterator[Any]:
    """Yield, for each tap of the kernel, what it sees at all positions; walking those is quicker than small windows."""
    view = windows(x, kernel, stride, dilation)
    return (view[(..., *tap)] for tap in np.ndindex(kernel))


def _spread(pieces: Any, x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Result:
    """Return what the taps of the kernel, the first axis of `pieces`, give back to the elements they saw."""
    n = len(kernel)
    w = np.reshape(pieces, (*kernel, *pieces.shape[1:]))
    return overlap_add(np.moveaxis(w, tuple(range(n)), tuple(range(-n, 0))), x.shape[-n:], stride, dilation)


@primitive()
def window_max(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Result:
    """Return the largest element of each window: (..., *spatial) becomes (..., *positions)."""
    return functools.reduce(np.maximum, _taps(x, kernel, stride, dilation))


@primitive()
def window_sum(x: Array, kernel: Sizes, stride: Sizes) -> Result:
    """Return the sum of each window: (..., *spatial) becomes (..., *positions)."""
    return functools.reduce(np.add, _taps(x, kernel, stride, (1,) * len(kernel)))


def _handed_on(g: Array, y: Array, share: Array, chosen: Any, shape: Sizes, **where: Sizes) -> Result:
    """The adjoint: the sum of what the chosen elements of a window hold."""
    return functools.reduce(np.add, (tap * true for true, tap in zip(chosen, _taps(g, **where), strict=True)))


@primitive(_handed_on)
def hand_back(share: Array, chosen: Any, shape: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Result:
    """Return, over spatial axes of `shape`, the sum of what each window gives to those of its elements that are chosen.

    `chosen` holds booleans for each tap of the kernel, in the shape of `share`.
    """
    n = len(shape)
    total: Any = np.zeros_like(share, shape=(*share.shape[:-n], *shape))  # in the same order in memory
    for true, block in zip(chosen, blocks(share.shape[-n:], kernel, stride, dilation), strict=True):
        total[(..., *block)] += share * true  # np.where takes five times as long, as `true` is random
    return total


def _window_max_rule(g: Array, y: Array, x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Result:
    """The elements that equal their window's maximum share its gradient; all of them where there is a NaN."""
    chosen = tuple(~np.less(tap, y) for tap in _taps(x, kernel, stride, dilation))
    number = np.min_scalar_type(len(chosen))
    count = functools.reduce(np.add, (true.astype(number) for true in chosen))
    shape = x.shape[-len(kernel) :]
    return hand_back(
        g / count.astype(x.dtype), chosen=chosen, shape=shape, kernel=kernel, stride=stride, dilation=dilation
    )


def _window_sum_rule(g: Array, y: Array, x: Array, kernel: Sizes, stride: Sizes) -> Result:
    """The gradient of each sum, given to every element of its window."""
    pieces = np.broadcast_to(g, (math.prod(kernel), *g.shape))
    return _spread(pieces, x, kernel, stride, (1,) * len(kernel))


defvjp(window_max, _window_max_rule)
defvjp(window_sum, _window_sum_rule)


def max_pool1d(
    x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> Result:  # fmt: skip
    """Return the largest element of each window of the last axis; equal ones share its gradient.

    Arguments:
        x: array of shape (batch, channels, length).
        kernel_size: the number of elements in a window.
        stride: the step between two windows; the kernel size without it.
        padding: how many places at both ends count as −∞; at most half of the kernel.
        dilation: the distance between two elements of a window.
        ceil_mode: whether a last window may reach beyond the end.

    Returns:
        An array of shape (batch, channels, positions).

    Raises:
        OperationError: if the shape or an option does not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.max_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
        array([[[3., 2.]]])
    """
    return pool_max("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> Result:  # fmt: skip
    """Return the largest element of each window of the last two axes; equal ones share its gradient.

    Arguments are those of `max_pool1d`, each one number or one for each axis; `x` has the shape
    (batch, channels, height, width).

    Raises:
        OperationError: if the shape or an option does not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
        array([[[[ 5.,  7.],
                 [13., 15.]]]])
    """
    return pool_max("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode)


def avg_pool1d(
    x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Result:  # fmt: skip
    """Return the mean of each window of the last axis.

    Arguments:
        x: array of shape (batch, channels, length).
        kernel_size: the number of elements in a window.
        stride: the step between two windows; the kernel size without it.
        padding: how many zeros are added at both ends; at most half of the kernel.
        ceil_mode: whether a last window may reach beyond the end.
        count_include_pad: whether the zeros count in the mean.

    Returns:
        An array of shape (batch, channels, positions).

    Raises:
        OperationError: if the shape or an option does not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.avg_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
        array([[[2., 1.]]])
    """
    return pool_mean("avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Result:  # fmt: skip
    """Return the mean of each window of the last two axes.

    Arguments are those of `avg_pool1d`, each one number or one for each axis; `x` has the shape
    (batch, channels, height, width).

    Raises:
        OperationError: if the shape or an option does not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
        array([[[[ 2.5,  4.5],
                 [10.5, 12.5]]]])
    """
    return pool_mean("avg_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def pool_max(
    name: str, n: int, x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Result:
    """Return the maxima of windows of the last `n` axes, for the function called `name`."""
    kernel, stride, padding, dilation = _options(name, n, x, kernel_size, stride, padding, dilation)
    pads = _pads(name, x.shape[-n:], kernel, stride, padding, dilation, ceil_mode)
    return window_max(padded(x, pads, -np.inf), kernel=kernel, stride=stride, dilation=dilation)


def pool_mean(
    name: str, n: int, x: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool
) -> Result:
    """Return the means of windows of the last `n` axes, for the function called `name`."""
    kernel, stride, padding, dilation = _options(name, n, x, kernel_size, stride, padding, 1)
    pads = _pads(name, x.shape[-n:], kernel, stride, padding, dilation, ceil_mode)
    total = window_sum(padded(x, pads), kernel=kernel, stride=stride)
    counts = np.ones((), total.dtype)
    for size, k, s, p, count in zip(x.shape[-n:], kernel, stride, padding, total.shape[-n:], strict=True):
        # What lies beyond the padding does not count, wherever the last window may reach.
        first, stop = (0, size + 2 * p) if count_include_pad else (p, p + size)
        starts = s * np.arange(count)
        inside = np.minimum(starts + k, stop) - np.maximum(starts, first)
        counts = np.expand_dims(counts, -1) * inside.astype(total.dtype)
    return total / beside(counts, total)


def _options(name: str, n: int, x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Result:
    if np.ndim(x) != n + 2:
        raise OperationError(
            f"{name}: input must be (batch, channels, {AXES[n]}), got {np.shape(x)}; reshape it to {n + 2} axes"
        )
    kernel = each(name, "kernel_size", kernel_size, n, 1)
    stride = kernel if stride is None else each(name, "stride", stride, n, 1)
    padding, dilation = each(name, "padding", padding, n, 0), each(name, "dilation", dilation, n, 1)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise OperationError(
            f"{name}: padding {padding} is more than half of the kernel {kernel}, and a window would be empty; pad less"
        )
    return kernel, stride, padding, dilation


def _pads(
    name: str, shape: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[tuple[int, int], ...]:
    """Return how far the windows reach beyond each axis, before and after."""
    pads = []
    for n, k, s, p, d in zip(shape, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        if room < 0:
            raise OperationError(
                f"{name}: the kernel spans {d * (k - 1) + 1} elements, but the padded input has only {n + 2 * p}; "
                f"use a smaller kernel"
            )
        beyond = -room % s if ceil_mode else 0
        starts_inside = room + beyond < n + p  # a window that would see padding only is left out
        pads.append((p, p + beyond if starts_inside else p))
    return tuple(pads)
