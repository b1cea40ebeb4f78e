"""Convolutions and transposed convolutions over any number of axes: windows, and one matrix product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.windows import Size, Sizes, columns, each, overlap_add
from tinygrad_lab.typing import Array, Result

AXES = {1: "length", 2: "height, width", 3: "depth, height, width"}


def conv1d(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Result:
    """Return the cross-correlation along the last axis.

    `y[n,o,t] = b[o] + Σ_{c,k} w[o,c,k] · x[n,c,t·stride + k·dilation]`, on `x` with its padding; c runs over the
    channels of o's group.

    Arguments:
        x: array of shape (batch, in_channels, length).
        w: weight of shape (out_channels, in_channels / groups, kernel_size).
        b: bias of shape (out_channels,), or None.
        stride: the step between two positions of the kernel.
        padding: zeros added at both ends; "same" for as many positions as the input has, "valid" for none.
        dilation: the distance between two taps of the kernel.
        groups: input and output channels are split into as many groups, each connected to its own only.

    Returns:
        An array of shape (batch, out_channels, positions), where positions is
        `(length + 2 · padding − dilation · (kernel_size − 1) − 1) // stride + 1`.

    Raises:
        OperationError: if the shapes do not fit, or an option is below 1 (the padding: below 0).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> signal, difference = np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[-1.0, 1.0]]])
        >>> tl.functional.conv1d(signal, difference)
        array([[[1., 2., 4.]]])

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    return convolve("conv1d", 1, x, w, b, stride, padding, dilation, groups)


def conv2d(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Result:
    """Return the cross-correlation along the last two axes.

    `y[n,o,i,j] = b[o] + Σ_{c,k,l} w[o,c,k,l] · x[n,c,i·s₁ + k·d₁,j·s₂ + l·d₂]`, on `x` with its padding, with s the
    stride and d the dilation; c runs over the channels of o's group.

    Arguments:
        x: array of shape (batch, in_channels, height, width).
        w: weight of shape (out_channels, in_channels / groups, kernel height, kernel width).
        b: bias of shape (out_channels,), or None.
        stride: the step between two positions of the kernel, one number or one for each axis; likewise those below.
        padding: zeros added on both sides; "same" for as many positions as the input has, "valid" for none.
        dilation: the distance between two taps of the kernel.
        groups: input and output channels are split into as many groups, each connected to its own only.

    Returns:
        An array of shape (batch, out_channels, rows, columns), with as many positions along each axis as in `conv1d`.

    Raises:
        OperationError: if the shapes do not fit, or an option is below 1 (the padding: below 0).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> image, box = np.arange(9.0).reshape(1, 1, 3, 3), np.full((1, 1, 2, 2), 0.25)
        >>> tl.functional.conv2d(image, box)
        array([[[[2., 3.],
                 [5., 6.]]]])

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    return convolve("conv2d", 2, x, w, b, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Array, w: Array, b: Array | None = None, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
    groups: int = 1, dilation: Size = 1,
) -> Result:  # fmt: skip
    """Return the transposed convolution along the last axis: the adjoint of `conv1d` as a map of its input.

    `y[n,o,t] = b[o] + Σ w[c,o,k] · x[n,c,p]` over all c, k, p with `p · stride + k · dilation = t + padding`.

    Arguments:
        x: array of shape (batch, in_channels, length).
        w: weight of shape (in_channels, out_channels / groups, kernel_size).
        b: bias of shape (out_channels,), or None.
        stride: the step between what two neighbouring inputs add to the output.
        padding: how much is cut off the result at both ends.
        output_padding: how much longer the result is at its end.
        groups: input and output channels are split into as many groups, each connected to its own only.
        dilation: the distance between two taps of the kernel.

    Returns:
        An array of shape (batch, out_channels, positions), where positions is
        `(length − 1) · stride − 2 · padding + dilation · (kernel_size − 1) + output_padding + 1`.

    Raises:
        OperationError: if the shapes do not fit, or an option is below 1 (the paddings: below 0).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.conv_transpose1d(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]]), stride=2)
        array([[[ 1., 10.,  2., 20.]]])

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    return convolve_transposed("conv_transpose1d", 1, x, w, b, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    x: Array, w: Array, b: Array | None = None, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
    groups: int = 1, dilation: Size = 1,
) -> Result:  # fmt: skip
    """Return the transposed convolution along the last two axes: the adjoint of `conv2d` as a map of its input.

    Along each axis as in `conv_transpose1d`.

    Arguments:
        x: array of shape (batch, in_channels, height, width).
        w: weight of shape (in_channels, out_channels / groups, kernel height, kernel width).
        b: bias of shape (out_channels,), or None.
        stride: one number or one for each axis, likewise those below: the step between two neighbouring inputs.
        padding: how much is cut off the result on both sides.
        output_padding: how much longer the result is at its end.
        groups: input and output channels are split into as many groups, each connected to its own only.
        dilation: the distance between two taps of the kernel.

    Raises:
        OperationError: if the shapes do not fit, or an option is below 1 (the paddings: below 0).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.conv_transpose2d(np.ones((1, 1, 1, 2)), np.ones((1, 1, 2, 2)))
        array([[[[1., 2., 1.],
                 [1., 2., 1.]]]])

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    return convolve_transposed("conv_transpose2d", 2, x, w, b, stride, padding, output_padding, groups, dilation)


def convolve(
    name: str, n: int, x: Array, w: Array, b: Array | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Result:  # fmt: skip
    """Return the convolution over the last `n` axes, of the function called `name`."""
    stride, dilation = each(name, "stride", stride, n, 1), each(name, "dilation", dilation, n, 1)
    each(name, "groups", groups, 1, 1)
    _check_weight(name, n, np.shape(w), "(out_channels, in_channels / groups, {})")
    kernel = w.shape[2:]
    pads = _pads(name, padding, kernel, stride, dilation)
    _check_input(name, n, np.shape(x), w.shape[1] * groups)
    _check_groups(name, w.shape[0], "output", groups)
    _check_bias(name, b, w.shape[0])
    for length, pair, k, d in zip(x.shape[2:], pads, kernel, dilation, strict=True):
        if length + sum(pair) < d * (k - 1) + 1:
            raise OperationError(
                f"{name}: the kernel spans {d * (k - 1) + 1} elements, but the padded input has only "
                f"{length + sum(pair)}; add padding, or use a smaller kernel or dilation"
            )
    side_by_side, positions = columns(x, pads, kernel, stride, dilation)
    filters, taps = w.shape[0], w.shape[1] * math.prod(kernel)
    weights = np.reshape(w, (groups, filters // groups, taps))
    offsets = b if b is None else np.reshape(b, (groups, filters // groups, 1))
    y = _filter(weights, np.reshape(side_by_side, (groups, taps, side_by_side.shape[1])), offsets)
    return np.moveaxis(np.reshape(y, (filters, *positions, x.shape[0])), -1, 0)


@primitive(
    lambda g, y, w, columns, b=None: g @ np.swapaxes(columns, -1, -2),
    lambda g, y, w, columns, b=None: np.swapaxes(w, -1, -2) @ g,
    lambda g, y, w, columns, b: np.sum(g, axis=-1, keepdims=True),
)
def _filter(w: Array, columns: Array, b: Array | None = None) -> Result:
    """Return `w columns + b`, an affine map of the columns; as one operation it needs one array fewer."""
    y = w @ columns
    if b is None:
        return y
    if y.dtype is b.dtype:  # into an array of our own
        y += b
        return y
    return y + b


def convolve_transposed(
    name: str, n: int, x: Array, w: Array, b: Array | None, stride: Any, padding: Any, output_padding: Any, groups: int,
    dilation: Any,
) -> Result:  # fmt: skip
    """Return the transposed convolution over the last `n` axes, of the function called `name`."""
    stride, dilation = each(name, "stride", stride, n, 1), each(name, "dilation", dilation, n, 1)
    padding, output_padding = each(name, "padding", padding, n, 0), each(name, "output_padding", output_padding, n, 0)
    each(name, "groups", groups, 1, 1)
    _check_weight(name, n, np.shape(w), "(in_channels, out_channels / groups, {})")
    _check_input(name, n, np.shape(x), w.shape[0])
    _check_groups(name, w.shape[0], "input", groups)
    channels, filters, kernel = w.shape[0], w.shape[1] * groups, w.shape[2:]
    _check_bias(name, b, filters)
    batch, lengths = x.shape[0], x.shape[2:]
    weights = np.reshape(w, (groups, channels // groups, w.shape[1] * math.prod(kernel)))
    batch_last: Any = np.moveaxis(x, 0, -1)  # type: ignore[type-var]
    inputs = np.reshape(batch_last, (groups, channels // groups, math.prod(lengths) * batch))
    taps = np.reshape(np.swapaxes(weights, -1, -2) @ inputs, (filters, *kernel, *lengths, batch))
    taps = np.transpose(taps, (0, 2 * n + 1, *range(n + 1, 2 * n + 1), *range(1, n + 1)))
    sizes = zip(lengths, kernel, stride, dilation, output_padding, strict=True)
    full = tuple((m - 1) * s + d * (k - 1) + 1 + more for m, k, s, d, more in sizes)
    y = overlap_add(taps, full, stride, dilation)
    if any(padding):
        y = y[(..., *(slice(p, size - p) for p, size in zip(padding, full, strict=True)))]
    y = np.swapaxes(y, 0, 1)
    return y if b is None else y + np.reshape(b, (filters, *(1,) * n))


def _pads(name: str, padding: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> tuple[tuple[int, int], ...]:
    """Return how many zeros go before and after, for each axis."""
    if padding == "same":
        if max(stride) > 1:
            raise OperationError(f'{name}: padding="same" needs stride 1, got {stride}; give the padding as a number')
        spans = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((span // 2, span - span // 2) for span in spans)
    if isinstance(padding, str) and padding != "valid":
        raise OperationError(f'{name}: padding must be numbers, "same" or "valid", got {padding!r}; 0 is usual')
    return tuple((p, p) for p in each(name, "padding", 0 if padding == "valid" else padding, len(kernel), 0))


def _check_weight(name: str, n: int, w: Sizes, expected: str) -> None:
    if len(w) != n + 2:
        kernel = "kernel_size" if n == 1 else "*kernel_size"
        raise OperationError(
            f"{name}: weight must be {expected.format(kernel)}, got {w}; reshape it to {_count(n + 2)} dimensions"
        )


def _check_input(name: str, n: int, x: Sizes, channels: int) -> None:
    if len(x) != n + 2 or x[1] != channels:
        raise OperationError(
            f"{name}: input must be (batch, {channels}, {AXES[n]}), got {x}; "
            f"the second axis holds the {channels} channels"
        )


def _check_groups(name: str, channels: int, which: str, groups: int) -> None:
    if channels % groups:
        raise OperationError(
            f"{name}: {channels} {which} channels cannot be split into {groups} groups; change either number"
        )


def _check_bias(name: str, b: Array | None, filters: int) -> None:
    if b is not None and b.shape != (filters,):
        raise OperationError(
            f"{name}: bias must be ({filters},), got {b.shape}; it holds one number for each output channel"
        )


def _count(n: int) -> str:
    return {3: "three", 4: "four", 5: "five"}[n]
