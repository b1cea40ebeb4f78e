"""The reverse sweep: right on any graph, at any length, whatever is rebound; gradients belong to their leaf."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.core.operators import getitem
from tinygrad_lab.errors import GraphError, RuleError

# -- random graphs against complex steps -----------------------------------------------------------------------------

UNARY = {
    "sin": np.sin,
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "exp": lambda z: np.exp(z / 4),
    "square": lambda z: z * z / 4,
    "reciprocal": lambda z: 1 / (3 + np.sin(z)),
    "negative": lambda z: -z,
}
BINARY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: np.sin(a) * b,
    "divide": lambda a, b: a / (3 + np.sin(b)),
}


@st.composite
def programs(draw):
    """Return how many inputs there are and a list of steps `(function, positions)`, each on any earlier results."""
    inputs = draw(st.integers(1, 3))
    steps = []
    for made in range(inputs, inputs + draw(st.integers(1, 25))):
        position = st.integers(0, made - 1)
        if draw(st.booleans()):
            steps.append((UNARY[draw(st.sampled_from(sorted(UNARY)))], [draw(position)]))
        else:
            steps.append((BINARY[draw(st.sampled_from(sorted(BINARY)))], [draw(position), draw(position)]))
    return inputs, steps


def execute(steps, inputs):
    """Run a program; its result mixes all results, so that every node counts and fan-out is common."""
    results = list(inputs)
    for function, positions in steps:
        results.append(np.sin(function(*(results[p] for p in positions))))
    total = results[0] * 0.5
    for i, result in enumerate(results):
        total = total + result * (i + 1)
    return total


def complex_step(function, inputs, i, h=1e-150):
    """Return ∂f/∂xᵢ of an analytic function to rounding: Im f(x + ih)/h (Squire and Trapp, 1998)."""
    shifted = [complex(x) for x in inputs]
    shifted[i] += 1j * h
    return function([np.complex128(z) for z in shifted]).imag / h


@given(programs(), st.data())
def test_random_graphs_agree_with_complex_steps(program, data):
    count, steps = program
    inputs = [data.draw(st.floats(-2, 2, allow_subnormal=False)) for _ in range(count)]
    leaves = [tl.Value(x) for x in inputs]
    result = execute(steps, leaves)
    result.backward()
    np.testing.assert_allclose(result.item(), execute(steps, [np.float64(x) for x in inputs]), rtol=1e-12)
    for i, leaf in enumerate(leaves):
        expected = complex_step(lambda z: execute(steps, z), inputs, i)
        np.testing.assert_allclose(leaf.grad, expected, rtol=1e-9, atol=1e-9)


@given(programs(), st.data())
def test_a_recorded_sweep_gives_the_same_numbers(program, data):
    count, steps = program
    inputs = [data.draw(st.floats(-2, 2, allow_subnormal=False)) for _ in range(count)]
    plain, recorded = [tl.Value(x) for x in inputs], [tl.Value(x) for x in inputs]
    execute(steps, plain).backward()
    execute(steps, recorded).backward(create_graph=True)
    for a, b in zip(plain, recorded, strict=True):
        assert isinstance(b.grad, tl.Value)
        np.testing.assert_allclose(b.grad.data, a.grad, rtol=1e-12)


@given(programs(), st.data())
def test_second_derivatives_agree_with_complex_steps_through_the_gradient(program, data):
    count, steps = program
    inputs = [data.draw(st.floats(-1, 1, allow_subnormal=False)) for _ in range(count)]

    def first(z):
        return tl.grad(lambda x: execute(steps, [x, *z[1:]]), holomorphic=isinstance(z[0], np.complex128))(z[0])

    expected = complex_step(first, inputs, 0)
    second = tl.grad(lambda x: first([x, *map(np.float64, inputs[1:])]))(inputs[0])
    np.testing.assert_allclose(second, expected, rtol=1e-8, atol=1e-8)


def test_a_diamond_counts_every_path():
    x = tl.Value(3.0)
    y = x
    for _ in range(40):
        y = y + y  # 2⁴⁰ paths
    y.backward()
    assert x.grad == 2.0**40


# -- long chains -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_hundred_thousand_operations_need_no_recursion():
    limit = sys.getrecursionlimit()
    x = tl.Value(0.5)
    y = x
    gc.disable()  # it would look for cycles in the growing chain again and again
    try:
        for _ in range(50_000):
            y = -(y * 1.0)
        y.backward()
        del y  # all nodes die one after the other, not one inside the other
    finally:
        gc.enable()
    assert x.grad == 1.0
    assert sys.getrecursionlimit() == limit


def test_a_long_chain_can_be_differentiated_twice():
    x = tl.Value(1.0)
    y = x * x
    for _ in range(5_000):
        y = -(y * 1.0)
    y.backward(create_graph=True)
    first = x.grad
    x.grad = None
    first.backward()
    assert x.grad == 2.0
    first.grad = x.grad = None


# -- accumulation and ownership --------------------------------------------------------------------------------------


def test_gradients_accumulate_and_a_second_call_is_right():
    x = tl.Value([1.0, 2.0])
    y = np.sum(x * x)
    y.backward()
    first = x.grad
    y.backward()
    np.testing.assert_array_equal(x.grad, [4.0, 8.0])
    np.testing.assert_array_equal(first, [2.0, 4.0])
    (3 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [7.0, 11.0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(), (3,), (2, 1)])
def test_a_gradient_has_the_shape_and_dtype_of_its_leaf(dtype, shape):
    x = tl.Value(np.ones(shape, dtype))
    y = np.sum(np.float64(2) * x * np.ones((2, 3)))  # broadcasts, and promotes real dtypes to float64
    (y.real if y.dtype.kind == "c" else y).backward()
    assert x.grad.shape == shape
    assert x.grad.dtype == dtype


def test_a_promoted_input_gets_its_gradient_back_in_its_own_dtype():
    a, b = tl.Value(np.float32([1, 2])), tl.Value(np.float64([3, 4]))
    c = tl.Value(np.complex64([1j, 2]))
    np.sum(a * b * c).real.backward()
    assert (a.grad.dtype, b.grad.dtype, c.grad.dtype) == (np.float32, np.float64, np.complex64)


LEAKS = {
    "both sides of a sum": lambda x, y: ((x + y) * 2.0, [x, y]),
    "the same leaf's view": lambda x, y: (x.T.reshape(4) + y.reshape(4), [x, y]),
    "broadcast by a sum": lambda x, y: (np.broadcast_to(np.sum(x) + np.sum(y), (2, 2)), [x, y]),
    "passed on unchanged": lambda x, y: (+x + +y, [x, y]),
    "the leaf itself": lambda x, y: (x, [x]),
    "stacked": lambda x, y: (np.stack([x, y]), [x, y]),
    "where": lambda x, y: (np.where(np.eye(2) > 0, x, y), [x, y]),
    "indexed": lambda x, y: (x[:, :] + y[...], [x, y]),
}


@pytest.mark.parametrize("case", LEAKS)
def test_gradients_share_no_memory_with_anything(case):
    x, y = tl.Value(np.ones((2, 2))), tl.Value(np.full((2, 2), 3.0))
    result, leaves = LEAKS[case](x, y)
    result.retain_grad()
    seed = np.ones(result.shape)
    result.backward(seed)
    nodes = leaves if result is leaves[0] else [*leaves, result]
    kept = [node.grad.copy() for node in nodes]
    for i, node in enumerate(nodes):
        assert node.grad.flags.writeable
        for other in [seed, *(n.data for n in nodes), *(n.grad for n in nodes if n is not node)]:
            assert not np.shares_memory(node.grad, other)
        node.grad[...] = 99.0
        for other, grad in list(zip(nodes, kept, strict=True))[i + 1 :]:
            np.testing.assert_array_equal(other.grad, grad)
    for leaf in leaves:
        leaf.grad = None
    result.grad = None
    np.testing.assert_array_equal(seed, 1.0)
    result.backward(seed)
    for leaf, grad in zip(leaves, kept, strict=False):
        np.testing.assert_array_equal(leaf.grad, grad)


def test_the_cotangent_is_converted_and_never_kept():
    x = tl.Value(np.float32([1, 2]))
    (x * 1).backward([1, 2])
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [1, 2])


# -- errors ----------------------------------------------------------------------------------------------------------


def test_a_non_scalar_needs_a_gradient():
    text = (
        r"backward: a result of shape \(2, 3\) is no scalar and needs a gradient to start from; "
        r"reduce it with \.sum\(\) or \.mean\(\), or pass gradient=np\.ones\(\(2, 3\)\)"
    )
    with pytest.raises(GraphError, match=text):
        (tl.Value(np.ones((2, 3))) * 2).backward()
    with pytest.raises(GraphError, match=r"a result of shape \(1,\) is no scalar"):
        (tl.Value([1.0]) * 2).backward()


@pytest.mark.parametrize("gradient", [1.0, np.ones(2), np.ones((3, 1)), [[1.0, 1.0, 1.0]]])
def test_a_gradient_of_another_shape_is_refused(gradient):
    with pytest.raises(GraphError, match=r"gradient has shape \(.*\), but the result has \(3,\); pass one"):
        tl.Value([1.0, 2.0, 3.0]).backward(gradient)


def test_a_complex_gradient_of_a_real_result_is_refused():
    with pytest.raises(GraphError, match=r"a result of dtype float64 cannot take a gradient of dtype complex128"):
        tl.Value(1.0).backward(1 + 2j)


@pytest.mark.parametrize("make", [lambda x: x.detach(), lambda x: x.detach() * 2, lambda x: tl.no_grad()(np.sin)(x)])
def test_without_a_graph_backward_says_so(make):
    with pytest.raises(
        GraphError,
        match=r"this Value has no recorded graph; compute it from .* outside no_grad\(\) and compiled functions",
    ):
        make(tl.Value(1.0)).backward()


@pytest.mark.parametrize(
    ("rule", "error", "text"),
    [
        (lambda g, y, x: 0.0, RuleError, r"broken: the gradient of argument 0 is a float, not an array"),
        (lambda g, y, x: None, RuleError, r"broken: the gradient of argument 0 is a NoneType, not an array"),
        (
            lambda g, y, x: np.ones(5),
            RuleError,
            r"broken: .* has shape \(5,\), which does not broadcast from the argument's \(2,\)",
        ),
        (lambda g, y, x: 1 // 0, ZeroDivisionError, "division"),
    ],
)
def test_a_rule_that_fails_names_itself_and_leaves_every_grad_untouched(rule, error, text):
    @tl.primitive(rule)
    def broken(x):
        return x + 1.0

    x, early = tl.Value([1.0, 2.0]), tl.Value([3.0, 4.0])
    middle = early * 2.0
    middle.retain_grad()
    result = np.sum(broken(x) * middle)
    before = early.grad = np.array([7.0, 7.0])
    with pytest.raises(error, match=text):
        result.backward()
    assert x.grad is None
    assert middle.grad is None
    assert early.grad is before
    np.testing.assert_array_equal(before, 7.0)
    tl.OPS.pop(broken)


# -- rebinding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_rebinding_data_after_the_forward_pass_changes_nothing(create_graph):
    p, x = tl.Value([2.0, 3.0]), np.array([5.0, 7.0])
    loss = np.sum(p * p * p * x)
    p.data = np.array([100.0, 200.0])
    loss.backward(create_graph=create_graph)
    grad = p.grad.data if create_graph else p.grad
    np.testing.assert_allclose(grad, 3 * np.array([4.0, 9.0]) * x)


def test_second_derivatives_after_rebinding_are_those_of_the_recorded_point():
    p = tl.Value(2.0)
    y = p**3
    p.data = np.float64(50.0)
    y.backward(create_graph=True)
    first, p.grad = p.grad, None
    first.backward()
    assert p.grad == pytest.approx(12.0)


def test_rebinding_an_intermediate_changes_nothing():
    x = tl.Value(2.0)
    y = x * x
    z = y * y
    y.data = np.float64(0.0)
    z.backward(create_graph=True)
    assert x.grad.data == pytest.approx(32.0)


def test_freezing_a_leaf_stops_its_gradient():
    w, x = tl.Value(2.0), tl.Value(3.0)
    y = w * x
    w.requires_grad = False
    y.backward()
    assert w.grad is None
    assert x.grad == 2.0


# -- hooks and retained gradients ------------------------------------------------------------------------------------


def test_hooks_see_the_complete_gradient_once_and_may_replace_it():
    x = tl.Value(2.0)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(float(g)))
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(float(g)))
    (y * y + y).backward()
    assert seen == [13.0, 130.0]
    assert x.grad == 390.0


def test_gradients_share_no_memory_even_if_one_rule_gives_the_same_array_twice():
    @tl.primitive(joint=lambda needed, g, y, a, b: (2 * g,) * len(needed))
    def twice_the_sum(a, b):
        return 2 * (a + b)

    for function in (twice_the_sum, np.add, lambda a, b: np.reshape(a, (3, 1)) + np.reshape(b, (3, 1))):
        a, b = tl.Value(np.ones(3)), tl.Value(np.ones(3))
        c = function(a, b)
        c.retain_grad()
        np.sum(c).backward()
        assert not any(np.shares_memory(x, y) for x, y in ((a.grad, b.grad), (a.grad, c.grad), (b.grad, c.grad)))
        found = tl.vjp(function, np.ones(3), np.ones(3))[1](np.ones(c.shape))
        assert not np.shares_memory(*found)


def test_a_leaf_that_a_sweep_starts_at_has_its_hooks_and_its_gradient():
    x = tl.Value(2.0)
    x.register_hook(lambda g: g * 3)
    x.backward()
    assert x.grad == 3.0


def test_a_leaf_frozen_since_gets_no_gradient_and_nor_does_what_hangs_on_it_alone():
    x, w = tl.Value(2.0), tl.Value(3.0)
    inner = x * 2.0
    y = inner * w
    x.requires_grad_(False)
    y.backward()
    assert x.grad is None
    assert inner.grad is None
    assert w.grad == 4.0


def test_a_removed_hook_is_gone_and_removing_twice_harms_no_other():
    x = tl.Value(1.0)
    x.register_hook(lambda g: g + 1)
    remove = x.register_hook(lambda g: g * 100)
    remove()
    x.register_hook(lambda g: g * 2)
    remove()
    (x * 1).backward()
    assert x.grad == 4.0


@pytest.mark.parametrize(
    ("replacement", "text"),
    [
        (5, "int"),
        (np.ones(3), r"an array of shape \(3,\) and dtype float64"),
        (np.ones(2, np.float32), r"an array of shape \(2,\) and dtype float32"),
    ],
)
def test_a_hooks_replacement_must_fit(replacement, text):
    x = tl.Value([1.0, 2.0])
    x.register_hook(lambda g: replacement)
    with pytest.raises(
        GraphError, match="register_hook: the hook returned " + text + r" for a gradient of shape \(2,\)"
    ):
        np.sum(x * 2).backward()
    assert x.grad is None


def test_a_hook_may_remove_itself():
    x = tl.Value(1.0)
    remove = x.register_hook(lambda g: remove())
    (x * 1).backward()
    (x * 1).backward()
    assert x.grad == 2.0


def test_retained_gradients_accumulate_like_a_leafs_and_see_the_hooks():
    x = tl.Value([1.0, 2.0])
    y = x * 2.0
    y.retain_grad()
    y.retain_grad()
    y.register_hook(lambda g: g * 5)
    z = np.sum(y)
    z.retain_grad()
    z.backward()
    np.testing.assert_array_equal(y.grad, [5.0, 5.0])
    np.testing.assert_array_equal(x.grad, [10.0, 10.0])
    assert z.grad == 1.0
    z.backward()
    np.testing.assert_array_equal(y.grad, [10.0, 10.0])


def test_intermediates_keep_no_gradient_unless_asked():
    x = tl.Value(2.0)
    y = x * x
    (y * 3).backward()
    assert y.grad is None
    x.retain_grad()  # a leaf keeps its own anyway
    assert x.watch is None


def test_backward_inside_no_grad_works():
    x = tl.Value(3.0)
    y = x * x
    with tl.no_grad():
        y.backward()
    assert x.grad == 6.0


# -- create_graph ----------------------------------------------------------------------------------------------------


def test_create_graph_gives_values_to_differentiate_again():
    x = tl.Value(2.0)
    (x**4).backward(create_graph=True)
    orders = []
    for _ in range(4):
        derivative, x.grad = x.grad, None
        orders.append(derivative.item())
        derivative.backward(create_graph=True)
    assert orders == pytest.approx([32.0, 48.0, 48.0, 24.0])
    x.grad = None


def test_a_gradient_penalty_matches_its_closed_form():
    w = tl.Value([1.0, -2.0, 3.0])
    x = tl.Value([0.5, 0.25, -1.0])
    score = np.sum(w * x * x)
    score.backward(create_graph=True)
    penalty = np.sum(x.grad * x.grad)  # Σ (2 w x)²
    w.grad = x.grad = None
    penalty.backward()
    np.testing.assert_allclose(w.grad, 8 * w.data * x.data**2)
    np.testing.assert_allclose(x.grad, 8 * w.data**2 * x.data)


def test_a_value_as_cotangent_is_differentiated_too():
    x, g = tl.Value([1.0, 2.0]), tl.Value([3.0, 5.0])
    (x * x).backward(g, create_graph=True)
    product, x.grad = x.grad, None
    np.testing.assert_array_equal(product.data, [6.0, 20.0])
    product.sum().backward()
    np.testing.assert_array_equal(g.grad, [2.0, 4.0])
    np.testing.assert_array_equal(x.grad, [6.0, 10.0])
    x.grad = None
    (x * x).backward(g)
    assert type(x.grad) is np.ndarray


# -- the branch that `where` did not take ----------------------------------------------------------------------------


def safe_log(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x > 0, np.log(x) * np.sqrt(x), x * x)


def nested_where(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(x > -1, np.sqrt(x + 1), 0.0)
        return np.where(x > 0, np.log(x) * inner, inner)


POINTS = np.array([0.0, -0.5, 2.0, 1.0])
CHAIN = {
    safe_log: (
        [0.0, -1.0, (np.log(2) / 2 + 1) / np.sqrt(2), 1.0],
        [2.0, 2.0, -np.log(2) / (4 * 2**1.5), 0.0],
    ),
    nested_where: (
        [0.5, 0.5 / np.sqrt(0.5), np.sqrt(3) / 2 + np.log(2) / (2 * np.sqrt(3)), np.sqrt(2)],
        [-0.25, -0.25 / 0.5**1.5, -np.sqrt(3) / 4 + 1 / (2 * np.sqrt(3)) - np.log(2) / (4 * 3**1.5), None],
    ),
}


@pytest.mark.parametrize("function", CHAIN)
def test_infinities_of_a_branch_not_taken_do_not_spread_at_first_and_second_order(function):
    first, second = CHAIN[function]
    second = [-np.sqrt(2) + 1 / np.sqrt(2) if s is None else s for s in second]
    ones = np.ones(4)
    np.testing.assert_allclose(tl.grad(lambda x: np.sum(function(x)))(POINTS), first)
    np.testing.assert_allclose(tl.jvp(function, (POINTS,), (ones,))[1], first)
    np.testing.assert_allclose(tl.hvp(lambda x: np.sum(function(x)), POINTS, ones), second)
    np.testing.assert_allclose(tl.hessian(lambda x: np.sum(function(x)))(POINTS), np.diag(second), atol=1e-12)


def test_a_whole_branch_behind_a_sum_is_left_out():
    def norm(x):
        squares = np.sum(x * x)
        with np.errstate(divide="ignore"):
            return np.where(squares > 0, np.sqrt(squares), 0.0)

    assert tl.grad(norm)(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert tl.hessian(norm)(np.zeros(3)).tolist() == np.zeros((3, 3)).tolist()
    np.testing.assert_allclose(tl.grad(norm)(np.array([3.0, 4.0])), [0.6, 0.8])


def test_a_gradient_that_happens_to_be_zero_is_still_a_function_of_others():
    """A mask read off the values of a gradient would lose ∂²/∂w∂x where w = 0, and every jvp."""

    def f(p):
        w, x = p[0], p[1]
        return w * np.where(x > 0, np.exp(2 * x), x)

    expected = np.array([[0.0, 2 * np.exp(2.0)], [2 * np.exp(2.0), 0.0]])
    np.testing.assert_allclose(tl.hessian(f)(np.array([0.0, 1.0])), expected)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_products_through_where_are_consistent(seed, with_zeros):
    rng = np.random.default_rng(seed)
    x, t, g = rng.normal(size=(3, 4))
    a = rng.normal(size=(4, 4))
    if with_zeros:
        g[rng.integers(0, 4)] = t[rng.integers(0, 4)] = 0.0

    def f(z):
        h = np.tanh(a @ z)
        inner = np.where(h > 0, np.sin(h) * z, h * h * np.sum(z))
        return np.where(z > 0.1, np.exp(inner), inner) + np.where(z > 0.1, h, 0.0) * z[::-1]

    h = 1e-6
    tangent = tl.jvp(f, (x,), (t,))[1]
    np.testing.assert_allclose(tangent, (f(x + h * t) - f(x - h * t)) / (2 * h), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(tl.vjp(f, x)[1](g)[0] @ t, g @ tangent, rtol=1e-9, atol=1e-12)
    slope = tl.grad(lambda z: np.sum(g * f(z)))
    hvp = tl.hvp(lambda z: np.sum(g * f(z)), x, t)
    np.testing.assert_allclose(hvp, (slope(x + h * t) - slope(x - h * t)) / (2 * h), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("first", [True, False])
def test_what_one_where_left_out_another_path_may_still_use(create_graph, first):
    x = tl.Value([1.0, -1.0])
    h = np.sin(x)
    whole = None if first else np.sum(h)  # the sweep meets what was made last first
    through = np.sum(np.where(x > 0, h, 0.0) ** 2)
    total = through + (np.sum(h) if first else whole)
    total.backward(create_graph=create_graph)
    grad = x.grad.data if create_graph else x.grad
    np.testing.assert_allclose(grad, [np.sin(2.0) + np.cos(1.0), np.cos(1.0)])


@pytest.mark.parametrize("create_graph", [False, True])
def test_two_wheres_that_share_a_branch_take_it_whole(create_graph):
    x = tl.Value([1.0, -1.0])
    h = np.sin(x)
    np.sum(np.where(x > 0, h, 0.0) + np.where(x > 0, 0.0, 2 * h)).backward(create_graph=create_graph)
    grad = x.grad.data if create_graph else x.grad
    np.testing.assert_allclose(grad, [np.cos(1.0), 2 * np.cos(1.0)])


def test_a_scalar_spread_over_a_branch_not_taken_stays_finite_twice():
    def f(s):
        return np.sum(np.where(np.array([False, False]), np.sqrt(s) * np.ones(2), s * s))

    with np.errstate(divide="ignore", invalid="ignore"):
        assert tl.grad(f)(0.0) == 0.0
        assert tl.grad(tl.grad(f))(0.0) == 4.0


def test_hooks_and_retained_gradients_of_a_recorded_sweep_are_values():
    x = tl.Value(2.0)
    y = x * x
    y.retain_grad()
    kinds = []
    y.register_hook(lambda g: kinds.append(type(g)))
    (y * y).backward(create_graph=True)
    assert kinds == [tl.Value]
    assert (y.grad.item(), x.grad.item()) == (8.0, 32.0)
    y.grad = x.grad = None


@pytest.mark.parametrize("inside", [True, False])
def test_a_branch_inside_a_branch_not_taken_is_left_out_twice(inside):
    c1, c2 = np.array([True, False, True]), np.array([True, True, False])

    def f(x):
        inner = np.where(c2, 1 / x, x) if inside else np.where(c2, 1 / x, 0.0)
        return np.sum(np.where(c1, inner, x * x))

    x = np.array([2.0, 0.0, 0.0])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(tl.grad(f)(x), [-0.25, 0.0, float(inside)])
        np.testing.assert_allclose(tl.hvp(f, x, np.ones(3)), [0.25, 2.0, 0.0])


# -- pieces of one array -----------------------------------------------------------------------------------------------

INDICES = (0, -1, slice(1, 4), slice(None, None, -2), (slice(None), 2), (..., None, 1), [3, 3, 0], np.array([[1, 1]]),
           (np.array([0, 2, 0]), np.array([1, 1, 1])))  # fmt: skip


@given(st.lists(st.sampled_from(range(len(INDICES) + 1)), min_size=1, max_size=9), st.booleans())
def test_pieces_of_one_array_add_up_whatever_else_is_made_of_it(chosen, turned):
    rng = np.random.default_rng(len(chosen))
    array, expected = rng.normal(size=(5, 4)), np.zeros((5, 4))
    x = tl.Value(array.T if turned else array)
    y = (np.sin(x) if turned else x) + 0.0
    expected = expected.T if turned else expected
    total = 0.0
    for i in chosen:
        if i == len(INDICES):
            total = total + np.sum(y * 3)
            expected += 3
        else:
            total = total + np.sum(np.sin(y.T[INDICES[i]] if turned else y[INDICES[i]]))
            np.add.at(
                expected.T if turned else expected, INDICES[i], np.cos((y.data.T if turned else y.data)[INDICES[i]])
            )
    total.backward()
    np.testing.assert_allclose(x.grad, expected * np.cos(x.data) if turned else expected, rtol=1e-12)
    again = x.grad
    total.backward()
    np.testing.assert_allclose(x.grad, 2 * again, rtol=1e-12)


def test_many_pieces_of_one_array_cost_their_own_size_each(monkeypatch):
    op = tl.OPS[getitem]
    calls, add = [], op.into
    monkeypatch.setattr(op, "into", lambda *given, **named: calls.append(given[1].shape) or add(*given, **named))
    x = tl.Value(np.ones((50, 3)))
    sum(np.sum(row * row) for row in x).backward()
    np.testing.assert_array_equal(x.grad, np.full((50, 3), 2.0))
    assert calls == [(3,)] * 48  # the first two make the sum
    calls.clear()
    sum(np.sum(row * row) for row in np.log(x)).backward()
    assert calls == [(3,)] * 96  # what is reached is added up alike


@given(st.lists(st.sampled_from(range(len(INDICES))), min_size=1, max_size=6))
def test_what_no_piece_takes_is_not_reached(chosen):
    x, taken = tl.Value(np.zeros((5, 4))), np.zeros((5, 4))
    with np.errstate(divide="ignore"):
        y = np.sqrt(x)
        sum(np.sum(2 * y[INDICES[i]]) for i in chosen).backward()
    for i in chosen:
        taken[INDICES[i]] = 1
    np.testing.assert_array_equal(x.grad, np.where(taken, np.inf, 0))


def test_gradients_that_are_added_in_place_belong_to_nobody_else():
    x, g = tl.Value(np.ones(4)), np.arange(4.0)
    a = x * 1.0
    a.retain_grad()
    y = a + a[:] + a[::-1] + a + a[1] + a
    y.backward(g)
    np.testing.assert_array_equal(g, np.arange(4.0))
    assert not np.shares_memory(x.grad, a.grad)
    np.testing.assert_array_equal(a.grad, 4 * g + g[::-1] + [0, 6, 0, 0])
