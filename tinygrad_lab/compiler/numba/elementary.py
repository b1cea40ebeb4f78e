"""What loops call by name: roundings, extrema, signs, powers; on numbers and on vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from tinygrad_lab.compiler.numba.exponentials import exp
from tinygrad_lab.compiler.numba.intrinsics import (
    Typed,
    bits,
    intrinsic,
    of_the_library,
    select,
    sqrt,
    vectorisable,
)
from tinygrad_lab.compiler.numba.logarithms import log1p
from tinygrad_lab.compiler.numba.vectors import Vector, widened

# Exact; one instruction on most processors.
floor, ceil, trunc, rint = (of_the_library(name) for name in ("floor", "ceil", "trunc", "rint"))

copysign = of_the_library("copysign", 2)

# Of the C library, a lane at a time.
power, arctan2 = of_the_library("pow", 2), of_the_library("atan2", 2)

absolute = abs


@vectorisable
def maximum(a: float, b: float) -> float:
    """Return the larger one; NaN if one is NaN."""
    return select(a >= b, a, select(a == a, b, a))


@vectorisable
def minimum(a: float, b: float) -> float:
    """Return the smaller one; NaN if one is NaN."""
    return select(a <= b, a, select(a == a, b, a))


@vectorisable
def fmax(a: float, b: float) -> float:
    """Return the larger one that is not NaN."""
    return select(a >= b, a, select(b == b, b, a))


@vectorisable
def fmin(a: float, b: float) -> float:
    """Return the smaller one that is not NaN."""
    return select(a <= b, a, select(b == b, b, a))


@vectorisable
def sign(x: float) -> float:
    """Return 1, 0 or −1, and NaN for NaN."""
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, select(x == 0.0, 0.0, x)))


@vectorisable
def logaddexp(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    return select(a == b, a + math.log(2), maximum(a, b) + log1p(exp(-abs(a - b))))


@vectorisable
def hypot(a: float, b: float) -> float:
    """Return √(a² + b²); numbers whose squares are out of range are scaled by a power of 2."""
    a, b = abs(a), abs(b)
    largest = maximum(a, b)
    large, small = largest > 2.0**500, largest < 2.0**-450
    scale = select(large, 2.0**-600, select(small, 2.0**600, 1.0))
    back = select(large, 2.0**600, select(small, 2.0**-600, 1.0))
    a, b = a * scale, b * scale
    y = sqrt(a * a + b * b) * back
    return select((a == math.inf) | (b == math.inf), math.inf, y)


@intrinsic
def negated(typing_context: Any, x: types.Type) -> Typed:
    """Return the opposite of a bool."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.not_(arguments[0])

    return x(x), generate


@intrinsic
def multiply_add(typing_context: Any, a: types.Type, b: types.Type, c: types.Type) -> Typed:
    """Return a · b + c, in one rounding where the processor can; a term of a sum of products."""
    kinds = [x for x in (a, b, c) if isinstance(x, Vector)]
    kind = kinds[0] if kinds else c

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if kinds:
            a, b, c = (widened(context, builder, x, t, kind) for x, t in zip(arguments, signature.args, strict=True))
        else:
            a, b, c = arguments
        return builder.fadd(builder.fmul(a, b, flags=("contract",)), c, flags=("contract",))

    return kind(a, b, c), generate


Combine = Callable[[Any, Any, Any], Any]


def _larger(sign: str) -> Combine:
    def combine(builder: Any, a: Any, b: Any) -> Any:
        unordered = builder.fcmp_unordered("uno", a, a)
        return builder.select(builder.or_(unordered, builder.fcmp_ordered(sign, a, b)), a, b)

    return combine


def _either(of_floats: str, of_integers: str) -> Combine:
    def combine(builder: Any, a: Any, b: Any) -> Any:
        real = isinstance(a.type, ir.DoubleType | ir.FloatType)
        return getattr(builder, of_floats if real else of_integers)(a, b)

    return combine


def total_of(combine: Combine) -> Callable[..., Any]:
    """Return a compiled function that puts the lanes of a vector together, the halves first."""

    @intrinsic
    def total(typing_context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            parts = [builder.extract_element(arguments[0], ir.IntType(32)(i)) for i in range(x.lanes)]
            while len(parts) > 1:
                half = len(parts) // 2
                parts = [combine(builder, a, b) for a, b in zip(parts[:half], parts[half:], strict=True)]
            return parts[0]

        return x.dtype(x), generate

    return total


LANES = {
    "sum": total_of(_either("fadd", "add")),
    "product": total_of(_either("fmul", "mul")),
    "maximum": total_of(_larger(">=")),
    "minimum": total_of(_larger("<=")),
    "all": total_of(_either("", "and_")),
    "any": total_of(_either("", "or_")),
}


@vectorisable
def signbit(x: float) -> bool:
    """Return whether the sign is minus, of zero too."""
    return bits(x) < 0
