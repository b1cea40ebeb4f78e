"""`pad` and `unfold`, with PyTorch's arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.windows import Size, windows
from tinygrad_lab.refusals.nearest import none_of
from tinygrad_lab.typing import Array, Result

BORDERS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # PyTorch's names: NumPy's
_MODES = {"constant": "constant", **BORDERS}


def pad(x: Array, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Result:
    """Return an array with something put before and behind its last axes; `np.pad` counts axes from the first one.

    Arguments:
        x: array of any shape.
        pad: how many elements before and behind the last axis, then the last but one, and so on, as in PyTorch.
            Negative numbers take away.
        mode: `constant`, `reflect` (about the edge), `replicate` (the edge) or `circular` (from the other end).
        value: what `constant` puts there.

    Raises:
        OperationError: for an odd number of widths, more than there are axes, or another mode.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.pad(np.array([[1.0, 2.0, 3.0]]), (1, 2))
        array([[0., 1., 2., 3., 0., 0.]])
        >>> tl.functional.pad(np.array([1.0, 2.0, 3.0]), (2, -1), mode="reflect")
        array([3., 2., 1., 2.])
    """
    if mode not in _MODES:
        raise OperationError(f"pad: mode {none_of(_MODES, mode, 'np.pad has more modes')}")
    ndim, widths = np.ndim(x), [int(width) for width in pad]
    if len(widths) % 2 or len(widths) > 2 * ndim:
        raise OperationError(
            f"pad: widths must be two numbers for each of at most {ndim} axes, the last axis first, got "
            f"{tuple(widths)}; give the widths before and after for each axis"
        )
    pairs = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)]
    before_and_behind = [(0, 0)] * (ndim - len(pairs)) + pairs[::-1]
    options = {"constant_values": value} if mode == "constant" else {}
    padded: Any = np.pad(
        x,
        [(max(a, 0), max(b, 0)) for a, b in before_and_behind],
        mode=_MODES[mode],
        **options,  # type: ignore[call-overload]
    )
    if min(widths, default=0) >= 0:
        return padded
    kept = (
        slice(max(-a, 0), n + max(a, 0) + max(b, 0) - max(-b, 0))
        for n, (a, b) in zip(np.shape(x), before_and_behind, strict=True)
    )
    return padded[tuple(kept)]


def unfold(x: Array, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Result:
    """Return the windows of images as columns, (batch, channels, height, width) → (batch, channels · taps, positions).

    Arguments:
        x: (batch, channels, height, width).
        kernel_size: the windows' size, one number or (height, width), as are all others.
        dilation: the distance of a window's elements.
        padding: how many zeros to put on each side first.
        stride: the distance of the windows.

    Raises:
        OperationError: if `x` has not four axes, or no window fits.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.unfold(np.arange(9.0).reshape(1, 1, 3, 3), 2)
        array([[[0., 1., 3., 4.],
                [1., 2., 4., 5.],
                [3., 4., 6., 7.],
                [4., 5., 7., 8.]]])
    """
    if np.ndim(x) != 4:
        raise OperationError(
            f"unfold: x must be (batch, channels, height, width), got shape {np.shape(x)}; reshape it, or use "
            f"np.lib.stride_tricks.sliding_window_view"
        )
    kernel, gaps, edges, steps = (_two(size) for size in (kernel_size, dilation, padding, stride))
    if any(edges):
        x = np.pad(x, [(0, 0), (0, 0), (edges[0],) * 2, (edges[1],) * 2])
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, gaps, strict=True)]
    if any(span > n for span, n in zip(spans, x.shape[2:], strict=True)):
        raise OperationError(f"unfold: windows of {tuple(spans)} do not fit into {x.shape[2:]}; use a smaller kernel")
    found = windows(x, kernel, steps, gaps)  # (batch, channels, *positions, *kernel)
    batch, channels, rows, columns = found.shape[:4]
    taps = math.prod(kernel)
    return np.reshape(np.transpose(found, (0, 1, 4, 5, 2, 3)), (batch, channels * taps, rows * columns))


def _two(size: Size) -> tuple[int, int]:
    return (size[0], size[1]) if isinstance(size, tuple) else (size, size)
