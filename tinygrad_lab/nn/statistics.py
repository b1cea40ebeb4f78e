"""Normalisation by statistics that may be kept for evaluation: `BatchNorm1D` to `3D`, `InstanceNorm1D` to `3D`."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.calls.defaults import given_or_default
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import OperationError
from tinygrad_lab.nn import normalisation
from tinygrad_lab.nn.buffer import Buffer
from tinygrad_lab.nn.init import check_positive
from tinygrad_lab.typing import Array, DTypeLike, Result


class _Running(normalisation._Affine):
    """What both kinds share: parameters by channel, and running statistics that move in training."""

    _expected: ClassVar[dict[int, str]]  # shapes, by how many axes there are
    _usual: ClassVar[dict[str, Any]]
    num_features: int
    eps: float
    momentum: float | None

    def _prepare(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, track: bool, dtype: DTypeLike
    ) -> None:
        check_positive(type(self).__name__, num_features=num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self._add_parameters((num_features,), affine, affine, dtype)
        self.running_mean = Buffer(np.zeros(num_features, given_or_default(dtype))) if track else None
        self.running_var = Buffer(np.ones(num_features, given_or_default(dtype))) if track else None
        self.num_batches_tracked = Buffer(0) if track else None

    def _normalised(self, x: Array) -> Result:
        """Return `x` normalised by its own statistics."""
        raise NotImplementedError

    def _statistics(self, x: Array) -> tuple[Any, Any]:
        """Return the mean and the unbiased variance of each channel, of a plain array."""
        raise NotImplementedError

    def _share(self, batches: Buffer) -> Any:
        """Return how far the running statistics move now."""
        raise NotImplementedError

    def forward(self, x: Array) -> Result:
        """Return `x` normalised; in training, also move the running statistics towards its own."""
        shape = np.shape(x)
        if len(shape) not in self._expected or shape[1] != self.num_features:
            expected = " or ".join(self._expected.values()).format(self.num_features)
            raise OperationError(
                f"{self.operation}: input must be {expected}, got {shape}; its second axis holds the channels"
            )
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return self._normalised(x)
        if not self.training:
            mean, var = self.running_mean.data, self.running_var.data
            return functional.batch_norm(x, mean, var, self.weight, self.bias, False, self.eps)
        y = self._normalised(x)
        share = self._share(self.num_batches_tracked)
        mean, var = self._statistics(plain(x))
        _move(self.running_mean, share, mean)
        _move(self.running_var, share, var)
        return y

    def extra_repr(self) -> str:
        """Return the number of features, and what differs from the default."""
        now = {
            "eps": self.eps, "momentum": self.momentum, "affine": self.weight is not None,
            "track_running_stats": self.running_mean is not None,
        }  # fmt: skip
        shown = [f"{name}={option}" for name, option in now.items() if option != self._usual[name]]
        return ", ".join([str(self.num_features), *shown])


def _move(running: Buffer, share: Any, figure: Any) -> None:
    running.data = ((1 - share) * running.data + share * figure).astype(running.data.dtype)


def _unbiased(x: Array, axes: tuple[int, ...]) -> Result:
    count = math.prod(x.shape[i] for i in axes)
    return np.var(x, axis=axes) * (count / (count - 1))


class _BatchNorm(_Running):
    operation = "batch_norm"
    _usual: ClassVar = {"eps": 1e-5, "momentum": 0.1, "affine": True, "track_running_stats": True}

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, *, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        self._prepare(num_features, eps, momentum, affine, track_running_stats, dtype)

    def _normalised(self, x: Array) -> Result:
        return functional.batch_norm(x, None, None, self.weight, self.bias, True, self.eps)

    def _share(self, batches: Buffer) -> Any:
        batches.data = batches.data + 1
        return 1 / batches.data if self.momentum is None else self.momentum

    def _statistics(self, x: Array) -> tuple[Any, Any]:
        axes = (0, *range(2, x.ndim))
        return np.mean(x, axis=axes), _unbiased(x, axes)


class _InstanceNorm(_Running):
    operation = "instance_norm"
    _usual: ClassVar = {"eps": 1e-5, "momentum": 0.1, "affine": False, "track_running_stats": False}

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, *, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        self._prepare(num_features, eps, momentum, affine, track_running_stats, dtype)

    def _normalised(self, x: Array) -> Result:
        return functional.instance_norm(x, None, None, self.weight, self.bias, True, self.eps)

    def _share(self, batches: Buffer) -> Any:
        return self.momentum  # `num_batches_tracked` stays 0, as in PyTorch

    def _statistics(self, x: Array) -> tuple[Any, Any]:
        axes = tuple(range(2, x.ndim))
        return np.mean(x, axis=(0, *axes)), np.mean(_unbiased(x, axes), axis=0)


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

    _expected: ClassVar = {2: "(batch, {0})", 3: "(batch, {0}, length)"}


class BatchNorm2D(_BatchNorm):
    """Each channel of (batch, channels, height, width) brought to mean 0 and variance 1; as `BatchNorm1D`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.BatchNorm2D(3)(np.zeros((10, 3, 8, 8))).shape
        (10, 3, 8, 8)

    Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
    """

    _expected: ClassVar = {4: "(batch, {0}, height, width)"}


class BatchNorm3D(_BatchNorm):
    """Each channel of (batch, channels, depth, height, width) brought to mean 0 and variance 1; as `BatchNorm1D`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.BatchNorm3D(3)(np.zeros((2, 3, 4, 4, 4))).shape
        (2, 3, 4, 4, 4)

    Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
    """

    _expected: ClassVar = {5: "(batch, {0}, depth, height, width)"}


class InstanceNorm1D(_InstanceNorm):
    """Each channel of each sample brought to mean 0 and variance 1: `weight · (x − μ) / √(σ² + eps) + bias`.

    Arguments:
        num_features: the number of channels, of an input (batch, channels, length).
        eps: keeps the denominator from 0.
        momentum: the share of a batch in the new running statistics.
        affine: whether there are a weight and a bias.
        track_running_stats: whether to keep running statistics, the means over the samples, and use them in evaluation.
        dtype: the dtype of parameters and statistics.

    Attributes:
        weight, bias: Values of shape (num_features,), or None.
        running_mean, running_var, num_batches_tracked: Buffers, or None.

    Raises:
        OperationError: on a call with another shape, or with one value per channel.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> np.round(tl.nn.InstanceNorm1D(2)(np.array([[[1.0, 3.0], [20.0, 10.0]]])), 3)
        array([[[-1.,  1.],
                [ 1., -1.]]])

    Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization", 2016.
    """

    _expected: ClassVar = {3: "(batch, {0}, length)"}


class InstanceNorm2D(_InstanceNorm):
    """Each channel of each image brought to mean 0 and variance 1; as `InstanceNorm1D`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.InstanceNorm2D(3)(np.zeros((2, 3, 8, 8))).shape
        (2, 3, 8, 8)

    Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization", 2016.
    """

    _expected: ClassVar = {4: "(batch, {0}, height, width)"}


class InstanceNorm3D(_InstanceNorm):
    """Each channel of each volume brought to mean 0 and variance 1; as `InstanceNorm1D`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.InstanceNorm3D(3)(np.zeros((2, 3, 4, 4, 4))).shape
        (2, 3, 4, 4, 4)

    Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization", 2016.
    """

    _expected: ClassVar = {5: "(batch, {0}, depth, height, width)"}
