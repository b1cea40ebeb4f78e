"""Indexing of every kind, its adjoint, and `v.at`."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.rules.writing import add_at, scatter, set_at

X = np.arange(24.0).reshape(4, 3, 2)
INDICES = {
    "integer": 1,
    "negative": -1,
    "numpy integer": np.int64(2),
    "slice": slice(1, 3),
    "reversed": slice(None, None, -1),
    "step": slice(0, 4, 2),
    "ellipsis": (Ellipsis, 0),
    "newaxis": (slice(None), None, 1),
    "tuple": (1, 2, 0),
    "empty tuple": (),
    "empty slice": slice(2, 2),
    "mask": X > 7,
    "mask of rows": np.array([True, False, True, True]),
    "true": True,
    "list": [0, 2, 2, 0],
    "array": np.array([[0, 1], [1, 1]]),
    "negative array": np.array([-1, 3]),
    "two arrays": ([0, 0, 3], [1, 1, 2]),
    "array and slice": (np.array([1, 1]), slice(None), 0),
    "slice between arrays": ([0, 0], slice(None), [1, 1]),
    "broadcast arrays": (np.array([[0], [1]]), np.array([0, 0])),
    "mask and integer": (np.array([True, False, True, True]), 1),
    "empty list": [],
}


def expected_scatter(index, g):
    out = np.zeros_like(X)
    np.add.at(out, index, g)
    return out


@pytest.mark.parametrize("name", INDICES)
def test_the_gradient_of_indexing_adds_up_where_elements_repeat(name):
    index = INDICES[name]
    x = tl.Value(X)
    y = x[index]
    np.testing.assert_array_equal(y.data, X[index])
    g = np.random.default_rng(0).normal(size=y.shape)
    y.backward(g)
    np.testing.assert_allclose(x.grad, expected_scatter(index, g))
    # second order: Σ g y² has the gradient 2 g y, and its scatter is differentiated as a gather
    hvp = tl.hvp(lambda z: np.sum(g * z[index] ** 2), X, X)
    np.testing.assert_allclose(hvp, expected_scatter(index, 2 * g * X[index]))


@pytest.mark.parametrize("name", INDICES)
def test_at_set_and_add_are_what_assignment_would_be(name):
    index = INDICES[name]
    rng = np.random.default_rng(0)
    x, u = tl.Value(X), tl.Value(rng.normal(size=X[index].shape))
    added, assigned = X.copy(), X.copy()
    np.add.at(added, index, u.data)
    assigned[index] = u.data
    np.testing.assert_allclose(x.at[index].add(u).data, added)
    np.testing.assert_array_equal(x.at[index].set(u).data, assigned)
    np.testing.assert_array_equal(X, np.arange(24.0).reshape(X.shape))


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("method", ["set", "add"])
def test_at_has_the_gradient_of_its_jvp(name, method):
    """Both are linear, so their jvp is the function itself applied to the tangents; the vjp must transpose it."""
    index = INDICES[name]
    rng = np.random.default_rng(1)

    def f(x, u):
        return getattr(x.at[index], method)(u)

    x, u = rng.normal(size=X.shape), rng.normal(size=X[index].shape)
    s, t, g = rng.normal(size=x.shape), rng.normal(size=u.shape), rng.normal(size=X.shape)
    linear = f(tl.Value(s), t).data
    np.testing.assert_allclose(tl.jvp(f, (x, u), (s, t))[1], linear)
    a, b = tl.vjp(f, x, u)[1](g)
    np.testing.assert_allclose(np.sum(a * s) + np.sum(b * t), np.sum(g * linear))


def test_at_broadcasts_and_mixes_with_plain_arrays():
    x = tl.Value(np.zeros((2, 3)))
    y = x.at[:, 1].set(5.0)
    np.testing.assert_array_equal(y.data, [[0, 5, 0], [0, 5, 0]])
    u = tl.Value(2.0)
    (x.at[0].add(u) * np.arange(6.0).reshape(2, 3)).sum().backward()
    assert u.grad == 3.0
    np.testing.assert_array_equal(x.grad, np.arange(6.0).reshape(2, 3))


def test_of_a_repeated_index_the_last_one_wins_and_gets_the_gradient():
    u = tl.Value([1.0, 2.0, 3.0])
    y = tl.Value(np.zeros(2)).at[[0, 0, 1]].set(u)
    np.testing.assert_array_equal(y.data, [2.0, 3.0])
    y.backward(np.array([10.0, 100.0]))
    np.testing.assert_array_equal(u.grad, [0.0, 10.0, 100.0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64])
def test_dtypes_are_kept(dtype):
    x = tl.Value(np.ones(3, dtype))
    y = x.at[0].set(2).at[[1, 1]].add(0.5)
    assert y.dtype == dtype
    assert x[[0, 0]].dtype == dtype


def test_a_functional_loop_builds_what_in_place_writing_would():
    x = tl.Value([1.0, 2.0, 3.0])
    y = tl.Value(np.zeros(3), requires_grad=False)
    for i in range(3):
        y = y.at[i].set(x[i] ** 2 + (y[i - 1] if i else 0))
    np.testing.assert_array_equal(y.data, [1.0, 5.0, 14.0])
    y[2].backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0, 6.0])


def test_the_primitives_are_plain_functions_of_arrays_and_write_into_no_argument():
    x, u = np.zeros(3), np.ones(2)
    for result in (scatter(u, [0, 0], (3,)), add_at(x, u, [0, 0]), set_at(x, u, [0, 2])):
        assert type(result) is np.ndarray
    assert not x.any()


def test_an_index_that_holds_a_value_is_refused_by_name():
    with pytest.raises((TypeError, IndexError)):
        tl.Value([1.0, 2.0])[tl.Value(1.0)]


@pytest.mark.parametrize("name", ["array", "two arrays", "mask", "slice", "array and slice"])
@pytest.mark.parametrize("layout", ["fortran", "reversed", "strided"])
def test_the_order_in_memory_makes_no_difference(name, layout):
    index = INDICES[name]
    base = {
        "fortran": np.asfortranarray(X),
        "reversed": X[::-1, ::-1].copy()[::-1, ::-1],
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
    }[layout]
    g = np.asfortranarray(np.random.default_rng(0).normal(size=X[index].shape))
    x = tl.Value(base)
    x[index].backward(g)
    np.testing.assert_allclose(x.grad, expected_scatter(index, g))
    np.testing.assert_allclose(scatter(g, index, X.shape), expected_scatter(index, g))
    np.testing.assert_allclose(add_at(base, g, index), X + expected_scatter(index, g))
    np.testing.assert_array_equal(base, X)


@pytest.mark.parametrize("order", ["C", "F"])
def test_adding_at_repeated_indices_whatever_the_layout(order):
    x = np.asarray(np.arange(12.0).reshape(3, 4), order=order)
    index = (np.array([0, 0, 2]), np.array([1, 1, 3]))
    expected = x.copy()
    np.add.at(expected, index, np.array([1.0, 10.0, 100.0]))
    np.testing.assert_array_equal(tl.Value(x).at[index].add(np.array([1.0, 10.0, 100.0])).data, expected)
    np.testing.assert_array_equal(tl.Value(x).at[np.array([1, 1])].add(1.0).data[1], x[1] + 2)
