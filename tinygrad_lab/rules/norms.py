"""Rules of the norms. At the origin, where every direction is alike, their gradient is 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.declare import composed, primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import as_last, many_axes
from tinygrad_lab.rules.limits import direction, unless_at_origin
from tinygrad_lab.rules.plain import detached
from tinygrad_lab.typing import Array, Axes, Result


def _norm_rule(g: Array, y: Array, x: Array, axis: Axes = None, keepdims: bool = False) -> Array:
    """(x* / |x|) · g, and 0 at the origin."""
    if axis is not None and not keepdims:
        g, y = np.expand_dims(g, axis), np.expand_dims(y, axis)
    return g * direction(np.conjugate(x), y)


@primitive(_norm_rule)
def norm(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """Return the root of the sum of squares."""
    return np.linalg.norm(x, axis=axis, keepdims=keepdims)


def _p_direction_in_x(g: Array, y: Array, x: Array, length: Array, p: float) -> Array:
    part = direction(x, length)
    size = np.abs(part)
    if np.iscomplexobj(x):  # x^(p / 2) times its conjugate to the power of p / 2 - 1
        turned = np.conjugate(g * (p / 2 - 1) * np.square(direction(part, size)))
        slope = g * (p / 2) + turned
    else:
        slope = g * (p - 1)
    slope = slope * size ** (p - 2) if p >= 2 else slope / size ** (2 - p)
    return unless_at_origin(slope, x, length)


def _p_direction_in_length(g: Array, y: Array, x: Array, length: Array, p: float) -> Array:
    return unless_at_origin((1 - p) * g * y, x, length)


@primitive(_p_direction_in_x, _p_direction_in_length, elementwise=True)
def p_direction(x: Array, length: Array, p: float) -> Array:
    """Return (x / |x|) · (|x| / length)^(p - 1), and 0 where x is 0: for p < 1 it has either sign beside it."""
    part = direction(x, length)
    size = np.abs(part)
    return direction(part, size) * np.where(size == 0, 1, size) ** (p - 1)


def _p_norm_rule(g: Array, y: Array, x: Array, p: float, axis: int, keepdims: bool = False) -> Array:
    """(x* / |x|) · (|x| / y)^(p - 1) · g, element by element."""
    if not keepdims:
        g, y = np.expand_dims(g, axis), np.expand_dims(y, axis)
    return g * p_direction(np.conjugate(x), y, p=p)


@primitive(_p_norm_rule)
def p_norm(x: Array, p: float, axis: int, keepdims: bool = False) -> Array:
    """Return the p-th root of the sum of p-th powers of absolute values along `axis`."""
    return np.linalg.norm(x, p, axis, keepdims)


def _of_vectors(x: Array, ord: Any, axis: int, keepdims: bool) -> Array:
    if isinstance(ord, str):
        raise OperationError(f"norm: ord of vectors must be None or a number, got {ord!r}; leave it out for 2")
    if ord is None or ord == 2:
        return norm(x, axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum(np.not_equal(x, 0), axis=axis, keepdims=keepdims, dtype=np.real(x).dtype)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if abs(ord) == np.inf:
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    return p_norm(x, p=ord, axis=axis, keepdims=keepdims)


def _of_matrices(x: Any, ord: Any, axes: Any, keepdims: bool) -> Result:
    if ord is None or ord in ("fro", "f"):
        return norm(x, axis=axes, keepdims=keepdims)
    if ord not in ("nuc", 1, -1, 2, -2, np.inf, -np.inf):
        raise OperationError(
            f"norm: ord of matrices must be None, 'fro', 'nuc', ±1, ±2 or ±inf, got {ord!r}; pass axis for vectors"
        )
    x = np.moveaxis(x, axes, (-2, -1))
    extremum = np.max if ord == "nuc" or ord > 0 else np.min
    if ord in ("nuc", 2, -2):
        values = np.linalg.svdvals(x)
        result = np.sum(values, axis=-1) if ord == "nuc" else extremum(values, axis=-1)
    else:
        result = extremum(np.sum(np.abs(x), axis=-2 if abs(ord) == 1 else -1), axis=-1)
    return np.expand_dims(result, axes) if keepdims else result


@composed(np.linalg.norm)
def _norm(x: Array, ord: Any = None, axis: Axes = None, keepdims: bool = False) -> Array:
    if x.size == 0:
        return detached(np.linalg.norm)(x, ord, axis, keepdims)
    if axis is None and (ord is None or x.ndim not in (1, 2)):
        if ord is not None:
            raise OperationError(f"norm: x must be a vector or a matrix, got shape {x.shape}; pass axis")
        return norm(x, keepdims=keepdims)
    axes = many_axes(axis, x.ndim)
    if len(axes) > 2:
        raise OperationError(f"norm: axis must be one axis or two, got {axis}; reshape x first")
    if len(axes) == 1:
        return _of_vectors(x, ord, axes[0], keepdims)
    return _of_matrices(x, ord, axes, keepdims)


@composed(np.linalg.vector_norm)
def _vector_norm(x: Array, /, *, axis: Axes = None, keepdims: bool = False, ord: Any = 2) -> Array:
    if x.size == 0:
        return detached(np.linalg.vector_norm)(x, axis=axis, keepdims=keepdims, ord=ord)
    axes = many_axes(axis, x.ndim)
    vectors = as_last(x, axes)
    result = _of_vectors(vectors, ord, vectors.ndim - 1, False)
    return np.expand_dims(result, axes) if keepdims else result


@composed(np.linalg.matrix_norm)
def _matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    if x.size == 0:
        return detached(np.linalg.matrix_norm)(x, keepdims=keepdims, ord=ord)
    return _of_matrices(x, ord, (x.ndim - 2, x.ndim - 1), keepdims)


_plain_cond = detached(np.linalg.cond)


@composed(np.linalg.cond)
def _cond(x: Array, p: Any = None) -> Array:
    if p in (None, 2, -2):
        values = np.linalg.svdvals(x)
        top, bottom = (values[..., -1], values[..., 0]) if p == -2 else (values[..., 0], values[..., -1])
        return np.where((top == 0) & (bottom == 0), 1, top) / (bottom + 0.0)  # LAPACK finds -0.0, too
    infinite = np.isinf(_plain_cond(x, p))
    length = np.linalg.norm(x, p, (-2, -1))
    # What has no inverse is none to look for; the slope of its number is infinite or NaN.
    regular = np.where(np.expand_dims(infinite, (-2, -1)), beside(np.eye(x.shape[-1], dtype=x.dtype), x), x)
    return np.where(infinite, (length + 1) * np.inf, length * np.linalg.norm(np.linalg.inv(regular), p, (-2, -1)))
