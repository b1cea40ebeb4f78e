"""Rules of the matrix decompositions, from their defining equations.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode AD" (2008); I. Murray,
"Differentiation of the Cholesky decomposition" (2016); J. Townsend, "Differentiating the singular value decomposition"
(2016); M. Seeger and others, "Auto-differentiating linear algebra" (2017).

Cholesky and `eigh` read one triangle of a Hermitian matrix; their gradient is that of the matrix, Hermitian too.
Eigenvectors and singular vectors are determined up to a phase, so gradients are those of functions that do not depend
on it. Of a repeated value they are not determined at all: there the gradient is NaN, unless they are not used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.later.matrices import (
    adjoint,
    diagonal,
    differences,
    hermitian,
    lower,
    none_where,
    spared,
)
from tinygrad_lab.rules.later.results import named
from tinygrad_lab.typing import Array, Result
from tinygrad_lab.vectors import pack, unpack


@primitive()
def cholesky(x: Array) -> Array:
    """Return the lower triangular L with L Lᴴ = x."""
    return np.linalg.cholesky(x)


def _cholesky_rule(g: Array, y: Array, x: Array) -> Array:
    """L⁻ᴴ Φ(Lᴴ ḡ) L⁻¹, made Hermitian, where Φ takes the lower triangle and half of the diagonal."""
    inner = hermitian(lower(adjoint(y) @ np.conjugate(g)))
    half = np.linalg.solve(adjoint(y), inner)
    return np.conjugate(np.linalg.solve(adjoint(y), adjoint(half)))


defvjp(cholesky, _cholesky_rule)


@composed(np.linalg.cholesky)
def _cholesky(a: Array, /, *, upper: bool = False) -> Array:
    return adjoint(cholesky(adjoint(a))) if upper else cholesky(a)


# -- eigenvalues -----------------------------------------------------------------------------------------------------


def _repeated(values: Array) -> Result:
    """Tell which pairs of different eigenvalues or singular values are equal up to rounding."""
    n = values.shape[-1]
    size = np.max(np.abs(values), axis=-1, keepdims=True, initial=0)
    gaps = np.abs(differences(values))
    return (gaps <= n * np.finfo(values.dtype).eps.item() * np.expand_dims(size, -1)) & beside(
        ~np.eye(n, dtype=bool), values
    )


def _over_gaps(a: Array, gaps: Any, repeated: Any, used: Any) -> Result:
    """Return `a / gaps` off the diagonal; where the gap is none, NaN if it is used, else 0."""
    none = repeated | beside(np.eye(a.shape[-1], dtype=bool), a)
    return np.where(none, np.where(repeated & used, np.nan, 0), a / np.where(none, 1, gaps))


def _used(g: Array) -> Result:
    """Tell which pairs of vectors a gradient `g` reaches."""
    reached = np.any(g != 0, axis=-2)
    return np.expand_dims(reached, -2) | np.expand_dims(reached, -1)


@primitive()
def eigh(x: Array, UPLO: Any = "L") -> Array:
    """Return the eigenvalues and eigenvectors of Hermitian matrices, packed."""
    return pack(np.linalg.eigh(x, UPLO), x.shape[:-2])


def _eigh_rule(g: Array, y: Array, x: Array, UPLO: Any = "L") -> Array:
    """V (diag(w̄) + F ∘ Vᴴ v̄) Vᴴ, made Hermitian, where F[i, j] = 1 / (w[j] - w[i])."""
    n = x.shape[-1]
    w, v = unpack(y, [(n,), (n, n)])
    gw, gv = unpack(np.conjugate(g), [(n,), (n, n)])
    w = np.real(w)
    turning = adjoint(v) @ gv
    inner = _over_gaps(turning, differences(w), _repeated(w), _used(gv))
    return np.conjugate(v @ hermitian(diagonal(np.real(gw)) + inner) @ adjoint(v))


defvjp(eigh, _eigh_rule)


@composed(np.linalg.eigh)
def _eigh(a: Array, UPLO: Any = "L") -> Array:
    n = a.shape[-1]
    w, v = unpack(eigh(a, UPLO=UPLO.upper()), [(n,), (n, n)])
    return named(np.linalg.eigh, np.real(w), v)


@composed(np.linalg.eigvalsh)
def _eigvalsh(a: Array, UPLO: Any = "L") -> Array:
    return np.linalg.eigh(a, UPLO)[0]


@primitive()
def eig(x: Array) -> Array:
    """Return the eigenvalues and eigenvectors of square matrices, packed."""
    return pack(np.linalg.eig(x), x.shape[:-2])


def _eig_rule(g: Array, y: Array, x: Array) -> Array:
    """V⁻ᴴ (diag(w̄) + F* ∘ Vᴴ v̄) Vᴴ, where F[i, j] = 1 / (w[j] - w[i]), and v̄ has no part along its vector."""
    n = x.shape[-1]
    w, v = unpack(y, [(n,), (n, n)])
    gw, gv = unpack(np.conjugate(g), [(n,), (n, n)])
    used = _used(gv)
    gv = gv - v * np.sum(np.conjugate(v) * gv, axis=-2, keepdims=True)  # their length stays 1
    turning = adjoint(v) @ gv
    inner = diagonal(gw) + _over_gaps(turning, np.conjugate(differences(w)), _repeated(w), used)
    defective = np.linalg.slogdet(v)[1] == -np.inf  # too few eigenvectors
    gradient = np.conjugate(np.linalg.solve(adjoint(spared(v, defective)), inner @ adjoint(v)))
    return none_where(defective & np.any(g != 0, axis=-1), gradient, x)


defvjp(eig, _eig_rule)


@composed(np.linalg.eig)
def _eig(a: Array) -> Array:
    n = a.shape[-1]
    return named(np.linalg.eig, *unpack(eig(a), [(n,), (n, n)]))


@composed(np.linalg.eigvals)
def _eigvals(a: Array) -> Array:
    return np.linalg.eig(a)[0]


# -- singular values -------------------------------------------------------------------------------------------------


@primitive()
def svd(x: Array, full_matrices: bool = False) -> Array:
    """Return U, s and Vᴴ of the singular value decomposition x = U diag(s) Vᴴ, packed."""
    return pack(np.linalg.svd(x, full_matrices), x.shape[:-2])


def _svd_shapes(x: Array, full: bool) -> list[tuple[int, ...]]:
    m, n = x.shape[-2:]
    k = min(m, n)
    return [(m, m if full else k), (k,), (n if full else k, n)]


def _without_complement(u: Array, gu: Array, k: int) -> tuple[Any, Any]:
    """Reduce U and its gradient to k columns: the others span the complement, and turn as these do."""
    first, rest = u[..., :k], u[..., k:]
    return first, gu[..., :k] - rest @ (adjoint(gu[..., k:]) @ first)


def _svd_rule(g: Array, y: Array, x: Array, full_matrices: bool = False) -> Result:
    """U (diag(s̄) + (F ∘ [Uᴴ ū]) S + S (F ∘ [Vᴴ v̄])) Vᴴ + ..., with F[i, j] = 1 / (s[j]² - s[i]²) and [M] = M - Mᴴ."""
    shapes, k = _svd_shapes(x, full_matrices), min(x.shape[-2:])
    u, s, vh = unpack(y, shapes)
    gu, gs, gvh = unpack(np.conjugate(g), shapes)
    s, (u, gu), (v, gv) = np.real(s), _without_complement(u, gu, k), _without_complement(adjoint(vh), adjoint(gvh), k)
    of_u, of_v = adjoint(u) @ gu, adjoint(v) @ gv
    turn_u, turn_v = of_u - adjoint(of_u), of_v - adjoint(of_v)
    repeated, used = _repeated(s), _used(gu) | _used(gv)
    # U and V turning together meets the gap s[j] - s[i], turning against each other only the sum s[j] + s[i].
    sums = np.expand_dims(s, -2) + np.expand_dims(s, -1)
    inner = diagonal(np.real(gs)) + _over_gaps((turn_u + turn_v) / 2, differences(s), repeated, used)
    inner = inner + _over_gaps((turn_u - turn_v) / 2, sums, repeated, used)
    rounding = max(x.shape[-2:]) * np.finfo(s.dtype).eps.item() * np.max(s, axis=-1, keepdims=True, initial=0)
    vanishing = np.expand_dims(s <= rounding, -2)
    if np.iscomplexobj(x):  # a common phase of a pair's vectors
        phase = diagonal(np.diagonal(turn_u - turn_v, axis1=-2, axis2=-1)) / 4
        inner = inner + _over_values(phase, s, vanishing)
    left = u @ inner
    if x.shape[-2] > k:
        left = left + _over_values(gu - u @ of_u, s, vanishing)
    total = left @ adjoint(v)
    if x.shape[-1] > k:
        total = total + u @ adjoint(_over_values(gv - v @ of_v, s, vanishing))
    return np.conjugate(total)


def _over_values(a: Array, s: Array, vanishing: Any) -> Array:
    """Return the columns of `a` over the singular values; over 0, NaN if it is used, else 0."""
    return np.where(vanishing, np.where(a == 0, 0, np.nan), a / np.where(vanishing, 1, np.expand_dims(s, -2)))


defvjp(svd, _svd_rule)


@composed(np.linalg.svd)
def _svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Result:
    if hermitian:
        u, s, vh = _svd_of_hermitian(a)
    else:
        full = full_matrices and compute_uv and a.shape[-2] != a.shape[-1]
        u, s, vh = unpack(svd(a, full_matrices=full), _svd_shapes(a, full))
    return named(np.linalg.svd, u, np.real(s), vh) if compute_uv else np.real(s)


def _svd_of_hermitian(a: Array) -> Result:
    w, v = np.linalg.eigh(a)
    order = np.flip(np.argsort(np.abs(w), axis=-1), -1)
    w, v = np.take_along_axis(w, order, -1), np.take_along_axis(v, np.expand_dims(order, -2), -1)
    return v, np.abs(w), adjoint(v * np.expand_dims(np.copysign(1, w), -2))


@composed(np.linalg.svdvals)
def _svdvals(x: Array, /) -> Array:
    return np.linalg.svd(x, compute_uv=False)


# -- QR --------------------------------------------------------------------------------------------------------------


@primitive()
def qr(x: Array, mode: Any = "reduced") -> Array:
    """Return Q and R of x = Q R, packed, for matrices with at least as many rows as columns."""
    return pack(np.linalg.qr(x, mode), x.shape[:-2])


def _qr_shapes(x: Array, mode: str) -> list[tuple[int, ...]]:
    m, n = x.shape[-2:]
    return [(m, m), (m, n)] if mode == "complete" else [(m, n), (n, n)]


def _qr_rule(g: Array, y: Array, x: Array, mode: Any = "reduced") -> Array:
    """(q̄ + Q (Φ(K - Kᴴ) - K)) R⁻ᴴ, where K = Qᴴ q̄ - r̄ Rᴴ and Φ takes the lower triangle and half of the diagonal."""
    n = x.shape[-1]
    q, r = unpack(y, _qr_shapes(x, mode))
    gq, gr = unpack(np.conjugate(g), _qr_shapes(x, mode))
    (q, gq), r, gr = _without_complement(q, gq, n), r[..., :n, :], gr[..., :n, :]
    turning = adjoint(q) @ gq - gr @ adjoint(r)
    total = gq + q @ (lower(turning - adjoint(turning)) - turning)
    singular = np.any(np.diagonal(r, axis1=-2, axis2=-1) == 0, axis=-1)
    gradient = np.conjugate(adjoint(np.linalg.solve(spared(r, singular), adjoint(total))))
    return none_where(singular & np.any(g != 0, axis=-1), gradient, x)


defvjp(qr, _qr_rule)


@composed(np.linalg.qr)
def _qr(a: Array, mode: Any = "reduced") -> Array:
    if mode not in ("reduced", "complete", "r"):
        raise OperationError(f"qr: mode must be 'reduced', 'complete' or 'r', got {mode!r}; take one of these")
    m, n = a.shape[-2:]
    square = a[..., :m] if n > m else a  # of a wide matrix, the first columns alone determine Q
    kind = "complete" if mode == "complete" and m > n else "reduced"
    q, r = unpack(qr(square, mode=kind), _qr_shapes(square, kind))
    if n > m:
        r = np.concatenate([r, adjoint(q) @ a[..., m:]], axis=-1)
    return r if mode == "r" else named(np.linalg.qr, q, r)
