"""`backward` over partitions: what the loss of all rows gives, for means over rows."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.cluster.test_computing import BCE, X, Y, lazy, network
from tinygrad_lab.cluster import sharing
from tinygrad_lab.errors import ClusterError, TinygradError

da = pytest.importorskip("dask.array")


def objective(model, x, y):
    return BCE(model(x), y)


def plain(rng=None):
    rng = np.random.default_rng(1)
    return tl.nn.Sequential(tl.nn.Linear(3, 4, rng=rng), tl.nn.Tanh(), tl.nn.Linear(4, 1, rng=rng))


@pytest.mark.parametrize("rows", [40, 10, 7, 1])
def test_loss_and_gradients_are_those_of_all_rows(rows):
    model, other = plain(), plain()
    loss = objective(model, X, Y)
    loss.backward()
    for _ in range(2):  # which add up, as those of backward() do
        found = tl.cluster.backward(objective, other, lazy(X, rows), lazy(Y, rows))
    np.testing.assert_allclose(found, loss.data, rtol=1e-12)
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(q.grad, 2 * p.grad, rtol=1e-10, atol=1e-15)


def test_it_runs_on_plain_arrays_just_here():
    model, other = plain(), plain()
    loss = objective(model, X, Y)
    loss.backward()
    assert tl.cluster.backward(objective, other, X, Y) == loss.data
    np.testing.assert_array_equal(model[0].weight.grad, other[0].weight.grad)


KEPT = X[:, 0] > -0.5
NONE = np.zeros(40, bool)
OTHER, LOCK = plain(), threading.Lock()


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ((da.from_array(X, chunks=(9, 2)), Y), slice(None)),
        ((da.from_array(X, chunks=((20, 20), 3)), da.from_array(Y, chunks=((10, 30), 1))), slice(None)),
        ((lazy(X), Y.tolist()), slice(None)),
        ((lazy(X)[lazy(KEPT)], lazy(Y)[lazy(KEPT)]), KEPT),  # of unknown sizes
        ((lazy(X)[lazy(np.arange(40)) > 9], lazy(Y)[lazy(np.arange(40)) > 9]), np.arange(40) > 9),  # the first is empty
    ],
    ids=["features", "sizes", "list", "unknown", "empty"],
)
def test_arrays_cut_otherwise_are_cut_alike(data, rows):
    model, other = plain(), plain()
    objective(model, X[rows], Y[rows]).backward()
    tl.cluster.backward(objective, other, *data)
    np.testing.assert_allclose(other[0].weight.grad, model[0].weight.grad, rtol=1e-10)


def test_hooks_are_called_and_parameters_that_take_no_part_get_nothing():
    model, other = plain(), plain()
    for one in (model, other):
        one[0].weight.register_hook(lambda g: 10 * g)
        one.aside = tl.nn.Linear(3, 1)
    objective(model, X, Y).backward()
    tl.cluster.backward(objective, other, lazy(X), lazy(Y))
    np.testing.assert_allclose(other[0].weight.grad, model[0].weight.grad, rtol=1e-10)
    assert other.aside.weight.grad is None


def test_float16_does_not_overflow_over_many_rows():
    rows = da.ones((200_000, 1), chunks=(50_000, 1), dtype="f2")
    model = tl.nn.Linear(1, 1, init="zeros", dtype=np.float16)
    loss = tl.cluster.backward(lambda model, x: (model(x)[0, 0] - 1) ** 2, model, rows)
    assert loss == 1
    assert model.bias.grad == [-2]


def test_a_task_takes_along_what_only_its_partitions_need(monkeypatch):
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0", set_as_default=False
    ) as client:
        x, y = client.persist([lazy(X), lazy(Y)])
        centred = x - x.mean(axis=0)
        sent = []
        monkeypatch.setattr(
            client, "map", lambda f, *columns, **rest: sent.append(columns) or kept(f, *columns, **rest)
        )
        kept = type(client).map.__get__(client)
        model, other = plain(), plain()
        objective(model, X - X.mean(axis=0), Y).backward()
        tl.cluster.backward(objective, other, centred, y)  # by the client of the futures
    np.testing.assert_allclose(other[0].weight.grad, model[0].weight.grad, rtol=1e-10)
    (tasks,) = sent
    assert 1 <= len(tasks[0]) <= 3  # one for each worker, or for each place that data have


@pytest.mark.slow
def test_an_asynchronous_client_is_refused():
    distributed = pytest.importorskip("distributed")

    async def call():
        async with distributed.Client(processes=False, n_workers=1, dashboard_address=":0", asynchronous=True):
            for verb in (tl.compute, lambda x: tl.cluster.backward(objective, plain(), x, Y)):
                with pytest.raises(ClusterError, match=r"^cluster: the client is asynchronous, and results are waited"):
                    verb(lazy(X))

    # In a thread of its own: a browser that other tests have opened keeps a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, call()).result()


def test_float32_stays_float32_and_frozen_parameters_get_nothing():
    model = network(np.float32).eval()
    model[0].requires_grad_(False)
    loss = tl.cluster.backward(objective, model, lazy(X.astype("f4")), lazy(Y.astype("f4")))
    assert loss.dtype == np.float32
    assert model[0].weight.grad is None
    assert model[3].weight.grad.dtype == np.float32


def test_running_statistics_are_averaged_over_partitions():
    model = network()
    tl.cluster.backward(objective, model, lazy(X), lazy(Y))
    each = []
    for start in range(0, 40, 10):
        other = network()
        objective(other, X[start : start + 10], Y[start : start + 10])
        each.append(other.state_dict()["1.running_mean"])
    np.testing.assert_allclose(model.state_dict()["1.running_mean"], np.mean(each, axis=0))


class Noting(tl.nn.Module):
    def __init__(self, rng):
        self.scale, self.dropout = tl.Value(1.0), tl.nn.Dropout(0.5, rng=rng)

    def forward(self, x):
        return self.scale * self.dropout(x)


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState, tl.random.Generator])
def test_each_partition_and_each_step_drops_other_units(make):
    rows = da.ones((64, 1), chunks=(16, 1))
    model = Noting(make(0))
    found = [tl.cluster.backward(lambda model, x: np.mean(model(x)), model, rows) for _ in range(4)]
    assert len(set(found)) > 1
    one = Noting(make(0))
    again = [tl.cluster.backward(lambda model, x: np.mean(model(x)), one, rows) for _ in range(4)]
    assert found == again


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: tl.cluster.backward(objective, plain()), "backward: there are no data"),
        (
            lambda: tl.cluster.backward(objective, plain(), lazy(X), lazy(Y)[:30]),
            "backward: the arrays have different numbers of rows, 40, 30; each sample",
        ),
        (
            lambda: tl.cluster.backward(lambda model, x: model(x), plain(), lazy(X)),
            "backward: a result of shape",
        ),
        (
            lambda: tl.cluster.backward(objective, {}, lazy(X)),
            "takes a function, a Module and data, got function and d",
        ),
        (
            lambda: tl.cluster.backward(objective, plain(), lazy(X), 3.0),
            "backward: data must have a row for each sample",
        ),
        (
            lambda: tl.cluster.backward(objective, plain(), lazy(X)[lazy(NONE)], lazy(Y)[lazy(NONE)]),
            "backward: the data have no rows",
        ),
        (
            lambda: tl.cluster.backward(objective, plain(), lazy(X)[lazy(KEPT)], lazy(Y)[lazy(~KEPT)]),
            "backward: the blocks of partition . have different numbers of rows, ",
        ),
        (
            lambda: tl.cluster.backward(objective, plain(), lazy(X)[lazy(KEPT)], Y[KEPT]),
            r"chunks of unknown sizes cannot be cut alike; call compute_chunk_sizes\(\) of each",
        ),
        (
            lambda: tl.cluster.backward(lambda model, x: (np.mean(model(x)), 1), plain(), lazy(X)),
            "backward: objective must return the loss, a scalar Value, got tuple",
        ),
        (
            lambda: tl.cluster.backward(lambda _, x: np.mean(OTHER(x)), plain(), lazy(X)),
            "backward: objective uses a Value of shape .* from outside the model that it is given",
        ),
        (
            lambda: tl.cluster.backward(lambda model, x: (LOCK, np.mean(model(x)))[1], plain(), lazy(X)),
            r"cannot be sent to workers \(cannot pickle '_thread.lock' object\)",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(call, text):
    with pytest.raises(TinygradError, match=text):
        call()


def test_small_partitions_go_together():
    assert sharing.tasks_for(64, 800, threads=3) == 3
    assert sharing.tasks_for(64, 1e6, threads=3) == 16
    assert sharing.tasks_for(64, 1e8, threads=3) == 64
    assert sharing.tasks_for(64, np.nan, threads=3) == 12


@given(
    st.lists(st.sampled_from(["a", "b", "c", None]), max_size=12), st.lists(st.integers(1, 3), min_size=2, max_size=4)
)
def test_workers_get_their_share_and_keep_what_they_can(places, counts):
    threads = dict(zip("abcd", counts, strict=False))
    placed = [place if place in threads else None for place in places]
    there = {place: [i for i, p in enumerate(placed) if p == place] for place in set(placed)}
    before = {place: [*some] for place, some in there.items()}
    sharing._even_out(there, 16 << 20, threads)
    assert sorted(i for some in there.values() for i in some) == list(range(len(placed)))
    assert there.get(None) == before.get(None)  # whose data are nowhere yet
    held = sum(place is not None for place in placed)
    for worker, count in threads.items():
        share = -(-held * count // sum(counts))
        assert len(there.get(worker, ())) <= share
        assert there.get(worker, [])[: len(before.get(worker, ()))] == before.get(worker, [])[:share]


def test_a_few_kilobytes_stay_where_they_are():
    there = {"a": [*range(40)]}
    sharing._even_out(there, 1e3, {"a": 1, "b": 1})
    assert there == {"a": [*range(40)]}
