"""Operations of one's own: rules of every kind give the gradients that NumPy's operations give, to the second order."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.core import registry
from tinygrad_lab.errors import ArgumentTypeError, GradientLostError, RuleError

RNG = np.random.default_rng(2)
X, Y = RNG.uniform(0.2, 0.8, (2, 3)), RNG.uniform(0.2, 0.8, (2, 3))
COLUMN = RNG.uniform(0.2, 0.8, (2, 1))


@pytest.fixture(autouse=True)
def registry_as_it_was():
    before = dict(tl.OPS)
    yield
    later = {function: op for function, op in tl.OPS.items() if op.family == "special"}  # SciPy's come when needed
    tl.OPS.clear()
    tl.OPS.update(later | before)


def assert_same_derivatives(mine, theirs, *arrays):
    """Compare gradients and Hessian products of two functions of arrays that may return several."""

    def total(function, *inputs):
        results = function(*inputs)
        results = results if isinstance(results, tuple) else (results,)
        return sum(np.sum(np.cos(r) * (i + 1)) for i, r in enumerate(results))

    which = tuple(range(len(arrays)))
    first, second = (functools.partial(total, f) for f in (mine, theirs))
    np.testing.assert_allclose(first(*arrays), second(*arrays), rtol=1e-12)
    for a, b in zip(tl.grad(first, which)(*arrays), tl.grad(second, which)(*arrays), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)
    for place in which:

        def slope(x, f, place=place):
            return np.sum(tl.grad(f, place)(*arrays[:place], x, *arrays[place + 1 :]) ** 2)

        a, b = (tl.grad(lambda x, f=f: slope(x, f))(arrays[place]) for f in (first, second))
        np.testing.assert_allclose(a, b, rtol=1e-9)


# -- zero derivatives and no rules -----------------------------------------------------------------------------------


def test_a_primitive_of_zero_derivative_returns_plain_arrays():
    @tl.primitive()
    def steps(x, size=1.0):
        return np.round(x / size)

    tl.defzero(steps)
    for y in (steps(tl.Value(X)), steps(x=tl.Value(X)), steps(X, tl.Value(1.0)), steps(X, size=tl.Value(1.0))):
        assert type(y) is np.ndarray
        np.testing.assert_array_equal(y, np.round(X))


def test_no_argument_may_be_differentiable():
    @tl.primitive()
    def steps(x):
        return np.round(x)

    tl.defvjp(steps, None)
    assert type(steps(tl.Value(X))) is np.ndarray


@pytest.mark.parametrize("function", [lambda x: x, lambda *arrays: arrays[0], lambda x, scale=1.0: x * scale])
def test_a_primitive_without_rules_says_so(function):
    lonely = tl.primitive()(function)
    assert lonely(2.0) == 2.0
    for call in (lambda: lonely(tl.Value(2.0)), lambda: lonely(tl.Value(2.0), 3.0, 4.0)):
        with pytest.raises(GradientLostError, match=r"<lambda>: has no derivative rule; declare one"):
            call()


def test_a_rule_replaces_zero_and_composed():
    before = [(op := tl.OPS[f]).kind for f in (np.floor, np.prod)]
    assert before == [registry.ZERO, registry.COMPOSED]
    floor, prod = registry.Op(np.floor), registry.Op(np.prod)
    for function, op in ((np.floor, floor), (np.prod, prod)):
        tl.OPS[function] = op
    tl.defzero(np.floor)
    tl.composed(np.prod)(lambda a: a[0])
    tl.defvjp(np.floor, lambda g, y, x: g)  # straight through
    tl.defvjp(np.prod, lambda g, y, a: g * y / a)
    assert tl.grad(lambda x: np.floor(x) * x)(2.5) == 4.5
    np.testing.assert_allclose(tl.grad(np.prod)(np.array([2.0, 3.0])), [3.0, 2.0])


# -- rules of keyword arguments --------------------------------------------------------------------------------------


def test_keyword_arguments_have_rules_by_name():
    @tl.primitive(
        lambda g, y, x, slope=1.0, shift=0.0, power=1: g * slope * power * x ** (power - 1),
        keywords={
            "slope": lambda g, y, x, slope, shift=0.0, power=1: g * x**power,
            "shift": lambda g, y, x, slope, shift, power=1: g,
        },
    )
    def line(x, *, power=1, slope=1.0, shift=0.0):
        return slope * x**power + shift

    def plain(x, slope, shift):
        return slope * x**2 + shift

    assert_same_derivatives(lambda x, a, b: line(x, slope=a, shift=b, power=2), plain, X, Y, COLUMN)
    assert_same_derivatives(lambda x, b: line(shift=b, x=x), lambda x, b: x + b, X, Y)
    assert_same_derivatives(lambda x, a: line(x, slope=a), lambda x, a: a * x, X, Y)
    assert tl.grad(line)(2.0) == 1.0
    assert tl.grad(lambda b: line(2.0, shift=b))(1.0) == 1.0
    with pytest.raises(GradientLostError, match="line: power cannot be a Value"):
        line(X, power=tl.Value(2.0))


def test_a_parameter_between_may_have_no_rule():
    @tl.primitive(lambda g, y, x, shift, name: g, keywords={"shift": lambda g, y, x, shift, name="a": g})
    def moved(x, name="a", shift=0.0):
        return x + shift

    assert_same_derivatives(lambda x, s: moved(x, "b", s), np.add, X, Y)
    assert_same_derivatives(lambda x, s: moved(x, shift=s), np.add, X, Y)


# -- one rule of all arguments ---------------------------------------------------------------------------------------


def test_a_joint_rule_is_asked_once_for_what_is_needed():
    asked = []

    def rule(needed, g, y, a, b):
        asked.append(needed)
        both = (g * b, g * a)
        return tuple(both[i] for i in needed)

    product = tl.primitive(joint=rule)(lambda a, b: a * b)
    tl.grad(product, (0, 1))(2.0, 3.0)
    tl.grad(product, 1)(2.0, 3.0)
    product(tl.Value(2.0), tl.Value(3.0, requires_grad=False)).backward()
    assert asked == [(0, 1), (1,), (0,)]
    assert_same_derivatives(product, np.multiply, X, COLUMN)
    v = tl.Value(X)
    np.sum(product(v, v)).backward()
    np.testing.assert_allclose(v.grad, 2 * X)


@pytest.mark.parametrize(("result", "text"), [((1.0,), r"1 gradient\(s\)"), (1.0, "float")])
def test_a_joint_rule_that_does_not_fit_is_described(result, text):
    product = tl.primitive(joint=lambda needed, g, y, a, b: result)(lambda a, b: a * b)
    with pytest.raises(RuleError, match=rf"<lambda>: the joint rule returned {text} instead of a tuple of 2"):
        tl.grad(product, (0, 1))(2.0, 3.0)


def test_a_joint_rule_is_the_only_one():
    with pytest.raises(ArgumentTypeError, match="defvjp: <lambda> has a variadic or joint rule"):
        tl.defvjp(lambda x: x, lambda g, y, x: g, joint=lambda needed, g, y, x: (g,))


# -- several results -------------------------------------------------------------------------------------------------


def polar(x, y):
    return np.hypot(x, y), np.arctan2(y, x)


def polar_x(g, y, a, b):
    return g[0] * a / y[0] - g[1] * b / y[0] ** 2


def polar_y(g, y, a, b):
    return g[0] * b / y[0] + g[1] * a / y[0] ** 2


def test_several_results():
    several = tl.primitive(polar_x, polar_y)(polar)
    assert_same_derivatives(several, polar, X, Y)
    assert_same_derivatives(lambda a, b: several(a, b)[1], lambda a, b: polar(a, b)[1], X, COLUMN)
    assert [type(r) for r in several(X, Y)] == [np.ndarray] * 2
    radius, angle = several(tl.Value(X), Y)
    assert (radius.shape, angle.dtype) == (X.shape, X.dtype)
    with tl.no_grad():
        assert not several(tl.Value(X), Y)[0].requires_grad


def test_several_results_of_one_joint_rule_with_residuals():
    def rule(needed, g, y, a, b, residuals):
        square = residuals
        both = (g[0] * a / y[0] - g[1] * b / square, g[0] * b / y[0] + g[1] * a / square)
        return tuple(both[i] for i in needed)

    several = tl.primitive(joint=rule, residuals=True)(lambda a, b: (polar(a, b), a * a + b * b))
    assert_same_derivatives(several, polar, X, Y)


class Split(NamedTuple):
    real: object
    position: object
    imaginary: object


def test_results_of_other_shapes_and_dtypes_in_a_named_tuple():
    @tl.primitive(lambda g, y, z: g.real * 1.0 + g.imaginary[..., None] * np.ones_like(z) * 1j + 0 * len(y.position))
    def split(z):
        return Split(np.real(z).astype(np.float32), np.argsort(np.real(z)), np.sum(z * 1j, axis=-1))

    z = X + 1j * Y
    result = split(tl.Value(z))
    assert type(result) is Split
    assert (result.real.dtype, result.imaginary.dtype) == (np.float32, np.complex128)
    assert type(result.position) is np.ndarray
    np.testing.assert_array_equal(result.position, np.argsort(X))
    found = tl.grad(lambda z: np.sum(split(z).real) + np.sum(np.real(split(z).imaginary)))(z)
    np.testing.assert_allclose(found, tl.grad(lambda z: np.sum(np.real(z)) + np.sum(np.real(z * 1j)))(z))


@pytest.mark.parametrize("result", [{"a": 1.0}, [1.0], None, "text"], ids=lambda x: type(x).__name__)
def test_a_result_that_is_no_array_is_refused(result):
    odd = tl.primitive(lambda g, y, x: g)(lambda x: result)
    with pytest.raises(
        ArgumentTypeError, match=rf"<lambda>: returned a {type(result).__name__}, not an array .*; return ar"
    ):
        odd(tl.Value(1.0))


# -- residuals -------------------------------------------------------------------------------------------------------


def test_residuals_are_computed_once_and_are_functions_of_the_inputs():
    ran = []

    @tl.primitive(lambda g, y, x, residuals, scale=1.0: g * residuals, residuals=True)
    def sine(x, scale=1.0):
        ran.append(1)
        return scale * np.sin(x), scale * np.cos(x)

    assert sine(0.0) == 0.0
    ran.clear()
    np.testing.assert_allclose(tl.grad(lambda x: np.sum(sine(x, scale=2.0)))(X), 2 * np.cos(X))
    assert len(ran) == 1
    assert_same_derivatives(lambda x: sine(x, 2.0), lambda x: 2.0 * np.sin(x), X)


def test_residuals_that_have_no_derivative_are_refused_at_the_second_order_only():
    @tl.primitive(lambda g, y, x, residuals: g * residuals, residuals=True)
    def sine(x):
        return np.sin(x), np.asarray([np.cos(one) for one in np.ravel(x)]).reshape(np.shape(x))

    f = lambda x: np.sum(sine(x))
    np.testing.assert_allclose(tl.grad(f)(X), np.cos(X))
    with pytest.raises(GradientLostError):
        tl.grad(lambda x: np.sum(tl.grad(f)(x)))(X)


# -- Values that are no arguments ------------------------------------------------------------------------------------


def test_a_value_that_gets_in_by_another_way_is_refused():
    w, x = tl.Value(2.0), tl.Value(1.0)
    layer = tl.nn.Linear(2, 1, rng=np.random.default_rng(0))
    rule = lambda g, y, *inputs: g
    closure = tl.primitive(rule)(lambda x: x * w)
    of_dict = tl.primitive(rule)(lambda p: p["a"] * 2)
    of_list = tl.primitive(rule)(lambda p: (p[0] * 2, p[0]))
    of_module = tl.primitive(None, rule)(lambda module, x: module(x))
    for call in (
        lambda: closure(x),
        lambda: closure(1.0),
        lambda: of_dict({"a": x}),
        lambda: of_list([x]),
        lambda: of_module(layer, np.ones((1, 2))),
        lambda: of_module(layer, tl.Value(np.ones((1, 2)))),
    ):
        with pytest.raises(GradientLostError, match=r"<lambda>: its body met a Value that is none of its arg"):
            call()
    assert of_dict({"a": 1.5}) == 3.0


# -- forward rules ---------------------------------------------------------------------------------------------------

FORWARD = {
    "tanh": (np.tanh, (X,), [lambda t, y, x: t * (1 - y * y)]),
    "multiply": (np.multiply, (X, COLUMN), [lambda t, y, a, b: t * b, lambda t, y, a, b: a * t]),
    "matmul": (np.matmul, (X, Y.T), [lambda t, y, a, b: t @ b, lambda t, y, a, b: a @ t]),
    "solve": (
        np.linalg.solve,
        (np.eye(2) * 2 + X[:, :2], Y),
        [lambda t, y, a, b: -np.linalg.solve(a, t @ y), lambda t, y, a, b: np.linalg.solve(a, t)],
    ),
    "cumsum": (lambda x, axis=None: np.cumsum(x, axis), (X,), [lambda t, y, x, axis=None: np.cumsum(t, axis)]),
    "divide": (np.divide, (COLUMN, X), [lambda t, y, a, b: t / b, lambda t, y, a, b: -t * y / b]),
}


@pytest.mark.parametrize("name", FORWARD)
def test_a_forward_rule_gives_the_gradients_of_the_reverse_one(name):
    function, arrays, rules = FORWARD[name]
    mine = tl.primitive()(lambda *inputs, **kwargs: function(*inputs, **kwargs))
    tl.defjvp(mine, *rules)
    assert_same_derivatives(mine, function, *arrays)
    if name == "cumsum":
        assert_same_derivatives(lambda x: mine(x, axis=1), lambda x: np.cumsum(x, 1), X)


@pytest.mark.parametrize(
    "rule", [lambda t, y, x: t * t, lambda t, y, x: 2 * x * t + 1, lambda t, y, x: 2 * x * abs(t)], ids=range(3)
)
def test_a_forward_rule_that_is_not_linear_is_refused(rule):
    square = tl.primitive()(lambda x: x * x)
    tl.defjvp(square, rule)
    with pytest.raises(RuleError, match="forward rule of argument 0 is not linear in the tangent t"):
        tl.grad(lambda x: np.sum(square(x)))(X)


def test_a_forward_rule_gives_the_jvp_back():
    mine = tl.primitive()(lambda a, b: a * b)
    tl.defjvp(mine, lambda t, y, a, b: t * b, None)
    _, tangent = tl.jvp(lambda a: mine(a, Y), (X,), (COLUMN * X,))
    np.testing.assert_allclose(tangent, COLUMN * X * Y)
    y = mine(tl.Value(X), tl.Value(Y))
    with tl.no_grad():
        y.backward(np.ones_like(X))
    np.testing.assert_allclose(y.parents[0].grad, Y)
    assert y.parents[1] is None


def test_forward_rules_of_several_results():
    @tl.primitive()
    def split(x):
        return np.sin(x), np.argsort(x, axis=-1), np.sum(x * x)

    tl.defjvp(split, lambda t, y, x: (t * np.cos(x), None, np.sum(2 * x * t)))
    assert_same_derivatives(
        lambda x: split(x)[0] * split(x)[2] + split(x)[1], lambda x: np.sin(x) * np.sum(x * x) + np.argsort(x), X
    )
    tl.defjvp(split, lambda t, y, x: (t, t))
    with pytest.raises(RuleError, match=r"split: the forward rule returned 2 tangent\(s\) for 3 results; return a"):
        tl.grad(lambda x: np.sum(split(x)[0]))(X)


def test_residuals_are_returned_and_taken_or_refused():
    alone = tl.primitive(lambda g, y, x, residuals: g, residuals=True)(lambda x: 2 * x)
    for x in (X, tl.Value(X)):
        with pytest.raises(ArgumentTypeError, match=r"the body returns a tuple \(result, residuals\), got a ndarray"):
            alone(x)
    with pytest.raises(ArgumentTypeError, match="takes no residuals, but the body returns some; write it as"):
        tl.primitive(lambda g, y, x: g, residuals=True)(lambda x: (x, x))


def test_a_ufunc_of_python_functions_can_be_a_primitive():
    twice = tl.primitive(lambda g, y, x: 2 * g)(np.frompyfunc(lambda x: 2 * x, 1, 1))
    assert tl.grad(twice)(3.0) == 2.0
