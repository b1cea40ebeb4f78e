"""Convolutional layers: `Conv1D`, `Conv2D`, and the transposed ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.functional.padding import BORDERS
from tinygrad_lab.functional.windows import Size
from tinygrad_lab.nn.init import Initialiser, check_positive, layer_parameters
from tinygrad_lab.nn.module import Module
from tinygrad_lab.refusals.nearest import meant, none_of
from tinygrad_lab.typing import Array, DTypeLike, Result, Rng

PADDING_MODES = {"zeros": "constant", **BORDERS}  # PyTorch's names: NumPy's


class _Convolution(Module):
    """What convolutions and transposed ones share: checked options, a weight and a bias."""

    _axes: ClassVar[int]

    def _prepare(
        self, shape: tuple[int, ...], channels: tuple[int, int], groups: int, bias: bool, rng: Rng | None,
        init: str | Initialiser | None, dtype: DTypeLike, **sizes: Size,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        check_positive(name, in_channels=channels[0], out_channels=channels[1], groups=groups)
        for option, size in sizes.items():
            for number in self._each(option, size):
                if option in ("padding", "output_padding"):
                    if number < 0:
                        raise ArgumentError(
                            f"{name}: {option} must not be negative, got {size}; slice the input instead"
                        )
                else:
                    check_positive(name, **{option: number})
        if channels[0] % groups or channels[1] % groups:
            raise ArgumentError(
                f"{name}: groups must divide in_channels and out_channels, got {groups} for {channels[0]} and "
                f"{channels[1]}; choose a common divisor"
            )
        weight, offset = layer_parameters(shape, (channels[1],) if bias else None, rng, init, dtype)
        self.weight = Value(weight)
        self.bias = None if offset is None else Value(offset)
        self.groups = groups

    def _each(self, option: str, size: Size) -> tuple[int, ...]:
        sizes = size if isinstance(size, tuple) else (size,) * self._axes
        if len(sizes) != self._axes:
            raise ArgumentError(
                f"{type(self).__name__}: {option} must be one number, or {self._axes} numbers, got {size}; give one "
                f"for each axis"
            )
        return sizes

    def _shown(self, first: int, second: int, **defaults: Any) -> str:
        """Return the sizes, and the options that differ from their defaults."""
        kernel = self.weight.shape[2:]
        shown = [str(first), str(second), str(kernel[0] if len(set(kernel)) == 1 else kernel)]
        shown += [f"{name}={getattr(self, name)!r}" for name, usual in defaults.items() if getattr(self, name) != usual]
        return ", ".join(shown + ["bias=False"] * (self.bias is None))


class _Conv(_Convolution):
    _function: ClassVar[Callable[..., Any]]

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: Size | str = 0,
        dilation: Size = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", *,
        rng: Rng | None = None, init: str | Initialiser | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        if padding_mode not in PADDING_MODES:
            raise ArgumentError(f"{name}: padding_mode {none_of(PADDING_MODES, padding_mode, 'zeros is usual')}")
        if isinstance(padding, str) and (padding not in ("same", "valid") or padding_mode != "zeros"):
            raise ArgumentError(
                f'{name}: padding must be numbers, or "same" or "valid" with padding_mode "zeros", got {padding!r}; '
                + meant(padding, {"same", "valid"} - {padding}, "0 is usual")
            )
        kernel = self._each("kernel_size", kernel_size)
        sizes: dict[str, Size] = {"kernel_size": kernel, "stride": stride, "dilation": dilation}
        if not isinstance(padding, str):
            sizes["padding"] = padding
        shape = (out_channels, in_channels // max(groups, 1), *kernel)
        self._prepare(shape, (in_channels, out_channels), groups, bias, rng, init, dtype, **sizes)
        self.stride, self.padding, self.dilation, self.padding_mode = stride, padding, dilation, padding_mode

    def forward(self, x: Array) -> Result:
        """Return the convolution of `x`."""
        padding = self.padding
        fits = np.ndim(x) == self._axes + 2  # what does not is refused below
        if fits and self.padding_mode != "zeros" and not isinstance(padding, str):
            pads = [(p, p) for p in self._each("padding", padding)]
            x, padding = np.pad(x, ((0, 0), (0, 0), *pads), mode=PADDING_MODES[self.padding_mode]), 0  # type: ignore[call-overload]
        return type(self)._function(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Return the sizes, and what differs from the default."""
        out_channels, channels = self.weight.shape[:2]
        return self._shown(
            channels * self.groups, out_channels, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros"
        )


class Conv1D(_Conv):
    """A convolution over the last axis: `y[n,o,t] = b[o] + Σ_{c,k} w[o,c,k] · x[n,c,t·stride + k·dilation]`.

    Arguments:
        in_channels: the channels of the input, of shape (batch, in_channels, length).
        out_channels: the channels of the output, also called filters.
        kernel_size: the number of taps.
        stride: the step between two positions of the kernel.
        padding: how much is added at both ends; "same" for as many positions as the input has, "valid" for nothing.
        dilation: the distance between two taps.
        groups: input and output channels are split into as many groups, each connected to its own only.
        bias: whether to add a bias.
        padding_mode: what is added, "zeros", "reflect", "replicate" or "circular".
        rng: `np.random.Generator` or `RandomState` to draw the first parameters from; fresh randomness without it.
        init: a name from `nn.init.INITIALISERS`, or a function `(shape, rng, dtype) -> array`, for the weight; the bias
            then starts at 0. Without it, both are drawn from U(−a, a) with a = 1 / √fan_in, as in PyTorch.
        dtype: the parameters' dtype; the default dtype without it.

    Attributes:
        weight: Value of shape (out_channels, in_channels / groups, kernel_size).
        bias: Value of shape (out_channels,), or None.

    Raises:
        ArgumentError: if the groups do not divide the channels, or a size is not positive.
        OperationError: on a call with anything but (batch, in_channels, length), the length enough for the kernel.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.Conv1D(3, 8, 5, padding=2)
        >>> layer
        Conv1D(3, 8, 5, padding=2)  weight (8, 3, 5), bias (8,), 128 parameters
        >>> layer(np.zeros((10, 3, 100))).shape
        (10, 8, 100)
    """

    operation = "conv1d"
    _axes = 1
    _function = staticmethod(functional.conv1d)


class Conv2D(_Conv):
    """A convolution over the last two axes, an image's rows and columns; see `functional.conv2d` for the formula.

    Arguments are those of `Conv1D`; kernel_size, stride, padding and dilation are one number, or one for each axis.

    Attributes:
        weight: Value of shape (out_channels, in_channels / groups, kernel height, kernel width).
        bias: Value of shape (out_channels,), or None.

    Raises:
        ArgumentError: if the groups do not divide the channels, or a size is not positive.
        OperationError: on a call with anything but (batch, in_channels, height, width), large enough for the kernel.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.Conv2D(1, 4, 3, padding="same")
        >>> layer
        Conv2D(1, 4, 3, padding='same')  weight (4, 1, 3, 3), bias (4,), 40 parameters
        >>> layer(np.zeros((10, 1, 28, 28))).shape
        (10, 4, 28, 28)
    """

    operation = "conv2d"
    _axes = 2
    _function = staticmethod(functional.conv2d)


class _ConvTranspose(_Convolution):
    _function: ClassVar[Callable[..., Any]]

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: Size = 0,
        output_padding: Size = 0, groups: int = 1, bias: bool = True, dilation: Size = 1, *,
        rng: Rng | None = None, init: str | Initialiser | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        kernel = self._each("kernel_size", kernel_size)
        sizes = {"kernel_size": kernel, "stride": stride, "dilation": dilation, "padding": padding}
        shape = (in_channels, out_channels // max(groups, 1), *kernel)
        self._prepare(
            shape, (in_channels, out_channels), groups, bias, rng, init, dtype, output_padding=output_padding, **sizes
        )
        self.stride, self.padding, self.output_padding, self.dilation = stride, padding, output_padding, dilation

    def forward(self, x: Array) -> Result:
        """Return the transposed convolution of `x`."""
        return type(self)._function(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )

    def extra_repr(self) -> str:
        """Return the sizes, and what differs from the default."""
        in_channels, filters = self.weight.shape[:2]
        return self._shown(
            in_channels, filters * self.groups, stride=1, padding=0, output_padding=0, groups=1, dilation=1
        )


class ConvTranspose1D(_ConvTranspose):
    """A transposed convolution over the last axis, which makes signals longer; see `functional.conv_transpose1d`.

    Arguments:
        in_channels: the channels of the input, of shape (batch, in_channels, length).
        out_channels: the channels of the output.
        kernel_size: the number of taps.
        stride: the step between what two neighbouring inputs add to the output.
        padding: how much is cut off the result at both ends.
        output_padding: how much longer the result is at its end.
        groups: input and output channels are split into as many groups, each connected to its own only.
        bias: whether to add a bias.
        dilation: the distance between two taps.
        rng, init, dtype: as in `Conv1D`.

    Attributes:
        weight: Value of shape (in_channels, out_channels / groups, kernel_size).
        bias: Value of shape (out_channels,), or None.

    Raises:
        ArgumentError: if the groups do not divide the channels, or a size is not positive.
        OperationError: on a call with anything but (batch, in_channels, length).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.ConvTranspose1D(8, 3, 4, stride=2, padding=1)(np.zeros((10, 8, 50))).shape
        (10, 3, 100)
    """

    operation = "conv_transpose1d"
    _axes = 1
    _function = staticmethod(functional.conv_transpose1d)


class ConvTranspose2D(_ConvTranspose):
    """A transposed convolution over the last two axes, which makes images larger; see `functional.conv_transpose2d`.

    Arguments are those of `ConvTranspose1D`, those about the kernel one number, or one for each axis.

    Attributes:
        weight: Value of shape (in_channels, out_channels / groups, kernel height, kernel width).
        bias: Value of shape (out_channels,), or None.

    Raises:
        ArgumentError: if the groups do not divide the channels, or a size is not positive.
        OperationError: on a call with anything but (batch, in_channels, height, width).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.ConvTranspose2D(8, 1, 2, stride=2)(np.zeros((10, 8, 7, 7))).shape
        (10, 1, 14, 14)
    """

    operation = "conv_transpose2d"
    _axes = 2
    _function = staticmethod(functional.conv_transpose2d)
