"""Normalisation of each sample by itself: `LayerNorm`, `GroupNorm`, `RMSNorm`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.calls.defaults import given_or_default
from tinygrad_lab.calls.spelling import as_shape
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, OperationError
from tinygrad_lab.functional.windows import Size
from tinygrad_lab.nn.init import check_positive
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, DTypeLike, Result


class _Affine(Module):
    """A module with a weight that starts at 1 and a bias that starts at 0, or without."""

    weight: Value | None
    bias: Value | None

    def _add_parameters(self, shape: tuple[int, ...], weight: bool, bias: bool, dtype: DTypeLike) -> None:
        self.weight = Value(np.ones(shape, given_or_default(dtype))) if weight else None
        self.bias = Value(np.zeros(shape, given_or_default(dtype))) if bias else None


class LayerNorm(_Affine):
    """The last axes brought to mean 0 and variance 1: `weight · (x − μ) / √(σ² + eps) + bias`.

    Arguments:
        normalized_shape: the last axis' size, or those of several last axes.
        eps: keeps the denominator from 0.
        elementwise_affine: whether there is a weight.
        bias: whether there is a bias too.
        dtype: the parameters' dtype; the default dtype without it.

    Attributes:
        weight, bias: Values of shape `normalized_shape`, or None.

    Raises:
        OperationError: on a call with other last axes.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.LayerNorm(2)
        >>> layer
        LayerNorm(2)  weight (2,), bias (2,), 4 parameters
        >>> np.round(layer(np.array([[1.0, 3.0], [20.0, 10.0]])).data, 3)
        array([[-1.,  1.],
               [ 1., -1.]])

    Source: J. Ba, J. Kiros, G. Hinton, "Layer normalization", 2016.
    """

    operation = "layer_norm"

    def __init__(
        self, normalized_shape: Size, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True, *,
        dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        self.normalized_shape, self.eps = _checked_shape("LayerNorm", normalized_shape), eps
        self._add_parameters(self.normalized_shape, elementwise_affine, elementwise_affine and bias, dtype)

    def forward(self, x: Array) -> Result:
        """Return `x` normalised."""
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the shape, and what differs from the default."""
        return _shown(self, 1e-5)


class RMSNorm(_Affine):
    """The last axes divided by the root of their mean square: `weight · x / √(mean(x²) + eps)`.

    Arguments:
        normalized_shape: the last axis' size, or those of several last axes.
        eps: keeps the denominator from 0; the machine epsilon of the input's dtype without it.
        elementwise_affine: whether there is a weight.
        dtype: the weight's dtype.

    Attributes:
        weight: Value of shape `normalized_shape`, or None.

    Raises:
        OperationError: on a call with other last axes.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.RMSNorm(2)(np.array([3.0, 4.0])).data * np.sqrt(12.5)
        array([3., 4.])

    Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", 2019.
    """

    operation = "rms_norm"

    def __init__(
        self, normalized_shape: Size, eps: float | None = None, elementwise_affine: bool = True, *,
        dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        self.normalized_shape, self.eps = _checked_shape("RMSNorm", normalized_shape), eps
        self._add_parameters(self.normalized_shape, elementwise_affine, False, dtype)

    def forward(self, x: Array) -> Result:
        """Return `x` rescaled."""
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the shape, and what differs from the default."""
        return _shown(self, None)


class GroupNorm(_Affine):
    """For each sample, the channels of a group brought together to mean 0 and variance 1.

    Arguments:
        num_groups: how many groups the channels are split into.
        num_channels: the number of channels, of an input (batch, channels, *spatial).
        eps: keeps the denominator from 0.
        affine: whether there are a weight and a bias for each channel.
        dtype: the parameters' dtype; the default dtype without it.

    Attributes:
        weight, bias: Values of shape (num_channels,), or None.

    Raises:
        ArgumentError: if the groups do not divide the channels.
        OperationError: on a call with another number of channels.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.GroupNorm(2, 4)
        GroupNorm(2, 4)  weight (4,), bias (4,), 8 parameters

    Source: Y. Wu, K. He, "Group normalization", 2018.
    """

    operation = "group_norm"

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, dtype: DTypeLike = None
    ) -> None:
        check_positive("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ArgumentError(
                f"GroupNorm: num_groups must divide num_channels, got {num_groups} for {num_channels}; change either "
                f"number"
            )
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self._add_parameters((num_channels,), affine, affine, dtype)

    def forward(self, x: Array) -> Result:
        """Return `x` normalised."""
        if np.shape(x)[1:2] != (self.num_channels,):
            raise OperationError(
                f"group_norm: input must be (batch, {self.num_channels}, ...), got {np.shape(x)}; "
                f"its second axis holds the channels"
            )
        return functional.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the sizes, and what differs from the default."""
        return f"{self.num_groups}, {self.num_channels}" + f", eps={self.eps}" * (self.eps != 1e-5)


def _checked_shape(name: str, normalized_shape: Size) -> tuple[int, ...]:
    shape = as_shape(normalized_shape)
    check_positive(name, normalized_shape=min(shape, default=0))
    return shape


def _shown(module: Any, usual_eps: float | None) -> str:
    shape = module.normalized_shape
    text = str(shape[0] if len(shape) == 1 else shape)
    return text + f", eps={module.eps}" * (module.eps != usual_eps)
