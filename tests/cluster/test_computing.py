"""The ordinary loop on Dask's arrays: one computation a step, and nothing that grows."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentTypeError, ClusterError

da = pytest.importorskip("dask.array")

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, :1] > 0).astype(float)
BCE = tl.functional.binary_cross_entropy_with_logits


def lazy(array, rows=10):
    return da.from_array(array, chunks=(rows, *array.shape[1:]))


def network(dtype=np.float64):
    rng = np.random.default_rng(1)
    first, last = tl.nn.Linear(3, 4, bias=False, rng=rng, dtype=dtype), tl.nn.Linear(4, 1, rng=rng, dtype=dtype)
    return tl.nn.Sequential(first, tl.nn.BatchNorm1D(4, dtype=dtype), tl.nn.Tanh(), last)


def trained(x, y, optimizer, steps=3):
    model = network()
    optimize = optimizer(model.parameters(), lr=0.05)
    losses = []
    for _ in range(steps):
        optimize.zero_grad()
        loss = BCE(model(x), y)
        loss.backward()
        tl.compute(loss, model)
        tl.optim.clip_grad_norm(model.parameters(), 0.5)
        optimize.step()
        losses.append(loss.item())
    return losses, model.state_dict()


@pytest.fixture
def computations():
    """Count the graphs that Dask is given, and how many tasks each has."""
    from dask.callbacks import Callback

    sizes = []
    with Callback(start=lambda graph: sizes.append(len(graph))):
        yield sizes


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", tl.optim.OPTIMIZERS.values(), ids=tl.optim.OPTIMIZERS)
def test_the_loop_gives_on_dask_what_it_gives_on_numpy(optimizer):
    expected, state = trained(X, Y, optimizer)
    losses, found = trained(lazy(X), lazy(Y), optimizer)
    np.testing.assert_allclose(losses, expected, rtol=1e-9)
    assert list(found) == list(state)
    for name, array in found.items():
        np.testing.assert_allclose(array, state[name], rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.slow
def test_each_step_is_one_computation_of_a_graph_that_does_not_grow(computations):
    trained(lazy(X), lazy(Y), tl.optim.Adam, steps=8)
    assert len(computations) == 8
    assert len(set(computations[1:])) == 1  # the first finds equal arrays among zeros and ones, and has a task less


def test_driver_memory_does_not_grow(collect):
    def objects():
        collect()
        return sum(1 for thing in gc.get_objects() if type(thing) in (tl.Value, da.Array))

    trained(lazy(X), lazy(Y), tl.optim.Adam, steps=2)
    before = objects()
    trained(lazy(X), lazy(Y), tl.optim.Adam, steps=4)
    assert objects() == before


def test_what_is_not_lazy_stays_as_it_is_without_dask(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "dask", None)
    v, array = tl.Value([1.0]), np.ones(2)
    assert tl.compute(v) is v
    assert tl.compute(v, array) == (v, array)
    with pytest.raises(
        ImportError, match=r'dask: needs dask, which cannot be imported.*run: pip install "tinygrad-lab\[dask\]"'
    ):
        tl.compute(tl.Value(lazy(X)))


def test_containers_come_back_with_arrays_in_the_place_of_lazy_ones():
    found = tl.compute({"a": [lazy(X), 3, None], "b": (da.ones(4).sum(),)})
    assert list(found) == ["a", "b"]
    np.testing.assert_array_equal(found["a"][0], X)
    assert found["a"][1:] == [3, None]
    assert type(found["b"][0]) is np.float64


def test_gradients_that_are_values_are_computed_too():
    x = tl.Value(lazy(X))
    np.sum(x * x * x).backward(create_graph=True)
    tl.compute(x)
    np.testing.assert_allclose(x.grad.data, 3 * X * X)


def test_an_optimizer_refuses_a_lazy_gradient_and_changes_nothing():
    model = network()
    before = model.state_dict()
    BCE(model.eval()(lazy(X)), lazy(Y)).backward()
    optimizer = tl.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ArgumentTypeError, match=r"SGD: a gradient is a lazy Array"):
        optimizer.step()
    assert all(np.array_equal(before[name], array) for name, array in model.state_dict().items())
    x = tl.Value(lazy(X))  # lazy parameters are somebody's will
    np.sum(x * x).backward()
    tl.optim.SGD([x], lr=0.5).step()
    np.testing.assert_allclose(x.data.compute(), 0 * X, atol=1e-15)


def test_an_error_in_a_task_is_what_it_is_and_one_of_the_cluster_is_one_line(monkeypatch):
    def refuse(block):
        raise ValueError("this block is bad")

    with pytest.raises(ValueError, match="this block is bad"):
        tl.compute(lazy(X).map_blocks(refuse, meta=X[:0]))

    def gone(*_, **__):
        raise TimeoutError("no answer\nafter 30 s")

    monkeypatch.setattr("dask.compute", gone)
    with pytest.raises(ClusterError) as told:
        tl.compute(lazy(X))
    assert str(told.value) == (
        "compute: the scheduler cannot be reached (TimeoutError: no answer); start it again, connect, and go on "
        "from what is kept"
    )
