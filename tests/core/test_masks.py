"""Which elements a gradient reaches: a zero that the sweep starts with, and one that may be differentiated."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl

X = np.array([0.3, 0.6, 0.9])
FUNCTIONS = [
    np.tanh,
    np.sqrt,
    np.arcsin,
    np.log,
    np.cumsum,
    lambda x: np.sqrt(x)[::-1],
    lambda x: np.where(x > 0.5, np.log(x), x * x),
    lambda x: np.maximum(np.sqrt(x), 0.5) * X,
    lambda x: np.concatenate([np.exp(x), np.abs(x)]),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_pullback_is_linear_in_its_cotangent_and_differentiated_where_that_is_zero(function):
    y, pullback = tl.vjp(function, X)
    for cotangent in (np.zeros(y.shape), np.arange(y.size) % 2.0, np.ones(y.shape)):
        _, transposed = tl.vjp(lambda c: pullback(c)[0], cotangent)
        (found,) = transposed(np.ones(3))
        np.testing.assert_allclose(getattr(found, "data", found), tl.jvp(function, X, np.ones(3))[1])


def test_nothing_is_passed_on_where_a_sweep_starts_with_zero():
    _, pullback = tl.vjp(np.sqrt, np.array([0.0, 4.0]))
    np.testing.assert_array_equal(pullback(np.array([0.0, 1.0]))[0], [0, 0.25])


@pytest.mark.parametrize("beside", [0.0, tl.Value(4.0)])
def test_what_is_followed_on_one_way_changes_nothing_on_another(beside):
    with np.errstate(divide="ignore", invalid="ignore"):
        found = tl.grad(lambda x: np.sum((1 / x)[1:]) + np.sqrt(beside) * 1.0)(np.array([0.0, 2.0]))
    np.testing.assert_array_equal(getattr(found, "data", found), [np.nan, -0.25])


@pytest.mark.parametrize("earlier", [True, False])
def test_a_branch_not_taken_is_left_out_whichever_of_the_operations_came_first(earlier):
    x, taken = np.array([0.0, 2.0]), np.array([False, True])

    def f(x):
        z = np.where(taken, x, 1.0) if earlier else x
        y = 1 / z
        return np.sum(y if earlier else np.where(taken, y, 0.0))

    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(tl.grad(f)(x), [0.0, -0.25])
