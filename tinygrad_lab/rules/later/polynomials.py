"""Polynomials as vectors of coefficients, the highest power first."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.receivers import plain
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.dtypes import alike, converted, with_dtype, with_dtypes
from tinygrad_lab.rules.plain import from_list, want_vectors
from tinygrad_lab.typing import Array, Result


def _aligned(a: Array, b: Array) -> Result:
    a, b = np.atleast_1d(a), np.atleast_1d(b)
    n = max(len(a), len(b))
    return np.pad(a, (n - len(a), 0)), np.pad(b, (n - len(b), 0))


@composed(np.polyadd)
def _polyadd(a1: Any, a2: Any) -> Result:
    want_vectors(np.polyadd, a1, a2)
    a, b = _aligned(a1, a2)
    return a + b


@composed(np.polysub)
def _polysub(a1: Any, a2: Any) -> Result:
    want_vectors(np.polysub, a1, a2)
    a, b = _aligned(a1, a2)
    return a - b


@composed(np.polymul)
def _polymul(a1: Any, a2: Any) -> Result:
    want_vectors(np.polymul, a1, a2)
    return np.convolve(_stripped(a1), _stripped(a2))


def _stripped(p: Array) -> Array:
    """Leave out leading zeros, but not the last coefficient; no coefficients are a zero."""
    p = np.atleast_1d(p)
    if len(p) == 0:
        return np.zeros_like(p, shape=(1,))
    return p[np.argmax(np.append(np.not_equal(p[:-1], 0), beside(np.array(True), p))).item() :]


@composed(np.polydiv)
def _polydiv(u: Any, v: Any) -> Result:
    want_vectors(np.polydiv, u, v)
    u, v = map(np.atleast_1d, alike(u, v))
    quotient = []
    for _ in range(len(u) - len(v) + 1):
        quotient.append(u[0] / v[0])
        u = (u - np.pad(quotient[-1] * v, (0, len(u) - len(v))))[1:]
    kept = np.flatnonzero(~np.isclose(u, 0, rtol=1e-14)).tolist()
    return (np.stack(quotient) if quotient else 0 * v[:1]), u[min([*kept, len(u) - 1]) :] if len(u) else 0 * v[:1]


@composed(np.polyval)
def _polyval(p: Array, x: Array) -> Array:
    """Horner's scheme."""
    x = with_dtype(x)
    y = np.zeros_like(x)
    for coefficient in with_dtype(p):
        y = y * x + coefficient
    return y


@composed(np.polyder)
def _polyder(p: Any, m: int = 1) -> Result:
    want_vectors(np.polyder, p, more=(m,))
    for _ in range(_times("polyder", m)):
        p = p[:-1] * beside(np.arange(len(p) - 1, 0, -1), p)
    return p


def _times(name: str, m: Any) -> int:
    """Return how often to do it, a number of at least 0."""
    if int(m) < 0:
        raise OperationError(f"{name}: m must be at least 0, got {m}; np.polyint undoes np.polyder")
    return int(m)


@composed(np.polyint)
def _polyint(p: Any, m: int = 1, k: Any = None) -> Result:
    want_vectors(np.polyint, p, more=(m, k))
    m = _times("polyint", m)
    constants = np.zeros(m) if k is None else np.broadcast_to(k, m)
    for i in range(m):
        p = np.append(p / beside(np.arange(len(p), 0, -1), p), beside(constants[i], p))
    return p


@composed(np.poly)
def _poly(seq_of_zeros: Any) -> Result:
    want_vectors(np.poly, seq_of_zeros)
    zeros = np.linalg.eigvals(seq_of_zeros) if np.ndim(seq_of_zeros) == 2 else seq_of_zeros
    zeros = converted(zeros, np.mintypecode(with_dtype(zeros).dtype.char))
    coefficients = np.ones_like(zeros, shape=(1,))
    for i in range(len(zeros)):
        coefficients = np.convolve(coefficients, np.append(np.ones_like(zeros, shape=(1,)), -zeros[i]))
    of_pairs = np.iscomplexobj(zeros) and np.array_equal(np.sort(zeros), np.sort(np.conjugate(zeros)))
    return np.real(coefficients) if of_pairs else coefficients


@composed(np.roots)
def _roots(p: Any) -> Result:
    """Return the eigenvalues of the companion matrix, those that are 0 too: they move with the last coefficients."""
    want_vectors(np.roots, p)
    used = np.flatnonzero(np.not_equal(p, 0)).tolist()
    if not used or used[0] == len(p) - 1:
        return np.zeros_like(p, dtype=np.float64, shape=(0,))
    zeros, p = len(p) - used[-1] - 1, p[used[0] :]
    n = len(p) - 1
    companion = np.concatenate([np.expand_dims(-p[1:] / p[0], 0), beside(np.eye(n, dtype=p.dtype)[: n - 1], p)])
    roots = np.linalg.eigvals(companion)
    if np.iscomplexobj(roots) and not np.iscomplexobj(p) and np.all(np.equal(np.imag(roots), 0)):
        roots = np.real(roots)  # eigenvalues are complex from NumPy 2.5 on, and roots are not
    return roots[_places(np.roots(plain(p)), plain(roots))] if zeros else roots


def _places(wanted: Array, found: Array) -> list[int]:
    """Return where each of the wanted numbers, or the one nearest to it, is among those found; each place once."""
    places: list[int] = []
    for number in np.ravel(wanted):
        distances = np.abs(found - number)
        distances[places] = np.inf
        places.append(int(np.argmin(distances)))
    return places


@composed(np.polyfit)
def _polyfit(
    x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None, cov: Any = False
) -> Result:
    if int(deg) < 0:
        raise OperationError(f"polyfit: deg must be at least 0, got {deg}; 0 fits the mean")
    x, y, w, deg = from_list(x), from_list(y), from_list(w), int(deg)
    if np.ndim(x) != 1 or np.ndim(y) not in (1, 2) or not len(x) == len(y) == len(y if w is None else np.atleast_1d(w)):
        ask(np.polyfit, (x, y, deg), {"w": w})
    x, y = (converted(a, np.result_type(a, 0.0)) for a in with_dtypes(x, y))
    rows, values = np.vander(x, deg + 1), y
    if w is not None:
        rows, values = rows * np.expand_dims(w, -1), y * (np.expand_dims(w, -1) if np.ndim(y) == 2 else w)
    scale = np.sqrt(np.sum(rows * rows, axis=0))
    rcond = len(x) * np.finfo(x.dtype).eps if rcond is None else rcond
    if not (full or cov):
        return _over(np.linalg.pinv(rows / scale, rcond) @ values, scale)
    solution, residuals, rank, singular = np.linalg.lstsq(rows / scale, values, rcond)
    if full:
        return _over(solution, scale), residuals, rank, singular, rcond
    spread = np.linalg.inv(np.transpose(rows / scale) @ (rows / scale)) / np.multiply.outer(scale, scale)
    spread = np.expand_dims(spread, tuple(range(2, y.ndim + 1)))
    if not (isinstance(cov, str) and cov == "unscaled"):
        if len(x) <= deg + 1:
            raise OperationError(
                f"polyfit: {len(x)} points are too few to scale the covariance; pass more than {deg + 1}, "
                f"or cov='unscaled'"
            )
        spread = spread * residuals / (len(x) - deg - 1)
    return _over(solution, scale), spread


def _over(solution: Any, scale: Any) -> Result:
    return solution / (np.expand_dims(scale, -1) if np.ndim(solution) == 2 else scale)
