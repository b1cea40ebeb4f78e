"""Windows that slide over the last axes of an array in strides, and overlap-add: each is the other's adjoint."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.typing import Array, Result

Sizes = tuple[int, ...]
Size = int | Sizes  # one number, or one for each axis


def each(name: str, option: str, size: Any, n: int, least: int) -> Sizes:
    """Return an option as one number for each of `n` axes.

    Raises:
        OperationError: if there are more or fewer numbers, or one is below `least`.

    Example:
        >>> each("conv2d", "stride", 2, n=2, least=1)
        (2, 2)
    """
    sizes = tuple(size) if isinstance(size, tuple | list) else (size,) * n
    if len(sizes) != n:
        raise OperationError(f"{name}: {option} must be one number, or {n} numbers, got {size}; give one for each axis")
    for number in sizes:
        if number < least:
            raise OperationError(f"{name}: {option} must be at least {least}, got {number}; leave it out for {least}")
    return sizes


def positions(shape: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Sizes:
    """Return how many windows fit along each of the axes of `shape`.

    Example:
        >>> positions((8, 8), kernel=(3, 3), stride=(1, 2), dilation=(1, 1))
        (6, 3)
    """
    sizes = zip(shape, kernel, stride, dilation, strict=True)
    return tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in sizes)


def blocks(counts: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Iterator[tuple[slice, ...]]:
    """Yield, for each tap of the kernel, the places that it sees from all `counts` positions.

    Example:
        >>> list(blocks(counts=(4,), kernel=(2,), stride=(3,), dilation=(1,)))
        [(slice(0, 10, 3),), (slice(1, 11, 3),)]
    """
    for taps in np.ndindex(kernel):
        sizes = zip(taps, counts, stride, dilation, strict=True)
        yield tuple(slice(t * d, t * d + (p - 1) * s + 1, s) for t, p, s, d in sizes)


@primitive()
def windows(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Result:
    """Return the windows of the last `len(kernel)` axes, (..., *spatial) → (..., *positions, *kernel), as a view.

    `y[..., p, k] = x[..., p · stride + k · dilation]`.

    Example:
        >>> import numpy as np
        >>> windows(np.arange(5.0), kernel=(2,), stride=(2,), dilation=(1,))
        array([[0., 1.],
               [2., 3.]])
    """
    n = len(kernel)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    view: Any = sliding_window_view(x, spans, axis=tuple(range(-n, 0)))
    if max(*stride, *dilation) == 1:
        return view
    return view[(..., *(slice(None, None, step) for step in (*stride, *dilation)))]


@primitive()
def overlap_add(w: Array, shape: Sizes, stride: Sizes, dilation: Sizes) -> Result:
    """Return the sum of windows laid out over axes of `shape`, (..., *positions, *kernel) → (..., *shape).

    `y[..., i] = Σ w[..., p, k]` over all p and k with `p · stride + k · dilation = i`. One addition of a strided
    block for each tap of the kernel.

    Example:
        >>> import numpy as np
        >>> overlap_add(np.ones((3, 2)), shape=(4,), stride=(1,), dilation=(1,))
        array([1., 2., 2., 1.])
    """
    n = len(shape)
    lead, counts, kernel = w.shape[: -2 * n], w.shape[-2 * n : -n], w.shape[-n:]
    total: Any = np.zeros_like(w[(..., *(0,) * n)], shape=(*lead, *shape))  # in the same order in memory
    for taps, block in zip(np.ndindex(kernel), blocks(counts, kernel, stride, dilation), strict=True):
        total[(..., *block)] += w[(..., *taps)]
    return total


def _overlap_rule(g: Array, y: Array, w: Array, shape: Sizes, stride: Sizes, dilation: Sizes) -> Result:
    """More windows may fit into the result than were laid out over it: `output_padding` makes it longer."""
    n = len(shape)
    found = windows(g, w.shape[-n:], stride, dilation)
    counts = w.shape[-2 * n : -n]
    if found.shape[-2 * n : -n] == counts:
        return found
    return found[(..., *map(slice, counts), *(slice(None),) * n)]


# fmt: off
defvjp(windows,      lambda g, y, x, kernel, stride, dilation: overlap_add(g, x.shape[-len(kernel):], stride, dilation))
defvjp(overlap_add,  _overlap_rule)
# fmt: on


def padded(x: Array, pads: tuple[tuple[int, int], ...], fill: float = 0) -> Result:
    """Return (batch, channels, *spatial) with `fill` around the spatial axes; in memory, the batch comes last.

    Example:
        >>> import numpy as np
        >>> padded(np.array([[[1.0, 2.0]]]), ((1, 0),))
        array([[[0., 1., 2.]]])
    """
    if not any(map(any, pads)):
        return x
    channels_first: Any = np.moveaxis(x, 0, -1)  # type: ignore[type-var]
    return np.moveaxis(np.pad(channels_first, ((0, 0), *pads, (0, 0)), constant_values=fill), -1, 0)


@primitive(lambda g, y, x: g)
def _batch_last(x: Array) -> Result:
    """Return x as it is; in memory, the batch comes last."""
    if type(x) is not np.ndarray:
        return x
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


def columns(
    x: Array, pads: tuple[tuple[int, int], ...], kernel: Sizes, stride: Sizes, dilation: Sizes
) -> tuple[Any, Sizes]:
    """Return the windows of a padded (batch, channels, *spatial) side by side, (channels · taps, positions · batch).

    Also returns how many positions there are along each spatial axis. Channels come first in memory and the batch last,
    here and in what is made of it: every later step then walks through memory in order, and in long runs.
    """
    n = len(kernel)
    x = padded(x, pads) if any(map(any, pads)) else _batch_last(x)
    view = windows(x, kernel, stride, dilation)
    found = view.shape[2 : 2 + n]
    order = (1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n), 0)
    size = (x.shape[1] * math.prod(kernel), math.prod(found) * x.shape[0])
    return np.reshape(np.transpose(view, order), size), found
