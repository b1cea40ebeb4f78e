from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lab.lab.data import DATASETS, linear, minibatches, xor


def test_xor_is_the_published_data_in_the_published_order():
    points = []
    for i in range(11):
        points.append((0.1 * i, 0.1 * i, 0))
        if i != 5:
            points.append((0.1 * i, 1 - 0.1 * i, 1))
    x, y = xor()
    assert np.array_equal(np.hstack([x, y]), np.array(points))
    assert x.dtype == y.dtype == np.float64


@given(st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_linear_labels_the_two_sides_of_the_diagonal(n, seed):
    x, y = linear(n, np.random.default_rng(seed))
    assert x.shape == (n, 2)
    assert y.shape == (n, 1)
    assert ((x >= 0) & (x < 1)).all()
    assert [0.0 if a > b else 1.0 for a, b in x] == y.ravel().tolist()


@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState])
def test_linear_is_decided_by_its_generator(generator):
    assert np.array_equal(linear(20, generator(3)).x, linear(20, generator(3)).x)
    assert not np.array_equal(linear(20, generator(3)).x, linear(20, generator(4)).x)


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_minibatches_give_every_point_once_and_keep_rows_together(n, batch_size, seed):
    x = np.arange(2 * n).reshape(n, 2)
    batches = list(minibatches((x, x[:, :1]), batch_size, np.random.default_rng(seed)))
    assert all(len(batch.x) == batch_size for batch in batches[:-1])
    assert 1 <= len(batches[-1].x) <= batch_size
    seen = np.concatenate([batch.x for batch in batches])
    assert sorted(map(tuple, seen.tolist())) == list(map(tuple, x.tolist()))
    assert all(np.array_equal(batch.x[:, :1], batch.y) for batch in batches)


def test_minibatches_come_in_a_new_order_each_time():
    rng = np.random.default_rng(0)
    first, second = (next(minibatches(xor(), 20, rng)).x for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", DATASETS)
def test_the_data_sets_of_the_lab_are_what_they_say(name):
    source = DATASETS[name]
    x, y = source.make(30, np.random.default_rng(0), source.noise)
    assert x.dtype == y.dtype == np.float64
    assert x.shape == (len(y), len(source.features))
    assert y.shape == (30 if source.sized else {"xor": 21, "digits": 1797}[name], 1)
    assert not source.classes or sorted(set(y.ravel())) == list(range(len(source.classes)))


@pytest.mark.parametrize("name", DATASETS)
def test_noise_is_added_to_the_same_points(name):
    plain, noisy = (DATASETS[name].make(200, np.random.default_rng(0), noise) for noise in (0.0, 0.3))
    moved = np.concatenate([noisy.x - plain.x, noisy.y - plain.y], axis=1)
    moved = moved[:, np.abs(moved).max(axis=0) > 0]
    assert np.std(moved) == pytest.approx(0.3, rel=0.35)
