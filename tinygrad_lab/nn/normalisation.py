"""Normalisation layers: `BatchNorm1D`, `BatchNorm2D`, `LayerNorm`, `GroupNorm`, `RMSNorm`."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.calls.defaults import given_or_default
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, OperationError
from tinygrad_lab.nn.buffer import Buffer
from tinygrad_lab.nn.init import check_positive
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, DTypeLike, Result

Shape = int | tuple[int, ...]


class _Affine(Module):
    """A module with a weight that starts at 1 and a bias that starts at 0, or without."""

    weight: Value | None
    bias: Value | None

    def _add_parameters(self, shape: tuple[int, ...], weight: bool, bias: bool, dtype: DTypeLike) -> None:
        self.weight = Value(np.ones(shape, given_or_default(dtype))) if weight else None
        self.bias = Value(np.zeros(shape, given_or_default(dtype))) if bias else None


class _BatchNorm(_Affine):
    _ndims: ClassVar[tuple[int, ...]]
    _expected: ClassVar[str]
    operation = "batch_norm"

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, *, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        check_positive(type(self).__name__, num_features=num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self._add_parameters((num_features,), affine, affine, dtype)
        self.running_mean = Buffer(np.zeros(num_features, given_or_default(dtype))) if track_running_stats else None
        self.running_var = Buffer(np.ones(num_features, given_or_default(dtype))) if track_running_stats else None
        self.num_batches_tracked = Buffer(0) if track_running_stats else None

    def forward(self, x: Array) -> Result:
        """Return `x` normalised; in training, also move the running statistics towards this batch's."""
        shape = np.shape(x)
        if len(shape) not in self._ndims or shape[1] != self.num_features:
            raise OperationError(
                f"batch_norm: input must be {self._expected.format(self.num_features)}, got {shape}; "
                f"its second axis holds the channels"
            )
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return functional.batch_norm(x, None, None, self.weight, self.bias, True, self.eps)
        if not self.training:
            mean, var = self.running_mean.data, self.running_var.data
            return functional.batch_norm(x, mean, var, self.weight, self.bias, False, self.eps)
        y = functional.batch_norm(x, None, None, self.weight, self.bias, True, self.eps)
        seen, axes = plain(x), (0, *range(2, len(shape)))
        self.num_batches_tracked.data = self.num_batches_tracked.data + 1
        share = 1 / self.num_batches_tracked.data if self.momentum is None else self.momentum
        _move(self.running_mean, share, np.mean(seen, axis=axes))
        _move(self.running_var, share, _unbiased(seen, axes))
        return y

    def extra_repr(self) -> str:
        """Return the number of features, and what differs from the default."""
        shown = [str(self.num_features)]
        shown += [f"eps={self.eps}"] * (self.eps != 1e-5) + [f"momentum={self.momentum}"] * (self.momentum != 0.1)
        shown += ["affine=False"] * (self.weight is None) + ["track_running_stats=False"] * (self.running_mean is None)
        return ", ".join(shown)


def _move(running: Buffer, share: Any, figure: Any) -> None:
    running.data = ((1 - share) * running.data + share * figure).astype(running.data.dtype)


def _unbiased(x: Array, axes: tuple[int, ...]) -> Result:
    count = math.prod(x.shape[i] for i in axes)
    return np.var(x, axis=axes) * (count / (count - 1))


class BatchNorm1D(_BatchNorm):
    """Each channel brought to mean 0 and variance 1: `weight · (x − μ) / √(σ² + eps) + bias`.

    In training μ and σ² are those of the batch, and running statistics move towards them; in evaluation those are used.

    Arguments:
        num_features: the number of channels, of an input (batch, channels) or (batch, channels, length).
        eps: keeps the denominator from 0.
        momentum: the share of a batch in the new running statistics; None for the mean over all batches.
        affine: whether there are a weight and a bias.
        track_running_stats: whether to keep running statistics; without them, evaluation uses those of its batch.
        dtype: the dtype of parameters and statistics.

    Attributes:
        weight, bias: Values of shape (num_features,), or None.
        running_mean, running_var, num_batches_tracked: Buffers, or None. The variance is the unbiased one.

    Raises:
        OperationError: on a call with another shape, or in training with one value per channel.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.BatchNorm1D(2)
        >>> np.round(layer(np.array([[1.0, 5.0], [3.0, 9.0]])).data, 3)
        array([[-1., -1.],
               [ 1.,  1.]])
        >>> layer.running_mean.data
        array([0.2, 0.7])

    Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
    """

    _ndims = (2, 3)
    _expected = "(batch, {0}) or (batch, {0}, length)"


class BatchNorm2D(_BatchNorm):
    """Each channel of (batch, channels, height, width) brought to mean 0 and variance 1; as `BatchNorm1D`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.BatchNorm2D(3)(np.zeros((10, 3, 8, 8))).shape
        (10, 3, 8, 8)

    Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
    """

    _ndims = (4,)
    _expected = "(batch, {0}, height, width)"


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
        self, normalized_shape: Shape, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True, *,
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
        self, normalized_shape: Shape, eps: float | None = None, elementwise_affine: bool = True, *,
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


def _checked_shape(name: str, normalized_shape: Shape) -> tuple[int, ...]:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    check_positive(name, normalized_shape=min(shape, default=0))
    return shape


def _shown(module: Any, usual_eps: float | None) -> str:
    shape = module.normalized_shape
    text = str(shape[0] if len(shape) == 1 else shape)
    return text + f", eps={module.eps}" * (module.eps != usual_eps)
