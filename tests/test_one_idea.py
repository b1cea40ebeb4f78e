"""The one idea, proved: one set of rules differentiates plain NumPy code to any order, on NumPy and on other arrays.

The other side of every comparison is written out here and uses no code of the package: backpropagation by hand, closed
forms, Taylor arithmetic, and arrays that are not NumPy's.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.lib.mixins import NDArrayOperatorsMixin

import tinygrad_lab as tl

# -- the network: plain NumPy, two hidden layers ---------------------------------------------------------------------


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network(parameters, x, activation):
    w1, b1, w2, b2, w3, b3 = parameters
    h1 = activation(np.matmul(x, w1) + b1)
    h2 = activation(np.matmul(h1, w2) + b2)
    return sigmoid(np.matmul(h2, w3) + b3)


def loss(parameters, x, target, activation=np.tanh):
    error = network(parameters, x, activation) - target
    return np.mean(error * error)


def by_hand(parameters, x, target):
    """Return the loss of the tanh network and its gradient with respect to the parameters and to x."""
    w1, b1, w2, b2, w3, b3 = parameters
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    p = 1 / (1 + np.exp(-(h2 @ w3 + b3)))
    d3 = 2 * (p - target) / p.size * p * (1 - p)
    d2 = (d3 @ w3.T) * (1 - h2**2)
    d1 = (d2 @ w2.T) * (1 - h1**2)
    gradient = [x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)]
    return np.mean((p - target) ** 2), gradient, d1 @ w1.T


def problem(seed=0, points=12, hidden=4):
    rng = np.random.default_rng(seed)
    shapes = [(2, hidden), (hidden,), (hidden, hidden), (hidden,), (hidden, 1), (1,)]
    parameters = [rng.normal(size=shape) for shape in shapes]
    x = rng.uniform(size=(points, 2))
    return parameters, x, (x[:, :1] < x[:, 1:]).astype(float)


def assert_close(actual, expected, rtol=1e-12):
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=rtol, atol=1e-14)


def test_the_gradient_is_that_of_backpropagation_by_hand():
    parameters, x, target = problem()
    value, gradient, at_x = by_hand(parameters, x, target)
    actual_value, (actual, actual_x) = tl.value_and_grad(loss, (0, 1))(parameters, x, target)
    np.testing.assert_allclose(actual_value, value, rtol=1e-14)
    assert_close(actual, gradient)
    np.testing.assert_allclose(actual_x, at_x, rtol=1e-12)
    leaves = [tl.Value(p) for p in parameters]
    loss(leaves, x, target).backward()
    assert_close([leaf.grad for leaf in leaves], gradient)


def test_the_sigmoid_network_agrees_with_complex_steps():
    parameters, x, target = problem(1)
    gradient = tl.grad(loss)(parameters, x, target, sigmoid)
    for k, parameter in enumerate(parameters):
        for index in np.ndindex(parameter.shape):
            shifted = [p.astype(complex) for p in parameters]
            shifted[k][index] += 1e-100j
            np.testing.assert_allclose(gradient[k][index], loss(shifted, x, target, sigmoid).imag / 1e-100, rtol=1e-11)


# -- (a) order 3 -----------------------------------------------------------------------------------------------------


def nested(f, order):
    for _ in range(order):
        f = tl.grad(f)
    return f


@pytest.mark.parametrize("x", [-2.0, -0.3, 0.0, 0.7, 3.0])
def test_a_tanh_unit_to_order_three_against_its_closed_form(x):
    """With t = tanh(wx + b): t′ = w(1 − t²), t″ = −2w² t(1 − t²), t‴ = w³(1 − t²)(6t² − 2)."""
    w, b = 1.5, -0.25
    t = math.tanh(w * x + b)
    s = 1 - t * t
    closed = [t, w * s, -2 * w**2 * t * s, w**3 * s * (6 * t * t - 2)]
    for order, expected in enumerate(closed):
        np.testing.assert_allclose(nested(lambda z: np.tanh(w * z + b), order)(x), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("x", [-2.0, 0.0, 0.7])
def test_a_chain_of_two_units_to_order_three_by_faa_di_bruno(x):
    """(f∘g)‴ = f‴ g′³ + 3 f″ g′ g″ + f′ g‴, with the sigmoid σ′ = σ(1 − σ) outside and tanh inside."""
    t = math.tanh(x)
    g1, g2, g3 = 1 - t**2, -2 * t * (1 - t**2), (1 - t**2) * (6 * t**2 - 2)
    s = 1 / (1 + math.exp(-2 * t))
    f1 = 2 * s * (1 - s)
    f2 = 4 * s * (1 - s) * (1 - 2 * s)
    f3 = 8 * s * (1 - s) * (1 - 6 * s + 6 * s**2)
    closed = [s, f1 * g1, f2 * g1**2 + f1 * g2, f3 * g1**3 + 3 * f2 * g1 * g2 + f1 * g3]
    for order, expected in enumerate(closed):
        actual = nested(lambda z: sigmoid(2 * np.tanh(z)), order)(x)
        np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-13)


class Taylor(NDArrayOperatorsMixin):
    """A truncated power series c₀ + c₁ε + c₂ε² + c₃ε³ per element: derivatives of order 3, forwards."""

    def __init__(self, coefficients):
        self.c = [np.asarray(c, dtype=float) for c in coefficients]

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        a = [x if isinstance(x, Taylor) else Taylor([x, *[0 * x] * 3]) for x in inputs]
        return Taylor(getattr(self, ufunc.__name__)(*(x.c for x in a)))

    def add(self, a, b):
        return [p + q for p, q in zip(a, b, strict=True)]

    def subtract(self, a, b):
        return [p - q for p, q in zip(a, b, strict=True)]

    def negative(self, a):
        return [-p for p in a]

    def multiply(self, a, b):
        return [sum(a[i] * b[k - i] for i in range(k + 1)) for k in range(4)]

    def matmul(self, a, b):
        return [sum(a[i] @ b[k - i] for i in range(k + 1)) for k in range(4)]

    def divide(self, a, b):  # q b = a
        q = []
        for k in range(4):
            q.append((a[k] - sum(q[i] * b[k - i] for i in range(k))) / b[0])
        return q

    def exp(self, a):  # e′ = a′ e
        e = [np.exp(a[0])]
        for k in range(1, 4):
            e.append(sum(i * a[i] * e[k - i] for i in range(1, k + 1)) / k)
        return e

    def tanh(self, a):  # t′ = a′ (1 − t²)
        t, s = [np.tanh(a[0])], [1 - np.tanh(a[0]) ** 2]
        for k in range(1, 4):
            t.append(sum(i * a[i] * s[k - i] for i in range(1, k + 1)) / k)
            s.append(-sum(t[i] * t[k - i] for i in range(k + 1)))
        return t


@pytest.mark.parametrize("activation", [np.tanh, sigmoid])
def test_the_network_to_order_three_against_taylor_arithmetic(activation):
    parameters, _, _ = problem(2)
    start, direction = np.array([[0.2, 0.9]]), np.array([[1.0, -0.5]])

    def along(s):
        return network(parameters, start + s * direction, activation)[0, 0]

    series = network(parameters, Taylor([start, direction, 0 * start, 0 * start]), activation)
    for order in range(4):
        expected = math.factorial(order) * series.c[order][0, 0]
        np.testing.assert_allclose(nested(along, order)(0.0), expected, rtol=1e-9, atol=1e-13)


def test_third_derivatives_in_the_weights_against_taylor_arithmetic():
    """The third derivative along a direction in the space of all weights, by three nested gradients."""
    parameters, x, _ = problem(3, points=3)
    rng = np.random.default_rng(4)
    directions = [rng.normal(size=p.shape) for p in parameters]

    def along(s):
        return np.sum(network([p + s * d for p, d in zip(parameters, directions, strict=True)], x, np.tanh))

    series = network([Taylor([p, d, 0 * p, 0 * p]) for p, d in zip(parameters, directions, strict=True)], x, np.tanh)
    for order in range(4):
        expected = math.factorial(order) * series.c[order].sum()
        np.testing.assert_allclose(nested(along, order)(0.0), expected, rtol=1e-9)


# -- (c) an array class that records every NumPy call made on it -----------------------------------------------------


class Recording(NDArrayOperatorsMixin):
    """An array that does nothing but write down which NumPy function is called on it, forward and backward."""

    calls: list[tuple]

    def __init__(self, array):
        self.array = np.asarray(array)
        self.shape, self.dtype, self.ndim = self.array.shape, self.array.dtype, self.array.ndim

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return self.note(getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return self.note(function, args, kwargs)

    def note(self, function, args, kwargs):
        plain = [x.array if isinstance(x, Recording) else x for x in args]
        result = function(*plain, **kwargs)
        if not isinstance(result, np.ndarray | np.generic):
            return result  # a shape or a number of dimensions
        result = Recording(result)
        Recording.calls.append((function, args, kwargs, result))
        return result

    def __getitem__(self, index):
        assert index == ()
        return self

    def __array__(self, *args, **kwargs):
        raise AssertionError("the engine took the array out of the protocols")


@pytest.fixture
def calls():
    Recording.calls = []
    return Recording.calls


def replay(calls, replacements, wanted):
    """Run a recorded program again, as straight NumPy, on other arrays."""
    arrays = {id(recording): array for recording, array in replacements}

    def look_up(x):
        return arrays[id(x)] if isinstance(x, Recording) and id(x) in arrays else getattr(x, "array", x)

    for function, args, kwargs, result in calls:
        arrays[id(result)] = function(*map(look_up, args), **kwargs)
    return [look_up(x) for x in wanted]


def name(function):
    return (
        function.__self__.__name__ if isinstance(getattr(function, "__self__", None), np.ufunc) else function.__name__
    )


def test_forward_and_backward_are_nothing_but_numpy_calls(calls):
    parameters, x, target = problem()
    recordings = [Recording(p) for p in parameters]
    leaves = [tl.Value(r) for r in recordings]
    result = loss(leaves, x, target)
    forward = len(calls)
    result.backward()
    value, gradient, _ = by_hand(parameters, x, target)
    assert type(result.data) is Recording
    np.testing.assert_allclose(result.data.array, value, rtol=1e-14)
    assert all(type(leaf.grad) is Recording for leaf in leaves)
    assert_close([leaf.grad.array for leaf in leaves], gradient)
    names = [name(function) for function, *_ in calls]
    layer = ["matmul", "add", "tanh"]
    error = ["negative", "exp", "add", "divide", "subtract", "multiply", "mean"]
    assert names[:forward] == [*layer, *layer, "matmul", "add", *error]
    backward = names[forward:]
    assert backward.count("matmul") == 5  # two a layer, less the one for x, which nobody asked for
    assert backward.count("sum") == 3  # the biases: broadcasting undone
    assert set(backward) <= {
        "ones_like", "multiply", "divide", "subtract", "negative", "matmul", "sum", "reshape", "broadcast_to", "add",
        "transpose", "swapaxes", "positive", "expand_dims", "matrix_transpose", "true_divide",
    }  # fmt: skip


def test_the_record_is_a_program_that_computes_the_gradient_of_other_points(calls):
    parameters, x, target = problem()
    recordings = [Recording(p) for p in parameters]
    leaves = [tl.Value(r) for r in recordings]
    loss(leaves, x, target).backward()
    others, _, _ = problem(seed=7)
    actual = replay(calls, zip(recordings, others, strict=True), [leaf.grad for leaf in leaves])
    assert_close(actual, by_hand(others, x, target)[1])


def test_a_recorded_sweep_calls_numpy_too(calls):
    """A gradient penalty, through `create_graph`, on recording arrays; against two steps of NumPy arrays."""

    def penalty(parameters):
        gradient = tl.grad(loss)(parameters, x, target)
        return sum(np.sum(g * g) for g in gradient)

    parameters, x, target = problem()
    leaves = [tl.Value(Recording(p)) for p in parameters]
    penalty(leaves).backward()
    gradient = by_hand(parameters, x, target)[1]
    h = 1e-6
    shifted = [
        by_hand([p + s * h * g for p, g in zip(parameters, gradient, strict=True)], x, target)[1] for s in (1, -1)
    ]
    for leaf, up, down in zip(leaves, *shifted, strict=True):  # ∇ Σ g² = 2 H g
        np.testing.assert_allclose(leaf.grad.array, (up - down) / h, rtol=1e-5, atol=1e-8)
