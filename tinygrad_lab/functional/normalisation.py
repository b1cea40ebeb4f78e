"""Normalisation layers as functions: arrays brought to mean 0 and variance 1 over some of their axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.spelling import as_shape
from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.blocks import blocked
from tinygrad_lab.typing import Array, Result

Over = tuple[int, ...]  # the axes of a mean


# Both take weight and bias along, so that a graph holds neither the product nor what has mean 0 and variance 1: the
# rule computes that again. Augmented assignments write into arrays made a line above, and only save memory.


def _mean(a: Array, b: Array, axis: Over) -> Result:
    """Return the mean of a · b over `axis`, which stays; in rows of plain arrays a dot product each, in one pass."""
    if axis == (-1,) and type(a) is type(b) is np.ndarray and a.dtype == b.dtype and a.dtype.char in "fd":
        return np.vecdot(a, b)[..., None] / a.dtype.type(a.shape[-1])
    return np.mean(a * b, axis=axis, keepdims=True)


def _mean_of(x: Array, axis: Over) -> Result:
    """Return the mean of x over `axis`, which stays."""
    if axis == (-1,) and type(x) is np.ndarray:
        return _mean(x, np.ones(x.shape[-1], x.dtype), axis)
    return np.mean(x, axis=axis, keepdims=True)


def _sum_of_rows(x: Array) -> Result:
    """Return the sum over all axes but the last."""
    if type(x) is np.ndarray and x.ndim == 2 and x.flags.c_contiguous:
        return np.ones(len(x), x.dtype) @ x  # a third of the time
    return np.sum(x, axis=tuple(range(x.ndim - 1)))


def _scale(x: Array, axis: Over, eps: float) -> Result:
    """Return 1 over the root of the mean square of `x`."""
    return 1 / np.sqrt(_mean(x, x, axis) + eps)


def _rows(axis: Over, *parameters: Array | None) -> bool:
    """Whether each row along the last axis is treated by itself."""
    return axis == (-1,) and all(p is None or p.ndim == 1 for p in parameters)


def _pull(
    g: Any, x: Array, scale: Array, *rest: Any, needed: tuple[int, ...], axis: Over, summed: bool
) -> tuple[Any, ...]:
    """With h = g · weight and n what is weighted: (h − mean(h) − n · mean(h n)) · scale; g · n; g."""
    *mean, weight = rest
    normal = (x - mean[0] if mean else x) * scale
    found = {1: g * normal, 2: g} if 1 in needed else {2: g}
    if summed:
        found = {position: _sum_of_rows(product) for position, product in found.items() if position in needed}
    if 0 in needed:
        h = g if weight is None else g * weight
        normal *= _mean(h, normal, axis)
        if mean:
            normal += _mean_of(h, axis)
        of_x = h - normal
        of_x *= scale
        found[0] = of_x
    return tuple(found[position] for position in needed)


def _affine_rule(
    needed: tuple[int, ...], g: Array, y: Array, x: Array, weight: Array | None = None, bias: Array | None = None, *,
    axis: Over, eps: float, residuals: Any,
) -> Result:  # fmt: skip
    arrays = (g, x, *residuals)
    options: dict[str, Any] = {"needed": needed, "axis": axis}
    if _rows(axis, weight, bias):
        return blocked(_pull, arrays, weight, row=1, sums=len({*needed} - {0}), summed=True, **options)
    return _pull(*arrays, weight, summed=False, **options)


@primitive(joint=_affine_rule, residuals=True)
def rescale(x: Array, weight: Array | None = None, bias: Array | None = None, *, axis: Over, eps: float) -> Result:
    """Return `weight · x / √(mean(x²) + eps) + bias`, the mean over the axes `axis`."""
    scale = _scale(x, axis, eps)
    return affine(x * scale, weight, bias), (scale,)


@primitive(joint=_affine_rule, residuals=True)
def standardise(x: Array, weight: Array | None = None, bias: Array | None = None, *, axis: Over, eps: float) -> Result:
    """Return `weight · (x − mean(x)) / √(var(x) + eps) + bias`, mean and variance over the axes `axis`."""
    if _rows(axis, weight, bias):
        y, scale, mean = blocked(_standardised, (x,), weight, bias, axis, eps, row=1)
    else:
        y, scale, mean = _standardised(x, weight, bias, axis, eps)
    return y, (scale, mean)


def _standardised(x: Array, weight: Array | None, bias: Array | None, axis: Over, eps: float) -> tuple[Any, ...]:
    mean = _mean_of(x, axis)
    normal = x - mean
    scale = _scale(normal, axis, eps)
    normal *= scale
    arrays = [array for array in (weight, bias) if array is not None]
    if all(type(array) is type(normal) is np.ndarray and array.dtype == normal.dtype for array in arrays):
        if weight is not None:
            normal *= weight
        if bias is not None:
            normal += bias
        return normal, scale, mean
    return affine(normal, weight, bias), scale, mean


def layer_norm(
    x: Array,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Result:
    """Return `weight · (x − μ) / √(σ² + eps) + bias`, with μ and σ² over the last axes, those of `normalized_shape`.

    Arguments:
        x: array of shape (..., *normalized_shape).
        normalized_shape: the last axis' size, or those of several last axes.
        weight: array of shape `normalized_shape`, or None for 1.
        bias: likewise, or None for 0.
        eps: keeps the denominator from 0.

    Raises:
        OperationError: if the last axes are others.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.layer_norm(np.array([[1.0, 3.0], [20.0, 10.0]]), 2, eps=0)
        array([[-1.,  1.],
               [ 1., -1.]])

    Source: J. Ba, J. Kiros, G. Hinton, "Layer normalization", 2016.
    """
    return standardise(x, weight, bias, axis=_last_axes("layer_norm", x, normalized_shape), eps=eps)


def rms_norm(
    x: Array, normalized_shape: int | tuple[int, ...], weight: Array | None = None, eps: float | None = None
) -> Result:
    """Return `weight · x / √(mean(x²) + eps)`, the mean over the last axes, those of `normalized_shape`.

    Arguments:
        x: array of shape (..., *normalized_shape).
        normalized_shape: the last axis' size, or those of several last axes.
        weight: array of shape `normalized_shape`, or None for 1.
        eps: keeps the denominator from 0; the dtype's machine epsilon without it.

    Raises:
        OperationError: if the last axes are others.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.rms_norm(np.array([3.0, 4.0]), 2) * np.sqrt(12.5)
        array([3., 4.])

    Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", 2019.
    """
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    return rescale(x, weight, axis=_last_axes("rms_norm", x, normalized_shape), eps=eps)


def affine(x: Array, weight: Array | None, bias: Array | None) -> Result:
    """Return `weight · x + bias`, either of which may be None."""
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _last_axes(name: str, x: Array, normalized_shape: int | tuple[int, ...]) -> Over:
    expected = as_shape(normalized_shape)
    if np.shape(x)[-len(expected) :] != expected:
        sizes = ", ".join(map(str, expected))
        raise OperationError(f"{name}: input must be (..., {sizes}), got {np.shape(x)}; its last axes are normalised")
    return tuple(range(-len(expected), 0))
