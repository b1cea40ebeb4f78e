"""Transforms: right, nestable to any order, never confusing two inputs, and leaving arrays to their owner."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentTypeError, GraphError

Point = namedtuple("Point", ["x", "y"])


def same(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


# -- random smooth functions -----------------------------------------------------------------------------------------


@st.composite
def functions(draw):
    """Return a smooth map Rⁿ → Rᵐ, its input size, and a generator for points and directions."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k, m = (draw(st.integers(1, 4)) for _ in range(3))
    a, b, c = rng.normal(size=(k, n)), rng.normal(size=(m, k)), rng.normal(size=m)
    bend = draw(st.sampled_from([np.tanh, np.sin, lambda x: x * x / (1 + x * x), lambda x: np.exp(-x * x)]))
    mix = draw(st.booleans())

    def f(x):
        hidden = bend(a @ x)
        y = b @ hidden + c
        return y * np.sum(hidden * hidden) if mix else np.sin(y)

    return f, n, rng


def differences(f, x, h=1e-6):
    """Return the Jacobian by central differences."""
    columns = [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))]
    return np.stack(columns, axis=-1)


@given(functions())
def test_jacobian_matches_differences_and_both_products(case):
    f, n, rng = case
    x, t = rng.normal(size=n), rng.normal(size=n)
    jacobian = tl.jacobian(f)(x)
    np.testing.assert_allclose(jacobian, differences(f, x), rtol=1e-5, atol=1e-6)
    y, tangent = tl.jvp(f, (x,), (t,))
    same(y, f(x))
    same(tangent, jacobian @ t)
    y, pullback = tl.vjp(f, x)
    g = rng.normal(size=y.shape)
    same(pullback(g)[0], g @ jacobian)
    same(pullback(2 * g)[0], 2 * g @ jacobian)  # a pullback may be called again


@given(functions())
def test_hessian_is_symmetric_and_hvp_multiplies_by_it(case):
    f, n, rng = case
    x, v = rng.normal(size=n), rng.normal(size=n)

    def scalar(z):
        return np.sum(f(z))

    hessian = tl.hessian(scalar)(x)
    same(hessian, hessian.T)
    np.testing.assert_allclose(hessian, differences(tl.grad(scalar), x), rtol=1e-5, atol=1e-5)
    same(tl.hvp(scalar, x, v), hessian @ v)
    same(tl.jvp(tl.grad(scalar), (x,), (v,))[1], hessian @ v)
    same(tl.grad(lambda z: tl.jvp(scalar, (z,), (v,))[1])(x), hessian @ v)


@given(functions())
def test_inside_no_grad_the_numbers_are_the_same_and_plain(case):
    f, n, rng = case
    x = rng.normal(size=n)
    outside = tl.jacobian(f)(tl.Value(x))
    with tl.no_grad():
        inside = tl.jacobian(f)(tl.Value(x))
    assert isinstance(outside, tl.Value)
    assert type(inside) is np.ndarray
    np.testing.assert_array_equal(inside, outside.data)


# -- nesting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", range(5))
def test_derivatives_nest_to_order_four(order):
    derivatives = [
        lambda x: np.sin(2 * x),
        lambda x: 2 * np.cos(2 * x),
        lambda x: -4 * np.sin(2 * x),
        lambda x: -8 * np.cos(2 * x),
        lambda x: 16 * np.sin(2 * x),
    ]
    f = derivatives[0]
    for _ in range(order):
        f = tl.grad(f)
    same(f(0.3), derivatives[order](0.3))


def test_forward_mode_nests_and_mixes_with_reverse():
    def forward(f):
        return lambda x: tl.jvp(f, (x,), (1.0,))[1]

    def f(x):
        return x**5 / 20

    for a in (forward, tl.grad):
        for b in (forward, tl.grad):
            for c in (forward, tl.grad):
                same(a(b(c(f)))(2.0), 3 * 2.0**2)


# Perturbation confusion: Siskind and Pearlmutter, "Nesting forward-mode AD in a functional framework", 2008.


def derivatives():
    return [tl.grad, lambda f: lambda x: tl.jvp(f, (x,), (1.0,))[1]]


@pytest.mark.parametrize("outer", derivatives())
@pytest.mark.parametrize("inner", derivatives())
class TestPerturbationConfusion:
    def test_the_classic(self, outer, inner):
        assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0

    def test_the_product(self, outer, inner):
        assert outer(lambda x: inner(lambda y: x * y * y)(3.0))(5.0) == 6.0

    def test_at_the_same_point(self, outer, inner):
        # d/dx [x · d/dy (x y²) at y = x] = d/dx [2 x³]
        assert outer(lambda x: x * inner(lambda y: x * y * y)(x))(2.0) == 24.0

    def test_inner_result_independent_of_its_input(self, outer, inner):
        assert outer(lambda x: x * inner(lambda y: x * x)(4.0))(3.0) == 0.0

    def test_inner_independent_of_the_outer_input(self, outer, inner):
        assert outer(lambda x: x * inner(lambda y: y**3)(2.0))(3.0) == 12.0

    def test_one_function_used_on_both_levels(self, outer, inner):
        def f(x):
            return x**3

        assert outer(lambda x: f(x) + inner(f)(x))(2.0) == 12.0 + 12.0


def test_a_value_stored_by_the_inner_function_belongs_to_the_inner_sweep_only():
    kept = []

    def inner(y):
        kept.append(y)
        return y * y

    assert tl.grad(lambda x: tl.grad(inner)(x) * x)(3.0) == 12.0


# -- closed-over Values and recorded results -------------------------------------------------------------------------


def test_a_gradient_penalty_with_grad_inside_and_backward_outside():
    w = tl.Value([1.0, -2.0])
    x = np.array([0.5, 3.0])
    gradient = tl.grad(lambda z: np.sum(w * z**3))(x)
    assert isinstance(gradient, tl.Value)
    np.sum(gradient**2).backward()  # Σ (3 w x²)²
    same(w.grad, 18 * w.data * x**4)


def test_everything_a_transform_returns_is_recorded_if_it_depends_on_a_value():
    w = tl.Value(3.0)
    (value, aux), gradient = tl.value_and_grad(lambda x: (w * x * x, {"twice": w * 2}), has_aux=True)(2.0)
    (value + 10 * aux["twice"] + 100 * gradient).backward()
    assert w.grad == 4 + 20 + 400


def test_values_as_arguments_give_recorded_results_and_do_not_accumulate():
    x = tl.Value([1.0, 2.0])
    gradient = tl.grad(lambda z: np.sum(z**3))(x)
    assert x.grad is None
    gradient.sum().backward()
    same(x.grad, 6 * x.data)


def test_a_constant_value_is_no_reason_to_record():
    w = tl.Value(3.0, requires_grad=False)
    assert type(tl.grad(lambda x: w * x)(2.0)) is np.float64
    assert type(tl.grad(lambda x: x * x)(w)) is np.float64


def test_leaves_are_not_touched_by_a_transform():
    w = tl.Value(3.0)
    tl.grad(lambda x: w * x)(2.0)
    tl.jvp(lambda x: w * x, (2.0,), (1.0,))
    assert w.grad is None


def test_a_pullback_called_inside_no_grad_is_plain():
    x = tl.Value([1.0, 2.0])
    _, pullback = tl.vjp(lambda z: z * z, x)
    with tl.no_grad():
        (gradient,) = pullback(np.ones(2))
    assert type(gradient) is np.ndarray
    assert isinstance(pullback(np.ones(2))[0], tl.Value)


def test_tangents_and_cotangents_may_be_recorded():
    t = tl.Value([1.0, 2.0])
    _, tangent = tl.jvp(lambda z: z * z, (np.array([3.0, 5.0]),), (t,))
    tangent.sum().backward()
    same(t.grad, [6.0, 10.0])
    g = tl.Value([1.0, 2.0])
    _, pullback = tl.vjp(lambda z: z * z, np.array([3.0, 5.0]))
    pullback(g)[0].sum().backward()
    same(g.grad, [6.0, 10.0])


# -- arguments -------------------------------------------------------------------------------------------------------


def weighted(a, b, c=1.0):
    return np.sum(a * a * b * c)


def test_argnums():
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    same(tl.grad(weighted)(a, b), 2 * a * b)
    same(tl.grad(weighted, 1)(a, b), a * a)
    same(tl.grad(weighted, -1)(a, b), a * a)
    both = tl.grad(weighted, (1, 0))(a, b)
    assert type(both) is tuple
    same(both[0], a * a)
    same(both[1], 2 * a * b)
    one = tl.grad(weighted, (0,))(a, b)
    assert type(one) is tuple
    assert len(one) == 1
    same(tl.grad(weighted)(a, b, c=2.0), 4 * a * b)
    assert tl.value_and_grad(weighted)(a, b)[0] == weighted(a, b)


@pytest.mark.parametrize("argnums", [2, -3, (0, 5)])
def test_argnums_out_of_range(argnums):
    with pytest.raises(GraphError, match=r"grad: there is no argument .* among the 2 given by position"):
        tl.grad(weighted, argnums)(1.0, 2.0)


@pytest.mark.parametrize("argnums", [(0, 0), (0, -2)])
def test_argnums_twice(argnums):
    with pytest.raises(GraphError, match=r"grad: argnums \(.*\) names an argument twice"):
        tl.grad(weighted, argnums)(1.0, 2.0)


def test_has_aux():
    def f(x):
        return np.sum(x * x), {"norm": np.sum(x), "text": "kept", "shape": x.shape}

    gradient, aux = tl.grad(f, has_aux=True)(np.array([1.0, 2.0]))
    same(gradient, [2.0, 4.0])
    assert aux == {"norm": 3.0, "text": "kept", "shape": (2,)}
    assert type(aux["norm"]) is np.float64
    (value, aux), _ = tl.value_and_grad(f, has_aux=True)(np.array([1.0, 2.0]))
    assert value == 5.0
    y, pullback, aux = tl.vjp(f, np.array([1.0, 2.0]), has_aux=True)
    assert (y, aux["text"]) == (5.0, "kept")
    same(pullback(1.0)[0], [2.0, 4.0])
    with pytest.raises(
        GraphError, match=r"grad: with has_aux=True the function must return a pair .*, got Value; return both"
    ):
        tl.grad(lambda x: x, has_aux=True)(1.0)


TREES = {
    "list": [1.0, 2.0],
    "tuple": (1.0, 2.0),
    "namedtuple": Point(1.0, 2.0),
    "dict": {"a": 1.0, "b": 2.0},
    "ordered": OrderedDict(b=1.0, a=2.0),
    "nested": {"a": [1.0, (2.0,)], "nothing": None, "empty": {}},
}


@pytest.mark.parametrize("case", TREES)
def test_containers_come_back_as_they_went_in(case):
    from tinygrad_lab import tree

    point = TREES[case]

    def f(parameters):
        first, second = tree.flatten(parameters)[0]
        return first**2 * second**3

    gradient = tl.grad(f)(point)
    assert type(gradient) is type(point)
    expected = tree.flatten(point)[1]([16.0, 12.0])
    assert gradient == expected
    assert tl.hvp(f, (point,), (point,))[0] == tree.flatten(point)[1]([16 + 2 * 24.0, 24 + 2 * 12.0])
    value, tangent = tl.jvp(f, (point,), (point,))
    assert (value, tangent) == (8.0, 40.0)
    hessian = tree.flatten(tl.hessian(f)(point))[0]
    assert hessian == [16.0, 24.0, 24.0, 12.0]


def test_an_object_that_can_be_flattened_is_a_container():
    class Model:
        def __init__(self, w, b):
            self.w, self.b = w, b

        def __call__(self, x):
            return np.sum(np.tanh(x @ self.w) + self.b)

        def tree_flatten(self):
            return [self.w, self.b], lambda children: Model(*children)

    x = np.arange(6.0).reshape(2, 3)
    gradient = tl.grad(lambda model, x: model(x))(Model(tl.Value(np.ones((3, 2))), tl.Value([0.0, 1.0])), x)
    assert isinstance(gradient, Model)
    same(gradient.b.data, [2.0, 2.0])


def test_a_module_is_a_container():
    model = tl.nn.Sequential(
        tl.nn.Linear(2, 3, rng=np.random.default_rng(0)), tl.nn.Tanh(), tl.nn.Linear(3, 1, rng=np.random.default_rng(1))
    )
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def loss(model, x):
        return np.mean(model(x) ** 2)

    gradient = tl.grad(loss)(model, x)
    assert type(gradient) is type(model)
    loss(model, x).backward()
    pairs = list(zip(gradient.named_parameters(), model.named_parameters(), strict=True))
    assert len(pairs) == 4
    for (name, actual), (expected_name, parameter) in pairs:
        assert name == expected_name
        same(actual.data, parameter.grad)


def test_dicts_correspond_by_key_not_by_order():
    def f(p):
        return {"u": p["a"] * 2, "v": p["b"] * 3}

    _, tangent = tl.jvp(f, ({"a": 1.0, "b": 1.0},), ({"b": 10.0, "a": 1.0},))
    assert tangent == {"u": 2.0, "v": 30.0}
    _, pullback = tl.vjp(f, {"a": 1.0, "b": 1.0})
    assert pullback({"v": 100.0, "u": 1.0}) == ({"a": 2.0, "b": 300.0},)


def test_nested_outputs_of_a_jacobian():
    jacobian = tl.jacobian(lambda p: {"s": p[0] * p[1], "v": p[0] * np.ones(2)})([2.0, 3.0])
    assert jacobian["s"] == [3.0, 2.0]
    same(jacobian["v"][0], [1.0, 1.0])
    same(jacobian["v"][1], [0.0, 0.0])
    pair = tl.jacobian(lambda a, b: a * b, (0, 1))(np.array([1.0, 2.0]), 3.0)
    same(pair[0], 3 * np.eye(2))
    same(pair[1], [1.0, 2.0])


# -- zeros -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex128])
def test_an_ignored_input_has_zeros_of_its_shape_and_dtype(dtype):
    x, y = np.ones((2, 3), dtype), np.ones(4, dtype)
    ignored = tl.grad(lambda a, b: np.sum(np.abs(b)), 0)(x, y)
    assert (ignored.shape, ignored.dtype) == ((2, 3), dtype)
    assert not ignored.any()
    assert ignored.flags.writeable
    assert not tl.jvp(lambda a: np.ones(3), (x,), (x,))[1].any()
    assert not tl.vjp(lambda a: np.ones(3), x)[1](np.ones(3))[0].any()
    assert tl.jacobian(lambda a: np.ones(3))(x).shape == (3, 2, 3)


def test_constant_functions_have_derivative_zero():
    assert tl.grad(lambda x: 3.0)(2.0) == 0.0
    assert tl.grad(lambda x: np.floor(x))(2.5) == 0.0
    assert tl.grad(tl.grad(lambda x: 3.0 * x))(2.0) == 0.0
    assert tl.hessian(lambda x: np.sum(x))(np.ones(2)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert tl.jacobian(lambda x: x[:0])(np.ones(2)).shape == (0, 2)


def test_the_identity_and_repeated_outputs():
    assert tl.grad(lambda x: x)(3.0) == 1.0
    assert tl.jvp(lambda x: x, (3.0,), (5.0,)) == (3.0, 5.0)
    _, pullback = tl.vjp(lambda x: (y := x * 2, y, x), 3.0)
    assert pullback((1.0, 10.0, 100.0)) == (122.0,)
    assert tl.jvp(lambda x: (y := x * 2, y, x), (3.0,), (1.0,))[1] == (2.0, 2.0, 1.0)


# -- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "got"),
    [
        (lambda x: x, r"got shape \(2,\)"),
        (lambda x: (x[0], x[1]), r"got \[\(\), \(\)\]"),
        (lambda x: [x[0]], r"got \[\(\)\]"),
        (lambda x: None, "got nothing"),
        (lambda x: {}, "got nothing"),
    ],
)
def test_grad_needs_a_scalar(f, got):
    with pytest.raises(GraphError, match=r"grad: function must return a scalar, " + got + ".*or use jacobian"):
        tl.grad(f)(np.ones(2))


@pytest.mark.parametrize("transform", [tl.grad, tl.hessian, lambda f: lambda x: tl.hvp(f, x, x)])
def test_each_transform_speaks_of_itself(transform):
    name = {tl.grad: "grad", tl.hessian: "hessian"}.get(transform, "hvp")
    with pytest.raises(GraphError, match=f"^{name}: function must return a scalar"):
        transform(lambda x: x * x)(np.ones(2))


@pytest.mark.parametrize(
    "f", [lambda x: (x**2).sum(), lambda x: np.sum(np.sin(x)), lambda x: x.sum()], ids=["power", "sin", "method"]
)
@pytest.mark.parametrize("given", [[1.0, 2.0], (1, 2), [[1.0], [2.0]]], ids=str)
def test_a_list_that_the_function_cannot_take_is_explained(f, given):
    text = rf"argument 0 is a {type(given).__name__} of numbers, .*pass np\.array\(\.\.\.\)"
    with pytest.raises(ArgumentTypeError, match=text) as caught:
        tl.grad(f)(given)
    assert caught.value.__cause__ is not None


def test_what_is_no_position_or_no_result_is_refused():
    with pytest.raises(ArgumentTypeError, match="grad: argnums must be a position or a tuple of positions, got float"):
        tl.grad(np.sum, (0.5,))
    with pytest.raises(GraphError, match="jacobian: function returned nothing; end it with a return"):
        tl.jacobian(lambda x: None)(1.0)


def test_a_list_is_a_container_of_what_is_in_it():
    assert tl.grad(lambda x: x[0] * x[1])([2.0, 3.0]) == [3.0, 2.0]


def test_tangents_and_cotangents_that_do_not_fit():
    with pytest.raises(GraphError, match=r"jvp: tangents have the shapes \[\(3,\)\], but the primals have \[\(2,\)\]"):
        tl.jvp(np.sin, (np.ones(2),), (np.ones(3),))
    with pytest.raises(GraphError, match=r"jvp: tangents must be nested like a tuple of 1, got a tuple of 2"):
        tl.jvp(np.sin, (1.0,), (1.0, 2.0))
    with pytest.raises(GraphError, match=r"jvp: tangents must be nested like a dict with the keys \['a'\], got .*'b'"):
        tl.jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},))
    with pytest.raises(GraphError, match=r"vjp: cotangents must be nested like a tuple of 2, got a tuple of 1"):
        tl.vjp(lambda x: (x, x), 1.0)[1]((1.0,))
    with pytest.raises(GraphError, match=r"gradient has shape \(3,\), but the result has \(2,\)"):
        tl.vjp(np.sin, np.ones(2))[1](np.ones(3))


def test_an_argument_that_is_no_array_is_refused():
    with pytest.raises(TypeError, match="data must be an array of numbers"):
        tl.grad(lambda x: 1.0)("text")


DERIVATIVES = {
    "grad": lambda f, x, **options: tl.grad(f, **options)(x),
    "value_and_grad": lambda f, x, **options: tl.value_and_grad(f, **options)(x),
    "jacobian": lambda f, x, **options: tl.jacobian(f, **options)(x),
    "hessian": lambda f, x, **options: tl.hessian(f, **options)(x),
    "hvp": lambda f, x, **options: tl.hvp(f, x, x, **options),
}
NO_NUMBERS = st.one_of(st.booleans(), st.integers(-9, 9), st.text(), st.binary(), st.builds(object), st.dates())


@pytest.mark.parametrize("name", DERIVATIVES)
@given(data=st.data())
def test_what_is_no_floating_point_number_has_no_derivative(name, data):
    result = data.draw(NO_NUMBERS | st.builds(np.array, NO_NUMBERS) | st.builds(np.bool_) | st.builds(np.int32))
    with pytest.raises(GraphError, match=r"function must return floating-point numbers, got .+; integers, bools"):
        DERIVATIVES[name](lambda x: result, np.float64(1.5))


@pytest.mark.parametrize("name", DERIVATIVES)
@given(factor=st.complex_numbers(max_magnitude=9), dtype=st.sampled_from([np.float32, np.float64, np.longdouble]))
def test_a_complex_result_of_real_numbers_is_refused_even_where_its_imaginary_part_is_0(name, factor, dtype):
    with pytest.raises(GraphError, match=r"function must return real numbers, got dtype .+; return the .real or .imag"):
        DERIVATIVES[name](lambda x: x * factor, dtype(1.5))
    with pytest.raises(GraphError, match="with holomorphic=True every argument must be complex, got dtype float"):
        DERIVATIVES[name](lambda x: x * factor, dtype(1.5), holomorphic=True)


@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_real_result_keeps_no_promise_of_being_holomorphic(name):
    with pytest.raises(GraphError, match="with holomorphic=True every result must be complex, got dtype float64"):
        DERIVATIVES[name](np.abs, np.complex128(1.5), holomorphic=True)


HOLOMORPHIC = {
    "power": (lambda z: z**3, lambda z: 3 * z**2, lambda z: 6 * z),
    "exp": (np.exp, np.exp, np.exp),
    "sin": (np.sin, np.cos, lambda z: -np.sin(z)),
    "quotient": (lambda z: 1 / (z + 5), lambda z: -1 / (z + 5) ** 2, lambda z: 2 / (z + 5) ** 3),
}


@pytest.mark.parametrize("case", HOLOMORPHIC)
@given(z=st.complex_numbers(max_magnitude=3), t=st.complex_numbers(max_magnitude=3))
def test_holomorphic_functions_have_the_textbooks_derivatives(case, z, t):
    f, first, second = HOLOMORPHIC[case]
    z, t = np.complex128(z), np.complex128(t)
    value, gradient = tl.value_and_grad(f, holomorphic=True)(z)
    for got, expected in [
        (value, f(z)),
        (gradient, first(z)),
        (tl.jacobian(f, holomorphic=True)(z), first(z)),
        (tl.hessian(f, holomorphic=True)(z), second(z)),
        (tl.hvp(f, z, t, holomorphic=True), second(z) * t),
    ]:
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


def test_second_derivatives_of_real_functions_of_complex_numbers_are_refused():
    def f(z):
        return np.abs(z) ** 2

    same(tl.grad(f)(3 + 4j), 6 - 8j)
    for name in ("hessian", "hvp"):
        with pytest.raises(GraphError, match="function must return real numbers, got dtype complex128"):
            DERIVATIVES[name](f, np.complex128(3 + 4j))


# -- ownership and dtypes --------------------------------------------------------------------------------------------


def test_results_own_their_memory():
    x, y, g = np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2))
    _, pullback = tl.vjp(lambda a, b: a.T.T + b, x, y)
    results = [*pullback(g), *tl.grad(lambda a, b: np.sum((a + b) * 2), (0, 1))(x, y)]
    _, tangent = tl.jvp(lambda a: +a, (x,), (g,))
    results += [tangent, tl.hvp(lambda a: np.sum(a * a) / 2, x, g), tl.jacobian(lambda a: a)(x)]
    for i, result in enumerate(results):
        assert result.flags.writeable
        for other in [x, y, g, *results[:i]]:
            assert not np.shares_memory(result, other)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex64])
def test_dtypes_are_preserved(dtype):
    x = np.array([0.5, 0.25], dtype)

    def f(z):
        return np.sum(z * z * 2.0)

    holomorphic = x.dtype.kind == "c"
    assert tl.grad(f, holomorphic=holomorphic)(x).dtype == dtype
    assert tl.hvp(f, x, x, holomorphic=holomorphic).dtype == dtype
    assert tl.hessian(f, holomorphic=holomorphic)(x).dtype == dtype
    assert tl.jacobian(lambda z: z * z, holomorphic=holomorphic)(x).dtype == dtype
    assert tl.grad(lambda z: np.sum(np.abs(z)))(x).dtype == dtype
    y, tangent = tl.jvp(lambda z: z * z, (x,), (x,))
    assert (y.dtype, tangent.dtype) == (dtype, dtype)


def test_integers_are_differentiated_as_floats():
    assert tl.grad(lambda x: x**3)(2) == 12.0
    same(tl.grad(lambda x: np.sum(x * x))(np.array([1, 2])), [2.0, 4.0])


# -- complex numbers: JAX's convention -------------------------------------------------------------------------------


def test_complex_gradients_follow_the_convention():
    same(tl.grad(np.abs)(3 + 4j), 0.6 - 0.8j)
    same(tl.grad(np.real)(3 + 4j), 1.0)
    same(tl.grad(np.imag)(3 + 4j), -1j)
    z = np.complex128(1 + 2j)
    _, pullback = tl.vjp(lambda z: z**3, z)
    same(pullback(1.0 + 0j)[0], 3 * z**2)  # holomorphic: f′(z), no conjugate


@given(st.complex_numbers(min_magnitude=0.5, max_magnitude=3), st.complex_numbers(max_magnitude=2))
def test_the_complex_jvp_is_the_directional_derivative(z, t):
    def f(z):
        return np.abs(z) * np.exp(1j * np.real(z)) + np.conjugate(z) * z * z + np.imag(z)

    h = 1e-6
    expected = (f(z + h * t) - f(z - h * t)) / (2 * h)
    np.testing.assert_allclose(tl.jvp(f, (z,), (t,))[1], expected, rtol=1e-6, atol=1e-6)


@given(st.complex_numbers(min_magnitude=0.5, max_magnitude=3), st.complex_numbers(max_magnitude=2))
def test_the_complex_vjp_transposes_the_jvp(z, t):
    def f(z):
        return np.abs(z) * np.exp(1j * np.real(z)) + np.conjugate(z) * z * z

    g = 0.3 - 0.7j
    tangent = tl.jvp(f, (z,), (t,))[1]
    (pulled,) = tl.vjp(f, z)[1](g)
    np.testing.assert_allclose((pulled * t).real, (g * tangent).real, rtol=1e-9, atol=1e-9)


def test_a_complex_parameter_descends_along_the_conjugate():
    z, target = np.complex128(0), 2 - 3j
    for _ in range(200):
        z = z - 0.1 * np.conj(tl.grad(lambda z: np.abs(z - target) ** 2)(z))
    same(z, target)


def test_forward_mode_does_not_hide_an_infinite_slope():
    with np.errstate(divide="ignore"):
        assert tl.jvp(np.sqrt, (0.0,), (1.0,))[1] == np.inf
    assert tl.jvp(lambda x: np.sum(np.sqrt(x)[1:]), (np.array([0.0, 4.0]),), (np.ones(2),))[1] == 0.25


def test_argnums_may_be_numpys_integers():
    def product(a, b):
        return a * a * b

    for argnums in (1, np.int64(1), np.array([1, 0])[0]):
        assert tl.grad(product, argnums)(2.0, 3.0) == 4
    assert tl.grad(product, (np.int64(0), 1))(2.0, 3.0) == (12, 4)
