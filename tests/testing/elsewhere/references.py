"""What other libraries compute, in mpmath: the references that need more than a line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from mpmath import mp, mpf


def total(terms: Any) -> Any:
    return mp.fsum(terms)


def weighted(terms: Any) -> Any:
    """Return a sum with the weights 1, 2, 3, …, which tells elements apart."""
    return total((n + 1) * term for n, term in enumerate(terms))


def running(operation: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda xs: weighted(itertools.accumulate(xs, operation))


def softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def deviation(xs: Any, less: int = 0) -> Any:
    mean = total(xs) / len(xs)
    return total((x - mean) ** 2 for x in xs) / (len(xs) - less)


def norm(xs: Any, p: Any = 2) -> Any:
    return total(abs(x) ** p for x in xs) ** (mpf(1) / p) if p != 2 else mp.sqrt(total(x * x for x in xs))


def median(xs: Any) -> Any:
    ordered, n = sorted(xs), len(xs)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def lower_median(xs: Any) -> Any:
    return sorted(xs)[(len(xs) - 1) // 2]


def logsumexp(xs: Any) -> Any:
    top = max(xs)
    return top + mp.log(total(mp.exp(x - top) for x in xs))


def softmax(xs: Any) -> list[Any]:
    whole = logsumexp(xs)
    return [mp.exp(x - whole) for x in xs]


def det(rows: Any) -> Any:
    """Return a determinant by Leibniz' sum, which is exact for singular matrices as well."""
    n = len(rows)
    if n == 1:
        return rows[0][0]
    return total((-1) ** j * rows[0][j] * det([[*row[:j], *row[j + 1 :]] for row in rows[1:]]) for j in range(n))


def adjugate_sum(rows: Any) -> Any:
    """Return the weighted sum of an inverse's elements, by Cramer's rule."""
    n = len(rows)
    minors = [[[*r[:j], *r[j + 1 :]] for i, r in enumerate(rows) if i != k] for k in range(n) for j in range(n)]
    signs = [(-1) ** (k + j) for k in range(n) for j in range(n)]
    cofactors = [s * (det(m) if m else 1) for s, m in zip(signs, minors, strict=True)]
    transposed = [cofactors[j * n + i] for i in range(n) for j in range(n)]
    return weighted(transposed) / det(rows)


def singular_values(rows: Any) -> Any:
    return weighted(sorted(mp.svd_r(mp.matrix(rows), compute_uv=False), reverse=True))


def nuclear(rows: Any) -> Any:
    return total(mp.svd_r(mp.matrix(rows), compute_uv=False))


def eigenvalues(rows: Any) -> Any:
    """Return the weighted sum of the eigenvalues of a matrix's symmetric part."""
    return weighted(sorted(mp.eigsy(even(rows), eigvals_only=True)))


def cholesky(rows: Any) -> Any:
    """Return the weighted sum of the elements of the factor of a matrix's symmetric part."""
    return weighted(list(mp.cholesky(even(rows))))


def even(rows: Any) -> Any:
    return (mp.matrix(rows) + mp.matrix(rows).T) / 2


def exponential(rows: Any) -> Any:
    return weighted(list(mp.expm(mp.matrix(rows), method="taylor")))


def cosine(a: Any, b: Any) -> Any:
    return total(x * y for x, y in zip(a, b, strict=True)) / (norm(a) * norm(b))


def real(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that refuses what it has no real value for."""

    def checked(*args: Any) -> Any:
        value = function(*args)
        if mp.im(value) != 0 or not mp.isfinite(value):
            raise ValueError("no real value")
        return mp.re(value)

    return checked


def gelu(x: Any) -> Any:
    return x * mp.erfc(-x / mp.sqrt(2)) / 2


def gelu_tanh(x: Any) -> Any:
    return x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))) / 2


def normal(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def clipped(low: float, high: float, function: Callable[[Any], Any] = lambda x: x) -> Callable[[Any], Any]:
    return lambda x: min(max(function(x), mpf(low)), mpf(high))
