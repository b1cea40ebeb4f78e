"""`log`, `log2`, `log10` and `log1p`, in arithmetic that LLVM vectorises, within 2 ulp of NumPy.

x = 2ᵏ (1 + f) with √½ ≤ 1 + f < √2, and log(1 + f) = 2 artanh s for s = f / (2 + f): an odd series in s, of which the
first term is written as f − f²/2 + s f²/2, so that nothing of f is rounded away (the decomposition of the C library of
Sun Microsystems, 1993). The coefficients are fitted by `tests/compiler/fit_polynomials.py`.
"""

from __future__ import annotations

import math

from tinygrad_lab.compiler.numba.intrinsics import bits, from_bits, polynomial, select, shift_right, vectorisable

_LOG_2_HIGH = float.fromhex("0x1.62e42feep-1")  # 32 digits, so that k times it is exact
_LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_LOG2_E_HIGH = float.fromhex("0x1.7154765200000p+0")
_LOG2_E_LOW = float.fromhex("0x1.705fc2eefa200p-33")
_LOG10_E_HIGH = float.fromhex("0x1.bcb7b15200000p-2")
_LOG10_E_LOW = float.fromhex("0x1.b9438ca9aadd5p-36")
_LOG10_2_HIGH = float.fromhex("0x1.34413509f6000p-2")
_LOG10_2_LOW = float.fromhex("0x1.9fef311f12b36p-42")

_ONE = 0x3FF0000000000000
_ROOT_HALF = 0x3FE6A09E667F3BCD
_FRACTION = 0x000FFFFFFFFFFFFF
_HIGH_WORD = -(2**32)
_TWO_TO_52 = 0x4330000000000000  # the bits of 2⁵²; with an integer in its fraction, that much more
_MIN_NORMAL = 2.0**-1022

# log((1+s)/(1−s)) = 2s + s³ · LOG(s²)
_LOG = polynomial(
    0.6666666666666735,
    0.3999999999940986,
    0.285714287434815,
    0.22222198457721548,
    0.18183570527768356,
    0.15313886214636785,
    0.14797653845696043,
)


@vectorisable
def _decomposed(x: float) -> tuple[float, float]:
    """Return k and f of x = 2ᵏ (1 + f), for positive x; a subnormal one is multiplied by 2⁵⁴ first."""
    subnormal = x < _MIN_NORMAL
    x = select(subnormal, x * 2.0**54, x)
    moved = bits(x) + (_ONE - _ROOT_HALF)
    k = from_bits(shift_right(moved, 52) | _TWO_TO_52) - select(subnormal, 2.0**52 + 1077.0, 2.0**52 + 1023.0)
    return k, from_bits((moved & _FRACTION) + _ROOT_HALF) - 1.0


@vectorisable
def _beyond_f(f: float, half_square: float) -> float:
    """Return log(1 + f) − f + f²/2."""
    s = f / (2.0 + f)
    z = s * s
    return s * (half_square + z * _LOG(z))


@vectorisable
def _or_limit(y: float, x: float) -> float:
    """Return `y` for positive finite `x`, and what a logarithm gives at 0, ∞, NaN and below 0."""
    special = select(x == 0.0, -math.inf, select(x < 0.0, math.nan, x))
    return select(x > 0.0, select(x < math.inf, y, special), special)


@vectorisable
def log(x: float) -> float:
    """Return the natural logarithm."""
    k, f = _decomposed(x)
    half_square = 0.5 * f * f
    y = k * _LOG_2_HIGH - ((half_square - (_beyond_f(f, half_square) + k * _LOG_2_LOW)) - f)
    return _or_limit(y, x)


@vectorisable
def log1p(x: float) -> float:
    """Return log(1 + x), accurate where that is small."""
    u = 1.0 + x
    k, f = _decomposed(u)
    lost = select(u >= 2.0, 1.0 - (u - x), x - (u - 1.0)) / u
    near = k == 0.0
    f = select(near, x, f)
    lost = select(near, 0.0, lost)
    half_square = 0.5 * f * f
    y = k * _LOG_2_HIGH - ((half_square - (_beyond_f(f, half_square) + (k * _LOG_2_LOW + lost))) - f)
    return select(abs(x) < 2.0**-54, x, _or_limit(y, u))


@vectorisable
def _in_two(f: float) -> tuple[float, float]:
    """Return log(1 + f) as a sum of 21 digits and the rest."""
    half_square = 0.5 * f * f
    high = from_bits(bits(f - half_square) & _HIGH_WORD)
    return high, ((f - high) - half_square) + _beyond_f(f, half_square)


@vectorisable
def log2(x: float) -> float:
    """Return the logarithm to base 2, exact for powers of 2."""
    k, f = _decomposed(x)
    high, low = _in_two(f)
    main = high * _LOG2_E_HIGH
    rest = (low + high) * _LOG2_E_LOW + low * _LOG2_E_HIGH
    total = k + main
    return _or_limit(total + (rest + ((k - total) + main)), x)


@vectorisable
def log10(x: float) -> float:
    """Return the logarithm to base 10."""
    k, f = _decomposed(x)
    high, low = _in_two(f)
    main = high * _LOG10_E_HIGH
    rest = k * _LOG10_2_LOW + (low + high) * _LOG10_E_LOW + low * _LOG10_E_HIGH
    whole = k * _LOG10_2_HIGH
    total = whole + main
    return _or_limit(total + (rest + ((whole - total) + main)), x)
