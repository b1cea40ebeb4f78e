"""The addresses of NumPy arrays, many at once.

Numba would unpack every argument of a compiled function on its own: with fifty arrays that takes seconds to compile,
and longer to run than a small program does. Compiled functions get a table of addresses instead, and that is filled
from a list of arrays by reading the fields that NumPy's C interface fixes for every extension module. Where these are
not where they are expected (another Python than CPython, say), it is filled array by array.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types

from tinygrad_lab.compiler.numba.memory import loader, storer

_TYPE, _DATA, _FLAGS = 8, 16, 64  # in a PyArrayObject: its class, the elements' address, and
_IN_ORDER = 0x0001 | 0x0100  # in C order, and aligned
_ITEMS = 24  # in a PyListObject: the address of the pointers to its items

_load, _store = loader("int64", 1), storer("int64", 1)

Gather = Callable[[list[Any], int], bool]


def _gather(objects: int, count: int, table: int, array_type: int) -> bool:
    """Write the addresses of the arrays in a list into a table; False if one is no array in C order."""
    items = _load(objects + _ITEMS)
    for i in range(count):
        item = _load(items + 8 * i)
        if _load(item + _TYPE) != array_type or (_load(item + _FLAGS) & _IN_ORDER) != _IN_ORDER:
            return False
        _store(table + 8 * i, _load(item + _DATA))
    return True


_compiled = njit(_gather, error_model="numpy", cache=True)  # the machine code lives as long as this


@functools.cache
def gatherer() -> Gather:
    """Return a function `(arrays, table) -> bool` that fills the table at an address; False if it could not."""
    if not _as_expected():
        return _one_by_one
    signature = (types.int64,) * 4
    _compiled.compile(signature)
    enter = _compiled.overloads[signature].entry_point
    array_type = id(np.ndarray)

    def gather(arrays: list[Any], table: int) -> bool:
        return bool(enter(id(arrays), len(arrays), table, array_type))

    return gather


def _as_expected() -> bool:
    """Whether arrays and lists are laid out as said above, tried on some."""

    def at(place: int) -> int:
        return ctypes.c_int64.from_address(place).value

    arrays: list[Any] = [np.zeros((3, 4)), np.zeros((3, 4)).T, np.zeros(5, np.float32), np.zeros(())]
    if [at(at(id(arrays) + _ITEMS) + 8 * i) for i in range(4)] != [id(x) for x in arrays]:
        return False
    return all(
        at(id(x) + _TYPE) == id(np.ndarray)
        and at(id(x) + _DATA) == address(x)
        and (at(id(x) + _FLAGS) & 0xFFFF) & 1 == int(x.flags.c_contiguous)
        for x in arrays
    )


def _one_by_one(arrays: list[Any], table: int) -> bool:
    if not all(type(x) is np.ndarray and x.flags.c_contiguous and x.flags.aligned for x in arrays):
        return False
    (ctypes.c_int64 * len(arrays)).from_address(table)[:] = [address(x) for x in arrays]
    return True


def address(memory: Any) -> int:
    """Return where an array begins."""
    return int(memory.__array_interface__["data"][0])
