"""Layers for signals: `Conv1D`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.nn.init import Initialiser, Rng, check_positive, layer_parameters
from tinygrad_lab.nn.module import Module


class Conv1D(Module):
    """A convolution over the last axis: `y[n,o,t] = b[o] + Σ_{c,k} w[o,c,k] · x[n,c,t·stride + k·dilation]`.

    Arguments:
        in_channels: the channels of the input, of shape (batch, in_channels, length).
        out_channels: the channels of the output, also called filters.
        kernel_size: the number of taps.
        stride: the step between two positions of the kernel.
        padding: zeros added at both ends.
        dilation: the distance between two taps.
        groups: input and output channels are split into as many groups, each connected to its own only.
        bias: whether to add a bias.
        rng: `np.random.Generator` or `RandomState` to draw the first parameters from; fresh randomness without it.
        init: a name from `nn.init.INITIALISERS`, or a function `(shape, rng, dtype) -> array`, for the weight; the bias
            then starts at 0. Without it, both are drawn from U(−a, a) with a = 1 / √fan_in, as in PyTorch.
        dtype: the parameters' dtype.

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

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: Rng | None = None,
        init: str | Initialiser | None = None,
        dtype: Any = np.float64,
    ) -> None:
        check_positive("Conv1D", in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size)
        check_positive("Conv1D", stride=stride, dilation=dilation, groups=groups)
        if padding < 0:
            raise ArgumentError(f"Conv1D: padding must not be negative, got {padding}; slice the input instead")
        if in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"Conv1D: groups must divide in_channels and out_channels, got {groups} for {in_channels} and "
                f"{out_channels}; choose a common divisor"
            )
        shape = (out_channels, in_channels // groups, kernel_size)
        weight, offset = layer_parameters(shape, bias, rng, init, dtype)
        self.weight = Value(weight)
        self.bias = None if offset is None else Value(offset)
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups

    def forward(self, x: Any) -> Any:
        """Return the convolution of `x`."""
        return functional.conv1d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Return the sizes, and what differs from the default."""
        out_channels, channels, kernel_size = self.weight.shape
        shown = [str(channels * self.groups), str(out_channels), str(kernel_size)]
        for name, default in (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1)):
            if getattr(self, name) != default:
                shown.append(f"{name}={getattr(self, name)}")
        return ", ".join(shown + ["bias=False"] * (self.bias is None))
