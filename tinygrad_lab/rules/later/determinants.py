"""Rules of the determinant, right for singular matrices too, and of its logarithm.

The gradient of the determinant is the adjugate, which is a polynomial in the elements: it needs no inverse. With
x = U diag(s) Vᴴ it is det(U) det(Vᴴ) V diag(products of all s but one) Uᴴ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.rules.later.matrices import adjoint, diagonal, none_where, spared, transposed
from tinygrad_lab.rules.later.results import named
from tinygrad_lab.rules.plain import detached
from tinygrad_lab.typing import Array, Result


def _matrices(g: Array) -> Array:
    """Give `g`, a number for each matrix, two axes more."""
    return np.expand_dims(g, (-2, -1))


def _one_and(products: Any) -> Result:
    """Return running products that start with 1 and leave the last one out."""
    return np.concatenate([np.ones_like(products[..., :1]), products[..., :-1]], axis=-1)


def _but_two(s: Array) -> Array:
    """Return matrices of the products of all elements of `s` but the i-th and the j-th; 0 where i = j."""
    n = s.shape[-1]
    before = _one_and(np.cumprod(s, axis=-1))
    after = np.flip(_one_and(np.cumprod(np.flip(s, -1), axis=-1)), -1)
    later = beside(np.arange(n) > np.arange(n)[:, None], s)
    between = _one_and(np.cumprod(np.where(later, np.expand_dims(s, -2), 1), axis=-1))
    products = np.triu(np.expand_dims(before, -1) * between * np.expand_dims(after, -2), 1)
    return products + transposed(products)


def _svd_of_finite(x: Array) -> tuple[Any, Any, Any]:
    """Return the singular value decomposition; NumPy finds none of a matrix with a NaN, whose values are NaN here."""
    bad = ~np.all(np.isfinite(x), axis=(-2, -1))
    u, s, vh = np.linalg.svd(spared(x, bad))
    return u, s * np.where(np.expand_dims(bad, -1), np.nan, 1), vh


@primitive()
def adjugate(x: Array) -> Array:
    """Return the matrices of cofactors, transposed: `adjugate(x) @ x` is det(x) times the identity."""
    u, s, vh = _svd_of_finite(x)
    sign = _matrices(np.linalg.det(u) * np.linalg.det(vh))
    before, after = _one_and(np.cumprod(s, -1)), np.flip(_one_and(np.cumprod(np.flip(s, -1), -1)), -1)
    return sign * (adjoint(vh) * np.expand_dims(before * after, -2)) @ adjoint(u)


def _adjugate_rule(g: Array, y: Array, x: Array) -> Array:
    """In the bases of U and V the derivative has two parts: an element's own minor, and on the diagonal all others'."""
    u, s, vh = _svd_of_finite(x)
    sign = _matrices(np.linalg.det(u) * np.linalg.det(vh))
    inner = vh @ np.conjugate(g * sign) @ u
    products = _but_two(s)
    of_diagonal = products @ np.expand_dims(np.diagonal(inner, axis1=-2, axis2=-1), -1)
    return np.conjugate(u @ (diagonal(of_diagonal[..., 0]) - products * inner) @ vh)


defvjp(adjugate, _adjugate_rule)
defvjp(np.linalg.det, lambda g, y, x: _matrices(g) * transposed(adjugate(x)))


# -- its logarithm ---------------------------------------------------------------------------------------------------


def _over(g: Array, x: Array, singular: Any) -> Result:
    """Return `g` times the transposed inverses; NaN where there is none and `g` is not 0."""
    return none_where(singular & (g != 0), _matrices(g) * transposed(np.linalg.inv(spared(x, singular))), x)


@primitive(lambda g, y, x: _over(g, x, y == -np.inf))
def log_abs_det(x: Array) -> Array:
    """Return the logarithm of the determinant's absolute value."""
    return np.linalg.slogdet(x)[1]


@primitive(lambda g, y, x: _over(np.where(y == 0, g, 1j * np.imag(g * y)), x, y == 0))
def sign_of_det(x: Array) -> Array:
    """Return the determinant of complex matrices over its absolute value."""
    return np.linalg.slogdet(x)[0]


_real_sign = detached(lambda x: np.linalg.slogdet(x)[0])


@composed(np.linalg.slogdet)
def _slogdet(a: Array) -> Array:
    sign = sign_of_det(a) if np.iscomplexobj(a) else _real_sign(a)
    return named(np.linalg.slogdet, sign, log_abs_det(a))
