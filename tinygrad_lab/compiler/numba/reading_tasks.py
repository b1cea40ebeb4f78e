"""Reading what a task does: indexing with integers, running totals, where the largest is; and variances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import Access, whole
from tinygrad_lab.compiler.numba.reading import Reader, handles
from tinygrad_lab.compiler.numba.reading_elements import axes_of, total
from tinygrad_lab.compiler.numba.tasks import Task
from tinygrad_lab.compiler.program import Call, Variable

_NOTHING = (None, np._NoValue)


def is_indices(x: Any) -> bool:
    """Whether an index is an array of integers."""
    return isinstance(x, Variable) and x.dtype == np.int64 and not x.weak


@dataclass(frozen=True, slots=True)
class _Indexing:
    """What an index of integer arrays and full slices says about an array of some shape.

    Attributes:
        arrays: the integers, which are broadcast.
        axes: of the array that they index.
        count: their common shape.
        rows: the lengths of these axes.
        rest: the lengths of the other axes.
        start: where the axes of `count` stand in `x[index]`.
    """

    arrays: list[Variable]
    axes: list[int]
    count: tuple[int, ...]
    rows: tuple[int, ...]
    rest: tuple[int, ...]
    start: int

    def first(self, dummy: Any) -> Any:
        """Return an array with its indexed axes first."""
        return np.moveaxis(dummy, self.axes, range(len(self.axes)))

    def back(self, dummy: Any) -> Any:
        """Undo `first`."""
        return np.moveaxis(dummy, range(len(self.axes)), self.axes)

    def result(self, dummy: Any) -> Any:
        """Return an array of the shape `(*count, *rest)` as `x[index]` has its axes."""
        return np.moveaxis(dummy, range(len(self.count)), range(self.start, self.start + len(self.count)))

    def unresult(self, dummy: Any) -> Any:
        """Undo `result`."""
        return np.moveaxis(dummy, range(self.start, self.start + len(self.count)), range(len(self.count)))


def _indexing(shape: tuple[int, ...], index: Any) -> _Indexing | None:
    """Return what an index says, or None if it holds other things."""
    parts = index if isinstance(index, tuple) else (index,)
    axes = [axis for axis, part in enumerate(parts) if is_indices(part)]
    others = [part for axis, part in enumerate(parts) if axis not in axes]
    if not axes or len(parts) > len(shape) or any(not isinstance(x, slice) or x != slice(None) for x in others):
        return None
    arrays = [parts[axis] for axis in axes]
    together = axes == list(range(axes[0], axes[-1] + 1))
    rest = tuple(n for axis, n in enumerate(shape) if axis not in axes)
    count = np.broadcast_shapes(*(x.shape for x in arrays))
    return _Indexing(arrays, axes, count, tuple(shape[axis] for axis in axes), rest, axes[0] if together else 0)


def _row_numbers(reader: Reader, found: _Indexing) -> Access:
    """Return the numbers of the rows that an index names, counting through all indexed axes, in order."""
    many = math.prod(found.count)
    looks = [reader.look(x).broadcast(found.count) for x in found.arrays]
    numbers, length = reader.in_order(looks[0], found.arrays[0].name), found.rows[0]
    for look, v, n in zip(looks[1:], found.arrays[1:], found.rows[1:], strict=True):
        made = reader.fresh(f"{v.name}_rows", found.count, np.int64)
        reads = [numbers, reader.in_order(look, v.name)]
        reader.items.append(Task("pair_of_indices", (), reads, made, (many, length, n)))
        numbers, length = whole(made), length * n
    return numbers


def gather(reader: Reader, call: Call, x: Any, index: Any) -> bool:
    """Add what `x[i]`, `x[:, i]` and `x[i, j]` do, where `i` and `j` are arrays of integers."""
    found = _indexing(x.shape, index) if isinstance(x, Variable) else None
    if found is None or 0 in (*x.shape, *found.count):
        return False
    moved = reader.look(x).seen_by(found.first)
    assert moved is not None
    made = reader.fresh(call.output.name, (*found.count, *found.rest), x.dtype)
    reads = [reader.in_order(moved, x.name), _row_numbers(reader, found)]
    size = math.prod(found.rest) * x.dtype.itemsize
    reader.items.append(Task("gather_rows", (), reads, made, (math.prod(found.count), math.prod(found.rows), size)))
    order = whole(made).seen_by(found.result)
    assert order is not None
    reader.looks[call.output] = order
    return True


@handles(np.take)
def _take(reader: Reader, call: Call) -> bool:
    given = dict(zip(("a", "indices", "axis"), call.args, strict=False)) | call.kwargs
    x, indices, axis = given.pop("a", None), given.pop("indices", None), given.pop("axis", None)
    if given or not isinstance(x, Variable) or not is_indices(indices) or not isinstance(axis, int):
        return False
    return gather(reader, call, x, (*(slice(None),) * (axis % len(x.shape)), indices))


def add_up(reader: Reader, call: Call, g: Variable, index: Any) -> bool:
    """Add what adds rows up at the places that arrays of integers name, the adjoint of taking them."""
    out = call.output
    found = _indexing(out.shape, index)
    moved = reader.look(g).seen_by(found.unresult) if found is not None and g.dtype == out.dtype else None
    if found is None or moved is None or moved.shape != (*found.count, *found.rest):
        return False
    reads = [reader.in_order(moved, g.name), _row_numbers(reader, found)]
    made = reader.fresh(out.name, (*found.rows, *found.rest), out.dtype)
    numbers = math.prod(found.count), math.prod(found.rows), math.prod(found.rest)
    reader.items.append(Task("add_rows", (out.dtype.name,), reads, made, numbers))
    order = whole(made).seen_by(found.back)
    assert order is not None
    reader.looks[out] = order
    return True


@handles(np.cumsum, np.cumprod)
def _running(reader: Reader, call: Call) -> bool:
    given = _given(call)
    same = getattr(given.get("a"), "dtype", None) == call.output.dtype
    return same and _along(reader, call, given, "running", call.function is np.cumprod)


@handles(np.argmax, np.argmin)
def _place(reader: Reader, call: Call) -> bool:
    given = _given(call)
    given.pop("keepdims", None)
    return _along(reader, call, given, "place_of", call.function is np.argmin)


def _given(call: Call) -> dict[str, Any]:
    return dict(zip(("a", "axis"), call.args, strict=False)) | call.kwargs


def _along(reader: Reader, call: Call, given: dict[str, Any], kind: str, other: bool) -> bool:
    """Add a task that goes along an axis, or through all elements in one row; `other` is which of its two it is."""
    x, axis = given.pop("a", None), given.pop("axis", None)
    if given or not isinstance(x, Variable) or x.dtype.kind not in "fi" or not x.shape:
        return False
    shape, axis = ((x.size,), 0) if axis is None else (x.shape, int(axis) % len(x.shape))
    numbers = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
    read = reader.in_order(reader.look(x), x.name)
    reader.items.append(Task(kind, (x.dtype.name, other), [read], call.output, numbers))
    return True


@handles(np.var, np.std)
def _variance(reader: Reader, call: Call) -> bool:
    """The mean of the squared distances from the mean, as NumPy computes it."""
    given = {key: x for key, x in call.kwargs.items() if not any(x is nothing for nothing in _NOTHING)}
    given |= dict(zip(("a", "axis"), call.args, strict=False))
    x, axis, ddof = given.pop("a", None), given.pop("axis", None), given.pop("ddof", 0)
    given.pop("keepdims", None)
    if given or not isinstance(x, Variable) or x.dtype.kind != "f" or x.dtype != call.output.dtype:
        return False
    if not isinstance(ddof, int | float) or len(call.args) > 2:
        return False
    axes, dtype, out = axes_of(axis, len(x.shape)), x.dtype, call.output
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    count = math.prod(x.shape[i] for i in axes)
    if count <= ddof:
        return False
    summed, mean = (reader.fresh(f"{out.name}_{part}", kept, dtype) for part in ("sum", "mean"))
    square, squares = reader.fresh(out.name, x.shape, dtype), reader.fresh(out.name, out.shape, dtype)
    total(reader, reader.look(x), axes, "sum", summed, dtype)
    reader.elementwise(whole(mean), "{0} / {1}", (summed, count), (dtype, dtype))
    distance = reader.fresh(f"{out.name}_distance", x.shape, dtype)
    reader.elementwise(whole(distance), "{0} - {1}", (x, mean), (dtype, dtype))
    reader.elementwise(whole(square), "{0} * {0}", (distance,), (dtype,))
    total(reader, reader.look(square), axes, "sum", squares, dtype)
    expression = "{0} / {1}" if call.function is np.var else "sqrt({0} / {1})"
    reader.elementwise(whole(out), expression, (squares, count - ddof), (dtype, dtype))
    return True
