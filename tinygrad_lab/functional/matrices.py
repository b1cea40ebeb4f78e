"""Functions of matrices that SciPy has and NumPy has not, with derivatives (the extra `scipy`).

Twins of `scipy.linalg.solve_triangular`, `cho_solve` and `expm`; those of `scipy.special.logsumexp`, `softmax` and
`log_softmax` stand beside them in `tinygrad_lab.functional`, with `axis=-1` where SciPy has None.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.extras import extra
from tinygrad_lab.typing import Array, DTypeLike, Result


@primitive()
def solve_triangular(
    a: Array, b: Array, trans: Literal[0, 1, "N", "T"] = 0, lower: bool = False, unit_diagonal: bool = False
) -> Result:
    """Return the x with `a x = b`, or `aᵀ x = b`, for a triangular matrix.

    Arguments:
        a: (..., n, n), of which only the upper triangle is used, or the lower one.
        b: (n,) or (..., n, k); what stands before the last axes broadcasts.
        trans: 1 or "T" for `aᵀ x = b`.
        lower: whether the lower triangle is used.
        unit_diagonal: whether the diagonal counts as ones, whatever it holds.

    Raises:
        OperationError: for shapes that do not fit, or another `trans`.
        MissingExtraError: without SciPy.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.solve_triangular(np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([4.0, 8.0]))
        array([1., 2.])
    """
    with extra("scipy"):
        from scipy.linalg import solve_triangular as solve
    dtype = np.result_type(a, b)
    known = _known_to_scipy(dtype)
    if a.ndim <= 2 and b.ndim <= 2:
        return solve(a.astype(known), b.astype(known), trans, lower, unit_diagonal).astype(dtype)
    if b.ndim == 1:
        return solve_triangular(a, b[:, None], trans, lower, unit_diagonal)[..., 0]
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    pairs = (np.broadcast_to(x, lead + x.shape[-2:]).reshape(-1, *x.shape[-2:]).astype(known) for x in (a, b))
    each = [solve(*pair, trans, lower, unit_diagonal) for pair in zip(*pairs, strict=True)]
    return np.reshape(each, lead + b.shape[-2:]).astype(dtype)


def _known_to_scipy(dtype: DTypeLike) -> Result:
    """Return the dtype in which SciPy computes for one that is shorter or longer than those it knows."""
    known = np.result_type(dtype, np.float32)
    if known.char in "gG":
        known = np.dtype(np.float64 if known.kind == "f" else np.complex128)
    return known


def _turned(trans: Any) -> Result:
    return 0 if trans in (1, "T") else 1


def _pulled(a: Array, b: Array, g: Array, trans: Any, lower: bool, unit_diagonal: bool) -> Result:
    """Return the gradient of b."""
    if b.ndim > 1 or a.ndim == 2:
        return solve_triangular(a, g, _turned(trans), lower, unit_diagonal)
    return solve_triangular(a, np.expand_dims(g, -1), _turned(trans), lower, unit_diagonal)[..., 0]


def _triangle_rule(
    g: Array, y: Array, a: Array, b: Array, trans: Literal[0, 1, "N", "T"] = 0, lower: bool = False,
    unit_diagonal: bool = False,
) -> Result:  # fmt: skip
    back = _pulled(a, b, g, trans, lower, unit_diagonal)
    if b.ndim == 1:
        back, y = np.expand_dims(back, -1), np.expand_dims(y, -1)
    found = -(back @ np.swapaxes(y, -1, -2)) if _turned(trans) else -(y @ np.swapaxes(back, -1, -2))
    return np.tril(found, -int(unit_diagonal)) if lower else np.triu(found, int(unit_diagonal))


defvjp(
    solve_triangular,
    _triangle_rule,
    lambda g, y, a, b, trans=0, lower=False, unit_diagonal=False: _pulled(a, b, g, trans, lower, unit_diagonal),
)


def cho_solve(c_and_lower: tuple[Array, bool], b: Array) -> Result:
    """Return the x with `A x = b`, given the Cholesky factor of A.

    Arguments:
        c_and_lower: the factor, (..., n, n), and whether it is the lower one, as `np.linalg.cholesky` gives.
        b: (n,) or (..., n, k).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> A = np.array([[4.0, 2.0], [2.0, 3.0]])
        >>> tl.functional.cho_solve((np.linalg.cholesky(A), True), np.array([8.0, 8.0]))
        array([1., 2.])
    """
    c, lower = c_and_lower
    first = solve_triangular(c if lower else np.conjugate(c), b, 0 if lower else 1, lower)
    return solve_triangular(np.conjugate(c) if lower else c, first, 1 if lower else 0, lower)


@primitive()
def expm(a: Array) -> Result:
    """Return the exponential of square matrices, `Σ aᵏ / k!`.

    Arguments:
        a: (..., n, n).

    Raises:
        OperationError: for matrices that are not square.
        MissingExtraError: without SciPy.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.expm(np.array([[0.0, 1.0], [0.0, 0.0]]))
        array([[1., 1.],
               [0., 1.]])

    Source: A. Al-Mohy, N. Higham, "A new scaling and squaring algorithm for the matrix exponential", 2009.
    """
    with extra("scipy"):
        from scipy.linalg import expm as exponential
    return exponential(a.astype(_known_to_scipy(a.dtype))).astype(a.dtype)


def _expm_rule(g: Array, y: Array, a: Array) -> Result:
    """The upper right block of exp([[aᵀ, g], [0, aᵀ]]) is the derivative at aᵀ in the direction g.

    R. Mathias, "A chain rule for matrix functions and applications", 1996.
    """
    t, n = np.swapaxes(a, -1, -2), a.shape[-1]
    top = np.concatenate([t, g], axis=-1)
    bottom = np.concatenate([np.zeros_like(t), t], axis=-1)
    return expm(np.concatenate([top, bottom], axis=-2))[..., :n, n:]


defvjp(expm, _expm_rule)
