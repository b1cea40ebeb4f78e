"""Pooling and resampling as modules; the functions are in `functional`."""

from __future__ import annotations

from tinygrad_lab import functional
from tinygrad_lab.functional.windows import Size
from tinygrad_lab.nn.function import Function


class _MaxPool(Function):
    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
        ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.dilation, self.ceil_mode = dilation, ceil_mode


class MaxPool1D(_MaxPool):
    """The largest element of each window of the last axis.

    Arguments:
        kernel_size: the number of elements in a window.
        stride: the step between two windows; the kernel size without it.
        padding: how many places at both ends count as −∞; at most half of the kernel.
        dilation: the distance between two elements of a window.
        ceil_mode: whether a last window may reach beyond the end.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.MaxPool1D(2)(np.array([[[1.0, 3.0, 2.0, 0.0]]]))
        array([[[3., 2.]]])
    """

    function = staticmethod(functional.max_pool1d)


class MaxPool2D(_MaxPool):
    """The largest element of each window of the last two axes.

    Arguments are those of `MaxPool1D`, each one number or one for each axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.MaxPool2D(2)(np.zeros((10, 3, 28, 28))).shape
        (10, 3, 14, 14)
    """

    function = staticmethod(functional.max_pool2d)


class _AvgPool(Function):
    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad


class AvgPool1D(_AvgPool):
    """The mean of each window of the last axis.

    Arguments:
        kernel_size: the number of elements in a window.
        stride: the step between two windows; the kernel size without it.
        padding: how many zeros are added at both ends; at most half of the kernel.
        ceil_mode: whether a last window may reach beyond the end.
        count_include_pad: whether the zeros count in the mean.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AvgPool1D(2)(np.array([[[1.0, 3.0, 2.0, 0.0]]]))
        array([[[2., 1.]]])
    """

    function = staticmethod(functional.avg_pool1d)


class AvgPool2D(_AvgPool):
    """The mean of each window of the last two axes.

    Arguments are those of `AvgPool1D`, each one number or one for each axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AvgPool2D(2)(np.zeros((10, 3, 28, 28))).shape
        (10, 3, 14, 14)
    """

    function = staticmethod(functional.avg_pool2d)


class _Adaptive(Function):
    def __init__(self, output_size: Size) -> None:
        self.output_size = output_size


class AdaptiveAvgPool1D(_Adaptive):
    """The means of `output_size` pieces of the last axis, as equal as they can be.

    Arguments:
        output_size: the number of pieces.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AdaptiveAvgPool1D(1)(np.array([[[1.0, 3.0, 2.0, 0.0]]]))
        array([[[1.5]]])
    """

    function = staticmethod(functional.adaptive_avg_pool1d)


class AdaptiveAvgPool2D(_Adaptive):
    """The means of `output_size` pieces along each of the last two axes.

    Arguments:
        output_size: the number of pieces, one number or one for each axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AdaptiveAvgPool2D((2, 1))(np.zeros((10, 3, 7, 7))).shape
        (10, 3, 2, 1)
    """

    function = staticmethod(functional.adaptive_avg_pool2d)


class AdaptiveMaxPool1D(_Adaptive):
    """The maxima of `output_size` pieces of the last axis, as equal as they can be.

    Arguments:
        output_size: the number of pieces.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AdaptiveMaxPool1D(1)(np.array([[[1.0, 3.0, 2.0, 0.0]]]))
        array([[[3.]]])
    """

    function = staticmethod(functional.adaptive_max_pool1d)


class AdaptiveMaxPool2D(_Adaptive):
    """The maxima of `output_size` pieces along each of the last two axes.

    Arguments:
        output_size: the number of pieces, one number or one for each axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.AdaptiveMaxPool2D(2)(np.zeros((10, 3, 7, 7))).shape
        (10, 3, 2, 2)
    """

    function = staticmethod(functional.adaptive_max_pool2d)


class Upsample(Function):
    """The spatial axes of (batch, channels, *spatial) brought to another size.

    Arguments:
        size: the new sizes, one number or one for each spatial axis.
        scale_factor: in its place, how many times as large they become.
        mode: "nearest"; "linear" (of one spatial axis), "bilinear" (of two) or "trilinear" (of three).
        align_corners: whether the first and last elements stay at the ends.

    Raises:
        OperationError: on a call, unless exactly one of `size` and `scale_factor` is given and the mode fits.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Upsample(scale_factor=2)(np.zeros((10, 3, 7, 7))).shape
        (10, 3, 14, 14)
    """

    function = staticmethod(functional.interpolate)

    def __init__(
        self, size: Size | None = None, scale_factor: float | tuple[float, ...] | None = None, mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:  # fmt: skip
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners
