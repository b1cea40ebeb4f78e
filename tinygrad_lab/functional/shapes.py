"""Axes made into one, one made into several, and channels into pixels."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lab.errors import OperationError
from tinygrad_lab.typing import Array, Result


def flatten(x: Array, start_dim: int = 0, end_dim: int = -1) -> Result:
    """Return `x` with some of its axes made into one.

    Arguments:
        x: array of any shape.
        start_dim: the first of the axes; their number adds an axis of one element, as of (batch,) in a network.
        end_dim: the last of them.

    Raises:
        OperationError: if there is no such axis, or the last comes before the first.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.flatten(np.zeros((10, 3, 4)), 1).shape
        (10, 12)
    """
    shape, n = np.shape(x), max(np.ndim(x), 1)
    if start_dim == len(shape) and end_dim == -1:
        return np.expand_dims(x, -1)
    first, last = (_axis("flatten", i, n) for i in (start_dim, end_dim))
    if last < first:
        raise OperationError(f"flatten: end_dim {end_dim} comes before start_dim {start_dim}; exchange them")
    return np.reshape(x, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def unflatten(x: Array, dim: int, unflattened_size: tuple[int, ...]) -> Result:
    """Return `x` with one of its axes made into several.

    Arguments:
        x: array of any shape.
        dim: the axis.
        unflattened_size: the sizes of the new axes; one of them may be -1 and is what is left.

    Raises:
        OperationError: if there is no such axis, or the sizes do not make up its length.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.unflatten(np.zeros((10, 12)), 1, (3, -1)).shape
        (10, 3, 4)
    """
    shape, sizes = np.shape(x), tuple(unflattened_size)
    axis = _axis("unflatten", dim, len(shape))
    known = math.prod(size for size in sizes if size != -1)
    fits = shape[axis] == known if -1 not in sizes else known and sizes.count(-1) == 1 and shape[axis] % known == 0
    if not fits:
        raise OperationError(
            f"unflatten: sizes {sizes} do not make up the {shape[axis]} of axis {dim}; at most one may be -1"
        )
    sizes = tuple(shape[axis] // known if size == -1 else size for size in sizes)
    return np.reshape(x, (*shape[:axis], *sizes, *shape[axis + 1 :]))


def pixel_shuffle(x: Array, upscale_factor: int) -> Result:
    """Return r² channels laid out as r × r pixels: `y[n, c, h r + i, w r + j] = x[n, c r² + i r + j, h, w]`.

    Arguments:
        x: array of shape (..., channels · r², height, width).
        upscale_factor: r, how many times as high and wide the result is.

    Raises:
        OperationError: if r² does not divide the channels.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.pixel_shuffle(np.arange(4.0).reshape(1, 4, 1, 1), 2)
        array([[[[0., 1.],
                 [2., 3.]]]])

    Source: W. Shi and others, "Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network", 2016.
    """
    shape, r = np.shape(x), upscale_factor
    if len(shape) < 3 or r < 1 or shape[-3] % (r * r):
        raise OperationError(
            f"pixel_shuffle: input must be (..., channels, height, width) with channels that {r} · {r} divides, "
            f"got {shape}; choose another upscale_factor"
        )
    *lead, channels, height, width = shape
    y = np.reshape(x, (*lead, channels // (r * r), r, r, height, width))
    n = len(lead)
    y = np.transpose(y, (*range(n + 1), n + 3, n + 1, n + 4, n + 2))
    return np.reshape(y, (*lead, channels // (r * r), height * r, width * r))


def pixel_unshuffle(x: Array, downscale_factor: int) -> Result:
    """Return blocks of r × r pixels as r² channels: undoes `pixel_shuffle`.

    Arguments:
        x: array of shape (..., channels, height · r, width · r).
        downscale_factor: r.

    Raises:
        OperationError: if r does not divide height and width.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.pixel_unshuffle(np.arange(4.0).reshape(1, 1, 2, 2), 2)[0, :, 0, 0]
        array([0., 1., 2., 3.])
    """
    shape, r = np.shape(x), downscale_factor
    if len(shape) < 3 or r < 1 or shape[-2] % r or shape[-1] % r:
        raise OperationError(
            f"pixel_unshuffle: input must be (..., channels, height, width) with sides that {r} divides, got {shape}; "
            f"pad it, or choose another downscale_factor"
        )
    *lead, channels, height, width = shape
    y = np.reshape(x, (*lead, channels, height // r, r, width // r, r))
    n = len(lead)
    y = np.transpose(y, (*range(n + 1), n + 2, n + 4, n + 1, n + 3))
    return np.reshape(y, (*lead, channels * r * r, height // r, width // r))


def _axis(name: str, axis: int, n: int) -> int:
    if not -n <= axis < n:
        raise OperationError(f"{name}: there is no axis {axis} among {n}; count from 0, or back from -1")
    return axis % n
