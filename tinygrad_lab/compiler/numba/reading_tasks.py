"""Reading what a task does: indexing with integers, running totals, where the largest is; and variances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import whole
from tinygrad_lab.compiler.numba.reading import Reader, handles
from tinygrad_lab.compiler.numba.reading_elements import axes_of, total
from tinygrad_lab.compiler.numba.tasks import Task
from tinygrad_lab.compiler.program import Call, Variable

_NOTHING = (None, np._NoValue)


def is_indices(x: Any) -> bool:
    """Whether an index is an array of integers."""
    return isinstance(x, Variable) and x.dtype == np.int64 and not x.weak


def gathered(reader: Reader, call: Call, x: Variable, indices: Variable, axis: int) -> bool:
    """Add what takes, along an axis, the rows that an array of integers names."""
    n = len(indices.shape)
    moved = reader.look(x).seen_by(lambda dummy: np.moveaxis(dummy, axis, 0))
    assert moved is not None
    table, rest = reader.in_order(moved, x.name), moved.shape[1:]
    made = reader.fresh(call.output.name, (*indices.shape, *rest), x.dtype)
    size = math.prod(rest) * x.dtype.itemsize
    reads = [table, reader.in_order(reader.look(indices), indices.name)]
    reader.items.append(Task("gather_rows", (), reads, made, (indices.size, moved.shape[0], size)))
    order = whole(made).seen_by(lambda dummy: np.moveaxis(dummy, range(n), range(axis, axis + n)))
    assert order is not None
    reader.looks[call.output] = order
    return True


def gather(reader: Reader, call: Call) -> bool:
    """Add what `x[i]` and `x[:, i]` do, where `i` is an array of integers."""
    x, index = call.args
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [axis for axis, part in enumerate(parts) if isinstance(part, Variable)]
    if not isinstance(x, Variable) or len(arrays) != 1 or not is_indices(parts[arrays[0]]):
        return False
    if any(part != slice(None) for axis, part in enumerate(parts) if axis not in arrays):
        return False
    return gathered(reader, call, x, parts[arrays[0]], arrays[0])


@handles(np.take)
def _take(reader: Reader, call: Call) -> bool:
    given = dict(zip(("a", "indices", "axis"), call.args, strict=False)) | call.kwargs
    x, indices, axis = given.pop("a", None), given.pop("indices", None), given.pop("axis", None)
    if given or not isinstance(x, Variable) or not is_indices(indices) or not isinstance(axis, int):
        return False
    return gathered(reader, call, x, indices, axis % len(x.shape))


def add_up(reader: Reader, call: Call, g: Variable, indices: Variable) -> bool:
    """Add what adds rows up at the places that an array of integers names, the adjoint of taking them."""
    shape = call.output.shape
    reads = [reader.in_order(reader.look(x), x.name) for x in (g, indices)]
    numbers = indices.size, shape[0], math.prod(shape[1:])
    if g.shape != (*indices.shape, *shape[1:]):
        return False
    reader.items.append(Task("add_rows", (call.output.dtype.name,), reads, call.output, numbers))
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
