"""Reading what rearranges arrays, and what puts them together."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import Access, whole
from tinygrad_lab.compiler.numba.reading import Reader, handles
from tinygrad_lab.compiler.numba.reading_tasks import add_up, gather
from tinygrad_lab.compiler.program import Call, Variable
from tinygrad_lab.core.operators import getitem
from tinygrad_lab.rules.writing import scatter


@handles(
    np.transpose, np.swapaxes, np.moveaxis, np.squeeze, np.expand_dims, np.broadcast_to, np.flip, np.fliplr, np.flipud,
    np.diagonal, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.matrix_transpose, np.rot90, np.rollaxis,
    np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.linalg.matrix_transpose, np.linalg.diagonal,
    np.lib.stride_tricks.sliding_window_view,
)  # fmt: skip
def _rearranged(reader: Reader, call: Call) -> bool:
    x, *rest = call.args if call.args else (None,)
    if not isinstance(x, Variable) or any(isinstance(part, Variable) for part in (*rest, *call.kwargs.values())):
        return False
    return _look(reader, call, x, lambda dummy: call.function(dummy, *rest, **call.kwargs))


def _look(reader: Reader, call: Call, x: Variable, function: Any) -> bool:
    """Make the outputs of a call looks at `x`."""
    given = reader.look(x)
    outputs: list[Access | None] = []
    made = given.seen_by(lambda dummy: _noted(outputs, given, function(dummy), call.several))
    looks = [look for look in outputs if look is not None]
    if made is None or len(looks) != len(call.outputs):
        return False
    reader.looks.update(zip(call.outputs, looks, strict=True))
    return True


def _noted(outputs: list[Access | None], given: Access, result: Any, several: bool) -> Any:
    outputs += [given.of(part) for part in (result if several else (result,))]
    return result[0] if several else result


@handles(np.reshape, np.ravel)
def _reshape(reader: Reader, call: Call) -> bool:
    x, *rest = call.args
    orders = [call.kwargs.get("order", "C"), *(rest if call.function is np.ravel else rest[1:])]
    if not isinstance(x, Variable) or any(order not in ("C", "K") for order in orders) or "copy" in call.kwargs:
        return False
    look = reader.look(x)
    reshaped = look.reshaped(call.output.shape)
    if reshaped is None:
        copied = reader.fresh(call.output.name, x.shape, x.dtype)
        reader.copy(look, whole(copied))
        reshaped = whole(copied).reshaped(call.output.shape)
        assert reshaped is not None
    reader.looks[call.output] = reshaped
    return True


@handles(np.copy, np.real, np.asarray, np.ascontiguousarray)
def _same(reader: Reader, call: Call) -> bool:
    x = call.args[0]
    if len(call.args) > 1 or call.kwargs or not isinstance(x, Variable) or x.shape != call.output.shape:
        return False
    reader.looks[call.output] = reader.look(x)
    return True


def basic(index: Any) -> bool:
    """Whether an index holds integers, slices, None and Ellipsis only."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None or part is Ellipsis or isinstance(part, slice | np.integer) or type(part) is int for part in parts
    )


@handles(getitem)
def _getitem(reader: Reader, call: Call) -> bool:
    x, index = call.args
    if not isinstance(x, Variable) or not basic(index):
        return gather(reader, call, x, index)
    if not call.output.shape:  # a single element would be read out of memory that is not there
        index = (*index, Ellipsis) if isinstance(index, tuple) else (index, Ellipsis)
        if any(part is Ellipsis for part in index[:-1]):
            index = index[:-1]
            return _look(reader, call, x, lambda dummy: dummy[index])
    return _look(reader, call, x, lambda dummy: dummy[index])


@handles(np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack, np.dstack)
def _joined(reader: Reader, call: Call) -> bool:
    parts = call.args[0] if call.args else None
    if not isinstance(parts, tuple | list) or set(call.kwargs) - {"axis"}:
        return False
    if not all(isinstance(part, Variable) and part.dtype == call.output.dtype for part in parts):
        return False
    out, function = whole(call.output), call.function
    axis = call.args[1] if len(call.args) > 1 else call.kwargs.get("axis", 0)
    looks = [reader.look(part) for part in parts]
    if function is np.concatenate and axis is None:
        return False
    if function is np.stack:
        for i, look in enumerate(looks):
            target = out.seen_by(lambda dummy, i=i: np.moveaxis(dummy, axis, 0)[i, ...])
            assert target is not None
            reader.copy(look, target)
        return True
    if function in (np.vstack, np.hstack, np.column_stack, np.dstack):
        prepare, axis = {
            np.vstack: (np.atleast_2d, 0),
            np.hstack: (np.atleast_1d, 0 if len(parts[0].shape) < 2 else 1),
            np.column_stack: (lambda x: np.atleast_2d(x).T if x.ndim < 2 else x, 1),
            np.dstack: (np.atleast_3d, 2),
        }[function]
        looks = [look.seen_by(prepare) for look in looks]  # type: ignore[misc]
    start = 0
    for look in looks:
        stop = start + look.shape[axis]
        target = out.seen_by(lambda dummy, a=start, b=stop: np.moveaxis(np.moveaxis(dummy, axis, 0)[a:b], 0, axis))
        assert target is not None
        reader.copy(look, target)
        start = stop
    return True


@handles(scatter)
def _scatter(reader: Reader, call: Call) -> bool:
    given = dict(zip(("g", "index", "shape"), call.args, strict=False)) | call.kwargs
    g, index = given["g"], given["index"]
    if not isinstance(g, Variable) or not basic(index):
        return isinstance(g, Variable) and add_up(reader, call, g, index)
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, slice) and part.step not in (None, 1) for part in parts):
        return False
    out = whole(call.output)
    target = out.seen_by(lambda dummy: dummy[(*parts, Ellipsis) if Ellipsis not in parts else parts])
    if target is None or target.shape != g.shape:
        return False
    start, corner = np.unravel_index(target.offset, out.shape), []
    sizes = {s: n for n, s in zip(target.shape, target.strides, strict=True) if n > 1}
    for first, stride in zip(start, out.strides, strict=True):
        corner.append((int(first), int(first) + sizes.get(stride, 1)))
    if len(set(out.strides)) < len([n for n in out.shape if n >= 1]) and 1 in out.shape:
        corner = [(0, 1) if n == 1 else c for n, c in zip(out.shape, corner, strict=True)]
    _around(reader, out, corner)
    reader.copy(reader.look(g), target)
    return True


def _around(reader: Reader, out: Access, box: list[tuple[int, int]]) -> None:
    """Write zeros everywhere but in a box: before and after it along each axis, within it along the earlier axes."""
    for axis, (low, high) in enumerate(box):
        for first, last in ((0, low), (high, out.shape[axis])):
            if first < last:
                index = (*(slice(*b) for b in box[:axis]), slice(first, last))
                target = out.seen_by(lambda dummy, index=index: dummy[index])
                assert target is not None
                reader.elementwise(target, "{0}", (0,), (out.base.dtype,))
