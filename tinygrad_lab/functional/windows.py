"""Windows that slide over the last axes of an array in strides, and overlap-add: each is the other's adjoint."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.typing import Array, Result

Sizes = tuple[int, ...]
Size = int | Sizes  # one number, or one for each axis


def positions(shape: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Sizes:
    """Return how many windows fit along each of the axes of `shape`.

    Example:
        >>> positions((8, 8), kernel=(3, 3), stride=(1, 2), dilation=(1, 1))
        (6, 3)
    """
    sizes = zip(shape, kernel, stride, dilation, strict=True)
    return tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in sizes)


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
    total: Any = np.zeros_like(w, shape=(*lead, *shape))
    for taps in np.ndindex(kernel):
        sizes = zip(taps, counts, stride, dilation, strict=True)
        block = tuple(slice(t * d, t * d + (p - 1) * s + 1, s) for t, p, s, d in sizes)
        total[(..., *block)] += w[(..., *taps)]
    return total


# fmt: off
defvjp(windows,      lambda g, y, x, kernel, stride, dilation: overlap_add(g, x.shape[-len(kernel):], stride, dilation))
defvjp(overlap_add,  lambda g, y, w, shape, stride, dilation: windows(g, w.shape[-len(shape):], stride, dilation))
# fmt: on


def columns(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> tuple[Any, Sizes]:
    """Return the windows of (batch, channels, *spatial) side by side, (channels · taps, batch · positions).

    Also returns how many positions there are along each spatial axis. Channels come first in memory, so that every
    later step walks through it in order.
    """
    x = np.swapaxes(x, 0, 1)
    n = len(kernel)
    view = windows(x, kernel, stride, dilation)
    found = view.shape[2 : 2 + n]
    order = (0, *range(2 + n, 2 + 2 * n), 1, *range(2, 2 + n))
    size = (x.shape[0] * math.prod(kernel), x.shape[1] * math.prod(found))
    return np.reshape(np.transpose(view, order), size), found
