"""NumPy's functions, operators and keywords on Values: recorded, plain where the derivative is zero, or refused."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.core import registry
from tinygrad_lab.errors import GradientLostError, OperationError

OPERATORS = ["add", "sub", "mul", "truediv", "pow", "mod"]
OTHERS = {
    "int": 3,
    "bool": True,
    "float": 3.0,
    "np.float64": np.float64(3),
    "np.float32": np.float32(3),
    "np.int64": np.int64(3),
    "0-d array": np.array(3.0),
    "array": np.array([3.0, 2.5, 1.5]),
    "column": np.array([[3.0], [2.0]]),
    "integer array": np.array([3, 2, 1]),
    "list": [3.0, 2.0, 1.5],
    "tuple": (3, 2, 1),
    "constant": tl.Value([3.0, 2.0, 1.5], requires_grad=False),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_mix_with_whatever_numpy_mixes_with(name, other):
    function = getattr(operator, name)
    data, constant = np.array([1.3, 0.7, 2.2]), OTHERS[other]
    plain = np.asarray(constant.data if isinstance(constant, tl.Value) else constant)
    for left in (True, False):
        x = tl.Value(data)
        y = function(x, constant) if left else function(constant, x)
        expected = function(data, plain) if left else function(plain, data)
        assert type(y) is tl.Value
        assert y.requires_grad
        np.testing.assert_allclose(y.data, expected)
        y.backward(np.ones(y.shape))
        h = 1e-6
        up, down = (function(data + s, plain) if left else function(plain, data + s) for s in (h, -h))
        slope = (up - down) / (2 * h)
        np.testing.assert_allclose(x.grad, slope.reshape(-1, 3).sum(axis=0), rtol=1e-6)


@pytest.mark.parametrize("scalar", [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), 1j, np.complex64(2j)])
@pytest.mark.parametrize("name", [n for n in OPERATORS if n != "mod"])
def test_operators_on_scalars_stay_values_with_numpy_data(name, scalar):
    function = getattr(operator, name)
    for result in (function(tl.Value(1.5), scalar), function(scalar, tl.Value(1.5))):
        assert type(result) is tl.Value
        assert isinstance(result.data, np.generic)
        np.sum(np.real(result)).backward()


def test_matmul_mixes_with_arrays_and_lists_on_both_sides():
    v, m = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [3.0, 4.0]])
    for left, right in [(tl.Value(m), v), (m, tl.Value(v)), (tl.Value(m), [1.0, 2.0]), ([1.0, 2.0], tl.Value(m))]:
        result = left @ right
        plain = [np.asarray(x.data if isinstance(x, tl.Value) else x) for x in (left, right)]
        np.testing.assert_allclose(result.data, plain[0] @ plain[1])
        np.sum(result).backward()


def test_python_scalars_do_not_promote():
    x = tl.Value(np.float32([1, 2]))
    for y in (x * 2, 2.0 * x, x + 1, x**2, 1 / x, np.maximum(x, 0), np.multiply(2.5, x), -x, x @ x):
        assert y.dtype == np.float32
    assert (np.float64(2) * x).dtype == np.float64


def test_unary_operators():
    x = tl.Value([-2.0, 3.0])
    (-x + +x + abs(x)).sum().backward()
    np.testing.assert_array_equal(x.grad, [-1.0, 1.0])


def test_floor_division_is_a_plain_array_and_remainder_is_not():
    v = tl.Value([5.0, 7.0])
    for result in (v // 2, 11 // v, v // tl.Value(2.0), np.floor_divide(v, 2), np.array([9.0, 9.0]) // v):
        assert type(result) is np.ndarray
    assert isinstance(v % 3, tl.Value)


@pytest.mark.parametrize("other", ["text", None, {}, object()])
def test_operators_refuse_what_is_no_number(other):
    for name in OPERATORS:
        if name == "mod" and other == "text":
            continue
        with pytest.raises(TypeError):
            getattr(operator, name)(tl.Value([1.0]), other)


# -- functions -------------------------------------------------------------------------------------------------------


def test_a_function_without_a_rule_names_itself_and_the_nearest():
    with pytest.raises(TypeError, match=r"^load: has no derivative rule \(the nearest name that"):
        registry.find(np.load)
    with pytest.raises(GradientLostError, match=r"gcd: does not take Values; integers have no"):
        np.gcd(tl.Value(4.0), 2)


def test_functions_without_a_rule_work_on_the_data():
    assert np.linalg.matrix_rank(tl.Value(np.eye(2)).data) == 2


@pytest.mark.parametrize(
    "function",
    [
        np.floor, np.ceil, np.rint, np.trunc, np.sign, np.isnan, np.isfinite, np.isinf, np.signbit, np.logical_not,
        np.argmax, np.argmin, np.argsort, np.shape, np.ndim, np.size, np.round, np.any, np.all, np.count_nonzero,
        np.zeros_like, np.ones_like, lambda v: np.full_like(v, 3), lambda v: np.greater(v, 0), lambda v: np.equal(0, v),
        lambda v: np.allclose(v, v), lambda v: np.array_equal(v, v), lambda v: np.result_type(v, np.float32),
        lambda v: np.searchsorted(v, v), np.iscomplexobj, np.nonzero,
    ],
)  # fmt: skip
def test_zero_derivative_functions_give_numpys_plain_result(function):
    data = np.array([-1.5, 0.25, 2.0])
    result, expected = function(tl.Value(data)), function(data)
    assert not isinstance(result, tl.Value)
    assert type(result) is type(expected)
    np.testing.assert_equal(result, expected)


def test_ufunc_methods():
    x = tl.Value([[1.0, 2.0], [3.0, 4.0]])
    for result, expected in [
        (np.add.reduce(x), [4.0, 6.0]),
        (np.add.reduce(x, axis=1), [3.0, 7.0]),
        (np.add.reduce(x, axis=None), 10.0),
        (np.add.reduce(x, 1, keepdims=True), [[3.0], [7.0]]),
        (np.multiply.reduce(x), [3.0, 8.0]),
        (np.maximum.reduce(x, axis=1), [2.0, 4.0]),
        (np.minimum.reduce(x), [1.0, 2.0]),
        (np.subtract.reduce(x), [-2.0, -2.0]),
        (np.maximum.accumulate(x[::-1]), [[3.0, 4.0], [3.0, 4.0]]),
        (np.add.reduceat(x, [0, 1, 0]), [[1.0, 2.0], [3.0, 4.0], [4.0, 6.0]]),
        (np.add.accumulate(x), [[1.0, 2.0], [4.0, 6.0]]),
        (np.multiply.accumulate(x), [[1.0, 2.0], [3.0, 8.0]]),
        (np.add.accumulate(x, axis=1), [[1.0, 3.0], [3.0, 7.0]]),
        (np.multiply.outer(x[0], [1.0, 10.0]), [[1.0, 10.0], [2.0, 20.0]]),
        (np.subtract.outer(np.ones(2), x[0]), [[0.0, -1.0], [0.0, -1.0]]),
    ]:
        assert isinstance(result, tl.Value)
        np.testing.assert_array_equal(result.data, expected)


def test_writing_by_a_ufunc_is_refused():
    with pytest.raises(GradientLostError, match=r"at: does not take Values; .*v\.at\[i\]\.add\(x\)"):
        np.add.at(np.zeros(3), [0, 1], tl.Value([1.0, 2.0]))


def test_ufunc_keywords():
    x = tl.Value(np.float32([1, 2]))
    y = np.add(x, 1, dtype=np.float64)
    assert y.dtype == np.float64
    np.sum(y * y).backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [4.0, 6.0])
    with pytest.raises(TypeError, match=r"add: where of shape \(2,\) would leave .*np\.where"):
        np.add(x, 1, where=np.array([True, False]))
    np.add(x, 1, out=None)


def test_converting_to_integers_leaves_the_graph_because_the_derivative_is_zero():
    v = tl.Value([1.5, 2.5])
    assert type(v.astype(int)) is np.ndarray
    assert type(v.astype("bool")) is np.ndarray
    assert tl.grad(lambda x: np.sum(x.astype(np.int64) * x))(np.array([1.5, 2.5])).tolist() == [1.0, 2.0]
    y = v.astype("float32")
    assert (y.dtype, y.requires_grad) == (np.float32, True)


@pytest.mark.skipif(not hasattr(np, "astype"), reason="NumPy 2.1 has np.astype")
def test_astype_as_a_function():
    v = tl.Value([1.5, 2.5])
    assert np.astype(v, np.float32).dtype == np.float32
    assert tl.grad(lambda x: np.sum(np.astype(x, np.float32) ** 2))(np.array([1.5, 2.5])).tolist() == [3.0, 5.0]
    assert type(np.astype(v, int, copy=False)) is np.ndarray


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_an_elementwise_operator_stays_elementwise_beside_a_matrix():
    x, m = tl.Value(np.ones((2, 2))), np.matrix([[1.0, 2.0], [3.0, 4.0]])
    for y in (x * m, m * x, np.multiply(x, m)):
        np.testing.assert_array_equal(y.data, [[1.0, 2.0], [3.0, 4.0]])
        x.grad = None
        np.sum(y).backward()
        np.testing.assert_array_equal(x.grad, [[1.0, 2.0], [3.0, 4.0]])


def test_lists_of_values_are_refused_where_numpy_would_make_an_array_of_them():
    v, w = tl.Value(1.0), tl.Value(2.0)
    for call in (lambda: np.sum([v, w]), lambda: np.tanh([v, w]), lambda: v * [w, 1.0], lambda: np.mean((v, w))):
        with pytest.raises(GradientLostError, match=r"join Values with tl\.array\(\[v, w\]\)"):
            call()
    assert isinstance(np.stack([v, w]), tl.Value)


def test_a_value_among_other_arguments_is_found():
    low, x = tl.Value(0.5), np.array([0.0, 1.0])
    for y in (np.clip(x, low, None), np.clip(x, a_min=low, a_max=None), np.maximum(x, low), np.where(x > 0, x, low)):
        assert isinstance(y, tl.Value)
        low.grad = None
        np.sum(y).backward()
        assert low.grad == 1.0


def test_shapes_that_do_not_fit_are_named_with_the_operation():
    x = tl.Value(np.ones((2, 3)))
    for call, text in [
        (lambda: x + np.ones(4), r"add: failed for inputs of shapes \(2, 3\) and \(4,\); NumPy says"),
        (lambda: np.ones(4) * x, r"multiply: .* \(4,\) and \(2, 3\)"),
        (lambda: x @ x, r"matmul: .* \(2, 3\) and \(2, 3\)"),
        (lambda: x.reshape(5), r"reshape: .* \(2, 3\)"),
        (lambda: np.sum(x, axis=7), r"sum: .* \(2, 3\).*out of bounds"),
    ]:
        with pytest.raises(OperationError, match=text):
            call()
    for call in (lambda: x[5], lambda: x[0, 0, 0], lambda: np.sum(x, axis=7)):
        with pytest.raises(IndexError):
            call()


def test_nothing_records_when_no_argument_requires_a_gradient():
    c = tl.Value([1.0, 2.0], requires_grad=False)
    for y in (np.sum(c), c @ c, c[0], c.reshape(2, 1), np.stack([c, c]), np.where(c > 0, c, 1), c.astype("f4"), c * c):
        assert isinstance(y, tl.Value)
        assert not y.requires_grad


@pytest.mark.parametrize("function", [np.clip, np.prod, np.concatenate, np.sum, np.std])
def test_out_is_refused_by_every_kind_of_operation(function):
    v, out = tl.Value([1.0, 2.0]), np.zeros(2)
    arguments = {np.clip: (v, 0, 1), np.concatenate: ([v],)}.get(function, (v,))
    with pytest.raises(GradientLostError, match=f"{function.__name__}: out= cannot take the result"):
        function(*arguments, out=out)


def test_a_value_that_only_chooses_gives_a_plain_array():
    v = tl.Value([1.0, 0.0])
    assert type(np.where(v, 2.0, 3.0)) is np.ndarray
    np.testing.assert_array_equal(np.where(v), [[0]])
    assert type(np.where(v, v, 3.0)) is tl.Value


def test_integers_are_plain_arrays_because_the_derivative_is_zero():
    v = tl.Value([1.5, 2.5])
    for call in (
        lambda x: np.sum(x, dtype=int),
        lambda x: x.cumsum(dtype=int),
        lambda x: np.trace(x * np.eye(2), dtype=int),
    ):
        result, expected = call(v), call(v.data)
        assert type(result) is type(expected)
        np.testing.assert_array_equal(result, expected)
