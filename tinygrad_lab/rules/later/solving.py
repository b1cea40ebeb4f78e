"""Rules of inverses, of linear systems, and of products of many matrices."""

from __future__ import annotations

import functools
import math
import operator
from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.rules.axes import many_axes, other_axes
from tinygrad_lab.rules.dtypes import alike, with_dtypes
from tinygrad_lab.rules.later.matrices import adjoint, transposed
from tinygrad_lab.rules.plain import detached
from tinygrad_lab.typing import Array, Arrays, Result


@primitive()
def solve(a: Array, b: Array) -> Array:
    """Return the X with a X = b, for matrices `b`."""
    return np.linalg.solve(a, b)


def _pinv_rule(g: Array, y: Array, x: Array, rcond: Any = None, hermitian: bool = False, **_: Any) -> Array:
    """(I - X P) ḡᴴ P Pᴴ + Pᴴ P ḡᴴ (I - P X) - Pᴴ ḡ Pᴴ, where P is the pseudo-inverse.

    G. Golub and V. Pereyra, "The differentiation of pseudo-inverses" (1973): the rank has to stay.
    """
    gh, yh = transposed(g), adjoint(y)
    left, right = (beside(np.eye(n), x) - product for n, product in zip(x.shape[-2:], (x @ y, y @ x), strict=True))
    slope = np.conjugate(left @ gh @ y @ yh + yh @ y @ gh @ right - yh @ np.conjugate(g) @ yh)
    return (slope + adjoint(slope)) / 2 if hermitian else slope  # NumPy reads one triangle then


# fmt: off
defvjp(np.linalg.inv,   lambda g, y, x: -transposed(y) @ g @ transposed(y))
defvjp(np.linalg.pinv,  _pinv_rule)
defvjp(solve,           lambda g, y, a, b: -np.linalg.solve(transposed(a), g) @ transposed(y),
                        lambda g, y, a, b: np.linalg.solve(transposed(a), g))
# fmt: on


@composed(np.linalg.solve)
def _solve(a: Array, b: Array) -> Array:
    return solve(a, np.expand_dims(b, -1))[..., 0] if np.ndim(b) == 1 else solve(a, b)


@composed(np.linalg.lstsq)
def _lstsq(a: Array, b: Array, rcond: Any = None) -> Result:
    a, b = alike(a, b)
    _, residuals, rank, _ = _plain_lstsq(a, b, rcond)
    least = np.finfo(a.dtype).eps.item() * (max(a.shape) if rcond is None else 1)
    x = np.linalg.pinv(a, least if rcond in (None, -1) else rcond) @ b
    if residuals.size:
        misfit = b - a @ x
        residuals = np.reshape(np.real(np.sum(misfit * np.conjugate(misfit), axis=0)), residuals.shape)
    return x, residuals, rank, np.linalg.svdvals(a)


_plain_lstsq = detached(np.linalg.lstsq)


@composed(np.linalg.tensorsolve)
def _tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    a, b = with_dtypes(a, b)
    if axes is not None:
        axes = many_axes(tuple(axes), a.ndim)
        a = np.transpose(a, other_axes(axes, a.ndim) + axes)
    shape = a.shape[-(a.ndim - np.ndim(b)) :]  # all of it where `b` has as many axes, as NumPy has it
    return np.reshape(np.linalg.solve(np.reshape(a, (math.prod(np.shape(b)), math.prod(shape))), np.ravel(b)), shape)


@composed(np.linalg.tensorinv)
def _tensorinv(a: Array, ind: int = 2) -> Array:
    if ind <= 0 or a.ndim == 0:
        ask(np.linalg.tensorinv, (a, ind), {})
    first, last = a.shape[:ind], a.shape[ind:]
    return np.reshape(np.linalg.inv(np.reshape(a, (math.prod(first), -1))), last + first)


@composed(np.linalg.matrix_power)
def _matrix_power(a: Array, n: int) -> Array:
    """Square and multiply."""
    if not isinstance(n, int) or a.ndim < 2 or a.shape[-2] != a.shape[-1]:
        ask(np.linalg.matrix_power, (a, n), {})
    n = operator.index(n)
    if n < 0:
        return np.linalg.matrix_power(np.linalg.inv(a), -n)
    power = None
    while n:
        if n % 2:
            power = a if power is None else power @ a
        a, n = (a @ a if n > 1 else a), n // 2
    return np.zeros_like(a) + beside(np.eye(a.shape[-1], dtype=a.dtype), a) if power is None else power


@composed(np.linalg.multi_dot)
def _multi_dot(arrays: Arrays) -> Result:
    """Multiply in the cheapest order (T. Cormen and others, "Introduction to algorithms", section on matrix chains)."""
    shapes = [np.shape(array) for array in arrays]
    if len(shapes) < 2 or any(len(shape) != 2 for shape in shapes):
        ask(np.linalg.multi_dot, (arrays,), {})
    sizes = [1 if len(shapes[0]) == 1 else shapes[0][0], *(shape[-1] for shape in shapes[:-1])]
    sizes.append(1 if len(shapes[-1]) == 1 else shapes[-1][1])

    @functools.cache
    def cheapest(i: int, j: int) -> tuple[int, int]:
        """Return the cost of the product of arrays i to j - 1, and where to split it."""
        splits = range(i + 1, j)
        return (
            min((cheapest(i, k)[0] + cheapest(k, j)[0] + sizes[i] * sizes[k] * sizes[j], k) for k in splits)
            if splits
            else (0, i)
        )

    def product(i: int, j: int) -> Result:
        split = cheapest(i, j)[1]
        return arrays[i] if j - i == 1 else np.dot(product(i, split), product(split, j))

    return product(0, len(arrays))
