"""Normalisation of channels: by groups, over the batch, or each by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.normalisation import affine, standardise
from tinygrad_lab.typing import Array, Result


def group_norm(
    x: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Result:
    """Return channels brought to mean 0 and variance 1 together with those of their group, for each sample.

    Arguments:
        x: array of shape (batch, channels, *spatial).
        num_groups: how many groups the channels are split into.
        weight: array of shape (channels,), or None for 1.
        bias: likewise, or None for 0.
        eps: keeps the denominator from 0.

    Raises:
        OperationError: if the groups do not divide the channels.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.group_norm(np.array([[1.0, 3.0, 20.0, 10.0]]), 2, eps=0)
        array([[-1.,  1.,  1., -1.]])

    Source: Y. Wu, K. He, "Group normalization", 2018.
    """
    shape = np.shape(x)
    if len(shape) < 2 or num_groups < 1 or shape[1] % num_groups:
        raise OperationError(
            f"group_norm: input must be (batch, channels, ...) with a number of channels that {num_groups} divides, "
            f"got {shape}; change num_groups"
        )
    y = np.reshape(x, (shape[0], num_groups, -1)) if x.size else np.reshape(x, (shape[0], num_groups, 0))
    y = np.reshape(standardise(y, axis=(-1,), eps=eps), shape)
    return affine(y, *_spread(shape, weight, bias))


def batch_norm(
    x: Array, running_mean: Array | None = None, running_var: Array | None = None, weight: Array | None = None,
    bias: Array | None = None, training: bool = False, eps: float = 1e-5,
) -> Result:  # fmt: skip
    """Return each channel brought to mean 0 and variance 1, over the batch in training and by known figures otherwise.

    Unlike PyTorch's function, it changes no running statistics: the layers do.

    Arguments:
        x: array of shape (batch, channels, *spatial).
        running_mean: array of shape (channels,), used unless `training`.
        running_var: likewise.
        weight: array of shape (channels,), or None for 1.
        bias: likewise, or None for 0.
        training: whether to use the mean and the (biased) variance of this batch.
        eps: keeps the denominator from 0.

    Raises:
        OperationError: in training, if there is one value per channel only.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.batch_norm(np.array([[1.0, 5.0], [3.0, 9.0]]), training=True, eps=0)
        array([[-1., -1.],
               [ 1.,  1.]])

    Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
    """
    shape = np.shape(x)
    if training or running_mean is None or running_var is None:
        if x.size == shape[1]:
            raise OperationError(
                f"batch_norm: input of shape {shape} has only one value for each channel, which is too few in "
                f"training; use a larger batch, or eval()"
            )
        return standardise(x, *_spread(shape, weight, bias), axis=(0, *range(2, len(shape))), eps=eps)
    mean, variance = _spread(shape, running_mean, running_var)
    return affine((x - mean) * (1 / np.sqrt(variance + eps)), *_spread(shape, weight, bias))


def instance_norm(
    x: Array, running_mean: Array | None = None, running_var: Array | None = None, weight: Array | None = None,
    bias: Array | None = None, use_input_stats: bool = True, eps: float = 1e-5,
) -> Result:  # fmt: skip
    """Return each channel of each sample brought to mean 0 and variance 1 over its spatial axes.

    Unlike PyTorch's function, it changes no running statistics: the layers do.

    Arguments:
        x: array of shape (batch, channels, *spatial).
        running_mean: array of shape (channels,), used unless `use_input_stats`.
        running_var: likewise.
        weight: array of shape (channels,), or None for 1.
        bias: likewise, or None for 0.
        use_input_stats: whether to use the mean and the (biased) variance of the input.
        eps: keeps the denominator from 0.

    Raises:
        OperationError: if there is one value per channel and sample only.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.instance_norm(np.array([[[1.0, 3.0], [20.0, 10.0]]]), eps=0)
        array([[[-1.,  1.],
                [ 1., -1.]]])

    Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization", 2016.
    """
    shape = np.shape(x)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, eps)
    if len(shape) < 3 or math.prod(shape[2:]) == 1:
        raise OperationError(
            f"instance_norm: input must be (batch, channels, ...) with more than one value per channel, got shape "
            f"{shape}; use batch_norm for features without spatial axes"
        )
    return standardise(x, *_spread(shape, weight, bias), axis=tuple(range(2, len(shape))), eps=eps)


def _spread(shape: tuple[int, ...], *parameters: Any) -> tuple[Any, ...]:
    """Return what there is one number of per channel, such that it broadcasts with an array of this shape."""
    spread = (shape[1],) + (1,) * (len(shape) - 2)
    return tuple(p if p is None else np.reshape(p, spread) for p in parameters)
