"""Convolution and pooling over three axes, for volumes and films; over one and two they stand in their own files."""

from __future__ import annotations

from tinygrad_lab.functional.convolution import convolve, convolve_transposed
from tinygrad_lab.functional.pooling import pool_max, pool_mean
from tinygrad_lab.functional.resampling import along_last_axes, piece_maxima, piece_means
from tinygrad_lab.functional.windows import Size
from tinygrad_lab.typing import Array, Result


def conv3d(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Result:
    """Return the cross-correlation along the last three axes; the formula is that of `conv2d`, with one index more.

    Arguments:
        x: array of shape (batch, in_channels, depth, height, width).
        w: weight of shape (out_channels, in_channels / groups, *kernel_size).
        b: bias of shape (out_channels,), or None.
        stride: as in `conv2d`, one number or one for each axis; likewise those below.
        padding: as in `conv2d`.
        dilation: as in `conv2d`.
        groups: as in `conv2d`, one number.

    Raises:
        OperationError: if the shapes do not fit, or an option is below 1 (the padding: below 0).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.conv3d(np.ones((1, 1, 2, 2, 3)), np.ones((1, 1, 2, 2, 2)))
        array([[[[[8., 8.]]]]])

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    return convolve("conv3d", 3, x, w, b, stride, padding, dilation, groups)


def conv_transpose3d(
    x: Array, w: Array, b: Array | None = None, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
    groups: int = 1, dilation: Size = 1,
) -> Result:  # fmt: skip
    """Return the transposed convolution along the last three axes: the adjoint of `conv3d` as a map of its input.

    Arguments:
        x: array of shape (batch, in_channels, depth, height, width).
        w: weight of shape (in_channels, out_channels / groups, *kernel_size).
        b: bias of shape (out_channels,), or None.
        stride: as in `conv_transpose2d`, one number or one for each axis; likewise those below.
        padding: as in `conv_transpose2d`.
        output_padding: as in `conv_transpose2d`.
        groups: as in `conv_transpose2d`, one number.
        dilation: as in `conv_transpose2d`.

    Raises:
        OperationError: if the shapes do not fit, or an option is below 1 (the paddings: below 0).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.conv_transpose3d(np.ones((1, 1, 1, 1, 2)), np.ones((1, 1, 1, 1, 2)))
        array([[[[[1., 2., 1.]]]]])

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    return convolve_transposed("conv_transpose3d", 3, x, w, b, stride, padding, output_padding, groups, dilation)


def max_pool3d(
    x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> Result:  # fmt: skip
    """Return the largest element of each window of the last three axes; equal ones share its gradient.

    Arguments are those of `max_pool1d`, each one number or one for each axis.

    Raises:
        OperationError: if the shape or an option does not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.max_pool3d(np.arange(8.0).reshape(1, 1, 2, 2, 2), 2)
        array([[[[[7.]]]]])
    """
    return pool_max("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode)


def avg_pool3d(
    x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Result:  # fmt: skip
    """Return the mean of each window of the last three axes.

    Arguments are those of `avg_pool1d`, each one number or one for each axis.

    Raises:
        OperationError: if the shape or an option does not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.avg_pool3d(np.arange(8.0).reshape(1, 1, 2, 2, 2), 2)
        array([[[[[3.5]]]]])
    """
    return pool_mean("avg_pool3d", 3, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def adaptive_avg_pool3d(x: Array, output_size: Size) -> Result:
    """Return the means of `output_size` pieces along each of the last three axes, as in `adaptive_avg_pool1d`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.adaptive_avg_pool3d(np.arange(8.0).reshape(1, 1, 2, 2, 2), 1)
        array([[[[[3.5]]]]])
    """
    return along_last_axes("adaptive_avg_pool3d", 3, x, output_size, piece_means)


def adaptive_max_pool3d(x: Array, output_size: Size) -> Result:
    """Return the maxima of `output_size` pieces along each of the last three axes, as in `adaptive_max_pool1d`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.adaptive_max_pool3d(np.arange(8.0).reshape(1, 1, 2, 2, 2), 1)
        array([[[[[7.]]]]])
    """
    return along_last_axes("adaptive_max_pool3d", 3, x, output_size, piece_maxima)
