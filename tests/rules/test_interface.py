"""NumPy's calling conventions: positions and keywords, methods, operators, ufunc methods; and what is refused."""

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import CallError, GradientLostError, OperationError

X = np.array([[1.0, -2.0, 3.0], [0.5, 5.0, -1.5]])


@pytest.mark.parametrize(
    ("call", "same"),
    [
        (lambda x: np.sum(x, 0), lambda x: x.sum(axis=0)),
        (lambda x: np.sum(a=x, axis=-1, keepdims=True), lambda x: x.sum(1, keepdims=True)),
        (lambda x: np.add.reduce(x), lambda x: np.sum(x, axis=0)),
        (lambda x: np.add.reduce(x, axis=None), lambda x: np.sum(x)),
        (lambda x: np.multiply.reduce(x, 1), lambda x: x.prod(1)),
        (lambda x: np.maximum.reduce(x), lambda x: x.max(0)),
        (lambda x: np.minimum.reduce(x), lambda x: x.min(0)),
        (lambda x: np.add.accumulate(x, axis=1), lambda x: x.cumsum(1)),
        (lambda x: np.subtract.outer(x, X[0]), lambda x: x[:, :, None] - X[0]),
        (lambda x: np.mean(x, axis=(0, 1)), lambda x: x.mean()),
        (lambda x: np.var(x, 0, ddof=1), lambda x: x.var(axis=0, ddof=1)),
        (lambda x: np.var(x, 0, correction=1), lambda x: x.std(axis=0, ddof=1) ** 2),
        (lambda x: np.var(x, 0, mean=X.mean(0)), lambda x: x.var(axis=0)),
        (lambda x: np.reshape(x, (3, 2)), lambda x: x.reshape(3, 2)),
        (lambda x: np.reshape(x, -1, order="F"), lambda x: x.T.ravel()),
        (lambda x: np.transpose(x), lambda x: x.transpose(1, 0)),
        (lambda x: np.clip(x, a_min=-1, a_max=1), lambda x: x.clip(-1, 1)),
        (lambda x: x.clip(min=-1, max=1), lambda x: x.clip(-1, 1)),
        (lambda x: np.where(X > 0, x, 0), lambda x: x * (X > 0)),
        (lambda x: np.dot(x, X.T), lambda x: x @ X.T),
        (lambda x: x @ [1.0, 2.0, 3.0], lambda x: np.sum(x * np.array([1.0, 2.0, 3.0]), -1)),
        (lambda x: np.dot(x, [1.0, 2.0, 3.0]), lambda x: x @ np.array([1.0, 2.0, 3.0])),
        (lambda x: np.concatenate((x, X)), lambda x: np.vstack([x, X])),
        (lambda x: np.stack([x, X], axis=-1), lambda x: np.dstack([x, X])),
        (lambda x: np.moveaxis(x, 0, 1), lambda x: np.swapaxes(x, axis1=0, axis2=1)),
        (lambda x: np.take(x, [0, 0], axis=1), lambda x: x[:, [0, 0]]),
        (lambda x: np.einsum("ij,kj->ik", x, X), lambda x: x @ X.T),
        (lambda x: np.einsum(x, [0, 1], X, [2, 1], [0, 2]), lambda x: x @ X.T),
        (lambda x: np.einsum(x, [0, Ellipsis], [Ellipsis]), lambda x: x.sum(0)),
        (lambda x: np.einsum(x, [1, 0]), lambda x: x.T),
        (lambda x: np.multiply(x, 2, dtype=np.longdouble), lambda x: x.astype(np.longdouble) * 2),
        (lambda x: divmod(X, 2)[1] + np.divmod(x, 2)[1], lambda x: X % 2 + x % 2),
        (lambda x: np.pad(x, 1), lambda x: np.pad(x, pad_width=((1, 1), (1, 1)), mode="constant")),
        (lambda x: x.flatten(), lambda x: x.reshape(-1)),
        (lambda x: x.squeeze(), lambda x: x),
        (lambda x: x.repeat(2, axis=0), lambda x: np.repeat(x, [2, 2], axis=0)),
        (lambda x: x.real + x.conj(), lambda x: 2 * x),
        (lambda x: x.mT, lambda x: x.T),
    ],
)  # fmt: skip
def test_two_spellings_of_one_thing(call, same):
    first, second = tl.Value(X), tl.Value(X)
    one, two = call(first), same(second)
    np.testing.assert_allclose(one.data, two.data, rtol=1e-14)
    weights = np.random.default_rng(0).random(one.shape)
    one.backward(weights)
    two.backward(weights)
    np.testing.assert_allclose(first.grad, second.grad, rtol=1e-13)


def test_functions_of_zero_derivative_return_plain_arrays():
    v = tl.Value(X)
    for function in (
        np.floor,
        np.sign,
        np.argmax,
        np.argsort,
        np.isnan,
        np.round,
        np.shape,
        np.zeros_like,
        np.ones_like,
    ):
        assert not isinstance(function(v), tl.Value)
        np.testing.assert_array_equal(function(v), function(X))
    assert (v > 0).dtype == bool
    assert np.allclose(v, X)


def test_what_has_no_derivative_is_refused_with_advice():
    for function, advice in [(np.gcd, "integers have no derivative"), (np.putmask, r"v\.at\[i\]\.set\(x\)")]:
        with pytest.raises(GradientLostError, match=rf"{function.__name__}: does not take Values; .*{advice}"):
            function(tl.Value(X), *[X] * (1 if function is np.gcd else 2))


@pytest.mark.parametrize(
    "call",
    [
        lambda v, out: np.tanh(v, out=out),
        lambda v, out: np.sum(v, out=out),
        lambda v, out: np.add(out, v, out=out),
    ],
)
def test_out_is_refused(call):
    with pytest.raises(GradientLostError, match="out= cannot take the result"):
        call(tl.Value(X), np.empty_like(X))


def test_ufuncs_without_a_rule_have_no_methods():
    with pytest.raises(GradientLostError, match=r"gcd: does not take Values; integers"):
        np.gcd.reduce(tl.Value(X))


def test_arrays_of_values_point_at_stack():
    v = tl.Value(2.0)
    with pytest.raises(GradientLostError, match=r"tl\.array"):
        np.array([v, v])
    np.testing.assert_array_equal(np.stack([v, v]).data, [2, 2])


def test_misfitting_shapes_are_described():
    with pytest.raises(OperationError, match=r"matmul: failed for inputs of shapes \(2, 3\) and \(2, 3\)"):
        tl.Value(X) @ X
    with pytest.raises(OperationError, match="concatenate: failed for inputs of shapes"):
        np.concatenate([tl.Value(X), X[0]])


def test_einsum_refuses_what_does_not_fit():
    with pytest.raises(OperationError, match="einsum: failed for inputs of shapes"):
        np.einsum("ij,jk", tl.Value(X))
    with pytest.raises(OperationError, match="einsum: failed for inputs of shapes"):
        np.einsum("ij,ij", tl.Value(X), X.T)


def test_a_norm_that_has_no_rule_is_refused():
    with pytest.raises(OperationError, match="norm: ord of matrices must be None, 'fro', 'nuc', ±1, ±2 or ±inf, got 3"):
        np.linalg.norm(tl.Value(X), 3)


def test_modes_and_options_without_a_rule_are_refused():
    with pytest.raises(OperationError, match="qr: mode must be 'reduced', 'complete' or 'r', got 'raw'"):
        np.linalg.qr(tl.Value(X), "raw")
    with pytest.raises(OperationError, match="cross: vectors must have 3 components, got 2 and 2"):
        np.cross(tl.Value(X[:, :2]), X[:, :2])
    with pytest.raises(OperationError, match="polyfit: 3 points are too few to scale the covariance"):
        np.polyfit(tl.Value(X[0]), X[1], 2, cov=True)
    with pytest.raises(OperationError, match=r"norm: x must be a vector or a matrix, got shape \(1, 2, 3\)"):
        np.linalg.norm(tl.Value(X[None]), 1)
    with pytest.raises(CallError, match="gradient: 3 steps do not fit 2 axes; pass"):
        np.gradient(tl.Value(X), 1.0, 2.0, 3.0)


def test_padding_that_has_no_rule_is_refused():
    with pytest.raises(OperationError, match=r"pad: mode must be constant, linear_ramp or one of edge.*got 'empty'"):
        np.pad(tl.Value(X), 1, "empty")


def test_an_order_that_depends_on_memory_is_refused():
    with pytest.raises(OperationError, match="ravel: order must be 'C' or 'F' or None, got 'K'"):
        np.ravel(tl.Value(X), order="K")


def test_repeated_indices_add_up():
    v = tl.Value(np.array([1.0, 2.0, 3.0]))
    v[[0, 0, 2]].sum().backward()
    np.testing.assert_array_equal(v.grad, [2, 0, 1])


def test_writing_at_an_index():
    v, x = tl.Value(np.array([1.0, 2.0, 3.0])), tl.Value(np.array([10.0, 20.0]))
    y = v.at[[0, 0]].set(x)
    np.testing.assert_array_equal(y.data, [20, 2, 3])
    y.sum().backward()
    np.testing.assert_array_equal(v.grad, [0, 1, 1])
    np.testing.assert_array_equal(x.grad, [0, 1])
    x.grad = None
    z = v.at[[0, 0]].add(x)
    np.testing.assert_array_equal(z.data, [31, 2, 3])
    z.sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1])
