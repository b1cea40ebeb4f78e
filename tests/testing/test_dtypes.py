"""Functions and rules that are wrong in one dtype alone."""

import numpy as np
import pytest

from tinygrad_lab.testing import adapters, check_gradients

WRONG = [("float16", 1.01), ("float16", 1.2), ("float32", 1.0005), ("float32", 1.01), ("float64", 1.0009)]
NARROW = r"off in the arguments' own dtype, but right in a wider one"


def factor(x, dtype, by):
    return x.dtype.type(by if x.dtype == dtype else 1)


@pytest.mark.parametrize(("dtype", "by"), WRONG)
def test_a_rule_that_is_wrong_in_one_dtype_alone(dtype, by):
    x = np.array([0.3, -1.5, 0.75], dtype)
    wrong = adapters.pair(np.sin, lambda g, x: g * np.cos(x) * factor(x, dtype, by), "sine")
    text = check_gradients(wrong, x, raise_exception=False).text
    assert text.startswith("sine, gradient of argument 0")
    assert NARROW in text or by == 1.2  # so far off that it is wrong beside any differences


@pytest.mark.parametrize(("dtype", "by"), WRONG)
def test_a_function_that_is_wrong_in_one_dtype_alone(dtype, by):
    x = np.array([0.3, -1.5, 0.75], dtype)
    wrong = adapters.pair(lambda x: np.sin(x) * factor(x, dtype, by), lambda g, x: g * np.cos(x), "sine")
    text = check_gradients(wrong, x, raise_exception=False).text
    assert text.startswith("sine, element ")
    assert f"of the result: the function itself is {NARROW}" in text
    assert "in a wider one, as differences" in text
    assert "reproduce: " in text


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_functions_that_lose_digits_are_right_in_every_dtype(dtype):
    for function in (
        lambda x: np.log(1 + np.exp(-x)),
        lambda x: (x + 100) ** 2 - 10000,
        lambda x: np.mean(x * x) - np.mean(x) ** 2,
        lambda x: np.floor(3 * x) + x,
        lambda x: 1 - np.tanh(x) ** 2,
    ):
        for x in (np.array([0.3, -1.5, 0.75], dtype), np.array([5.0, 6.5, -3.0], dtype)):
            assert check_gradients(function, x).ok


def narrowed(g, a, b):
    first = g * b if a.dtype == b.dtype else (g * b).astype(np.float32)
    return first.astype(a.dtype), (g * a).astype(b.dtype)


def test_where_dtypes_are_mixed_each_gradient_has_its_own_arguments_digits():
    a, b = np.array([0.3, -1.5, 0.7]), np.array([0.1, 2.3, -1.7], np.float32)
    right = adapters.pair(np.multiply, lambda g, a, b: (g * b, (g * a).astype(b.dtype)), "product")
    assert check_gradients(right, a, b).ok
    assert check_gradients(lambda a, b: a * np.sin(b), a, b).ok  # no more digits than there are in the sine
    text = check_gradients(adapters.pair(np.multiply, narrowed, "product"), a, b, raise_exception=False).text
    assert text.startswith(f"product, gradient of argument 0, element [0]: {NARROW}")


ZEROS = np.zeros(3, np.float16)
LOST = {
    "added to 0 and too small": (lambda x: np.log(1 + np.sqrt(x * x + 1e-30) ** 2), ZEROS),
    "a square too small": (
        lambda a, b: np.mean(np.maximum(0, 1 - np.sqrt((a - b) ** 2 + 1e-9)) ** 2),
        np.full(2, -2.5, np.float16),
        np.array([-2.5, 0.5], np.float16),
    ),
    "a constant with few digits": (
        lambda x, t: np.mean(t * np.log(1 - 1 / (1 + np.exp(-x)) + 1e-7)),
        np.array([500.0, 89.375, 74.5], np.float16),
        np.array([0.0625, 0.625, 0.00226], np.float16),
    ),
    "equal products": (lambda a: (a * a + 1) * (a * a - 1) - (a * a) ** 2, np.full(2, 30000.0)),
    "equal sums": (lambda x: ((x + 1e-4) ** 3 - (x - 1e-4) ** 3) / 2e-4, np.full(5, 0.5112, np.float16)),
    "a tie": (lambda x: np.median(np.abs(x - np.median(x))), np.broadcast_to(np.array([[6.17, 2.86]]), (4, 2))),
    "near a branch point": (lambda x: np.arccosh(1 + 2 * x * x + 1e-9), np.logspace(-7, -3, 70)),
}


@pytest.mark.parametrize("name", LOST)
def test_what_a_dtype_loses_is_no_mistake(name):
    function, *args = LOST[name]
    assert check_gradients(function, *args).count("fail") == 0


def test_a_tie_that_is_wrong_in_one_dtype_alone():
    x = np.array([1.5, 1.5, 0.25], np.float32)
    wrong = adapters.pair(
        lambda x: np.exp(np.max(x)),
        lambda g, x: g * np.exp(np.max(x)) * (t := x == np.max(x)) / (1 if x.dtype == np.float32 else np.sum(t)),
    )
    assert NARROW in check_gradients(wrong, x, raise_exception=False).text
