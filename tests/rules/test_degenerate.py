"""Singular matrices and repeated eigenvalues: the gradient where there is one, else NaN or an error.

pytest turns warnings into errors, so none of these gives one.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.testing import check_gradients

RANK_TWO = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
SYMMETRIC = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # 1 is an eigenvalue twice
numbers = st.integers(-3, 3)


def cofactors(x):
    n = len(x)
    minor = [[np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(n)] for i in range(n)]
    return np.array(minor) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))


@given(st.lists(numbers, min_size=9, max_size=9))
def test_the_gradient_of_the_determinant_is_the_cofactors_of_any_matrix(elements):
    x = np.reshape(np.array(elements, float), (3, 3))
    np.testing.assert_allclose(tl.grad(np.linalg.det)(x), cofactors(x), atol=1e-12)


def test_the_determinant_of_a_matrix_of_zeros_has_a_hessian():
    hessian = tl.hessian(np.linalg.det)(np.zeros((2, 2)))
    np.testing.assert_allclose(hessian[0, 0], [[0, 0], [0, 1]], atol=1e-15)
    np.testing.assert_allclose(hessian[0, 1], [[0, 0], [-1, 0]], atol=1e-15)


def test_what_needs_an_inverse_says_that_there_is_none():
    for function in (np.linalg.inv, lambda x: np.linalg.solve(x, np.ones(2))):
        with pytest.raises((np.linalg.LinAlgError, ValueError), match="Singular matrix"):
            function(tl.Value(np.ones((2, 2))))


WITHOUT_DERIVATIVE = {
    "slogdet": (lambda x: np.linalg.slogdet(x).logabsdet, np.zeros((2, 2))),
    "sign of slogdet": (lambda x: np.real(np.linalg.slogdet(x + 0j).sign), np.zeros((2, 2))),
    "qr": (lambda x: np.linalg.qr(x).R[..., 0, 0], np.zeros((2, 2))),
    "qr of a wide matrix": (lambda x: np.linalg.qr(x).R[..., 0, 1], np.zeros((2, 3))),
    "det": (np.linalg.det, np.full((3, 3), np.nan)),
}


@pytest.mark.parametrize("name", WITHOUT_DERIVATIVE)
def test_where_numpy_has_a_value_and_there_is_no_derivative_it_is_nan(name):
    """The other matrices of a stack have theirs, and what no gradient reaches has none."""
    function, bad = WITHOUT_DERIVATIVE[name]
    good = np.eye(*bad.shape) + 0.5
    stack = np.stack([bad, good])
    with np.errstate(invalid="ignore"):
        gradient = tl.grad(lambda x: np.sum(function(x)))(stack)
        assert np.isnan(gradient[0]).any()
        np.testing.assert_allclose(gradient[1], tl.grad(function)(good), atol=1e-15)
        if name != "det":  # which is a polynomial
            assert np.isnan(tl.hessian(function)(bad)).any()
            np.testing.assert_array_equal(tl.grad(lambda x: function(x)[1])(stack)[0], 0)


def test_repeated_eigenvalues_have_gradients():
    np.testing.assert_allclose(tl.grad(lambda x: np.sum(np.linalg.eigvalsh(x) ** 3))(SYMMETRIC), 3 * SYMMETRIC**2)
    np.testing.assert_allclose(tl.grad(lambda x: np.linalg.eigvalsh(x)[-1])(SYMMETRIC), np.diag([1.0, 0.0, 0.0]))


def test_eigenvectors_of_a_repeated_eigenvalue_have_none():
    assert np.all(np.isnan(tl.grad(lambda x: np.linalg.eigh(x)[1][2, 1])(SYMMETRIC)))
    first = tl.grad(lambda x: np.linalg.eigh(x)[1][1, 2] * np.linalg.eigh(x)[1][0, 2])(SYMMETRIC)
    np.testing.assert_allclose(first, [[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]], atol=1e-15)
    assert np.any(np.isnan(tl.grad(lambda x: np.real(np.linalg.eig(x)[1][0, 1]))(np.eye(2))))


def test_singular_values_that_repeat_or_vanish():
    np.testing.assert_allclose(tl.grad(lambda x: np.linalg.norm(x, "nuc"))(3 * np.eye(2)), np.eye(2), atol=1e-15)
    np.testing.assert_allclose(tl.grad(lambda x: np.sum(np.linalg.svdvals(x) ** 2))(RANK_TWO), 2 * RANK_TWO, atol=1e-13)
    np.testing.assert_allclose(tl.grad(lambda x: np.linalg.norm(x, 2))(np.eye(2)), np.eye(2) / 2, atol=1e-15)
    assert np.any(np.isnan(tl.grad(lambda x: np.linalg.svd(x).U[0, 1])(np.eye(2))))


def test_a_factorization_put_together_again_is_the_matrix():
    weights = np.random.default_rng(0).normal(size=(3, 3))

    def rebuilt(x):
        u, s, vh = np.linalg.svd(x)
        return np.sum(weights * ((u * s) @ vh))

    np.testing.assert_allclose(tl.grad(rebuilt)(RANK_TWO), weights, atol=1e-12)


def test_the_first_principal_component_where_the_others_are_alike():
    x = np.array([[3.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    check_gradients(lambda x: np.abs(np.linalg.svd(x, full_matrices=False).Vh[0]) @ np.array([1.0, 2.0, 3.0]), x + 0.1)
    gradient = tl.grad(lambda x: np.linalg.svd(x, full_matrices=False).Vh[0, 1])(x)
    assert np.all(np.isfinite(gradient))


def test_pseudo_inverses_of_a_constant_rank():
    u, v = np.array([1.0, -2.0, 0.5]), np.array([0.5, 1.5])
    check_gradients(lambda u, v: np.linalg.pinv(np.outer(u, v)), u, v, order=2)


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 0.5, np.inf])
def test_norms_of_the_origin(ord):
    gradient = tl.grad(lambda x: np.linalg.norm(x, ord))(np.zeros(3))
    assert np.all(np.isfinite(gradient))
    assert np.sum(gradient) == 0


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, 2, np.inf])
def test_norms_of_a_matrix_of_zeros(ord):
    assert np.all(np.isfinite(tl.grad(lambda x: np.linalg.norm(x, ord))(np.zeros((2, 2)))))


def test_cumulative_products_with_zeros():
    check_gradients(np.cumprod, np.array([1.5, 0.0, -2.0, 0.0, 3.0]), order=2)


def test_nothing_but_nans():
    x = np.array([[1.0, 2.0], [np.nan, np.nan]])
    gradient = tl.grad(lambda x: np.nansum(np.nanmax(x, axis=1)))(x)
    np.testing.assert_array_equal(gradient, [[0, 1], [0, 0]])
    assert tl.grad(lambda x: np.nansum(x))(x)[1, 1] == 0


@pytest.mark.parametrize("imaginary", [0, 1])
def test_the_pseudo_inverse_of_a_hermitian_matrix_has_a_hermitian_gradient(imaginary):
    rng = np.random.default_rng(0)
    x, direction = (a + imaginary * 1j * b for a, b in rng.normal(size=(2, 2, 3, 3)))
    x, direction = x + np.conjugate(x.T), direction + np.conjugate(direction.T)
    weights = rng.normal(size=(3, 3))

    def total(x):
        return np.sum(weights * np.real(np.linalg.pinv(x, hermitian=True)))

    gradient = tl.grad(total)(x)
    np.testing.assert_allclose(gradient, np.conjugate(gradient.T), atol=1e-12)
    slope = (total(x + 1e-6 * direction) - total(x - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(np.sum(np.real(gradient * direction)), slope, rtol=1e-6)


def test_roots_at_zero_move_with_the_last_coefficients():
    p = np.array([1.0, 2.0, -3.0, 0.0])  # x (x - 1) (x + 3)
    jacobian = tl.jacobian(np.roots)(p)
    for root, row in zip(np.roots(p), jacobian, strict=True):
        np.testing.assert_allclose(row, -(root ** np.arange(3, -1, -1)) / np.polyval(np.polyder(p), root), atol=1e-14)
