"""At singular points and at the ends of domains: the limit where there is one, and never a number where there is none.

The limits are those of difference quotients beside the point, ever nearer to it, in eighty digits.
"""

import functools
import warnings

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import special

import tinygrad_lab as tl
from tests.rules import compositions


def root(x, n):
    return mp.sign(x) * abs(x) ** (mpf(1) / n)


# fmt: off
REFERENCE = {
    np.positive: lambda x: x, np.negative: lambda x: -x, np.square: lambda x: x * x, np.reciprocal: lambda x: 1 / x,
    np.sqrt: mp.sqrt, np.cbrt: lambda x: root(x, 3), np.absolute: abs, np.fabs: abs,
    np.exp: mp.exp, np.exp2: lambda x: mpf(2) ** x, np.expm1: mp.expm1,
    np.log: mp.log, np.log2: lambda x: mp.log(x, 2), np.log10: lambda x: mp.log(x, 10), np.log1p: mp.log1p,
    np.sin: mp.sin, np.cos: mp.cos, np.tan: mp.tan, np.arcsin: mp.asin, np.arccos: mp.acos, np.arctan: mp.atan,
    np.sinh: mp.sinh, np.cosh: mp.cosh, np.tanh: mp.tanh,
    np.arcsinh: mp.asinh, np.arccosh: mp.acosh, np.arctanh: mp.atanh,
    np.sinc: lambda x: mp.sinc(mp.pi * x), np.i0: lambda x: mp.besseli(0, x),
    special.expit: lambda x: 1 / (1 + mp.exp(-x)), special.logit: lambda x: mp.log(x / (1 - x)),
    special.log_expit: lambda x: -mp.log1p(mp.exp(-x)), special.exp10: lambda x: mpf(10) ** x,
    special.exprel: lambda x: mp.expm1(x) / x if x else mpf(1), special.entr: lambda x: -x * mp.log(x) if x else mpf(0),
    special.erf: mp.erf, special.erfc: mp.erfc, special.erfi: mp.erfi, special.erfinv: mp.erfinv,
    special.erfcx: lambda x: mp.exp(x * x) * mp.erfc(x),
    special.dawsn: lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x),
    special.ndtr: mp.ncdf, special.log_ndtr: lambda x: mp.log(mp.ncdf(x)),
    special.gamma: mp.gamma, special.rgamma: mp.rgamma, special.gammaln: lambda x: mp.log(abs(mp.gamma(x))),
    special.psi: mp.digamma,
    special.j0: lambda x: mp.besselj(0, x), special.j1: lambda x: mp.besselj(1, x),
    special.y0: lambda x: mp.bessely(0, x), special.y1: lambda x: mp.bessely(1, x),
    special.i0: lambda x: mp.besseli(0, x), special.i1: lambda x: mp.besseli(1, x),
    special.i0e: lambda x: mp.exp(-abs(x)) * mp.besseli(0, x),
    special.i1e: lambda x: mp.exp(-abs(x)) * mp.besseli(1, x),
    special.k0: lambda x: mp.besselk(0, x), special.k1: lambda x: mp.besselk(1, x),
    special.exp1: mp.e1, special.expi: mp.ei, special.spence: lambda x: mp.polylog(2, 1 - x),
    special.ellipk: mp.ellipk, special.ellipe: mp.ellipe, special.wrightomega: lambda x: mp.lambertw(mp.exp(x)),
}
# fmt: on
POINTS = (0.0, 1.0, -1.0, 0.5, 2.0, -2.0)
ENDS = (np.inf, -np.inf)
# Their rules make products of 0 and infinity at infinity: NaN, though some of them have a limit there.
NOT_AT_INFINITY = {
    special.exprel, special.gamma, special.rgamma, special.gammaln, special.psi, special.expi, special.ellipk,
    special.ellipe, special.wrightomega, special.log_ndtr, np.i0, np.sinc,
}  # fmt: skip


def beside(function, order, point, side):
    """Return the derivative ever nearer to a point, as far as the function is real there."""
    found = []
    for k in (6, 12, 18):
        near = mpf(point) + side * mpf(10) ** -k if np.isfinite(point) else mpf(10) ** (k // 2) * np.sign(point)
        step = abs(near - point if np.isfinite(point) else near) * mpf(10) ** -9
        try:
            before, here, after = (function(near + sign * step) for sign in (-1, 0, 1))
        except ValueError:
            return []
        if any(mp.im(value) for value in (before, here, after)):
            return []
        found.append((after - before) / (2 * step) if order == 1 else (after - 2 * here + before) / step**2)
    return found


def limit(found):
    """Return what a sequence tends to, plus or minus infinity included, or None if that cannot be told."""
    first, second, third = found
    if second == third:
        return float(third)
    if abs(third - second) <= abs(second - first) / 10 or abs(third - second) <= abs(third) / 10**6:
        return float(third)
    return float(mp.sign(third)) * np.inf if abs(third) > abs(second) > abs(first) else None


@functools.cache  # the second order asks for the first one's
def one_sided_limits(function, order, point):
    with mp.workdps(80):
        found = [beside(function, order, point, side) for side in ((1, -1) if np.isfinite(point) else (0,))]
        return [limit(values) for values in found if values]


def derivative(function, order, x):
    for _ in range(order):
        function = tl.grad(function)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return float(function(x))


def is_right(got, limits, of_slope=(0.0,)):
    """Whether a number may stand where one-sided derivatives tend to these limits, and those of the order below."""
    if not limits or None in limits:
        return np.isnan(got)
    low, high = min(limits), max(limits)
    if np.isclose(low, high, rtol=1e-4, atol=1e-4):
        kink = None in of_slope or not np.allclose(of_slope, of_slope[0], 1e-4, 1e-4)
        return np.isclose(got, low, rtol=1e-4, atol=1e-4) or (kink and np.isnan(got))
    return not np.isfinite(got) or (low <= got <= high and np.isfinite([low, high]).all())


# Their limits take long to be found, and both orders ask for those of the first: one worker looks at both.
LONG = {special.k0, special.k1, special.y0, special.y1, special.spence}
ORDERS = [
    pytest.param(function, order, marks=[pytest.mark.slow] if order > 1 or function in LONG else [])
    for function in REFERENCE
    for order in (1, 2)
]


@pytest.mark.parametrize(("function", "order"), ORDERS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_derivatives_are_limits_or_none(function, order):
    for x in POINTS if function in NOT_AT_INFINITY else POINTS + ENDS:
        with np.errstate(all="ignore"):
            no_value = np.isnan(function(x))
        limits, got = one_sided_limits(REFERENCE[function], order, x), derivative(function, order, x)
        of_slope = one_sided_limits(REFERENCE[function], 1, x) if order > 1 else [0.0]
        assert is_right(got, limits, of_slope or [0.0]) or (no_value and np.isnan(got)), (
            f"order {order} at {x}: {got}, limits {limits}"
        )


@pytest.mark.parametrize("seed", range(4))
def test_compositions_have_limits_or_nan(seed):
    found = list(compositions.verdicts(seed, 30))
    assert not [line for line in found if line[1] not in ("right", "NaN", "untold")]
    assert sum(verdict == "right" for _, verdict in found) > len(found) / 2


# -- several arguments: along rays into the point --------------------------------------------------------------------

ORIGIN = np.zeros(3)
SEVERAL = {
    "norm": (np.linalg.norm, ORIGIN),
    "norm of a matrix": (np.linalg.norm, np.zeros((2, 2))),
    "norm, scaled": (lambda x: np.linalg.norm(3 * x), ORIGIN),
    "norm of rows": (lambda x: np.sum(np.linalg.norm(x, axis=1)), np.array([[0.0, 0.0], [1.0, 2.0]])),
    "1-norm": (lambda x: np.linalg.norm(x, 1), ORIGIN + 1),
    "3-norm": (lambda x: np.linalg.norm(x, 3), ORIGIN),
    "3-norm with a zero": (lambda x: np.linalg.norm(x, 3), np.array([0.0, 1.0, -2.0])),
    "4-norm with zeros": (lambda x: np.linalg.norm(x, 4), np.array([0.0, 0.0, -2.0])),
    "1.5-norm with a zero": (lambda x: np.linalg.norm(x, 1.5), np.array([0.0, 1.0, -2.0])),
    "vector_norm": (np.linalg.vector_norm, ORIGIN),
    "hypot": (lambda v: np.hypot(v[0], v[1]), ORIGIN[:2]),
    "std": (np.std, ORIGIN),
    "std of rows": (lambda x: np.sum(np.std(x, axis=1)), np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 4.0]])),
    "var": (np.var, np.full(3, 0.7)),
    "prod": (np.prod, ORIGIN),
    "logaddexp": (lambda v: np.logaddexp(v[0], v[1]), np.array([2.0, 2.0])),
    "multiply": (lambda v: v[0] * v[1], ORIGIN[:2]),
    "power": (lambda v: v[0] ** v[1], np.array([0.0, 2.5])),
    "absolute": (lambda v: np.abs(v[0] + 1j * v[1]), ORIGIN[:2]),
    "huber": (lambda v: special.huber(1.0, v[0]) + special.pseudo_huber(1.0, v[1]), ORIGIN[:2]),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", SEVERAL)
def test_derivatives_of_several_arguments_are_limits_or_none(name, order):
    function, point = SEVERAL[name]
    derivative = tl.grad(function) if order == 1 else tl.hessian(function)
    sizes = np.random.default_rng(0).uniform(0.5, 1.5, (4, *point.shape))
    signs = np.random.default_rng(1).choice([1, -1], sizes.shape)
    opposed = [np.resize(ray, point.shape) for ray in ([1, 0, -1], [0, 1, -1], [1, -1, 0])]
    rays = [*(signs * sizes), *(-signs * sizes), *opposed, *np.eye(point.size).reshape(-1, *point.shape)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        got = derivative(point)
        near = np.array([[derivative(point + 10.0**-k * ray) for k in (2, 6, 10)] for ray in rays])
    for index in np.ndindex(got.shape):
        limits = [limit(list(map(mpf, found))) for found in near[(..., *index)] if not np.isnan(found).any()]
        assert np.isnan(got[index]) if None in limits else is_right(got[index], limits), (index, got[index], limits)


def test_the_origin_has_a_gradient_but_no_hessian():
    """By decision: every direction is alike there."""
    for function in (np.linalg.norm, np.std, lambda v: np.hypot(v[0], v[1]), lambda v: np.arctan2(v[0], v[1])):
        np.testing.assert_array_equal(tl.grad(function)(np.zeros(2)), [0, 0])
        assert np.isnan(tl.hessian(function)(np.zeros(2))).all()
    assert np.isnan(tl.hessian(np.std)(np.full(3, 0.7))).all()  # whose deviation NumPy says is a rounding error


def test_what_no_gradient_reaches_stays_zero():
    """Rows with a singular point do not spoil the others, nor a Hessian in directions that leave them alone."""
    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    product = tl.hvp(lambda x: np.sum(np.linalg.norm(x, axis=1)), x, np.array([[0.0, 0.0], [1.0, 0.0]]))
    np.testing.assert_allclose(product, [[0, 0], [0.128, -0.096]])
    with np.errstate(all="ignore"):
        hessian = tl.hessian(lambda x: np.sum(np.sqrt(x)))(np.array([0.0, 1.0]))
        assert tl.grad(lambda x: np.sqrt(x) * 0)(0.0) == tl.jvp(lambda x: np.sqrt(x) * 0, 0.0, 1.0)[1] == 0
    np.testing.assert_array_equal(hessian, [[-np.inf, 0], [0, -0.25]])


@pytest.mark.parametrize(
    ("function", "x"),
    [(special.erfcx, 30.0), (special.erfcx, 300.0), (special.dawsn, 40.0), (special.dawsn, -300.0),
     (special.log_ndtr, -30.0), (special.log_ndtr, -300.0), (special.erfcx, -3.0), (special.dawsn, 9.9)],
)  # fmt: skip
def test_far_out_nothing_cancels(function, x):
    with mp.workdps(80):
        for order in (1, 2):
            slope = beside(REFERENCE[function], order, x, 1)[-1]
            np.testing.assert_allclose(derivative(function, order, x), float(slope), rtol=1e-9)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_power_whose_base_and_exponent_vanish_together(order):
    """Partial derivatives at (0, 0), each the limit along the base, add up to the derivative, unless some cancel."""
    with mp.workdps(80):
        for base, exponent in ((1, 1), (2, 1), (1, 2), (1, -1), (2, -3)):
            near = compositions.beside(lambda x, b=base, e=exponent: (b * x) ** (e * x), order, 0.0, 1)
            got = derivative(lambda x, b=base, e=exponent: (b * x) ** (e * x), order, 0.0)
            assert got == compositions.limit(near) or (exponent < 0 and np.isnan(got)), (base, exponent)


@pytest.mark.parametrize("p", [-1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 2.5, 3.0])
def test_partial_derivatives_of_a_power_are_limits_along_its_base(p):
    for a, b in ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3)):
        function = np.power
        for argnum in [0] * a + [1] * b:
            function = tl.grad(function, argnum)
        for x in (0.0, 2.5):
            with mp.workdps(60):
                near = [mpf(x) or mpf(10) ** -k for k in (100, 200, 300)]
                exact = [mp.diff(lambda q, t=t, a=a: mp.ff(q, a) * t ** (q - a), p, b) for t in near]
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(function(x, p), limit(exact), rtol=1e-9, atol=1e-90)


# -- higher orders ----------------------------------------------------------------------------------------------------

SMOOTH = [special.j0, special.j1, special.i0, special.i1, special.exprel, special.erf, special.spence, np.sinc, np.i0]


@pytest.mark.parametrize("function", SMOOTH, ids=lambda function: function.__name__)
def test_third_and_fourth_derivatives_beside_zero(function):
    for x in (0.0, 1e-8) if function is not special.spence else (1.0, 1 + 1e-8):
        with mp.workdps(60):
            expected = [float(mp.diff(REFERENCE[function], mpf(x), order, h=mpf(10) ** -14)) for order in (3, 4)]
        np.testing.assert_allclose([derivative(function, order, x) for order in (3, 4)], expected, 1e-5, 1e-5)


@pytest.mark.parametrize("function", [np.abs, np.hypot, np.linalg.norm, special.i0e, special.i1e])
def test_what_has_no_second_derivative_has_none_of_higher_order(function):
    def along(x):
        return function(x, 2 * x) if function is np.hypot else np.sum(function(x * np.ones(1)))

    assert [np.isnan(derivative(along, order, 0.0)) for order in (1, 2, 3, 4)] == [False, True, True, True]


@pytest.mark.parametrize("function", [np.nanvar, np.nanstd, np.nanmean, np.nansum, np.nanmedian, np.nanmax])
def test_no_gradient_reaches_what_is_left_out_for_being_nan(function):
    x = np.array([1.0, -2.0, 3.0, 5.0])
    with np.errstate(invalid="ignore"):
        gradient = tl.grad(lambda x: function(np.log(x)))(x)
    expected = tl.grad(lambda x: function(np.log(x)))(x[x > 0])
    np.testing.assert_allclose(gradient, np.insert(expected, 1, 0))


@pytest.mark.parametrize("function", [special.erfinv, special.expi, special.spence, special.gamma, special.k0])
def test_no_gradient_reaches_elements_that_are_not_taken(function):
    x = np.array([0.5, -1.0, 0.0, 1.0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(tl.grad(lambda x: function(x)[0])(x)[1:], 0)
