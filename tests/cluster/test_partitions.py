"""`backward` over partitions: what the loss of all rows gives, for means over rows."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.cluster.test_computing import BCE, X, Y, lazy, network
from tinygrad_lab.cluster import sharing

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


def test_arrays_cut_otherwise_are_cut_alike():
    model, other = plain(), plain()
    objective(model, X, Y).backward()
    tl.cluster.backward(objective, other, da.from_array(X, chunks=(9, 2)), Y)
    np.testing.assert_allclose(other[0].weight.grad, model[0].weight.grad, rtol=1e-10)


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
    ],
)
def test_what_cannot_be_meant_is_refused(call, text):
    with pytest.raises((ValueError, RuntimeError), match=text):
        call()


def test_small_partitions_go_together():
    assert sharing.tasks_for(64, 800, threads=3) == 3
    assert sharing.tasks_for(64, 1e6, threads=3) == 16
    assert sharing.tasks_for(64, 1e8, threads=3) == 64
    assert sharing.tasks_for(64, np.nan, threads=3) == 12
