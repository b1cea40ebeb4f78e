"""The one idea on another library's arrays: Dask's, lazily until `compute()`."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl

da = pytest.importorskip("dask.array")


def network(parameters, x):
    w1, b1, w2, b2, w3, b3 = parameters
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    return 1 / (1 + np.exp(-(h2 @ w3 + b3)))


def loss(parameters, x, target):
    return np.mean((network(parameters, x) - target) ** 2)


def by_hand(parameters, x, target):
    w1, b1, w2, b2, w3, b3 = parameters
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    p = 1 / (1 + np.exp(-(h2 @ w3 + b3)))
    d3 = 2 * (p - target) / p.size * p * (1 - p)
    d2 = (d3 @ w3.T) * (1 - h2**2)
    d1 = (d2 @ w2.T) * (1 - h1**2)
    return [x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)], d1 @ w1.T


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    parameters = [rng.normal(size=shape) for shape in [(2, 4), (4,), (4, 4), (4,), (4, 1), (1,)]]
    x = rng.uniform(size=(20, 2))
    return parameters, x, (x[:, :1] < x[:, 1:]).astype(float)


def lazy(array, computed):
    """Return a Dask array in chunks that notes when a chunk is computed."""

    def load(block):
        computed.append(block.shape)
        return block

    chunks = tuple(min(5, size) for size in array.shape)
    return da.from_array(array, chunks=chunks).map_blocks(load, dtype=array.dtype, meta=np.empty((0,) * array.ndim))


def compute(*arrays):
    import dask

    return dask.compute(*arrays, scheduler="synchronous")


def test_lazy_data_give_lazy_gradients(problem):
    parameters, x, target = problem
    computed = []
    leaves = [tl.Value(p) for p in parameters]
    batch = tl.Value(lazy(x, computed))
    result = loss(leaves, batch, da.from_array(target, chunks=(5, 1)))
    result.backward()
    assert computed == []
    assert isinstance(result.data, da.Array)
    gradients = [leaf.grad for leaf in leaves]
    assert all(isinstance(g, da.Array) for g in [*gradients, batch.grad])
    assert [g.shape for g in gradients] == [p.shape for p in parameters]
    expected, at_x = by_hand(parameters, x, target)
    *actual, actual_x = compute(*gradients, batch.grad)
    assert computed
    for a, e in zip([*actual, actual_x], [*expected, at_x], strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-11, atol=1e-14)


def test_lazy_parameters_and_transforms(problem):
    parameters, x, target = problem
    computed = []
    gradients = tl.grad(loss)([lazy(p, computed) for p in parameters], x, target)
    assert computed == []
    assert all(isinstance(g, da.Array) for g in gradients)
    for a, e in zip(compute(*gradients), by_hand(parameters, x, target)[0], strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-11, atol=1e-14)


def test_lazy_hessian_vector_products(problem):
    parameters, x, target = problem
    computed = []
    products = tl.hvp(lambda *p: loss(p, lazy(x, computed), target), tuple(parameters), tuple(parameters))
    assert computed == []
    assert all(isinstance(product, da.Array) for product in products)
    h = 1e-6
    up, down = (by_hand([p + s * h * p for p in parameters], x, target)[0] for s in (1, -1))
    for product, u, d in zip(compute(*products), up, down, strict=True):
        np.testing.assert_allclose(product, (u - d) / (2 * h), rtol=1e-5, atol=1e-8)


def test_dask_constants_on_either_side(problem):
    _, x, _ = problem
    d = da.from_array(x, chunks=5)
    v = tl.Value(np.ones((20, 2)))
    for result, expected in [
        (d * v, x),
        (v * d, x),
        (d - v, x - 1),
        (np.multiply(d, v), x),
        (np.matmul(d.T, v), x.T @ np.ones((20, 2))),
        (d.T @ v, x.T @ np.ones((20, 2))),
        (np.maximum(v, d), np.maximum(1, x)),
    ]:
        assert isinstance(result, tl.Value)
        assert isinstance(result.data, da.Array)
        np.testing.assert_allclose(compute(result.data)[0], expected)
        np.sum(result).backward()


def test_branches_stay_lazy_at_second_order():
    computed = []
    x = tl.Value(lazy(np.array([1.0, 2.0, -1.0]), computed))
    np.sum(np.where(x > 0, np.log(np.abs(x)), x * x)).backward(create_graph=True)
    first, x.grad = x.grad, None
    np.sum(first * first).backward()
    assert computed == []
    np.testing.assert_allclose(compute(x.grad)[0], [-2.0, -0.25, -8.0])  # 2 f′ f″
