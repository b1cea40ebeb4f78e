"""Triangular systems, Cholesky factors and exponentials of matrices: SciPy's results, with derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.errors import OperationError

scipy_linalg = pytest.importorskip("scipy.linalg")
F = tl.functional
RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 3)) + 3 * np.eye(3)


@pytest.mark.parametrize("trans", [0, 1, "N", "T"])
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("unit_diagonal", [False, True])
@pytest.mark.parametrize("shape", [(3,), (3, 2)])
@pytest.mark.parametrize("dtype", [float, complex])
def test_triangular_systems(trans, lower, unit_diagonal, shape, dtype):
    b = RNG.normal(size=shape).astype(dtype)
    a = A.astype(dtype)
    options = {"trans": trans, "lower": lower, "unit_diagonal": unit_diagonal}
    np.testing.assert_allclose(F.solve_triangular(a, b, **options), scipy_linalg.solve_triangular(a, b, **options))
    if dtype is float:
        check_gradients(lambda a, b: F.solve_triangular(a, b, **options), a, b)
    _, pullback = tl.vjp(lambda a, b: F.solve_triangular(a, b, **options), a, b)
    triangle = np.tril(a) if lower else np.triu(a)
    if unit_diagonal:
        triangle = triangle - np.diag(np.diag(triangle)) + np.eye(3)
    g = RNG.normal(size=shape).astype(dtype)
    found = pullback(g)[1]
    expected = np.linalg.solve(triangle if trans in (1, "T") else triangle.T, g)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("trans", [0, "T"])
@pytest.mark.parametrize(
    "shapes", [((4, 3, 3), (4, 3, 2)), ((2, 1, 3, 3), (4, 3, 1)), ((3, 3), (2, 3, 2)), ((2, 3, 3), (3,))]
)
def test_many_triangular_systems_at_once(trans, shapes):
    a, b = RNG.normal(size=shapes[0]) + 3 * np.eye(3), RNG.normal(size=shapes[1])
    lower = np.tril(a) if trans == 0 else np.swapaxes(np.tril(a), -1, -2)
    found = F.solve_triangular(a, b, trans, lower=True)
    np.testing.assert_allclose(found, np.linalg.solve(lower, b), atol=1e-13)
    check_gradients(lambda a, b: F.solve_triangular(a, b, trans, lower=True), a, b)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("dtype", [float, complex])
def test_systems_with_a_cholesky_factor(lower, dtype):
    m = (A + (1j * A[::-1] if dtype is complex else 0)).astype(dtype)
    m = m @ m.conj().T + np.eye(3)
    b = RNG.normal(size=(3, 2)).astype(dtype)
    factor = np.linalg.cholesky(m)
    factor = factor if lower else factor.conj().T
    np.testing.assert_allclose(F.cho_solve((factor, lower), b), np.linalg.solve(m, b))
    if dtype is float:
        check_gradients(lambda c, b: F.cho_solve((c, lower), b), factor, b)
        gaussian = lambda m: np.sum(b * F.cho_solve((np.linalg.cholesky(m), True), b))
        np.testing.assert_allclose(tl.grad(gaussian)(m), tl.grad(lambda m: np.sum(b * np.linalg.solve(m, b)))(m))


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 3, 3)])
def test_exponentials(shape):
    a = RNG.normal(size=shape)
    np.testing.assert_allclose(F.expm(a), scipy_linalg.expm(a))
    check_gradients(F.expm, a, rtol=1e-5)
    if a.ndim == 2:
        t = RNG.normal(size=shape)
        np.testing.assert_allclose(tl.jvp(F.expm, a, t)[1], scipy_linalg.expm_frechet(a, t)[1])


def test_what_does_not_fit_is_refused():
    with pytest.raises(OperationError, match="expm: failed for inputs of shapes"):
        F.expm(tl.Value(np.ones((2, 3))))
    with pytest.raises(OperationError, match="solve_triangular: "):
        F.solve_triangular(tl.Value(np.eye(3)), np.ones(2))
    with pytest.raises(OperationError, match="solve_triangular: trans must be"):
        F.solve_triangular(tl.Value(np.eye(3)), np.ones(3), trans="C")


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_twins_of_scipy_special(name):
    special = pytest.importorskip("scipy.special")
    for axis in (0, 1, (0, 1)):
        np.testing.assert_allclose(getattr(F, name)(A, axis=axis), getattr(special, name)(A, axis=axis))
    check_gradients(lambda a: getattr(F, name)(a, axis=0), A)
