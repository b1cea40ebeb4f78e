"""The addresses of NumPy arrays, many at once.

Numba would unpack every argument of a compiled function on its own: with fifty arrays that takes seconds to compile,
and longer to run than a small program does. Compiled functions get a table of addresses instead, and that is filled
from a list of arrays by reading the fields that NumPy's C interface fixes for every extension module. Where these are
not where they are expected (another Python than CPython, say), it is filled array by array.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types

from tinygrad_lab.compiler.numba.memory import loader, storer
from tinygrad_lab.compiler.program import Variable
from tinygrad_lab.errors import CompileError

_TYPE = 8  # in every object, after the count of references to it: its class
_DATA, _AXES, _SHAPE, _DTYPE, _FLAGS = 16, 24, 32, 56, 64  # in a PyArrayObject: the elements' address, how many axes, …
_IN_ORDER = 0x0001 | 0x0100  # flags: in C order, and aligned
_ITEMS = 24  # in a PyListObject: the address of the pointers to its items
_LOW = 0xFFFFFFFF  # the bits of an integer of four bytes

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


def _ready(given: int, free: int, wanted: int) -> int:
    """Write the addresses of arrays into a table, if each of `given` is as wanted, and nobody else holds one of `free`.

    `wanted` is what `Ready` lays out. Returns 0, or 1 if one is not so.
    """
    array_type, table, at = _load(wanted), _load(wanted + 8), wanted + 32
    items = _load(given + _ITEMS)
    for i in range(_load(wanted + 16)):
        item, axes = _load(items + 8 * i), _load(at + 16)
        if _load(item + _TYPE) != array_type or (_load(item + _FLAGS) & _IN_ORDER) != _IN_ORDER:
            return 1
        if _load(item + _DTYPE) != _load(at + 8) or (_load(item + _AXES) & _LOW) != axes:
            return 1
        shape = _load(item + _SHAPE)
        for axis in range(axes):
            if _load(shape + 8 * axis) != _load(at + 24 + 8 * axis):
                return 1
        _store(table + _load(at), _load(item + _DATA))
        at += 24 + 8 * axes
    items = _load(free + _ITEMS)
    for i in range(_load(wanted + 24)):
        item = _load(items + 8 * i)
        if (_load(item) & _LOW) != 1:  # the list's own reference
            return 1
        _store(table + _load(at), _load(item + _DATA))
        at += 8
    return 0


_compiled_ready = njit(_ready, error_model="numpy", cache=True)


@functools.cache
def ready() -> Callable[[int, int, int], int] | None:
    """Return that function of the identities of two lists and the address of `Ready`; None where it cannot work."""
    if not _as_expected() or not _counted():
        return None
    signature = (types.int64,) * 3
    _compiled_ready.compile(signature)
    enter: Callable[[int, int, int], int] = _compiled_ready.overloads[signature].entry_point
    return enter


class Ready:
    """What the arrays of a call must be, laid out for `ready`.

    Arguments:
        table: of addresses.
        given: for each input, its number in the table and its variable.
        free: likewise for results.

    Attributes:
        address: where it lies.
    """

    def __init__(self, table: Any, given: list[tuple[int, Variable]], free: list[tuple[int, Variable]]) -> None:
        numbers = [id(np.ndarray), address(table), len(given), len(free)]
        for i, v in given:
            numbers += [8 * i, id(v.dtype), len(v.shape), *v.shape]
        numbers += [8 * i for i, _ in free]
        self._numbers = np.array(numbers, np.int64)
        self._kept = table, [v.dtype for _, v in given]
        self.address = address(self._numbers)

    def __call__(self, given: list[Any], free: list[Any]) -> None:
        """Write the addresses of arrays that are as wanted, while nobody else holds the results."""
        found = ready()
        if found is None or found(id(given), id(free), self.address):
            raise CompileError(
                "compile: an array is not contiguous in memory, which is a bug of this package; report it with the "
                "program"
            )


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
        and at(id(x) + _DTYPE) == id(x.dtype)
        and at(id(x) + _AXES) & _LOW == x.ndim
        and tuple(at(at(id(x) + _SHAPE) + 8 * i) for i in range(x.ndim)) == x.shape
        for x in arrays
    )


def _counted() -> bool:
    """Whether references to an object are counted in its first bytes."""

    def count(x: Any) -> int:
        return ctypes.c_uint32.from_address(id(x)).value

    x = np.zeros(2)
    before = count(x)
    held = [x, x[:1], memoryview(x.data)]
    during = count(x)
    del held
    return sys.byteorder == "little" and during == before + 3 and count(x) == before


def _one_by_one(arrays: list[Any], table: int) -> bool:
    if not all(type(x) is np.ndarray and x.flags.c_contiguous and x.flags.aligned for x in arrays):
        return False
    (ctypes.c_int64 * len(arrays)).from_address(table)[:] = [address(x) for x in arrays]
    return True


def in_order(x: Any, dtype: Any = None) -> Any:
    """Return an array, or a copy of it that lies in C order, aligned, with just this object as its dtype."""
    dtype = x.dtype if dtype is None else dtype
    if x.flags.c_contiguous and x.flags.aligned and x.dtype is dtype:
        return x
    copied = np.empty(x.shape, dtype)
    copied[...] = x
    return copied


def address(memory: Any) -> int:
    """Return where an array begins."""
    return int(memory.__array_interface__["data"][0])
