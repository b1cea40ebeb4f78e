"""What a sweep frees, what threads share, and that neither loses a gradient."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import GraphError

NETWORKS = {
    "chain": lambda x: np.sum(np.tanh(np.sin(x) * 2.0)),
    "diamond": lambda x: np.sum((y := np.sin(x)) * y + y),
    "where": lambda x: np.sum(np.where(x > 0.4, np.log(x), np.sqrt(x) * x)),
    "index": lambda x: np.sum(x[np.array([0, 0, 2])] ** 2),
    "product": lambda x: x @ np.outer(x, x) @ x,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_sweep_that_frees_gives_the_same_gradient(name):
    kept, freed = tl.Value([0.3, 0.5, 0.7]), tl.Value([0.3, 0.5, 0.7])
    NETWORKS[name](kept).backward()
    NETWORKS[name](freed).backward(retain_graph=False)
    assert np.array_equal(kept.grad, freed.grad)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_second_sweep_says_why_it_cannot(name):
    x = tl.Value([0.3, 0.5, 0.7])
    result = NETWORKS[name](x)
    result.backward(retain_graph=False)
    before = x.grad.copy()
    with pytest.raises(GraphError, match=r"was freed by an earlier backward\(retain_graph=False\); leave"):
        result.backward()
    with pytest.raises(GraphError, match="was freed by an earlier backward"):
        (result * x).sum().backward()
    assert np.array_equal(x.grad, before)


def test_graphs_that_share_a_part_lose_only_that():
    x, w = tl.Value(0.5), tl.Value(2.0)
    shared = np.sin(x)
    first, second, third = shared * 3.0, shared * 4.0, w * w
    first.backward(retain_graph=False)
    third.backward()
    assert w.grad == 4.0
    with pytest.raises(GraphError, match="the result of sin was freed"):
        second.backward()
    assert float(shared.data) == np.sin(0.5)


def test_recorded_gradients_need_the_graph():
    with pytest.raises(GraphError, match="create_graph=True needs the graph that retain_graph=False frees"):
        (tl.Value(2.0) * 3.0).backward(create_graph=True, retain_graph=False)


@pytest.mark.parametrize(("options", "alive"), [({}, True), ({"retain_graph": False}, False)])
def test_arrays_are_freed_while_the_sweep_is_under_way(options, alive):
    x = tl.Value(np.ones(1000))
    y = np.sin(x * 0.5)
    late, result = weakref.ref(y), np.sum(np.tanh(y))
    del y
    seen = []
    x.register_hook(lambda g: seen.append(late() is not None))
    result.backward(**options)
    assert seen == [alive]


def test_threads_that_share_a_leaf_lose_no_gradient():
    leaf, threads, sweeps = tl.Value(np.zeros(200_000)), 8, 60
    start = threading.Barrier(threads)

    def work():
        start.wait()
        for _ in range(sweeps):
            np.sum(leaf).backward()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert np.array_equal(leaf.grad, np.full(200_000, threads * sweeps))
