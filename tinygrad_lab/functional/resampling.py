"""Resampling of the last axes to a given size: adaptive pooling, and interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.windows import Size, each
from tinygrad_lab.refusals.nearest import meant
from tinygrad_lab.typing import Array, DTypeLike, Result

_LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}


def interpolate(
    x: Array, size: Size | None = None, scale_factor: float | tuple[float, ...] | None = None, mode: str = "nearest",
    align_corners: bool = False,
) -> Result:  # fmt: skip
    """Return (batch, channels, *spatial) with other sizes of the spatial axes.

    Arguments:
        x: array of shape (batch, channels, *spatial).
        size: the new sizes, one number or one for each spatial axis.
        scale_factor: in its place, how many times as large they become, rounded down.
        mode: "nearest", which repeats elements; or between neighbours "linear" (of one spatial axis), "bilinear" (of
            two) or "trilinear" (of three).
        align_corners: whether the first and last elements stay at the ends; if not, elements are cells of equal width,
            whose middles are aligned.

    Raises:
        OperationError: unless exactly one of `size` and `scale_factor` is given, or for an unknown or unfit mode.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.interpolate(np.array([[[1.0, 2.0]]]), scale_factor=2)
        array([[[1., 1., 2., 2.]]])
        >>> tl.functional.interpolate(np.array([[[1.0, 2.0]]]), size=3, mode="linear", align_corners=True)
        array([[[1. , 1.5, 2. ]]])
    """
    n = np.ndim(x) - 2
    if (size is None) == (scale_factor is None):
        raise OperationError(
            f"interpolate: needs either size or scale_factor, got size={size} and scale_factor={scale_factor}; "
            f"give one of them"
        )
    if mode != "nearest" and _LINEAR.get(mode) != n:
        raise OperationError(
            f'interpolate: mode must be "nearest", or "linear", "bilinear" or "trilinear" for one, two or three '
            f"spatial axes, got {mode!r} for shape {np.shape(x)}; "
            + meant(mode, {"nearest", *_LINEAR} - {mode}, "the spatial axes are those after the channels")
        )
    old = np.shape(x)[2:]
    if size is not None:
        new = each("interpolate", "size", size, n, 1)
        ratios: tuple[float, ...] = tuple(a / b for a, b in zip(old, new, strict=True))
    else:
        factors: Any = scale_factor if isinstance(scale_factor, tuple) else (scale_factor,) * n
        new = each("interpolate", "size", tuple(int(a * f) for a, f in zip(old, factors, strict=True)), n, 1)
        ratios = tuple(1 / f for f in factors)
    for i, count, ratio in zip(range(-n, 0), new, ratios, strict=True):
        if mode == "nearest":
            places = np.minimum((np.arange(count) * ratio).astype(int), np.shape(x)[i] - 1)
            x = np.take(x, places, axis=i)
        else:
            weights = beside(_between(x.shape[i], count, ratio, align_corners, x.dtype), x)
            x = np.swapaxes(np.swapaxes(x, i, -1) @ weights, i, -1)
    return x


def _between(n: int, count: int, ratio: float, align_corners: bool, dtype: DTypeLike) -> Result:
    """Return the weights, (n, count), with which n elements make `count` interpolated ones."""
    i = np.arange(count)
    ratio = (n - 1) / max(count - 1, 1) if align_corners else ratio
    places = i * ratio if align_corners else np.maximum((i + 0.5) * ratio - 0.5, 0)
    below = np.minimum(places.astype(int), n - 1)
    part = places - below
    weights = np.zeros((n, count), dtype)
    weights[below, i] = 1 - part
    weights[np.minimum(below + 1, n - 1), i] += part
    return weights


def adaptive_avg_pool1d(x: Array, output_size: Size) -> Result:
    """Return the means of `output_size` pieces of the last axis, as equal as they can be.

    Piece i begins at `⌊i · n / m⌋` and ends before `⌈(i + 1) · n / m⌉`, for n elements and m pieces.

    Arguments:
        x: array of shape (..., length).
        output_size: the number of pieces.

    Raises:
        OperationError: if there are to be no pieces.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.adaptive_avg_pool1d(np.array([[[1.0, 2.0, 3.0]]]), 2)
        array([[[1.5, 2.5]]])
    """
    return along_last_axes("adaptive_avg_pool1d", 1, x, output_size, piece_means)


def adaptive_avg_pool2d(x: Array, output_size: Size) -> Result:
    """Return the means of `output_size` pieces along each of the last two axes, as in `adaptive_avg_pool1d`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.adaptive_avg_pool2d(np.arange(4.0).reshape(1, 1, 2, 2), 1)
        array([[[[1.5]]]])
    """
    return along_last_axes("adaptive_avg_pool2d", 2, x, output_size, piece_means)


def adaptive_max_pool1d(x: Array, output_size: Size) -> Result:
    """Return the maxima of `output_size` pieces of the last axis, the pieces of `adaptive_avg_pool1d`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.adaptive_max_pool1d(np.array([[[1.0, 3.0, 2.0]]]), 2)
        array([[[3., 3.]]])
    """
    return along_last_axes("adaptive_max_pool1d", 1, x, output_size, piece_maxima)


def adaptive_max_pool2d(x: Array, output_size: Size) -> Result:
    """Return the maxima of `output_size` pieces along each of the last two axes.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.adaptive_max_pool2d(np.arange(4.0).reshape(1, 1, 2, 2), 1)
        array([[[[3.]]]])
    """
    return along_last_axes("adaptive_max_pool2d", 2, x, output_size, piece_maxima)


def along_last_axes(name: str, n: int, x: Array, output_size: Any, along_last: Any) -> Result:
    """Return `along_last(x, size)` of each of the last `n` axes in turn, for the function called `name`."""
    for i, size in enumerate(each(name, "output_size", output_size, n, 1), start=-n):
        if np.shape(x)[i] != size:
            x = np.swapaxes(along_last(np.swapaxes(x, i, -1), size), i, -1)
    return x


def _pieces(n: int, count: int) -> list[slice]:
    return [slice(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]


def piece_means(x: Array, count: int) -> Result:
    """Return the means of `count` pieces of the last axis."""
    if count == 1:
        return np.mean(x, axis=-1, keepdims=True)
    weights = np.zeros((x.shape[-1], count), x.dtype)
    for i, piece in enumerate(_pieces(x.shape[-1], count)):
        weights[piece, i] = 1 / (piece.stop - piece.start)
    return x @ beside(weights, x)


def piece_maxima(x: Array, count: int) -> Result:
    """Return the maxima of `count` pieces of the last axis."""
    return np.stack([np.max(x[..., piece], axis=-1) for piece in _pieces(x.shape[-1], count)], axis=-1)
