"""Data that come in partitions, of which few are in memory at a time: Parquet files, Zarr and Dask arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.data.loader import check_batch_size
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.extras import extra
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.refusals import making
from tinygrad_lab.refusals.nearest import meant
from tinygrad_lab.refusals.wording import first_line

Rows = tuple[Any, ...]


class Partitions(Protocol):
    """Anything with a length whose partitions are found by number: a tuple of arrays with as many rows each."""

    def __len__(self) -> int:
        """Return the number of partitions."""

    def __getitem__(self, number: int, /) -> Rows:
        """Read one partition."""


class Chunks:
    """The rows of chunked arrays, such as Zarr's and Dask's, a chunk of the first one at a time.

    Arguments:
        arrays: with `chunks` and slices, and as many rows as each other; NumPy's among them are cut alike.

    Raises:
        ArgumentTypeError: for paths.
        ArgumentError: no array has chunks, their sizes are not known, or the rows do not match.

    Example:
        >>> import dask.array as da, numpy as np
        >>> rows = Chunks(da.ones((5, 2), chunks=(2, 2)), np.arange(5))
        >>> len(rows), rows[1]
        (3, (array([[1., 1.],
               [1., 1.]]), array([2, 3])))
    """

    in_partitions = True

    def __init__(self, *arrays: Any) -> None:
        chunked = next((x for x in arrays if hasattr(x, "chunks")), None)
        if any(isinstance(x, str | Path) for x in arrays):
            raise ArgumentTypeError("Chunks: takes arrays, not paths; open them first, with zarr.open_array(path)")
        if chunked is None:
            raise ArgumentError("Chunks: takes arrays in chunks, such as Zarr's and Dask's; use DataLoader for others")
        if any(not np.shape(x) for x in arrays):
            raise ArgumentError("Chunks: an array has no rows, only a number; give arrays with a row for each sample")
        rows = [np.shape(x)[0] for x in arrays]
        if any(count != count for count in rows):
            raise ArgumentError("Chunks: an array has chunks of unknown sizes; call its compute_chunk_sizes() first")
        if len(set(rows)) > 1:
            raise ArgumentError(
                f"Chunks: the arrays have different numbers of rows, {', '.join(map(str, rows))}; "
                f"each sample is one row of every array"
            )
        self._arrays, first, count = arrays, chunked.chunks[0], chunked.shape[0]
        sizes = [min(first, count - i) for i in range(0, count, first)] if isinstance(first, int) else list(first)
        self._bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(int).tolist()

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, number: int, /) -> Rows:
        start, stop = self._bounds[range(len(self))[number]], self._bounds[range(len(self))[number] + 1]
        return tuple(np.asarray(x[start:stop]) for x in self._arrays)


class Parquet:
    """The rows of Parquet files, a row group at a time (the extra `parquet`).

    Arguments:
        paths: a file, a folder of them, or a list.
        x: the columns of the inputs, numbers all, which become a matrix; empty cells are NaN.
        y: the column of the target, which becomes a vector, or a list of columns, a matrix; None without one.

    Raises:
        ArgumentError: there is no such file, no such column, or a column of something else than numbers.
    """

    in_partitions = True

    def __init__(
        self, paths: str | Path | Sequence[str | Path], x: str | Sequence[str], y: str | Sequence[str] | None = None
    ) -> None:
        with extra("parquet"):
            from pyarrow import ArrowException, parquet
        given = [paths] if isinstance(paths, str | Path) else list(paths)
        found = [sorted(path.glob("*.parquet")) if path.is_dir() else [path] for path in map(Path, given)]
        files = [file for some in found for file in some]
        if not files:
            raise ArgumentError(
                f"Parquet: found no file at {given}; check the path, and that the folder holds .parquet files"
            )
        named = [x] if y is None else [x, y]
        self._columns = [[names] if isinstance(names, str) else list(names) for names in named]
        if not all(self._columns):
            raise ArgumentError('Parquet: x and y must name columns, got an empty list; write x=["a", "b"]')
        self._flat = isinstance(y, str)
        self._groups: list[tuple[Path, int]] = []
        for file in files:
            try:
                about = parquet.read_metadata(file)
            except (OSError, ArrowException) as error:
                told = first_line(error)
                raise ArgumentError(f"Parquet: cannot read {file} ({told}); check that it is a Parquet file") from error
            for columns in self._columns:
                _check_columns(file, about.schema.to_arrow_schema(), columns)
            self._groups += [(file, number) for number in range(about.num_row_groups)]

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, number: int, /) -> Rows:
        from pyarrow import parquet

        file, group = self._groups[number]
        with parquet.ParquetFile(file) as opened:
            table = opened.read_row_group(group, columns=[name for columns in self._columns for name in columns])
        parts = [np.stack([table[name].to_numpy() for name in columns], axis=1) for columns in self._columns]
        return (parts[0], parts[1][:, 0]) if self._flat else tuple(parts)


def _check_columns(file: Path, schema: Any, columns: list[str]) -> None:
    from pyarrow import types

    for name in columns:
        if name not in schema.names:
            advice = meant(name, schema.names, f"choose among {', '.join(schema.names)}")
            raise ArgumentError(f"Parquet: {file} has no column {name!r}; {advice}")
        kind = schema.field(name).type
        if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
            raise ArgumentError(
                f"Parquet: column {name!r} of {file} holds {kind}, not numbers; write it as numbers, such as a column "
                f"for each category"
            )


class StreamLoader:
    """Goes through partitions in batches; two partitions are held at a time, the next being read meanwhile.

    Arguments:
        partitions: `Parquet(...)`, `Chunks(...)`, or any sequence of tuples of arrays.
        batch_size: the number of samples in a batch, from two partitions where one ends.
        shuffle: whether each pass has the partitions in a new random order, and the rows within each; rows of different
            partitions do not mix otherwise, so partitions should not be sorted by what is to be learnt.
        drop_last: whether to leave out a last batch that is smaller than the others.
        rng: `np.random.Generator` or `RandomState` that decides the order; fresh randomness without it.

    Raises:
        ArgumentTypeError: for a path or an array.
        ArgumentError: there are no partitions, or the batch size is not positive.

    Example:
        >>> import numpy as np
        >>> parts = [(np.arange(3), np.ones(3)), (np.arange(3, 5), np.ones(2))]
        >>> [x.tolist() for x, _ in StreamLoader(parts, batch_size=2)]
        [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self, partitions: Partitions, batch_size: int = 32, *, shuffle: bool = False, drop_last: bool = False,
        rng: Any = None,
    ) -> None:  # fmt: skip
        if isinstance(partitions, str | Path | np.ndarray):
            raise ArgumentTypeError(
                f"StreamLoader: partitions must be tuples of arrays, got a {type(partitions).__name__}; write "
                f"Parquet(path, x=[...]), Chunks(x, y), or DataLoader(x, y) for arrays in memory"
            )
        if not len(partitions):
            raise ArgumentError("StreamLoader: the data set has no partitions; check that it is not empty")
        check_batch_size("StreamLoader", batch_size)
        self.partitions, self.batch_size, self.shuffle, self.drop_last = partitions, batch_size, shuffle, drop_last
        self._rng = or_fresh(rng)

    def __iter__(self) -> Iterator[Any]:
        rest: Rows | None = None
        for rows in self._ahead():
            if self.shuffle:
                order = self._rng.permutation(len(rows[0]))
                rows = tuple(x[order] for x in rows)
            if rest is not None:
                rows = tuple(np.concatenate(pair) for pair in zip(rest, rows, strict=True))
            whole = len(rows[0]) - len(rows[0]) % self.batch_size
            for start in range(0, whole, self.batch_size):
                yield _batch(rows, start, start + self.batch_size)
            rest = tuple(x[whole:] for x in rows)
        if rest is not None and len(rest[0]) and not self.drop_last:
            yield _batch(rest, 0, len(rest[0]))

    def _ahead(self) -> Iterator[Rows]:
        """Yield the partitions, each of which is read while the one before is worked with."""
        count = len(self.partitions)
        order = self._rng.permutation(count).tolist() if self.shuffle else list(range(count))
        with ThreadPoolExecutor(1) as reader:
            coming = reader.submit(self.partitions.__getitem__, order[0])
            for number in [*order[1:], None]:
                rows = coming.result()
                if number is not None:
                    coming = reader.submit(self.partitions.__getitem__, number)
                yield rows


def _batch(rows: Rows, start: int, stop: int) -> Any:
    batch = tuple(x[start:stop] for x in rows)
    return batch[0] if len(batch) == 1 else batch


def total(function: Callable[..., Any], partitions: Partitions) -> Any:
    """Return the sum of `function(*rows)` over partitions, one in memory at a time: for counts and metrics.

    Arguments:
        function: returns a number, an array, or a container of them.
        partitions: as a `StreamLoader` takes.

    Example:
        >>> import numpy as np
        >>> parts = [(np.array([1.0, -1.0]), np.array([1, 1])), (np.array([2.0]), np.array([1]))]
        >>> right, count = total(lambda x, y: (np.sum((x > 0) == y), len(y)), parts)
        >>> float(right / count)
        0.6666666666666666
    """
    found = None
    for number in range(len(partitions)):
        one = function(*partitions[number])
        found = one if found is None else tree.map(lambda a, b: a + b, found, one)
    return found


def moments(partitions: Partitions, position: int = 0) -> tuple[int, Any, Any]:
    """Return the number of rows, and the mean and the standard deviation of each column, over all partitions.

    Partitions are merged by their means and squared deviations, so that large means lose no digits.

    Arguments:
        partitions: as a `StreamLoader` takes.
        position: which of their arrays is meant.

    Example:
        >>> import numpy as np
        >>> moments([(np.array([[1.0], [3.0]]),), (np.array([[5.0]]),)])
        (3, array([3.]), array([1.63299316]))

    Source: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
    1979.
    """
    count, mean, squares = 0, np.zeros(()), np.zeros(())
    for number in range(len(partitions)):
        x = np.asarray(partitions[number][position], float)
        if not len(x):
            continue
        added = count + len(x)
        away = np.mean(x, axis=0) - mean
        squares = squares + np.sum((x - np.mean(x, axis=0)) ** 2, axis=0) + away**2 * (count * len(x) / added)
        mean, count = mean + away * (len(x) / added), added
    if not count:
        raise ArgumentError("moments: the partitions hold no rows; check that the data set is not empty")
    return count, mean, np.sqrt(squares / count)


for _kind in (Chunks, Parquet, StreamLoader):
    making.tell(_kind)
