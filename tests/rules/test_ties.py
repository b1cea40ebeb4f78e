"""At a kink the gradient lies between the one-sided derivatives, and what is equal shares equally."""

import numpy as np
import pytest

import tinygrad_lab as tl


@pytest.mark.parametrize("function", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_equal_arguments_share(function):
    assert tl.grad(function, (0, 1))(2.0, 2.0) == (0.5, 0.5)
    assert tl.grad(lambda x: function(x, x))(2.0) == 1


@pytest.mark.parametrize(
    ("function", "expected"),
    [(np.maximum, (0, 1)), (np.minimum, (1, 0)), (np.fmax, (0, 1)), (np.fmin, (1, 0))],
)
def test_the_chosen_argument_gets_all(function, expected):
    assert tl.grad(function, (0, 1))(1.0, 2.0) == expected


@pytest.mark.parametrize("function", [np.fmax, np.fmin])
def test_the_functions_that_pass_over_nan_give_it_no_gradient(function):
    assert tl.grad(function, (0, 1))(np.nan, 2.0) == (0, 1)


@pytest.mark.parametrize("function", [np.max, np.min, np.amax, np.amin])
def test_equal_extrema_share(function):
    x = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(tl.grad(function)(x), np.full((2, 4), 1 / 8))
    np.testing.assert_array_equal(tl.grad(lambda x: np.sum(function(x, axis=1)))(x), np.full((2, 4), 1 / 4))


def test_max_shares_among_the_largest_only():
    np.testing.assert_array_equal(tl.grad(np.max)(np.array([3.0, 1.0, 3.0, 2.0])), [0.5, 0, 0.5, 0])


@pytest.mark.parametrize(("x", "expected"), [(-2.0, 0), (-1.0, 0.5), (0.0, 1), (1.0, 0.5), (2.0, 0)])
def test_clip(x, expected):
    assert tl.grad(lambda x: np.clip(x, -1, 1))(x) == expected
    assert tl.Value(x).clip(-1, 1).data == np.clip(x, -1, 1)


@pytest.mark.parametrize("limits", [(0.0, 0.0), (1.0, 0.0), (np.zeros(3), np.array([0.0, -1.0, 0.0]))])
def test_between_limits_that_leave_nothing_only_the_upper_one_matters(limits):
    x, (low, high) = np.array([0.0, -1.0, 2.0]), limits
    y, pull = tl.vjp(np.clip, x, low, high)
    np.testing.assert_array_equal(y, np.clip(x, low, high))
    gradient, of_low, of_high = pull(np.ones(3))
    np.testing.assert_array_equal(gradient, 0)
    np.testing.assert_array_equal(np.sum(of_low) + np.sum(of_high), 3)
    assert np.isnan(np.clip(tl.Value(np.nan), 0, 0).data)


def test_sort_keeps_its_permutation():
    weights = np.array([10.0, 20.0, 30.0, 40.0])
    x = np.array([2.0, 1.0, 2.0, 0.0])
    np.testing.assert_array_equal(tl.grad(lambda x: np.sum(np.sort(x) * weights))(x), [30, 20, 40, 10])


@pytest.mark.parametrize("x", [0.0, -0.0])
def test_absolute_value_at_zero(x):
    assert tl.grad(abs)(x) == 0


def test_a_quantile_between_two_pieces():
    """In q it has a kink at every order statistic, and one side at either end."""
    x = np.array([1.0, 2.0, 5.0])
    for q, low, high in [(0.0, 2, 2), (0.25, 2, 2), (0.5, 2, 6), (1.0, 6, 6)]:
        assert low <= tl.grad(lambda q: np.quantile(x, q))(q) <= high
    with np.errstate(all="raise"):
        assert tl.grad(lambda x: np.quantile(x, 1.0))(np.array([-np.inf, 1.0, 3.0]))[2] == 1
        assert np.quantile(tl.Value([0.0, 1.0, np.inf]), 0.5).data == 1
