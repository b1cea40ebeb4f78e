"""What Numba has no words for: polynomials of fused products, the bits of a number, and choice without a branch.

Each is a handful of LLVM instructions that its loop vectoriser takes lane by lane. `contract` lets the processor join a
product and a sum into one rounding where it can; nothing here may be reordered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite import ir
from numba import extending, njit, types

Function = TypeVar("Function", bound=Callable[..., Any])

MAGIC = 1.5 * 2.0**52  # adding it rounds to an integer, which stands in the low bits of the sum
MAGIC_BITS = 0x4338000000000000
SIGN_BIT = -(2**63)

_FUSED = ("contract",)


def vectorisable(function: Function) -> Function:
    """Compile a function of doubles without branches, into whatever loop calls it; division by zero is no error."""
    compiled: Function = njit(function, error_model="numpy", fastmath=set(_FUSED), forceinline=True, cache=True)
    return compiled


def intrinsic(function: Callable[..., Any]) -> Any:
    """Make a compiled function of one that returns its signature and the generator of its instructions."""
    return extending.intrinsic(function)


def polynomial(*coefficients: float) -> Any:
    """Return a compiled function `x -> c₀ + c₁x + c₂x² + …`: two Horner chains in x², one for the even powers."""

    @intrinsic
    def evaluate(typing_context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (x,) = arguments

            def multiply_add(a: Any, b: Any, c: Any) -> Any:
                return builder.fadd(builder.fmul(a, b, flags=_FUSED), c, flags=_FUSED)

            def horner(z: Any, chain: tuple[float, ...]) -> Any:
                total = ir.Constant(x.type, chain[-1])
                for c in reversed(chain[:-1]):
                    total = multiply_add(total, z, ir.Constant(x.type, c))
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
def select(typing_context: Any, condition: Any, a: Any, b: Any) -> Any:
    """Return `a` where the condition holds and `b` elsewhere; both are computed."""
    if a != b:
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return a(condition, a, b), generate


@intrinsic
def bits(typing_context: Any, x: Any) -> Any:
    """Return the 64 bits of a double as an integer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def from_bits(typing_context: Any, n: Any) -> Any:
    """Return the double with these 64 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def shift_right(typing_context: Any, n: Any, places: Any) -> Any:
    """Return the bits of `n`, moved right, with zeros in front: most processors have no vectors of `>>`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.lshr(*arguments)

    return types.int64(types.int64, types.int64), generate
