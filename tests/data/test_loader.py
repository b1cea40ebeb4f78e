"""Every sample comes once a pass, its parts stay together, and the same generator gives the same order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError

DataLoader = tl.data.DataLoader


@given(
    n=st.integers(0, 20), batch_size=st.integers(1, 7), shuffle=st.booleans(), drop_last=st.booleans(),
    as_samples=st.booleans(),
)  # fmt: skip
def test_every_sample_comes_once_and_whole(n, batch_size, shuffle, drop_last, as_samples):
    x, y = np.arange(2.0 * n).reshape(n, 2), np.arange(n)
    data = [list(zip(x, y, strict=True))] if as_samples else [x, y]
    loader = DataLoader(
        *data, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last, rng=np.random.default_rng(0)
    )
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader) == (n // batch_size if drop_last else -(-n // batch_size))
        assert all(len(labels) == batch_size for _, labels in batches[:-1])
        labels = np.concatenate([labels for _, labels in batches]) if batches else np.array([], int)
        assert len(set(labels.tolist())) == len(labels) == (len(batches) * batch_size if drop_last else n)
        for rows, numbers in batches:
            np.testing.assert_array_equal(rows, x[numbers])
        if not shuffle:
            np.testing.assert_array_equal(labels, np.arange(len(labels)))


def test_the_same_generator_gives_the_same_orders_and_passes_differ():
    first, second = (DataLoader(np.arange(50), batch_size=50, shuffle=True, rng=np.random.default_rng(3)) for _ in "ab")
    orders = [next(iter(first)).tolist() for _ in range(2)]
    assert [next(iter(second)).tolist() for _ in range(2)] == orders
    assert orders[0] != orders[1]


def test_samples_are_stacked_or_collated_by_a_function_of_ones_own():
    samples = [{"x": np.ones(2), "n": 1}, {"x": np.zeros(2), "n": 2}]
    (batch,) = DataLoader(samples, batch_size=2)
    np.testing.assert_array_equal(batch["x"], [[1, 1], [0, 0]])
    np.testing.assert_array_equal(batch["n"], [1, 2])
    words = ["a", "bcd", "ef"]
    assert list(DataLoader(words, batch_size=2, collate=lambda b: max(map(len, b)))) == [3, 2]
    assert list(DataLoader(np.arange(3), batch_size=2, collate=sum)) == [1, 2]


def test_tables_of_pandas_are_arrays_of_their_values():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}, index=[7, 8, 9])
    (x, y), _ = DataLoader(table, table["b"], batch_size=2)
    np.testing.assert_array_equal(x, [[1, 4], [2, 5]])
    np.testing.assert_array_equal(y, [4, 5])


def test_arrays_of_other_libraries_stay_theirs():
    dask = pytest.importorskip("dask.array")
    (first, *_) = DataLoader(dask.arange(10, chunks=5), batch_size=5)
    assert isinstance(first, dask.Array)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: DataLoader(), "DataLoader: there is no data"),
        (
            lambda: DataLoader(np.ones(3), np.ones(2)),
            "arrays have different numbers of rows, 3, 2",
        ),
        (lambda: DataLoader(np.ones(3), batch_size=0), "DataLoader: batch_size must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(call, text):
    with pytest.raises(ArgumentError, match=text):
        call()


def test_a_bar_can_be_shown(capsys):
    assert sum(DataLoader(np.arange(4), batch_size=2, progress=True)).tolist() == [2, 4]


def test_what_has_no_length_is_refused_and_a_loader_says_what_it_has():
    with pytest.raises(ArgumentTypeError, match="DataLoader: data must have a length, got a generator; make a list"):
        tl.data.DataLoader(x for x in range(3))
    assert (
        repr(tl.data.DataLoader(np.ones((3, 2)), batch_size=2)) == "DataLoader(3 samples, batch_size=2, shuffle=False)"
    )
