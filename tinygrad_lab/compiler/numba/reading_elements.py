"""Reading elementwise functions and reductions."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import whole
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.numba.reading import SUPPORTED, Reader, handles
from tinygrad_lab.compiler.numba.table import (
    ARITHMETIC,
    BITWISE,
    COMPARISONS,
    LOGIC,
    MATHEMATICS,
    OF_BITS,
    OF_INTEGERS,
    SINGLE,
)
from tinygrad_lab.compiler.program import Call, Variable
from tinygrad_lab.core.protocols import astype

BOOL, FLOAT64 = np.dtype(bool), np.dtype(float)


def resolved(function: Any, args: tuple[Any, ...]) -> tuple[np.dtype[Any], ...] | None:
    """Return the dtypes in which NumPy computes an elementwise function: of each operand, and of the result."""
    if not isinstance(function, np.ufunc):
        function = _UFUNCS[function]
    kinds: list[Any] = []
    for x in args:
        if isinstance(x, Variable):
            kinds.append({"f": float, "i": int, "b": BOOL}[x.dtype.kind] if x.weak else x.dtype)
        elif isinstance(x, bool | np.bool_):
            kinds.append(BOOL)
        elif isinstance(x, np.generic):
            kinds.append(x.dtype)
        elif isinstance(x, int | float):
            kinds.append(type(x))
        else:
            return None
    if all(kind in (int, float) for kind in kinds):
        kinds = [np.dtype(kind) for kind in kinds]
    try:
        found = function.resolve_dtypes((*kinds, None))
    except (TypeError, ValueError):
        return None
    return found if all(dtype in SUPPORTED for dtype in found) else None


_UFUNCS = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide,
    operator.neg: np.negative, operator.pos: np.positive, operator.abs: np.absolute, operator.lt: np.less,
    operator.le: np.less_equal, operator.gt: np.greater, operator.ge: np.greater_equal, operator.eq: np.equal,
    operator.ne: np.not_equal, operator.pow: np.power,
}  # fmt: skip


@handles(*ARITHMETIC)
def _arithmetic(reader: Reader, call: Call) -> bool:
    dtypes = None if call.kwargs else resolved(call.function, call.args)
    if dtypes is None or dtypes[-1] != call.output.dtype:
        return False
    kinds, expression = {dtype.kind for dtype in dtypes}, ARITHMETIC[call.function]
    if "b" in kinds or ("i" in kinds and call.function not in OF_INTEGERS):
        return False
    if "u" in kinds and (len(kinds) > 1 or call.function not in OF_BITS):
        return False
    reader.elementwise(whole(call.output), expression, call.args, dtypes[:-1], dtypes[-1])
    return True


@handles(*MATHEMATICS)
def _mathematics(reader: Reader, call: Call) -> bool:
    dtypes = None if call.kwargs else resolved(call.function, call.args)
    if dtypes is None or {dtype.kind for dtype in dtypes} != {"f"}:
        return False
    if call.function in SINGLE and dtypes[0] == np.float32:
        reader.elementwise(whole(call.output), SINGLE[call.function], call.args, dtypes[:-1])
        return True
    expression, args = MATHEMATICS[call.function], call.args
    if expression.startswith("power") and isinstance(args[1], int | float | np.floating):
        expression = _POWERS.get(float(args[1]), expression)
        args = args if "{1}" in expression else args[:1]
    reader.elementwise(whole(call.output), expression, args, [FLOAT64] * len(args), FLOAT64)
    return True


_POWERS = {1.0: "{0}", 2.0: "{0} * {0}", -1.0: "1.0 / {0}"}


@handles(*COMPARISONS)
def _comparison(reader: Reader, call: Call) -> bool:
    dtypes = None if call.kwargs else resolved(call.function, call.args)
    if dtypes is None:
        return False
    *inputs, result = dtypes
    expression = COMPARISONS[call.function]
    if all(dtype == BOOL for dtype in inputs) and expression in _OF_BOOLS:
        reader.elementwise(whole(call.output), _OF_BOOLS[expression], call.args, inputs, result)
        return True
    if any(dtype.kind == "b" or (dtype.kind in "iu" and "{1}" not in expression) for dtype in inputs):
        return False
    if inputs[0] != FLOAT64 and call.function is np.signbit:
        return False
    reader.elementwise(whole(call.output), expression, call.args, inputs, result)
    return True


_OF_BOOLS = {"{0} == {1}": "negated({0} ^ {1})", "{0} != {1}": "{0} ^ {1}"}


@handles(*LOGIC, *BITWISE)
def _logic(reader: Reader, call: Call) -> bool:
    dtypes = None if call.kwargs else resolved(call.function, call.args)
    if dtypes is None:
        return False
    if call.function in LOGIC:
        dtypes = (BOOL,) * len(dtypes)
    expression = LOGIC.get(call.function) or BITWISE[call.function]
    reader.elementwise(whole(call.output), expression, call.args, dtypes[:-1], dtypes[-1])
    return True


@handles(np.right_shift)
def _shift(reader: Reader, call: Call) -> bool:
    x, places = call.args
    if not isinstance(x, Variable) or x.dtype != np.uint64 or call.output.dtype != np.uint64:
        return False
    if isinstance(places, Variable) or not 0 <= int(places) < 64:
        return False
    reader.elementwise(whole(call.output), f"shift_right({{0}}, {int(places)})", (x,), (x.dtype,))
    return True


@handles(np.where)
def _where(reader: Reader, call: Call) -> bool:
    if len(call.args) != 3 or call.kwargs:
        return False
    dtype = call.output.dtype
    reader.elementwise(whole(call.output), "select({0}, {1}, {2})", call.args, (BOOL, dtype, dtype), dtype)
    return True


@handles(np.clip)
def _clip(reader: Reader, call: Call) -> bool:
    given = dict(zip(("a", "a_min", "a_max"), call.args, strict=False)) | call.kwargs
    given.update({"a_min": given.pop("min", given.get("a_min")), "a_max": given.pop("max", given.get("a_max"))})
    if set(given) != {"a", "a_min", "a_max"} or call.output.dtype.kind != "f":
        return False
    expression, operands = "{0}", [given["a"]]
    for name, function in (("a_min", "maximum"), ("a_max", "minimum")):
        if given[name] is not None:
            expression = f"{function}({expression}, {{{len(operands)}}})"
            operands.append(given[name])
    reader.elementwise(whole(call.output), expression, operands, [call.output.dtype] * len(operands))
    return True


@handles(np.logaddexp)
def _logaddexp(reader: Reader, call: Call) -> bool:
    dtypes = None if call.kwargs else resolved(np.logaddexp, call.args)
    if dtypes is None:
        return False
    reader.elementwise(whole(call.output), "logaddexp({0}, {1})", call.args, (FLOAT64, FLOAT64))
    return True


@handles(astype)
def _astype(reader: Reader, call: Call) -> bool:
    x, dtype = call.args[0], call.output.dtype
    if not isinstance(x, Variable) or (x.dtype.kind == "f" and dtype.kind == "u"):
        return False
    reader.elementwise(whole(call.output), "{0}", (x,), (x.dtype,))
    return True


# -- reductions --------------------------------------------------------------------------------------------------------

_NOTHING = (None, np._NoValue)


def axes_of(axis: Any, n: int) -> tuple[int, ...]:
    """Return the axes that `axis` names, none negative."""
    if axis is None:
        return tuple(range(n))
    return tuple(sorted(int(a) % n for a in (axis if isinstance(axis, tuple | list) else (axis,))))


def _arguments(call: Call, names: tuple[str, ...], axis: Any) -> tuple[Variable, tuple[int, ...]] | None:
    """Return the operand and the axes of a reduction that has no other arguments."""
    given = dict(zip(names, call.args, strict=False)) | call.kwargs
    given.pop("keepdims", None)
    x = given.pop(names[0], None)
    if "dtype" in given and isinstance(x, Variable) and given["dtype"] == call.outputs[0].dtype:
        del given["dtype"]  # what is added up is converted to the result's dtype anyway
    given = {key: value for key, value in given.items() if not any(value is nothing for nothing in _NOTHING)} | {
        key: value for key, value in given.items() if key == "axis"
    }
    axis = given.pop("axis", axis)
    if given or not isinstance(x, Variable):
        return None
    return x, axes_of(axis, len(x.shape))


def total(reader: Reader, x: Any, axes: tuple[int, ...], kind: str, out: Variable, dtype: Any) -> None:
    """Add an operation that puts the elements of a look at an array together along some axes."""
    kept = iter(whole(out).reshaped(tuple(n for i, n in enumerate(x.shape) if i not in axes)).strides)  # type: ignore[union-attr]
    strides = tuple(0 if i in axes else next(kept) for i in range(len(x.shape)))
    target = whole(out).__class__(out, 0, strides, x.shape)
    reader.items.append(Operation(target, "{0}", (x,), (np.dtype(dtype),), np.dtype(dtype), x.shape, kind, axes))


def _reduction(kind: str, names: tuple[str, ...] = ("a", "axis", "dtype", "out", "keepdims"), axis: Any = None) -> Any:
    def handle(reader: Reader, call: Call) -> bool:
        found = _arguments(call, names, axis)
        if found is None or call.several:
            return False
        x, axes = found
        out = call.output
        dtype = BOOL if kind in ("all", "any") else out.dtype
        if kind in ("maximum", "minimum") and (out.dtype.kind != "f" or x.dtype != out.dtype):
            return False
        if kind == "mean":
            if out.dtype.kind != "f":
                return False
            summed = reader.fresh(out.name, out.shape, out.dtype)
            total(reader, reader.look(x), axes, "sum", summed, dtype)
            count = math.prod(x.shape[axis] for axis in axes)
            reader.elementwise(whole(out), "{0} / {1}", (summed, count), (dtype, dtype))
            return True
        total(reader, reader.look(x), axes, kind, out, dtype)
        return True

    return handle


@handles(np.linalg.norm)
def _norm(reader: Reader, call: Call) -> bool:
    """The root of the sum of squares, along one axis or over all elements, as NumPy computes it."""
    found = _arguments(call, ("x", "ord", "axis", "keepdims"), None)
    if found is None or call.output.dtype != found[0].dtype or len(found[1]) not in (1, len(found[0].shape)):
        return False
    (x, axes), out, dtype = found, call.output, call.output.dtype
    square, squares = reader.fresh(out.name, x.shape, dtype), reader.fresh(out.name, out.shape, dtype)
    reader.elementwise(whole(square), "{0} * {0}", (x,), (dtype,))
    total(reader, whole(square), axes, "sum", squares, dtype)
    reader.elementwise(whole(out), "sqrt({0})", (squares,), (dtype,))
    return True


handles(np.sum)(_reduction("sum"))
handles(np.mean)(_reduction("mean"))
handles(np.prod)(_reduction("product"))
handles(np.all)(_reduction("all"))
handles(np.any)(_reduction("any"))
_EXTREMA = ("a", "axis", "out", "keepdims")
handles(np.max, np.amax)(_reduction("maximum", _EXTREMA))
handles(np.min, np.amin)(_reduction("minimum", _EXTREMA))
_REDUCE = ("array", "axis", "dtype", "out", "keepdims")
for _ufunc, _kind in (
    (np.add, "sum"), (np.multiply, "product"), (np.maximum, "maximum"), (np.minimum, "minimum"),
    (np.logical_and, "all"), (np.logical_or, "any"),
):  # fmt: skip
    handles((_ufunc, "reduce"))(_reduction(_kind, _REDUCE, 0))
