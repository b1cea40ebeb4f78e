"""Rules of products that sum over axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import is_sparse
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, defvjp
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import interleaved, many_axes, one_axis
from tinygrad_lab.rules.dtypes import with_dtypes
from tinygrad_lab.rules.shaping import inverse
from tinygrad_lab.typing import Array, Axes, DTypeLike, Result


def _ndim(x: Array) -> int:
    return x.ndim if hasattr(x, "ndim") else np.ndim(x)  # np.ndim costs a dispatch, but takes lists


def _rows(x: Array) -> Array:
    """Return `x` as a matrix: the last axis stays, the others become one."""
    return x if _ndim(x) == 2 else np.reshape(x, (math.prod(np.shape(x)[:-1]), np.shape(x)[-1]))


def _matmul_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    if is_sparse(b):
        return g @ b.T
    if _ndim(b) == 1:
        return np.expand_dims(g, -1) * b
    if _ndim(a) == 1:
        g = np.expand_dims(g, -2)
    return g @ np.swapaxes(b, -1, -2)


def _matmul_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    if is_sparse(a):
        return np.transpose(np.transpose(g) @ a)  # with the sparse one on the right, where SciPy lets Values speak
    if _ndim(b) == 1:
        return np.expand_dims(g, -1) * a
    if _ndim(b) == 2:  # every row of every matrix in `a` met the same `b`: one product sums over them all
        return np.transpose(_rows(a)) @ _rows(g)
    if _ndim(a) == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    return np.swapaxes(a, -1, -2) @ g


defvjp(np.matmul, _matmul_left, _matmul_right, elementwise=False)


def _pairs(a: Array, b: Array, axes: Any) -> tuple[list[int], list[int]]:
    """Return the axes that `np.tensordot` sums over, in `a` and in `b`."""
    if _ndim(axes) == 0:
        return list(range(_ndim(a) - axes, _ndim(a))), list(range(axes))
    left, right = axes
    return list(many_axes(left, _ndim(a))), list(many_axes(right, _ndim(b)))


def _tensordot_rule(g: Array, other: Any, ndim: int, mine: list[int], theirs: list[int], first: bool) -> Array:
    """Sum `g` and `other` over the axes that `other` alone gave to `g`, and put the axes back into place."""
    kept = [i for i in range(_ndim(other)) if i not in theirs]
    given = list(range(g.ndim - len(kept), g.ndim)) if first else list(range(len(kept)))
    order = [i for i in range(ndim) if i not in mine] + [mine[theirs.index(i)] for i in sorted(theirs)]
    return np.transpose(np.tensordot(g, other, (given, kept)), inverse(order))


def _tensordot_left(g: Array, y: Array, a: Array, b: Array, axes: Axes = 2) -> Array:
    left, right = _pairs(a, b, axes)
    return _tensordot_rule(g, b, _ndim(a), left, right, first=True)


def _tensordot_right(g: Array, y: Array, a: Array, b: Array, axes: Axes = 2) -> Array:
    left, right = _pairs(a, b, axes)
    return _tensordot_rule(g, a, _ndim(b), right, left, first=False)


defvjp(np.tensordot, _tensordot_left, _tensordot_right)


@composed(np.dot)
def _dot(a: Array, b: Array) -> Array:
    a, b = with_dtypes(a, b)
    if a.ndim == 0 or b.ndim == 0:
        return np.multiply(a, b)
    return np.matmul(a, b) if _ndim(b) <= 2 else np.tensordot(a, b, (-1, -2))


@composed(np.inner)
def _inner(a: Array, b: Array) -> Array:
    a, b = with_dtypes(a, b)
    return np.multiply(a, b) if a.ndim == 0 or b.ndim == 0 else np.tensordot(a, b, (-1, -1))


@composed(np.vdot)
def _vdot(a: Array, b: Array) -> Array:
    return np.matmul(np.conjugate(np.ravel(a)), np.ravel(b))


@composed(np.outer)
def _outer(a: Array, b: Array) -> Array:
    return np.multiply(np.expand_dims(np.ravel(a), 1), np.ravel(b))


@composed(np.trace)
def _trace(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: DTypeLike = None) -> Array:
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@composed(np.vecdot, np.linalg.vecdot)
def _vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Result:
    x1, x2 = (np.moveaxis(x, one_axis(axis, _ndim(x)), -1) for x in (x1, x2))
    if x1.shape[-1] != x2.shape[-1]:
        ask(np.vecdot, (x1, x2), {})
    return np.sum(np.conjugate(x1) * x2, axis=-1)


@composed(np.matvec)
def _matvec(x1: Array, x2: Array) -> Array:
    if np.ndim(x1) < 2:  # which matmul would take for a row
        ask(np.matvec, (x1, x2), {})
    return np.matmul(x1, np.expand_dims(x2, -1))[..., 0]


@composed(np.vecmat)
def _vecmat(x1: Array, x2: Array) -> Array:
    if np.ndim(x2) < 2:
        ask(np.vecmat, (x1, x2), {})
    return np.matmul(np.expand_dims(np.conjugate(x1), -2), x2)[..., 0, :]


@composed(np.kron)
def _kron(a: Array, b: Array) -> Array:
    ndim = max(_ndim(a), _ndim(b))
    m, n = ((1,) * (ndim - _ndim(x)) + np.shape(x) for x in (a, b))
    ones = (1,) * ndim
    product = np.reshape(a, interleaved(m, ones)) * np.reshape(b, interleaved(ones, n))
    return np.reshape(product, tuple(i * j for i, j in zip(m, n, strict=True)))


@composed(np.cross)
def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Result:
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    a, b = np.moveaxis(a, one_axis(axisa, _ndim(a)), 0), np.moveaxis(b, one_axis(axisb, _ndim(b)), 0)
    if a.shape[0] != 3 or b.shape[0] != 3:
        raise OperationError(
            f"cross: vectors must have 3 components, got {a.shape[0]} and {b.shape[0]}; append a 0 to vectors in the "
            f"plane"
        )
    parts = [a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)]
    return np.stack(np.broadcast_arrays(*parts), axis=axisc)


# -- the spellings of np.linalg --------------------------------------------------------------------------------------

# fmt: off
composed(np.linalg.matmul)(lambda x1, x2, /: np.matmul(x1, x2))
composed(np.linalg.tensordot)(lambda x1, x2, /, *, axes=2: np.tensordot(x1, x2, axes))
composed(np.linalg.matrix_transpose)(lambda x, /: np.matrix_transpose(x))
composed(np.linalg.diagonal)(lambda x, /, *, offset=0: np.diagonal(x, offset, -2, -1))
composed(np.linalg.trace)(lambda x, /, *, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype))
# fmt: on


@composed(np.linalg.outer)
def _linalg_outer(x1: Array, x2: Array, /) -> Array:
    if not _ndim(x1) == _ndim(x2) == 1:
        ask(np.linalg.outer, (x1, x2), {})
    return np.outer(x1, x2)


@composed(np.linalg.cross)
def _linalg_cross(x1: Array, x2: Array, /, *, axis: Any = -1) -> Array:
    if axis is None:  # NumPy refuses it before 2.5, and takes the last axis from then on
        np.linalg.cross(np.zeros(np.shape(x1)), np.zeros(np.shape(x2)), axis=axis)  # type: ignore[call-overload]
        axis = -1
    return np.cross(x1, x2, axis, axis, axis)
