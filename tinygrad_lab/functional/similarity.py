"""How alike two vectors are."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.typing import Array, Result


def normalize(x: Array, p: float = 2.0, axis: int = 1, eps: float = 1e-12) -> Result:
    """Return vectors of length 1, `x / max(‖x‖ₚ, eps)`.

    Arguments:
        x: array of vectors along `axis`.
        p: the exponent of the norm.
        axis: the vectors' axis.
        eps: the least length that a vector is divided by.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    return x / np.maximum(np.linalg.norm(x, p, axis=axis, keepdims=True), eps)


def cosine_similarity(a: Array, b: Array, axis: int = 1, eps: float = 1e-8) -> Result:
    """Return the cosine of the angle between vectors, `a · b / (max(|a|, eps) max(|b|, eps))`.

    Arguments:
        a: array of vectors along `axis`.
        b: array whose shape broadcasts with that of `a`.
        axis: the vectors' axis.
        eps: the least length that a vector counts with.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.cosine_similarity(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]]))
        array([0.70710678])
    """
    lengths = (np.maximum(np.linalg.norm(x, axis=axis), eps) for x in (a, b))
    return np.sum(a * b, axis=axis) / np.multiply(*lengths)


def pairwise_distance(a: Array, b: Array, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False) -> Result:
    """Return the distances between vectors, `‖a − b + eps‖ₚ` along the last axis.

    Arguments:
        a: array of vectors along the last axis.
        b: array whose shape broadcasts with that of `a`.
        p: the exponent of the norm.
        eps: is added to each difference, so that equal vectors have a gradient.
        keepdims: whether the last axis stays, with one element.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.pairwise_distance(np.array([3.0, 4.0]), np.zeros(2), eps=0)
        np.float64(5.0)
    """
    return np.linalg.norm(a - b + eps, p, axis=-1, keepdims=keepdims)
