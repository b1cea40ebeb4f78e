"""Adding an operation is one call, and everything that needs a list of operations finds it in OPS."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.core import registry
from tinygrad_lab.errors import GradientLostError


@pytest.fixture(autouse=True)
def registry_as_it_was():
    """Undo whatever a test declares: other tests run on the same registry."""
    before = dict(tl.OPS)
    states = {function: [getattr(op, slot) for slot in registry.Op.__slots__] for function, op in before.items()}
    yield
    later = {function: op for function, op in tl.OPS.items() if op.family == "special"}  # SciPy's come when needed
    tl.OPS.clear()
    tl.OPS.update(later | before)
    for function, state in states.items():
        for slot, attribute in zip(registry.Op.__slots__, state, strict=True):
            setattr(tl.OPS[function], slot, attribute)


def test_a_primitive_is_differentiated_to_any_order_and_stays_a_plain_function():
    @tl.primitive(lambda g, y, x: g * 3 * x**2)
    def cube(x):
        """Return x³."""
        return x * x * x

    assert cube(2.0) == 8.0
    assert type(cube(np.ones(2))) is np.ndarray
    assert (cube.__name__, cube.__doc__) == ("cube", "Return x³.")
    assert [f(2.0) for f in (tl.grad(cube), tl.grad(tl.grad(cube)), tl.grad(tl.grad(tl.grad(cube))))] == [12, 12, 6]
    assert repr(cube(tl.Value(2.0))) == "Value(8., op=cube)"
    assert tl.OPS[cube].family == "test_registry"
    assert repr(tl.OPS[cube]) == "<Op cube: rule>"


def test_a_primitive_takes_keywords_defaults_and_positions_alike():
    @tl.primitive(
        lambda g, y, x, w, power=2: g * w * power * x ** (power - 1), lambda g, y, x, w, power=2: g * x**power
    )
    def weighted(x, w, power=2):
        return w * x**power

    for call in (
        lambda x, w: weighted(x, w, 3),
        lambda x, w: weighted(x, w, power=3),
        lambda x, w: weighted(x, w=w, power=3),
        lambda x, w: weighted(power=3, w=w, x=x),
    ):
        assert tl.grad(call, (0, 1))(2.0, 5.0) == (60.0, 8.0)
        assert tl.grad(call, 0)(2.0, 5.0) == 60.0
        assert tl.grad(call, 1)(2.0, 5.0) == 8.0
    assert tl.grad(weighted)(2.0, 5.0) == 20.0
    with pytest.raises(TypeError, match=r"weighted: takes at most 3 arguments by position, not 4; give the"):
        weighted(tl.Value(1.0), 2.0, 3, 4)


def test_rules_need_neither_undo_broadcasting_nor_care_for_dtypes():
    @tl.primitive(lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
    def product(a, b):
        return a * b

    for shapes in [((3,), (2, 3)), ((2, 1), (1, 3)), ((), (2, 3)), ((1, 1, 1), (3,)), ((0, 3), (3,)), ((1,), ())]:
        a, b = tl.Value(np.ones(shapes[0], np.float32)), tl.Value(np.full(shapes[1], 2.0))
        y = product(a, b)
        y.backward(np.ones(y.shape))
        assert (a.grad.shape, a.grad.dtype) == (shapes[0], np.float32)
        assert (b.grad.shape, b.grad.dtype) == (shapes[1], np.float64)
        assert a.grad.sum() == 2 * y.size
        assert b.grad.sum() == y.size


def test_a_forward_pass_may_return_a_python_number():
    import math

    @tl.primitive(lambda g, y, x: g * np.cos(x))
    def sine(x):
        return math.sin(x)

    y = sine(tl.Value(0.0))
    assert type(y.data) is np.float64
    assert tl.grad(sine)(0.0) == 1.0


def test_an_argument_without_a_rule_is_never_differentiated():
    @tl.primitive(lambda g, y, x, table: g * table, None)
    def scaled(x, table):
        return x * table

    x, table = tl.Value(2.0), tl.Value(3.0)
    y = scaled(x, table)
    assert y.parents == (x, None)
    y.backward()
    assert (x.grad, table.grad) == (3.0, None)
    assert type(scaled(2.0, table)) is np.float64


def test_a_rule_is_called_only_for_who_needs_it():
    asked = []

    @tl.primitive(lambda g, y, a, b: asked.append("a") or g * b, lambda g, y, a, b: asked.append("b") or g * a)
    def product(a, b):
        return a * b

    product(tl.Value(2.0), tl.Value(3.0, requires_grad=False)).backward()
    product(2.0, tl.Value(3.0)).backward()
    tl.grad(lambda a: product(a, tl.Value(3.0)))(2.0)
    assert asked == ["a", "b", "a"]


def test_defvjp_gives_a_numpy_function_its_rule():
    del tl.OPS[np.nan_to_num]
    with pytest.raises(GradientLostError):
        np.nan_to_num(tl.Value(1.0))
    op = tl.defvjp(np.nan_to_num, lambda g, y, x: g * np.isfinite(x))
    assert tl.OPS[np.nan_to_num] is op
    assert tl.grad(np.nan_to_num)(2.0) == 1.0


def test_variadic_rules():
    def total(*arrays):
        return sum(arrays)

    total = tl.primitive()(total)
    tl.defvjp(total, variadic=lambda i, g, y, *arrays: g * (i + 1))
    gradients = tl.grad(total, (0, 1, 2))(1.0, 2.0, 3.0)
    assert gradients == (1.0, 2.0, 3.0)
    assert tl.grad(lambda x: total(1.0, x, x))(2.0) == 5.0


def test_defzero_and_composed():
    tl.defzero(np.digitize)
    assert type(np.digitize(tl.Value([1.5]), [1.0, 2.0])) is np.ndarray

    @tl.composed(np.convolve)
    def convolve(a, v):
        return np.stack([a[0] * v[0], a[0] * v[1]])

    y = np.convolve(tl.Value([3.0]), np.array([1.0, 2.0]))
    assert isinstance(y, tl.Value)
    assert convolve(np.ones(1), np.ones(2)).tolist() == [1.0, 1.0]


def test_matrix_products_are_not_elementwise_although_they_are_ufuncs():
    assert not tl.OPS[np.matmul].elementwise
    assert tl.OPS[np.tanh].elementwise


def test_every_operation_says_what_it_is():
    kinds = {registry.RULE, registry.COMPOSED, registry.ZERO}
    for function, op in tl.OPS.items():
        assert op.name
        assert op.kind in kinds
        assert callable(op.forward)
        assert tl.OPS[function] is op
        if op.kind == registry.RULE:
            assert op.rules != (), f"{op.name} has no rule"


def test_every_rule_takes_g_y_and_its_inputs():
    import inspect

    for op in tl.OPS.values():
        if op.kind != registry.RULE or isinstance(op.rules, registry.VariadicRules):
            continue
        for rule in op.rules:
            if rule is not None:
                assert list(inspect.signature(rule).parameters)[:1] == ["g"], op.name


def test_a_value_where_no_rule_is_declared_is_refused_by_name():
    @tl.primitive(lambda g, y, x, slope=1.0: g * slope)
    def line(x, slope=1.0):
        return x * slope

    v = tl.Value([1.0, 2.0])
    for call, text in [
        (lambda: line(v, v), r"line: slope cannot be a Value, .*; pass v\.data"),
        (lambda: line(v, slope=v), r"line: slope cannot be a Value"),
        (lambda: line(1.0, slope=v), r"line: slope cannot be a Value"),
        (lambda: np.sum(v, initial=tl.Value(3.0)), r"sum: initial cannot be a Value"),
        (lambda: np.sum(v, where=v), r"sum: where cannot be a Value"),
    ]:
        with pytest.raises(GradientLostError, match=text):
            call()


def test_a_variadic_primitive_takes_keyword_only_options():
    @tl.primitive()
    def join(*arrays, axis=0):
        return np.concatenate(arrays, axis)

    def rule(i, g, y, *arrays, axis=0):
        return np.split(g, len(arrays), axis)[i]

    tl.defvjp(join, variadic=rule)
    try:
        v, w = tl.Value(np.ones((2, 1))), tl.Value(np.ones((2, 1)))
        (join(v, w, axis=1) * np.array([1.0, 10.0])).sum().backward()
        np.testing.assert_array_equal(w.grad, [[10.0], [10.0]])
    finally:
        del tl.OPS[join]


def test_a_ufunc_may_have_an_argument_without_a_rule():
    halves = np.frompyfunc(lambda x, n: x / n, 2, 1)
    tl.defvjp(halves, lambda g, y, x, n: g / n, None)
    try:
        x, n = tl.Value([2.0]), tl.Value([4.0])
        assert tl.OPS[halves].rules[1] is None
        y = halves(x, n)
        assert y.parents == (x, None)
    finally:
        del tl.OPS[halves]
