"""Reading and writing memory at addresses: a number or a vector at a time, side by side or some way apart.

Compiled programs know the shape of everything, so their functions pass plain addresses (integers), and an index is a
multiple known beforehand. Where a loop's length is no multiple of the lanes, the last round touches only the `live`
ones: a vector of bools.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils

from tinygrad_lab.compiler.numba.intrinsics import Typed, constant, intrinsic
from tinygrad_lab.compiler.numba.vectors import Vector, element_type, splat

_NUMBA = {
    "float64": types.float64, "float32": types.float32, "int64": types.int64, "uint64": types.uint64,
    "bool": types.boolean,
}  # fmt: skip
_INT32, _INT64 = ir.IntType(32), ir.IntType(64)


def _stored(kind: Any) -> Any:
    """Return LLVM's type of one element in memory: a bool is a byte there."""
    return ir.IntType(8) if kind == types.boolean else element_type(kind)


def _address(builder: Any, address: Any, kind: Any) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


def _masked(builder: Any, name: str, vector: Any, result: Any, arguments: list[Any]) -> Any:
    suffix = f"v{vector.count}{ {'double': 'f64', 'float': 'f32'}.get(str(vector.element), str(vector.element)) }.p0"
    kind = ir.FunctionType(result, [x.type for x in arguments])
    function = builder.module.globals.get(f"{name}.{suffix}") or ir.Function(builder.module, kind, f"{name}.{suffix}")
    return builder.call(function, arguments)


def _from_memory(builder: Any, x: Any, kind: Any) -> Any:
    return builder.icmp_unsigned("!=", x, x.type(None)) if kind == types.boolean else x


def _to_memory(builder: Any, x: Any, stored: Any) -> Any:
    return x if x.type == stored else builder.zext(x, stored)


@functools.cache
def loader(dtype: str, lanes: int, apart: bool = False, part: bool = False) -> Callable[..., Any]:
    """Return a compiled function `(address[, step in bytes][, live]) -> vector`; one lane gives a number.

    Arguments:
        dtype: of the elements.
        lanes: how many are read.
        apart: whether they lie `step` bytes apart.
        part: whether only the `live` lanes are read; the others hold 0, or the first one again.
    """
    kind = _NUMBA[dtype]
    stored = _stored(kind)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, *rest = arguments
        if lanes == 1:
            return _from_memory(builder, builder.load(_address(builder, address, stored)), kind)
        vector = ir.VectorType(stored, lanes)
        if not apart and not part:
            x = builder.load(_address(builder, address, vector))
            x.align = stored.width // 8 if isinstance(stored, ir.IntType) else np.dtype(dtype).itemsize
        elif not apart:
            align, pointer = _INT32(np.dtype(dtype).itemsize), _address(builder, address, vector)
            given = [pointer, align, rest[0], ir.Constant(vector, None)]
            x = _masked(builder, "llvm.masked.load", vector, vector, given)
        else:
            x = ir.Constant(vector, None)
            for lane in range(lanes):
                place = builder.add(address, builder.mul(rest[0], ir.Constant(_INT64, lane)))
                if part and lane:  # beyond the end, the first one is read again
                    place = builder.select(builder.extract_element(rest[1], _INT32(lane)), place, address)
                x = builder.insert_element(x, builder.load(_address(builder, place, stored)), _INT32(lane))
        return _from_memory(builder, x, kind)

    result = kind if lanes == 1 else Vector(kind, lanes)
    return _taking((types.int64,) * (1 + apart) + (Vector(types.boolean, lanes),) * part, result, generate)


@functools.cache
def storer(dtype: str, lanes: int, apart: bool = False, part: bool = False) -> Callable[..., Any]:
    """Return a compiled function `(address, [step in bytes,] [live,] vector)` that writes; see `loader`."""
    kind = _NUMBA[dtype]
    stored = _stored(kind)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, *rest, x = arguments
        given = signature.args[-1]
        if lanes > 1 and not isinstance(given, Vector):
            x = splat(builder, x, Vector(kind, lanes))
        wanted = stored if lanes == 1 else ir.VectorType(stored, lanes)
        x = _to_memory(builder, x, wanted)
        if lanes == 1:
            builder.store(x, _address(builder, address, stored))
        elif not apart and not part:
            written = builder.store(x, _address(builder, address, wanted))
            written.align = np.dtype(dtype).itemsize
        elif not apart:
            align, pointer = _INT32(np.dtype(dtype).itemsize), _address(builder, address, wanted)
            _masked(builder, "llvm.masked.store", wanted, ir.VoidType(), [x, pointer, align, rest[0]])
        else:
            for lane in range(lanes):
                place = builder.add(address, builder.mul(rest[0], ir.Constant(_INT64, lane)))
                number = builder.extract_element(x, _INT32(lane))
                if part:
                    with builder.if_then(builder.extract_element(rest[1], _INT32(lane))):
                        builder.store(number, _address(builder, place, stored))
                else:
                    builder.store(number, _address(builder, place, stored))
        return context.get_dummy_value()

    return _taking((types.int64,) * (1 + apart) + (Vector(types.boolean, lanes),) * part, None, generate)


def _taking(given: tuple[Any, ...], result: Any, generate: Any) -> Any:
    """Return an intrinsic of operands of these types, and, if it gives nothing, of the value to write."""

    def signed(*known: Any) -> Any:
        return (result(*given) if result is not None else types.void(*given, types.unliteral(known[-1]))), generate

    count = len(given) + (result is None)
    if count == 1:
        return intrinsic(lambda typing_context, a: signed(a))
    if count == 2:
        return intrinsic(lambda typing_context, a, b: signed(a, b))
    if count == 3:
        return intrinsic(lambda typing_context, a, b, c: signed(a, b, c))
    return intrinsic(lambda typing_context, a, b, c, d: signed(a, b, c, d))


@functools.cache
def everywhere(dtype: str, lanes: int) -> Callable[..., Any]:
    """Return a compiled function `number -> vector` with the number in every lane."""
    kind = _NUMBA[dtype]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x = context.cast(builder, arguments[0], signature.args[0], kind)
        return x if lanes == 1 else splat(builder, x, Vector(kind, lanes))

    def spread(typing_context: Any, x: Any) -> Any:
        return (kind if lanes == 1 else Vector(kind, lanes))(types.unliteral(x)), generate

    return intrinsic(spread)


@functools.cache
def converter(dtype: str) -> Callable[..., Any]:
    """Return a compiled function that converts a number or a vector, as NumPy's astype does; to bool: whether not 0."""
    kind = _NUMBA[dtype]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (x,), (given,) = arguments, signature.args
        source = given.dtype if isinstance(given, Vector) else given
        lanes = given.lanes if isinstance(given, Vector) else 0
        wanted = ir.VectorType(element_type(kind), lanes) if lanes else element_type(kind)
        if source == kind:
            return x
        if kind == types.boolean:
            zero = constant(x.type, 0)
            real = isinstance(source, types.Float)
            return builder.fcmp_unordered("!=", x, zero) if real else builder.icmp_signed("!=", x, zero)
        if isinstance(kind, types.Float):
            if source == types.boolean:
                return builder.uitofp(x, wanted)
            if isinstance(source, types.Integer):
                return builder.sitofp(x, wanted) if source.signed else builder.uitofp(x, wanted)
            wider = kind.bitwidth > source.bitwidth
            return builder.fpext(x, wanted) if wider else builder.fptrunc(x, wanted)
        if isinstance(source, types.Float):  # what is beyond them becomes what the processor makes of it, as in NumPy
            return builder.fptosi(x, wanted)
        return x if isinstance(source, types.Integer) else builder.zext(x, wanted)  # integers all have 64 bits

    def convert(typing_context: Any, x: Any) -> Any:
        x = types.unliteral(x)
        return (x.of(kind) if isinstance(x, Vector) else kind)(x), generate

    return intrinsic(convert)


@functools.cache
def first_lanes(lanes: int) -> Callable[..., Any]:
    """Return a compiled function `count -> vector of bools` that is true in the first `count` lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        numbers = ir.Constant(ir.VectorType(_INT64, lanes), list(range(lanes)))
        return builder.icmp_signed("<", numbers, splat(builder, arguments[0], Vector(types.int64, lanes)))

    return intrinsic(lambda typing_context, count: (Vector(types.boolean, lanes)(types.int64), generate))


@intrinsic
def address_of(typing_context: Any, x: types.Type) -> Typed:
    """Return the address of an array's first element."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.ptrtoint(array.data, _INT64)

    return types.int64(x), generate


@functools.cache
def filler(dtype: str) -> Callable[..., Any]:
    """Return a compiled function `(address, count, number)` that writes the number so many times."""
    store, size = storer(dtype, 1), np.dtype(dtype).itemsize
    spread = everywhere(dtype, 1)

    def fill(address: int, count: int, x: Any) -> None:
        number = spread(x)
        for i in range(count):
            store(address + size * i, number)

    return njit(fill, error_model="numpy")


@intrinsic
def copy(typing_context: Any, to: types.Type, start: types.Type, count: types.Type) -> Typed:
    """Copy so many bytes from one address to another."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target, source = (_address(builder, x, ir.IntType(8)) for x in arguments[:2])
        cgutils.raw_memcpy(builder, target, source, arguments[2], 1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate
