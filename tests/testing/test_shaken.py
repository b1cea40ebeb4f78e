"""Shaken arithmetic: what is rounded moves, what is exact stays, and the spread is as large as the errors are."""

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.testing.shaken import Shaken, bare, shaken, shaking, spread

X = np.array([1e-3, 0.3, 2.0, 40.0])


def through(function, *arrays):
    return spread(lambda: bare(np.asarray(function(*shaken(list(arrays))))).astype(np.longdouble))


CANCELLING = {
    "log(1 + exp(-x))": lambda x: np.log(1 + np.exp(-x)),
    "1 - cos": lambda x: 1 - np.cos(x),
    "E[x²] - E[x]²": lambda x: np.mean(x * x) - np.mean(x) ** 2,
    "(x - 1)³, expanded": lambda x: x**3 - 3 * x**2 + 3 * x - 1,
    "far from 0": lambda x: (x + 1e6) ** 2 - 1e12,
    "a matrix product": lambda x: (np.stack([x, -x, x]) @ np.stack([x, x, -x]).T) @ np.ones(3) - x[2] ** 2,
    "a mean taken off": lambda x: np.sum(x - x.mean()),
    "in place": lambda x: np.add(np.multiply(x, 1 / 3, out=(y := np.zeros_like(x))), 1e3, out=y) - 1e3,
}


@pytest.mark.parametrize("name", CANCELLING)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_error_is_no_larger_than_a_few_times_the_spread(name, dtype):
    function = CANCELLING[name]
    for seed in range(5):
        x = (X * np.random.default_rng(seed).uniform(0.5, 2, 4)).astype(dtype)
        error = np.abs(function(x) - function(x.astype(np.longdouble)))
        assert np.all(error <= 4 * through(function, x) + np.finfo(dtype).eps * np.abs(function(x)))
        assert np.all(through(function, x) <= 1e6 * np.finfo(dtype).eps * (1e7 + np.sum(x * x)))


ABSORBED = {  # equal by rounding, but not what it took from them
    "both sides of a small step": lambda x: ((x + 1e-17) - (x - 1e-17)) / 2e-17,
    "a step, and none": lambda x: ((x + 1e-17) - x) / 1e-17,
    "complex": lambda x: np.imag((x + 1j * x) + 1e-17j - ((x + 1j * x) - 1e-17j)) / 2e-17,
}


@pytest.mark.parametrize("name", ABSORBED)
def test_what_rounding_took_is_missed_everywhere(name):
    assert np.all(through(ABSORBED[name], X[1:]) > 1)


def test_moves_do_not_always_cancel_each_other():
    """Above 1 a number can be moved by whole units alone."""
    x = np.full(1000, 1.0) + np.arange(1000) * 1e-9
    assert np.all(through(lambda x: (x + 1e-9) + 1e-9, x) > 0)


EXACT = {
    "sums of short numbers": lambda x: np.sum(x) + x * 2 - x / 4,
    "selections": lambda x: np.sort(np.where(x > 1, x, -x))[::-1][:2],
    "differences that cancel": lambda x: (x + 1e6) - 1e6,
    "ties": lambda x: np.max(np.exp(np.repeat(x, 2))) - np.max(np.exp(x)),
    "indices and counts": lambda x: x[[0, 1, 1]] * (np.argmax(x) + x.size),
    "matrix products of short numbers": lambda x: x @ x,
}


@pytest.mark.parametrize("name", EXACT)
def test_what_is_exact_stays(name):
    np.testing.assert_array_equal(through(EXACT[name], np.array([0.25, -1.0, 3.5])), 0)


def test_results_are_shaken_whatever_gives_them():
    with shaking(0):
        (x,) = shaken([X])
        results = [x * x, x[0] / 3, np.sum(x), x.mean(), np.linalg.norm(x), next(iter(x)), x @ x, np.cumsum(x), x.T]
        results += [tl.functional.softmax(x), tl.grad(lambda v: np.sum(np.tanh(v) * v))(x)]
    assert [type(result) for result in results] == [Shaken] * len(results)


def test_a_mistake_is_not_shaken_away():
    def rule(x):
        return 1.0001 * np.cos(x) - np.cos(x)

    assert np.all(through(rule, X) < 1e-10 * np.abs(rule(X)) + 1e-15)


def test_rounding_to_a_narrower_dtype_is_a_mistake():
    assert np.all(through(lambda x: np.cos(x.astype(np.float32)).astype(float), X) < 1e-7)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_arithmetic_is_moved_where_it_rounds_and_nowhere_else(dtype):
    few = np.array([1.5, -3.25, 7.0], dtype)
    assert not np.any(through(lambda x: np.sqrt(np.square(x) / 4) + x * x + 1 / (x * 0 + 2), few))
    for rounded in (lambda x: x * x, lambda x: x / 3, np.square, np.sqrt, np.reciprocal):
        assert np.any(through(rounded, np.sqrt(few * few + 3)) > 0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_whatever_arrays_are_combined_with_they_are_shaken(dtype):
    x = np.array([0.3, 1.7], dtype)
    for other in (x > 1, np.array([2, 3]), 3, 0.3, np.float64(0.3), x.astype(np.float32)):
        for function in (np.add, np.subtract, np.multiply, np.divide):
            assert np.all(through(lambda x, f=function, o=other: f(f(o, x), 1 / (3 + x)), x) >= 0)


def test_products_are_alike_only_if_they_are_equal():
    """Of 9e8, one more times one less is not its square, which both are rounded to."""
    assert np.all(through(lambda x: (x + 1) * (x - 1) - x * x, np.array([9e8, 5e8])) > 1)
    assert not np.any(through(lambda x: (x / 3) * (x / 7) - (x / 7) * (x / 3), np.array([9e8, 5e8])))


def test_what_is_never_a_number_has_no_spread_and_what_sometimes_is_an_infinite_one():
    assert np.all(np.isnan(through(lambda x: x / 0 * 0, X)))
    sometimes = through(lambda x: np.sqrt(x * x - (x + x / 3) * (x - x / 3) - x * x / 9), X)
    assert np.isinf(sometimes).tolist() == [True] * 4


def test_what_is_too_small_for_a_dtype_does_not_vanish():
    x = np.zeros(2, np.float16)
    assert np.all(through(lambda x: np.sqrt(x + 1e-30), x) > 1e-4)
    assert np.all(through(lambda x: np.sqrt(x * x / 7), x + np.float16(1e-4)) > 1e-4)
    assert not np.any(through(lambda x: np.sqrt(x * x) / np.inf, x))


def test_constants_are_rounded_to_the_dtype_of_the_arrays():
    assert np.all(through(lambda x: np.log(x + 1e-7), np.zeros(2, np.float16)) > 0.1)


def test_values_and_shaken_arrays_mix():
    with shaking(1):
        (x,) = shaken([X])
        assert isinstance(x * tl.Value(X), tl.Value)
        assert isinstance(np.stack([x, tl.Value(X)]), tl.Value)
