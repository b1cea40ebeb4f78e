"""Where the mathematics is finite the gradient is, and no warning is given (pytest turns warnings into errors)."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_lab as tl

finite = st.floats(allow_nan=False, allow_infinity=False)
long = np.longdouble

# Derivatives in extended precision, whose exponents reach far beyond those of float64.
DERIVATIVES = {
    np.exp: (np.exp, -800, 700),
    np.exp2: (lambda x: np.log(long(2)) * np.exp2(x), -1100, 1000),
    np.expm1: (np.exp, -800, 700),
    np.log: (lambda x: 1 / x, 1e-300, math.inf),
    np.log2: (lambda x: 1 / (x * np.log(long(2))), 1e-300, 1e307),
    np.log10: (lambda x: 1 / (x * np.log(long(10))), 1e-300, 1e307),
    np.log1p: (lambda x: 1 / (1 + x), -0.999, math.inf),
    np.sqrt: (lambda x: 0.5 / np.sqrt(x), 5e-324, math.inf),
    np.cbrt: (lambda x: 1 / (3 * np.cbrt(x) ** 2), 5e-324, math.inf),
    np.square: (lambda x: 2 * x, -1e150, 1e150),
    np.reciprocal: (lambda x: -1 / x**2, 1e-150, math.inf),
    np.sin: (np.cos, -1e6, 1e6),
    np.cos: (lambda x: -np.sin(x), -1e6, 1e6),
    np.tan: (lambda x: 1 / np.cos(x) ** 2, -1.5, 1.5),
    np.arcsin: (lambda x: 1 / np.sqrt((1 - x) * (1 + x)), -1 + 1e-16, 1 - 1e-16),
    np.arccos: (lambda x: -1 / np.sqrt((1 - x) * (1 + x)), -1 + 1e-16, 1 - 1e-16),
    np.arctan: (lambda x: 1 / (1 + x**2), -math.inf, math.inf),
    np.sinh: (np.cosh, -700, 700),
    np.cosh: (np.sinh, -700, 700),
    np.tanh: (lambda x: np.square(1 / np.cosh(x)), -4000, 4000),
    np.arcsinh: (lambda x: 1 / np.sqrt(1 + x**2), -math.inf, math.inf),
    np.arccosh: (lambda x: 1 / np.sqrt((x - 1) * (x + 1)), 1 + 1e-15, math.inf),
    np.arctanh: (lambda x: 1 / ((1 - x) * (1 + x)), -1 + 1e-16, 1 - 1e-16),
    np.absolute: (np.sign, -math.inf, math.inf),
    np.fabs: (np.sign, -math.inf, math.inf),
}


@pytest.mark.parametrize("function", DERIVATIVES, ids=lambda function: function.__name__)
@given(x=finite)
def test_derivatives_hold_over_the_whole_range(function, x):
    derivative, low, high = DERIVATIVES[function]
    assume(low <= x <= high)
    np.testing.assert_allclose(tl.grad(function)(x), np.float64(derivative(long(x))), rtol=1e-12, atol=1e-15)


@given(a=finite, b=finite)
def test_hypot_over_the_whole_range(a, b):
    radius = np.hypot(long(a), long(b))
    assume(radius < 1e308)
    expected = (a / radius, b / radius) if radius else (0, 0)
    np.testing.assert_allclose(tl.grad(np.hypot, (0, 1))(a, b), np.array(expected, float), rtol=1e-12)


@given(a=finite, b=finite)
def test_arctan2_over_the_whole_range(a, b):
    square = long(a) ** 2 + long(b) ** 2
    assume(1e-300 < square < 1e600 or a == b == 0)
    expected = (b / square, -a / square) if square else (0, 0)
    assume(all(e == 0 or abs(e) > 1e-300 for e in expected))
    np.testing.assert_allclose(tl.grad(np.arctan2, (0, 1))(a, b), np.array(expected, float), rtol=1e-12)


@given(a=st.floats(-1e300, 1e300), d=st.floats(-1e300, 1e300) | st.floats(-800, 800))
def test_logaddexp_over_the_whole_range(a, d):
    b = a + d
    for function, base in ((np.logaddexp, np.exp(long(1))), (np.logaddexp2, long(2))):
        shares = [1 / (1 + base ** min(long(y) - x, long(10000))) for x, y in ((a, b), (b, a))]
        np.testing.assert_allclose(tl.grad(function, (0, 1))(a, b), np.array(shares, float), rtol=1e-12, atol=1e-300)


@given(x=st.floats(-30, 30))
def test_sinc_has_exact_derivatives_near_zero_and_far(x):
    turn = long(np.pi) * x
    if abs(turn) > 1e-2:
        first = (np.cos(turn) - np.sin(turn) / turn) / long(x)
        second = -(long(np.pi) ** 2) * np.sin(turn) / turn - 2 * first / long(x)
    else:
        first = long(np.pi) * (-turn / 3 + turn**3 / 30 - turn**5 / 840)
        second = long(np.pi) ** 2 * (-long(1) / 3 + turn**2 / 10 - turn**4 / 168)
    np.testing.assert_allclose(tl.grad(np.sinc)(x), float(first), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(tl.grad(tl.grad(np.sinc))(x), float(second), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (lambda x: x**0, 0.0, 0),
        (lambda x: x**1, 0.0, 1),
        (lambda x: x**2, 0.0, 0),
        (lambda x: x**3, -2.0, 12),
        (lambda x: x**-1, -2.0, -0.25),
        (lambda x: 0**x, 2.0, 0),
        (lambda x: x**1.5, 0.0, 0),
        (lambda x: 0**x, 0.5, 0),
        (lambda x: np.sqrt(x) * 0, 0.0, 0),
        (lambda x: 1**x, 5.0, 0),
        (lambda x: np.sqrt(x * x) * 0, 0.0, 0),
        (lambda x: np.hypot(x, 0.0), 0.0, 0),
        (lambda x: np.arctan2(x, 0.0), 0.0, 0),
        (abs, 0.0, 0),
        (np.sinc, 0.0, 0),
        (lambda x: np.linalg.norm(x * np.ones(3)), 0.0, 0),
        (lambda x: np.std(x * np.ones(3)), 0.1, 0),
        (lambda x: np.std(x * np.array([0.1, 0.1, 0.1]), ddof=1), 3.7, 0),
        (lambda x: np.maximum(np.sqrt(x), 1.0), 0.0, 0),
        (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0),
        (lambda x: np.where(x > 0, np.log(np.maximum(x, 1e-300)), 0.0), 0.0, 0),
        (lambda x: np.nan_to_num(np.nan * x, nan=1.0), 2.0, 0),
    ],
)  # fmt: skip
def test_singular_points(function, x, expected):
    np.testing.assert_array_equal(tl.grad(function)(x), expected)


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (lambda x: x**2, 0.0, 2),
        (lambda x: x**3, 0.0, 0),
        (lambda x: x**1, 0.0, 0),
        (np.sinc, 0.0, -(np.pi**2) / 3),
        (lambda x: np.prod(np.stack([x, x, 3.0])), 0.0, 6),
        (lambda x: np.where(x > 0, x**3, x**2), 0.0, 2),
        (lambda x: np.maximum(x, 0) ** 2, 1.0, 2),
    ],
)
def test_second_derivatives_at_singular_points(function, x, expected):
    np.testing.assert_allclose(tl.grad(tl.grad(function))(x), expected, rtol=1e-14)


def test_both_arguments_of_a_power_at_its_corner():
    np.testing.assert_array_equal(tl.grad(np.power, (0, 1))(0.0, 2.0), (0, 0))
    np.testing.assert_array_equal(tl.grad(np.power, (0, 1))(0.0, 1.0), (1, 0))
    slopes = tl.grad(lambda x, p: np.sum(x**p), (0, 1))(np.zeros(2), np.array([0.0, 3.0]))
    np.testing.assert_array_equal(slopes, [[0, 0], [-np.inf, 0]])
    assert tl.grad(lambda p: 0**p)(0.0) == -np.inf  # it falls from 1 to 0


def test_mixed_second_derivative_of_a_power_is_not_masked():
    np.testing.assert_array_equal(tl.hessian(lambda v: v[0] ** 2 * v[1])(np.zeros(2)), np.zeros((2, 2)))
    with np.errstate(invalid="ignore"):  # with respect to base and exponent it is -inf times 0
        hessian = tl.hessian(lambda v: v[0] ** v[2] * v[1])(np.array([0.0, 0.0, 1.0]))
    assert hessian[0, 1] == 1
    assert np.isnan(hessian[0, 2])


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_prod_with_zeros(zeros):
    x = np.array([2.0, 3.0, 5.0, 7.0])
    x[:zeros] = 0
    others = np.array([np.prod(np.delete(x, i)) for i in range(4)])
    pairs = np.array([[0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(4)] for i in range(4)])
    np.testing.assert_array_equal(tl.grad(np.prod)(x), others)
    np.testing.assert_array_equal(tl.hessian(np.prod)(x), pairs)


@given(st.floats(-1e150, 1e150), st.integers(1, 9))
def test_std_of_equal_numbers_has_gradient_zero(value, n):
    equal = np.full(n, value)
    np.testing.assert_array_equal(tl.grad(np.std)(equal), np.zeros(n))
    np.testing.assert_array_equal(tl.grad(lambda x: np.sum(np.std(x, axis=-1)))(equal[None]), np.zeros((1, n)))


def test_a_nan_in_the_branch_not_taken_stays_there():
    x = np.array([-1.0, 4.0])

    def root(x):
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sum(np.where(x > 0, np.sqrt(x), 0))

    np.testing.assert_array_equal(tl.grad(root)(x), [0, 0.25])
    np.testing.assert_allclose(tl.hessian(root)(x), [[0, 0], [0, -1 / 32]])


def test_a_logarithm_floored_at_minus_hundred():
    def floored(p):
        with np.errstate(divide="ignore"):
            return np.sum(np.maximum(np.log(p), -100))

    np.testing.assert_array_equal(tl.grad(floored)(np.array([0.0, 0.5])), [0, 2])


def test_empty_arrays():
    x = np.zeros((0, 3))
    assert tl.grad(np.sum)(x).shape == (0, 3)
    assert tl.grad(lambda x: np.sum(x @ np.ones((3, 2))))(x).shape == (0, 3)
    np.testing.assert_array_equal(tl.grad(lambda w: np.sum(x @ w))(np.ones((3, 2))), np.zeros((3, 2)))
    assert tl.grad(np.prod)(np.zeros(0)).shape == (0,)


def test_the_mean_of_more_float16_numbers_than_float16_can_count():
    gradient = tl.grad(np.mean)(np.ones(100_000, np.float16))
    np.testing.assert_allclose(gradient.astype(float), 1e-5, rtol=0.01)


def test_a_nan_is_the_extremum_and_gets_its_gradient():
    np.testing.assert_array_equal(tl.grad(np.max)(np.array([1.0, np.nan])), [0, 1])
    np.testing.assert_array_equal(tl.grad(np.min)(np.array([np.nan, -1.0])), [1, 0])


def test_the_angle_of_a_small_float16_number_is_flat():
    gradient = tl.grad(lambda x: 1000 * np.angle(x, deg=True))(np.float16(1e-4))
    assert gradient == 0
    assert gradient.dtype == np.float16


def test_the_mixed_derivative_of_a_power_at_exponent_zero():
    mixed = tl.grad(lambda x, p: tl.grad(lambda x: x**p)(x), 1)
    np.testing.assert_allclose(mixed(3.25, 0.0), 1 / 3.25)  # of p x ** (p - 1), with respect to p


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("p", [-3, -2, 3, 3.0, 4])
def test_small_whole_powers_are_products(p, dtype):
    x = np.array([-1e3, -0.7, 1e-3, 2.5], dtype)
    expected = x.astype(np.clongdouble if dtype is np.complex128 else np.longdouble)
    power = tl.Value(x) ** p
    assert power.dtype == dtype
    np.testing.assert_allclose(power.data, expected**p, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(
        tl.vjp(lambda x: x**p, x)[1](np.ones(4, dtype))[0], p * expected ** (p - 1), rtol=6 * np.finfo(dtype).eps
    )
