"""A vector of numbers as a Numba type: the processor's own, so that loops run on several elements at once for certain.

LLVM's loop vectoriser is not left to find this out: it gives up on one unknown call, on arrays that might overlap, on
sums whose order it must keep. A `Vector` has a fixed number of lanes; arithmetic on it, on it and a number,
comparisons, `&`, `|`, `^`, `~`, `<<`, `-x` and `abs` are a lane's, each one instruction. Nothing is reordered or fused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model


class Vector(types.Type):  # type: ignore[misc]
    """The type of vectors of `lanes` numbers of a Numba type."""

    def __init__(self, dtype: types.Type, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"vector({dtype} x {lanes})")

    def of(self, dtype: types.Type) -> Vector:
        """Return the type with as many lanes of another type."""
        return Vector(dtype, self.lanes)


@register_model(Vector)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, ir.VectorType(element_type(kind.dtype), kind.lanes))


def element_type(dtype: types.Type) -> ir.Type:
    """Return LLVM's type of one lane."""
    if dtype == types.boolean:
        return ir.IntType(1)
    if isinstance(dtype, types.Integer):
        return ir.IntType(dtype.bitwidth)
    return {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}[dtype]


def splat(builder: ir.IRBuilder, x: ir.Value, kind: Vector) -> ir.Value:
    """Return the number `x`, already of the lanes' type, in every lane."""
    first = builder.insert_element(ir.Constant(ir.VectorType(x.type, kind.lanes), ir.Undefined), x, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.lanes), [0] * kind.lanes)
    return builder.shuffle_vector(first, first, zeros)


def widened(context: Any, builder: ir.IRBuilder, x: ir.Value, given: types.Type, kind: Vector) -> ir.Value:
    """Return an operand, which may be a number, as a vector of this kind."""
    if isinstance(given, Vector):
        return x
    x = context.cast(builder, x, given, kind.dtype)
    return splat(builder, x, kind)


def _kind(args: tuple[Any, ...]) -> Vector | None:
    """Return the kind of the vectors among the operands, if they are all of one."""
    kinds = {x for x in args if isinstance(x, Vector)}
    return kinds.pop() if len(kinds) == 1 else None


def _operation(function: Any, emit: Callable[[Any, Any, tuple[Any, ...]], Any], result: Any = None) -> None:
    """Let `function` work on vectors: `emit(builder, lane type, operands)`; the result has lanes of type `result`."""

    class Typing(AbstractTemplate):  # type: ignore[misc]
        key = function

        def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
            kind = _kind(args)
            if kind is None or any(
                not isinstance(types.unliteral(x), Vector | types.Number | types.Boolean) for x in args
            ):
                return None
            return signature(kind if result is None else kind.of(result), *(types.unliteral(x) for x in args))

    infer_global(function)(Typing)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = _kind(sig.args)
        assert kind is not None
        return emit(
            builder,
            kind.dtype,
            tuple(widened(context, builder, x, t, kind) for x, t in zip(args, sig.args, strict=True)),
        )

    scalars = (types.Number, types.Boolean)
    for given in ((Vector,), (Vector, Vector), *((Vector, x) for x in scalars), *((x, Vector) for x in scalars)):
        lower_builtin(function, *given)(lower)


def _arithmetic(of_floats: str, of_integers: str) -> Callable[[Any, Any, tuple[Any, ...]], Any]:
    def emit(builder: Any, dtype: Any, args: tuple[Any, ...]) -> Any:
        return getattr(builder, of_floats if isinstance(dtype, types.Float) else of_integers)(*args)

    return emit


def _comparison(sign: str) -> Callable[[Any, Any, tuple[Any, ...]], Any]:
    def emit(builder: Any, dtype: Any, args: tuple[Any, ...]) -> Any:
        if not isinstance(dtype, types.Float):
            signed = getattr(dtype, "signed", False)
            return (builder.icmp_signed if signed else builder.icmp_unsigned)(sign, *args)
        # NaN is unequal to everything, and neither less nor greater than anything.
        return (builder.fcmp_unordered if sign == "!=" else builder.fcmp_ordered)(sign, *args)

    return emit


def _absolute(builder: Any, dtype: Any, args: tuple[Any, ...]) -> Any:
    (x,) = args
    if isinstance(dtype, types.Float):
        return call_llvm(builder, "llvm.fabs", x)
    return builder.select(builder.icmp_signed("<", x, x.type(None)), builder.neg(x), x)


def call_llvm(builder: ir.IRBuilder, name: str, *args: Any) -> ir.Value:
    """Call one of LLVM's intrinsic functions whose operands and result are of one type, such as llvm.sqrt."""
    kind = args[0].type
    lanes = f"v{kind.count}" if isinstance(kind, ir.VectorType) else ""
    element = kind.element if lanes else kind
    suffix = {"double": "f64", "float": "f32"}.get(str(element), str(element))
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(kind, [kind] * len(args)), f"{name}.{lanes}{suffix}"
    )
    return builder.call(function, args)


for _function, _of_floats, _of_integers in [
    (operator.add, "fadd", "add"),
    (operator.sub, "fsub", "sub"),
    (operator.mul, "fmul", "mul"),
    (operator.truediv, "fdiv", ""),
    (operator.neg, "fneg", "neg"),
    (operator.and_, "", "and_"),
    (operator.or_, "", "or_"),
    (operator.xor, "", "xor"),
    (operator.invert, "", "not_"),
    (operator.lshift, "", "shl"),
]:
    _operation(_function, _arithmetic(_of_floats, _of_integers))
for _function, _sign in [
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
    (operator.ne, "!="),
]:
    _operation(_function, _comparison(_sign), types.boolean)
_operation(abs, _absolute)
for _function, _in_place in [
    (operator.add, operator.iadd),
    (operator.sub, operator.isub),
    (operator.mul, operator.imul),
]:
    _operation(
        _in_place, _arithmetic({"add": "fadd", "sub": "fsub", "mul": "fmul"}[_function.__name__], _function.__name__)
    )
