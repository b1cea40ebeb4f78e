"""Rules of products that sum over axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.core.registry import composed, defvjp, primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.limits import ratio
from tinygrad_lab.rules.shaping import inverse


def _ndim(x: Any) -> int:
    return x.ndim if hasattr(x, "ndim") else np.ndim(x)  # np.ndim costs a dispatch, but takes lists


def _rows(x: Any) -> Any:
    """Return `x` as a matrix: the last axis stays, the others become one."""
    return x if _ndim(x) == 2 else np.reshape(x, (math.prod(np.shape(x)[:-1]), np.shape(x)[-1]))


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    if _ndim(b) == 1:
        return np.expand_dims(g, -1) * b
    if _ndim(a) == 1:
        g = np.expand_dims(g, -2)
    return g @ np.swapaxes(b, -1, -2)


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if _ndim(b) == 1:
        return np.expand_dims(g, -1) * a
    if _ndim(b) == 2:  # every row of every matrix in `a` met the same `b`: one product sums over them all
        return np.transpose(_rows(a)) @ _rows(g)
    if _ndim(a) == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    return np.swapaxes(a, -1, -2) @ g


defvjp(np.matmul, _matmul_left, _matmul_right, elementwise=False)


def _pairs(a: Any, b: Any, axes: Any) -> tuple[list[int], list[int]]:
    """Return the axes that `np.tensordot` sums over, in `a` and in `b`."""
    if _ndim(axes) == 0:
        return list(range(_ndim(a) - axes, _ndim(a))), list(range(axes))
    left, right = (np.atleast_1d(one).astype(int) for one in axes)
    return [i % _ndim(a) for i in left.tolist()], [i % _ndim(b) for i in right.tolist()]


def _tensordot_rule(g: Any, other: Any, ndim: int, mine: list[int], theirs: list[int], first: bool) -> Any:
    """Sum `g` and `other` over the axes that `other` alone gave to `g`, and put the axes back into place."""
    kept = [i for i in range(_ndim(other)) if i not in theirs]
    given = list(range(g.ndim - len(kept), g.ndim)) if first else list(range(len(kept)))
    order = [i for i in range(ndim) if i not in mine] + [mine[theirs.index(i)] for i in sorted(theirs)]
    return np.transpose(np.tensordot(g, other, (given, kept)), inverse(order))


def _tensordot_left(g: Any, y: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    left, right = _pairs(a, b, axes)
    return _tensordot_rule(g, b, _ndim(a), left, right, first=True)


def _tensordot_right(g: Any, y: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    left, right = _pairs(a, b, axes)
    return _tensordot_rule(g, a, _ndim(b), right, left, first=False)


defvjp(np.tensordot, _tensordot_left, _tensordot_right)


@composed(np.dot)
def _dot(a: Any, b: Any) -> Any:
    if _ndim(a) == 0 or _ndim(b) == 0:
        return np.multiply(a, b)
    return np.matmul(a, b) if _ndim(b) <= 2 else np.tensordot(a, b, (-1, -2))


@composed(np.inner)
def _inner(a: Any, b: Any) -> Any:
    return np.multiply(a, b) if _ndim(a) == 0 or _ndim(b) == 0 else np.tensordot(a, b, (-1, -1))


@composed(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    return np.matmul(np.conjugate(np.ravel(a)), np.ravel(b))


@composed(np.outer)
def _outer(a: Any, b: Any) -> Any:
    return np.multiply(np.expand_dims(np.ravel(a), 1), np.ravel(b))


@composed(np.trace)
def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def _norm_rule(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is not None and not keepdims:
        g, y = np.expand_dims(g, axis), np.expand_dims(y, axis)
    return g * ratio(np.conjugate(x), y)  # 0 at the origin, where every direction is alike


@primitive(_norm_rule)
def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the root of the sum of squares."""
    return np.linalg.norm(x, axis=axis, keepdims=keepdims)


@composed(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    of_vectors = isinstance(axis, int) or (axis is None and x.ndim == 1)
    if ord is not None and ord != (2 if of_vectors else "fro"):
        raise OperationError(
            f"norm: ord must be None, 2 for vectors or 'fro' for matrices, got {ord!r}; "
            f"write another norm with np.abs, np.sum and np.max"
        )
    return norm(x, axis=axis, keepdims=keepdims)
