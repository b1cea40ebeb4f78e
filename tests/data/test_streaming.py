"""Batches of data that come in partitions: what goes in comes out, and few partitions are held at a time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.data import Chunks, DataLoader, Parquet, StreamLoader
from tinygrad_lab.errors import ArgumentError, TinygradError

ROWS = np.random.default_rng(0).normal(1e6, 1.0, (23, 3))


def parts(sizes=(5, 0, 11, 7)):
    bounds = np.cumsum([0, *sizes])
    return [(ROWS[a:b], np.arange(a, b)) for a, b in itertools.pairwise(bounds)]


@pytest.mark.parametrize("batch_size", [1, 4, 23, 100])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
def test_each_row_comes_once_with_its_target(batch_size, shuffle, drop_last):
    loader = tl.data.StreamLoader(
        parts(), batch_size, shuffle=shuffle, drop_last=drop_last, rng=np.random.default_rng(1)
    )
    for _ in range(2):
        batches = list(loader)
        numbers = [n for _, ns in batches for n in ns.tolist()]
        kept = 23 - 23 % batch_size if drop_last else 23
        assert len(set(numbers)) == len(numbers) == kept
        assert all(len(ns) == batch_size for _, ns in batches[:-1])
        assert shuffle or numbers == list(range(kept))
        for x, ns in batches:
            np.testing.assert_array_equal(x, ROWS[ns])


def test_at_most_two_partitions_are_read_ahead():
    class Noting:
        def __init__(self):
            self.read = []

        def __len__(self):
            return 6

        def __getitem__(self, number):
            self.read.append(number)
            return (np.full(4, number),)

    source = Noting()
    for seen, batch in enumerate(tl.data.StreamLoader(source, 4)):
        assert set(batch.tolist()) == {seen}
        assert len(source.read) <= seen + 2


def test_parquet_files(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for number, (x, y) in enumerate([(ROWS[:12], np.arange(12)), (ROWS[12:], np.arange(12, 23))]):
        table = pa.table({"a": x[:, 0], "b": x[:, 1], "label": y})
        pq.write_table(table, tmp_path / f"{number}.parquet", row_group_size=5)
    source = tl.data.Parquet(tmp_path, x=["b", "a"], y="label")
    assert len(source) == 6
    numbers = np.concatenate([y for _, y in tl.data.StreamLoader(source, 4)])
    np.testing.assert_array_equal(numbers, np.arange(23))
    np.testing.assert_array_equal(source[1][0], ROWS[5:10, [1, 0]])
    with pytest.raises(ArgumentError, match="has no column 'c'; choose among a, b, label"):
        tl.data.Parquet(tmp_path, x=["c"])
    (tmp_path / "no.parquet").write_text("no")
    for path in (tmp_path / "no.parquet", tmp_path / "absent.parquet"):
        with pytest.raises(ArgumentError, match="check that it is a Parquet file"):
            tl.data.Parquet(path, x=["a"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArgumentError, match="found no file at"):
        tl.data.Parquet(tmp_path / "empty", x=["a"])


def test_zarr_and_dask_arrays(tmp_path):
    zarr, da = pytest.importorskip("zarr"), pytest.importorskip("dask.array")
    stored = zarr.create_array(tmp_path / "x.zarr", shape=ROWS.shape, chunks=(10, 2), dtype="f8")
    stored[:] = ROWS
    for x in (zarr.open_array(tmp_path / "x.zarr", mode="r"), da.from_array(ROWS, chunks=((10, 10, 3), 2))):
        source = tl.data.Chunks(x, np.arange(23))
        assert [len(source[i][0]) for i in range(len(source))] == [10, 10, 3]
        for batch, numbers in tl.data.StreamLoader(source, 8):
            np.testing.assert_array_equal(batch, ROWS[numbers])
    with pytest.raises(ArgumentError, match="Chunks: the arrays have different numbers of rows, 23, 3"):
        tl.data.Chunks(stored, np.arange(3))
    with pytest.raises(ArgumentError, match="Chunks: takes arrays in chunks"):
        tl.data.Chunks(ROWS)


@pytest.mark.parametrize("sizes", [(23,), (5, 0, 11, 7), (1,) * 23])
def test_moments_are_those_of_all_rows(sizes):
    count, mean, deviation = tl.data.moments(parts(sizes))
    assert count == 23
    np.testing.assert_allclose(mean, ROWS.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(deviation, ROWS.std(axis=0), rtol=1e-9)


def test_totals_of_containers():
    found = tl.data.total(lambda x, y: {"rows": len(x), "sum": np.sum(y)}, parts())
    assert found == {"rows": 23, "sum": 253}


def test_nothing_to_go_through_is_refused():
    with pytest.raises(ArgumentError, match="StreamLoader: the data set has no partitions"):
        tl.data.StreamLoader([])
    with pytest.raises(ArgumentError, match="batch_size must be at least 1, got 0"):
        tl.data.StreamLoader(parts(), 0)
    with pytest.raises(ArgumentError, match="moments: the partitions hold no rows"):
        tl.data.moments([(np.zeros((0, 2)),)])


def test_what_newcomers_give_in_place_of_columns_and_arrays_is_told(tmp_path):
    parquet, pa, da = (
        pytest.importorskip("pyarrow.parquet"),
        pytest.importorskip("pyarrow"),
        pytest.importorskip("dask.array"),
    )
    path = tmp_path / "p.parquet"
    columns = {"ab": [1.0, 2.0], "town": ["Kiel", "Ulm"], "rows": [[1.0], [2.0]], "count": [1, None]}
    parquet.write_table(pa.table(columns), path)
    (x,) = Parquet(path, x="ab")[0]  # one column, not those of its letters
    np.testing.assert_array_equal(x, [[1.0], [2.0]])
    (x,) = Parquet(path, x=["ab", "count"])[0]
    np.testing.assert_array_equal(x, [[1.0, 1.0], [2.0, np.nan]])
    unknown = da.ones(4, chunks=2)
    unknown = unknown[unknown > 0]
    for mistake, told in {
        lambda: Parquet(path, x=["ba"]): "has no column 'ba'; choose among ab, town, rows, count",
        lambda: Parquet(path, x=["cuont"]): "has no column 'cuont'; did you mean 'count'?",
        lambda: Parquet(path, x=["ab", "town"]): "column 'town' of .* holds string, not numbers; write it as numbers",
        lambda: Parquet(path, x=["ab"], y="rows"): "column 'rows' of .* holds list<.*>, not numbers",
        lambda: Parquet(path, x=[]): "Parquet: x and y must name columns, got an empty list; write x=",
        lambda: Parquet(path): "Parquet: x is missing; pass it",
        lambda: Chunks("x.zarr"): r"Chunks: takes arrays, not paths; open them first, with zarr.open_array\(path\)",
        lambda: Chunks(da.ones(()), np.ones(3)): "Chunks: an array has no rows, only a number",
        lambda: Chunks(unknown): r"Chunks: an array has chunks of unknown sizes; call its compute_chunk_sizes\(\)",
        lambda: Chunks(da.ones(4, chunks=2), [1, 2]): "Chunks: the arrays have different numbers of rows, 4, 2",
        lambda: StreamLoader("p.parquet"): r"StreamLoader: partitions must be tuples of arrays, got a str; write Parq",
        lambda: StreamLoader(np.ones((4, 2))): "StreamLoader: partitions must be tuples of arrays, got a ndarray",
        lambda: StreamLoader(Parquet(path, x=["ab"]), batch_size="3"): "batch_size must be a whole number, got '3'",
        lambda: DataLoader(Parquet(path, x=["ab"])): "got the partitions of Parquet; use a StreamLoader",
    }.items():
        with pytest.raises(TinygradError, match=told):
            mistake()
