"""What Numba has no words for: polynomials of fused products, the bits of a number, and choice without a branch.

Each is a handful of LLVM instructions that its loop vectoriser takes lane by lane. `contract` lets the processor join a
product and a sum into one rounding where it can; nothing here may be reordered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from llvmlite import ir
from numba import extending, njit, types

from tinygrad_lab.compiler.numba.vectors import Vector, call_llvm, widened

Function = TypeVar("Function", bound=Callable[..., Any])
Typed: TypeAlias = tuple[Any, Callable[..., Any]]  # of an intrinsic: its signature, and what generates its instructions

MAGIC = 1.5 * 2.0**52  # adding it rounds to an integer, which stands in the low bits of the sum
MAGIC_BITS = 0x4338000000000000
SIGN_BIT = -(2**63)

_FUSED = ("contract",)


def vectorisable(function: Function) -> Function:
    """Compile a function of doubles without branches, into whatever loop calls it; division by zero is no error."""
    compiled: Function = njit(function, error_model="numpy", fastmath=set(_FUSED), forceinline=True, cache=True)
    return compiled


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a compiled function of one that returns its signature and the generator of its instructions."""
    return extending.intrinsic(function)


def constant(kind: ir.Type, x: float) -> ir.Constant:
    """Return a number as an LLVM constant of this type, in every lane of a vector."""
    return ir.Constant(kind, [x] * kind.count if isinstance(kind, ir.VectorType) else x)


def polynomial(*coefficients: float) -> Callable[..., Any]:
    """Return a compiled function `x -> c₀ + c₁x + c₂x² + …`: two Horner chains in x², one for the even powers."""

    @intrinsic
    def evaluate(typing_context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (x,) = arguments

            def multiply_add(a: Any, b: Any, c: Any) -> Any:
                return builder.fadd(builder.fmul(a, b, flags=_FUSED), c, flags=_FUSED)

            def horner(z: Any, chain: tuple[float, ...]) -> Any:
                total = constant(x.type, chain[-1])
                for c in reversed(chain[:-1]):
                    total = multiply_add(total, z, constant(x.type, c))
                return total

            z = builder.fmul(x, x)
            return multiply_add(x, horner(z, coefficients[1::2]), horner(z, coefficients[::2]))

        return x(x), generate

    return evaluate


@vectorisable
def with_sign_of(y: float, x: float) -> float:
    """Return `y`, which is not negative, with the sign of `x`."""
    return from_bits(bits(y) | (bits(x) & SIGN_BIT))


@intrinsic
def select(typing_context: Any, condition: types.Type, a: types.Type, b: types.Type) -> Typed:
    """Return `a` where the condition holds and `b` elsewhere; both are computed."""
    kinds = [x for x in (a, b) if isinstance(x, Vector)]
    scalar = a if a == b else types.float64
    kind = kinds[0] if kinds else condition.of(scalar) if isinstance(condition, Vector) else scalar

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        condition, *both = arguments
        for i, given in enumerate(signature.args[1:]):
            if isinstance(kind, Vector):
                both[i] = widened(context, builder, both[i], given, kind)
            else:
                both[i] = context.cast(builder, both[i], given, kind)
        return builder.select(condition, *both)

    return kind(condition, a, b), generate


def bitcast(given: types.Type, wanted: types.Type) -> Callable[..., Any]:
    """Return a compiled function of numbers or vectors of one type that gives their bits as another type."""

    @intrinsic
    def cast(typing_context: Any, x: Any) -> Any:
        vector = isinstance(x, Vector)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

        return (x.of(wanted)(x) if vector else wanted(given)), generate

    return cast


bits = bitcast(types.float64, types.int64)  # the 64 bits of a double, as an integer
from_bits = bitcast(types.int64, types.float64)  # the double with these 64 bits


def of_the_library(name: str, operands: int = 1) -> Callable[..., Any]:
    """Return a compiled function that is LLVM's: an instruction, or for each lane a call of the C library."""
    if operands == 2:

        @intrinsic
        def of_two(typing_context: Any, x: Any, y: Any) -> Any:
            kinds = [a for a in (x, y) if isinstance(a, Vector)]
            kind = kinds[0] if kinds else x

            def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                if kinds:
                    pairs = zip(arguments, signature.args, strict=True)
                    arguments = [widened(context, builder, a, t, kind) for a, t in pairs]
                return call_llvm(builder, f"llvm.{name}", *arguments)

            return kind(x, y), generate

        return of_two

    @intrinsic
    def of_one(typing_context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return call_llvm(builder, f"llvm.{name}", arguments[0])

        return x(x), generate

    return of_one


sqrt = of_the_library("sqrt")  # correctly rounded, NaN below 0


@intrinsic
def any_lane(typing_context: Any, x: types.Type) -> Typed:
    """Return whether a vector of bools has a true one."""
    vector = isinstance(x, Vector)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if not vector:
            return arguments[0]
        packed = builder.bitcast(arguments[0], ir.IntType(x.lanes))
        return builder.icmp_unsigned("!=", packed, packed.type(0))

    return types.boolean(x), generate


@intrinsic
def shift_right(typing_context: Any, n: types.Type, places: types.Type) -> Typed:
    """Return the bits of `n`, moved right, with zeros in front: most processors have no vectors of `>>`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        n, places = arguments
        kind, given = signature.args
        vector = isinstance(kind, Vector)
        places = (
            widened(context, builder, places, given, kind) if vector else context.cast(builder, places, given, kind)
        )
        return builder.lshr(n, places)

    n = types.unliteral(n)
    return n(n, types.int64), generate
