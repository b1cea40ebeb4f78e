"""What no loop nest can do, since an element's place depends on data or on all before it: rows, running totals.

Each is a compiled function of the addresses of whole arrays; axes before and after the one in question are `outer` and
`inner`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from tinygrad_lab.compiler.numba.access import Access
from tinygrad_lab.compiler.numba.memory import copy, everywhere, loader, storer
from tinygrad_lab.compiler.program import Variable
from tinygrad_lab.errors import OperationIndexError


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One call of such a function, `(result, *reads, *numbers)`.

    Attributes:
        factory: of the function, one of this module's.
        arguments: what the factory takes.
        reads: the operands, each all of an array.
        result: what it writes.
        numbers: sizes.
    """

    factory: str
    arguments: tuple[Any, ...]
    reads: list[Access]
    result: Variable
    numbers: tuple[int, ...]

    @property
    def results(self) -> list[Variable]:
        """What it writes."""
        return [self.result]

    @property
    def in_memory(self) -> set[Variable]:
        """What must lie in memory."""
        return {self.result, *(read.base for read in self.reads)}


_load_index, _store_index = loader("int64", 1), storer("int64", 1)


def _named_row(indices: int, i: int, rows: int) -> int:
    """Return the row that index i names, which may count from the end."""
    row = _load_index(indices + 8 * i)
    if row < -rows or row >= rows:
        raise OperationIndexError("getitem: an index is out of bounds for its axis; check the indices")
    return row + rows if row < 0 else row


_row = njit(_named_row, error_model="numpy")


@functools.cache
def pair_of_indices() -> Callable[..., Any]:
    """Return a compiled function that writes, for `count` pairs of indices, which row of rows × columns each names."""

    def join(result: int, first: int, second: int, count: int, rows: int, columns: int) -> None:
        for i in range(count):
            _store_index(result + 8 * i, _row(first, i, rows) * columns + _row(second, i, columns))

    return njit(join, error_model="numpy")


@functools.cache
def gather_rows() -> Callable[..., Any]:
    """Return a compiled function that copies, for each of `count` indices, one of the `rows` of a table."""

    def gather(result: int, table: int, indices: int, count: int, rows: int, size: int) -> None:
        for i in range(count):
            copy(result + size * i, table + size * _row(indices, i, rows), size)

    return njit(gather, error_model="numpy")


@functools.cache
def add_rows(dtype: str) -> Callable[..., Any]:
    """Return a compiled function that adds `count` rows of `width` elements up where their indices say, into zeros."""
    load, store, number, size = loader(dtype, 1), storer(dtype, 1), everywhere(dtype, 1), np.dtype(dtype).itemsize

    def scatter(result: int, values: int, indices: int, count: int, rows: int, width: int) -> None:
        for k in range(rows * width):
            store(result + size * k, number(0))
        for i in range(count):
            to, at = result + size * width * _row(indices, i, rows), values + size * width * i
            for k in range(width):
                store(to + size * k, load(to + size * k) + load(at + size * k))

    return njit(scatter, error_model="numpy")


@functools.cache
def running(dtype: str, product: bool = False) -> Callable[..., Any]:
    """Return a compiled function that writes the totals of all elements so far along an axis."""
    load, store, size = loader(dtype, 1), storer(dtype, 1), np.dtype(dtype).itemsize

    def run(result: int, x: int, outer: int, n: int, inner: int) -> None:
        for o in range(outer):
            at = size * o * n * inner
            copy(result + at, x + at, size * inner)
            for k in range(at, at + size * (n - 1) * inner, size):
                step = k + size * inner
                if product:
                    store(result + step, load(result + k) * load(x + step))
                else:
                    store(result + step, load(result + k) + load(x + step))

    return njit(run, error_model="numpy")


@functools.cache
def place_of(dtype: str, smallest: bool = False) -> Callable[..., Any]:
    """Return a compiled function that writes where the first largest element along an axis is; NaN is larger still."""
    load, store, size = loader(dtype, 1), storer("int64", 1), np.dtype(dtype).itemsize

    def find(result: int, x: int, outer: int, n: int, inner: int) -> None:
        for o in range(outer):
            for i in range(inner):
                at = x + size * (o * n * inner + i)
                best, place = load(at), 0
                for k in range(1, n):
                    other = load(at + size * k * inner)
                    better = other < best if smallest else other > best
                    if better or (other != other and best == best):
                        best, place = other, k
                store(result + 8 * (o * inner + i), place)

    return njit(find, error_model="numpy")
