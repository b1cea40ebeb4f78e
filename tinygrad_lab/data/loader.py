"""`DataLoader`: the rows of arrays, or the samples of a data set, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.extras import extra
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.refusals import making
from tinygrad_lab.typing import ArrayLike, Result, Rng


class Dataset(Protocol):
    """Anything with a length whose samples are found by number, such as a list."""

    def __len__(self) -> int:
        """Return the number of samples."""

    def __getitem__(self, index: int, /) -> Result:
        """Return one sample: an array, or a nested container of arrays and numbers."""


class DataLoader:
    """Goes through arrays or a data set in batches, as often as it is iterated over.

    Arguments:
        data: arrays with one sample per row, as many rows in each; or one data set, anything with a length and samples
            that are found by number.
        batch_size: the number of samples in a batch.
        shuffle: whether each pass has a new random order.
        drop_last: whether to leave out a last batch that is smaller than the others.
        rng: `np.random.Generator` or `RandomState` that decides the order; fresh randomness without it.
        collate: what makes a batch of a list of samples; without it arrays are stacked, containers likewise.
        progress: whether to show a bar for each pass (the extra `lab`).

    Raises:
        ArgumentError: if there is no data, the rows do not match, or the batch size is not positive.
        ArgumentTypeError: if the data have no length, or come in partitions.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> x, y = np.arange(10.0).reshape(5, 2), np.arange(5)
        >>> loader = tl.data.DataLoader(x, y, batch_size=2, shuffle=True, rng=np.random.default_rng(0))
        >>> len(loader), [labels.tolist() for _, labels in loader]
        (3, [[2, 4], [3, 0], [1]])
        >>> for batch in tl.data.DataLoader([{"x": 1.0}, {"x": 2.0}], batch_size=2):
        ...     batch
        {'x': array([1., 2.])}
    """

    def __init__(
        self, *data: ArrayLike | Dataset, batch_size: int = 1, shuffle: bool = False, drop_last: bool = False,
        rng: Rng | None = None, collate: Callable[[list[Any]], Any] | None = None, progress: bool = False,
    ) -> None:  # fmt: skip
        if not data:
            raise ArgumentError("DataLoader: there is no data; pass arrays x, y, …, or a data set")
        check_batch_size("DataLoader", batch_size)
        for one in data:
            if getattr(one, "in_partitions", False):
                raise ArgumentTypeError(
                    f"DataLoader: data must be arrays or samples, got the partitions of {type(one).__name__}; use a "
                    f"StreamLoader"
                )
            if not hasattr(one, "__len__"):
                raise ArgumentTypeError(
                    f"DataLoader: data must have a length, got a {type(one).__name__}; make a list of it, or use a "
                    f"StreamLoader"
                )
        # Samples of anything but arrays are asked for one by one; a table of pandas is an array of its values.
        self._of_samples = len(data) == 1 and (collate is not None or not _is_array(data[0]))
        rows: tuple[Any, ...] = data  # of arrays or of samples
        self._data = rows if self._of_samples else tuple(x if _takes_rows(x) else np.asarray(x) for x in rows)
        sizes = [len(x) for x in self._data]
        if len(set(sizes)) > 1:
            raise ArgumentError(
                f"DataLoader: the arrays have different numbers of rows, {', '.join(map(str, sizes))}; "
                f"each sample is one row of every array"
            )
        self.size = sizes[0]
        self.batch_size, self.shuffle, self.drop_last, self.progress = batch_size, shuffle, drop_last, progress
        self._rng = or_fresh(rng)
        self._collate = stacked if collate is None else collate

    def __repr__(self) -> str:
        return f"DataLoader({self.size:,} samples, batch_size={self.batch_size}, shuffle={self.shuffle})"

    def __len__(self) -> int:
        whole, rest = divmod(self.size, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        order = self._rng.permutation(self.size) if self.shuffle else np.arange(self.size)
        numbers: Any = range(0, len(self) * self.batch_size, self.batch_size)
        if self.progress:
            with extra("lab"):
                from rich.progress import track
            numbers = track(numbers, description="batches", transient=True)
        for start in numbers:
            chosen = order[start : start + self.batch_size]
            if self._of_samples:
                yield self._collate([self._data[0][int(i)] for i in chosen])
            else:
                batch = tuple(x[chosen] if self.shuffle else x[start : start + self.batch_size] for x in self._data)
                yield batch[0] if len(batch) == 1 else batch


making.tell(DataLoader)


def check_batch_size(name: str, batch_size: int) -> None:
    """Raise an error unless a loader's batch size is a whole number of at least 1."""
    if not isinstance(batch_size, int | np.integer):
        raise ArgumentTypeError(f"{name}: batch_size must be a whole number, got {batch_size!r}; 32 is usual")
    if batch_size < 1:
        raise ArgumentError(f"{name}: batch_size must be at least 1, got {batch_size}; 32 is usual")


def stacked(samples: list[Any]) -> Result:
    """Return a batch of samples: each number or array of a sample becomes a row.

    Example:
        >>> stacked([(1.0, [2, 3]), (4.0, [5, 6])])
        (array([1., 4.]), [array([2, 5]), array([3, 6])])
    """
    columns = zip(*(tree.flatten(sample)[0] for sample in samples), strict=True)
    return tree.flatten(samples[0])[1]([np.stack([np.asarray(leaf) for leaf in column]) for column in columns])


def _is_array(x: Any) -> bool:
    return hasattr(x, "__array__") or hasattr(x, "__array_function__")


def _takes_rows(x: Any) -> bool:
    """Whether `x[rows]` is what it is of a NumPy array; of a table of pandas it is not."""
    return hasattr(x, "__array_function__")
