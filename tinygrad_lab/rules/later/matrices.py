"""Pieces that the rules of matrix functions share. A matrix is the last two axes of an array.

Textbooks give the gradient of a complex matrix as the direction of steepest ascent. This package's convention is its
conjugate, so such rules conjugate `g` on the way in and their result on the way out.
"""

from __future__ import annotations

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.typing import Array, ArrayLike, Result


def transposed(x: Array) -> Array:
    """Return the transposes of the matrices in `x`."""
    return np.swapaxes(x, -1, -2)


def adjoint(x: Array) -> Array:
    """Return the conjugate transposes of the matrices in `x`."""
    return np.conjugate(np.swapaxes(x, -1, -2))


def spared(x: Array, bad: ArrayLike) -> Result:
    """Return matrices with those that are `bad` replaced by the identity, so that nothing fails on them."""
    return np.where(np.expand_dims(bad, (-2, -1)), beside(np.eye(x.shape[-1], dtype=x.dtype), x), x)


def none_where(bad: ArrayLike, gradient: Array, x: Array) -> Result:
    """Return the gradient of `x`, where matrices are `bad` NaN at every order: there is no derivative."""
    none = np.where(np.expand_dims(bad, (-2, -1)), np.nan, 0)
    return gradient + none * np.sum(x, axis=(-2, -1), keepdims=True)


def hermitian(x: Array) -> Array:
    """Return the Hermitian parts of the matrices in `x`."""
    return (x + adjoint(x)) / 2


def diagonal(x: Array) -> Array:
    """Return diagonal matrices with the vectors in `x`."""
    return np.where(beside(np.eye(x.shape[-1], dtype=bool), x), np.expand_dims(x, -2), 0)


def lower(x: Array) -> Array:
    """Return the lower triangles of the matrices in `x`, with half of the diagonal."""
    return np.tril(x) * beside(1 - np.eye(x.shape[-1]) / 2, x)


def differences(x: Array) -> Array:
    """Return matrices of `x[j] - x[i]` in row i and column j."""
    return np.expand_dims(x, -2) - np.expand_dims(x, -1)
