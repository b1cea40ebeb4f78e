"""Convolution and pooling over three axes, for volumes and films; those over one and two have their own files."""

from __future__ import annotations

from tinygrad_lab import functional
from tinygrad_lab.nn import conv, pooling


class Conv3D(conv._Conv):
    """A convolution over the last three axes; see `functional.conv2d` for the formula, here with one index more.

    Arguments are those of `Conv1D`; kernel_size, stride, padding and dilation are one number, or one for each axis.

    Attributes:
        weight: Value of shape (out_channels, in_channels / groups, *kernel_size).
        bias: Value of shape (out_channels,), or None.

    Raises:
        ArgumentError: if the groups do not divide the channels, or a size is not positive.
        OperationError: on a call with anything but (batch, in_channels, depth, height, width), large enough.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Conv3D(1, 4, 3, padding=1)(np.zeros((2, 1, 5, 8, 8))).shape
        (2, 4, 5, 8, 8)
    """

    operation = "conv3d"
    _axes = 3
    _function = staticmethod(functional.conv3d)


class ConvTranspose3D(conv._ConvTranspose):
    """A transposed convolution over the last three axes, which makes volumes larger; see `ConvTranspose1D`.

    Arguments are those of `ConvTranspose1D`, those about the kernel one number, or one for each axis.

    Attributes:
        weight: Value of shape (in_channels, out_channels / groups, *kernel_size).
        bias: Value of shape (out_channels,), or None.

    Raises:
        ArgumentError: if the groups do not divide the channels, or a size is not positive.
        OperationError: on a call with anything but (batch, in_channels, depth, height, width).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.ConvTranspose3D(4, 1, 2, stride=2)(np.zeros((2, 4, 3, 3, 3))).shape
        (2, 1, 6, 6, 6)
    """

    operation = "conv_transpose3d"
    _axes = 3
    _function = staticmethod(functional.conv_transpose3d)


class MaxPool3D(pooling._MaxPool):
    """The largest element of each window of the last three axes.

    Arguments are those of `MaxPool1D`, each one number or one for each axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.MaxPool3D(2)(np.zeros((2, 3, 4, 6, 8))).shape
        (2, 3, 2, 3, 4)
    """

    function = staticmethod(functional.max_pool3d)


class AvgPool3D(pooling._AvgPool):
    """The mean of each window of the last three axes.

    Arguments are those of `AvgPool1D`, each one number or one for each axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AvgPool3D(2)(np.zeros((2, 3, 4, 6, 8))).shape
        (2, 3, 2, 3, 4)
    """

    function = staticmethod(functional.avg_pool3d)


class AdaptiveAvgPool3D(pooling._Adaptive):
    """The means of `output_size` pieces along each of the last three axes.

    Arguments:
        output_size: the number of pieces, one number or one for each axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AdaptiveAvgPool3D(1)(np.zeros((2, 3, 4, 6, 8))).shape
        (2, 3, 1, 1, 1)
    """

    function = staticmethod(functional.adaptive_avg_pool3d)


class AdaptiveMaxPool3D(pooling._Adaptive):
    """The maxima of `output_size` pieces along each of the last three axes.

    Arguments:
        output_size: the number of pieces, one number or one for each axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AdaptiveMaxPool3D(1)(np.zeros((2, 3, 4, 6, 8))).shape
        (2, 3, 1, 1, 1)
    """

    function = staticmethod(functional.adaptive_max_pool3d)
