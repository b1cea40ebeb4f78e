"""`exp`, `exp2`, `expm1` and the hyperbolic functions, in arithmetic that LLVM vectorises, within 2 ulp of NumPy.

x = k·log 2 + r with |r| ≤ ½ log 2, so that exp(x) = 2ᵏ exp(r), and exp(r) is a polynomial. k·log 2 is taken from x in
two pieces, the first of which has so few digits that its product with k is exact (W. Cody, W. Waite, "Software manual
for the elementary functions", 1980). 2ᵏ is multiplied on in two halves: both are normal numbers where 2ᵏ is not, and
what overflows or gets subnormal is rounded once. The coefficients are fitted by `tests/compiler/fit_polynomials.py`.
"""

from __future__ import annotations

import math

from tinygrad_lab.compiler.numba.intrinsics import (
    MAGIC,
    MAGIC_BITS,
    bits,
    from_bits,
    polynomial,
    select,
    shift_right,
    vectorisable,
    with_sign_of,
)

_INVERSE_LOG_2 = 1 / math.log(2)
_LOG_2_HIGH = float.fromhex("0x1.62e42feep-1")  # 32 digits
_LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_BIAS = 1023  # what the exponent's bits hold for 2⁰

# exp(r) = 1 + r + r² · EXP(r)
_EXP = polynomial(
    0.5000000000000013,
    0.16666666666666677,
    0.04166666666651133,
    0.008333333333320462,
    0.0013888888947965721,
    0.00019841269890137264,
    2.4801489044250647e-05,
    2.7557239669791163e-06,
    2.763157859139831e-07,
    2.511070270154496e-08,
)
# The same, as exact as exp(r) − 1 needs it.
_EXPM1 = polynomial(
    0.5,
    0.16666666666666677,
    0.04166666666666668,
    0.008333333333321438,
    0.0013888888888877228,
    0.00019841269886584548,
    2.4801587341430393e-05,
    2.755724376924445e-06,
    2.755725824464963e-07,
    2.510918493757003e-08,
    2.0919863268306797e-09,
)
# 2^r = 1 + r · EXP2(r)
_EXP2 = polynomial(
    0.6931471805599453,
    0.24022650695910072,
    0.0555041086648235,
    0.009618129107628031,
    0.0013333558145984309,
    0.00015403530394084904,
    1.5252734229067382e-05,
    1.3215486299590769e-06,
    1.017790172421539e-07,
    7.055064814160067e-09,
    4.478446074195492e-10,
    2.552174902761392e-11,
)


@vectorisable
def _times_power_of_2(y: float, shifted: float, extra: int) -> float:
    """Return y · 2^(k + extra) for k = shifted − MAGIC, an integer between −1100 and 1100."""
    biased = bits(shifted) - MAGIC_BITS + (extra + 2 * _BIAS)
    half = shift_right(biased, 1)
    return y * from_bits(half << 52) * from_bits((biased - half) << 52)


@vectorisable
def _scaled_exp(x: float, extra: int) -> float:
    """Return 2^extra · exp(x), which may be finite where exp(x) is not."""
    x = select(x > 711.0, 711.0, x)
    x = select(x < -747.0, -747.0, x)
    shifted = x * _INVERSE_LOG_2 + MAGIC
    k = shifted - MAGIC
    r = (x - k * _LOG_2_HIGH) - k * _LOG_2_LOW
    return _times_power_of_2(1.0 + (r + r * r * _EXP(r)), shifted, extra)


@vectorisable
def exp(x: float) -> float:
    """Return e^x."""
    return _scaled_exp(x, 0)


@vectorisable
def exp2(x: float) -> float:
    """Return 2^x."""
    x = select(x > 1025.0, 1025.0, x)
    x = select(x < -1077.0, -1077.0, x)
    shifted = x + MAGIC
    r = x - (shifted - MAGIC)
    return _times_power_of_2(1.0 + r * _EXP2(r), shifted, 0)


@vectorisable
def _half_expm1(x: float) -> tuple[float, float]:
    """Return (exp(x) − 1) / 2 as a sum of two numbers, the second of which is small; the half cannot overflow first."""
    x = select(x > 710.0, 710.0, x)
    x = select(x < -60.0, -60.0, x)
    shifted = x * _INVERSE_LOG_2 + MAGIC
    k = shifted - MAGIC
    high = x - k * _LOG_2_HIGH
    low = k * _LOG_2_LOW
    r = high - low
    rest = (high - r) - low + r * r * _EXPM1(r)
    scale = from_bits((bits(shifted) - MAGIC_BITS + (_BIAS - 1)) << 52)
    whole = scale - 0.5
    part = scale * r
    total = whole + part  # |part| < |whole|, unless that is 0: what the sum loses is known exactly
    return total, (part - (total - whole)) + scale * rest


@vectorisable
def expm1(x: float) -> float:
    """Return e^x − 1, accurate where that is small."""
    total, rest = _half_expm1(x)
    return select(abs(x) < 2.0**-54, x, 2.0 * (total + rest))


@vectorisable
def tanh(x: float) -> float:
    """Return (e^2x − 1) / (e^2x + 1)."""
    a = abs(x)
    total, rest = _half_expm1(2.0 * select(a > 22.0, 22.0, a))
    above = total + rest
    rest -= above - total
    below = above + 1.0
    lost = (above - (below - 1.0)) + rest  # of `below`, up to 2⁻¹⁰⁰ where it matters
    y = above / below
    y += (rest - y * lost) / below
    return select(a < 2.0**-28, x, with_sign_of(y, x))


@vectorisable
def sinh(x: float) -> float:
    """Return (e^x − e^−x) / 2."""
    a = abs(x)
    total, rest = _half_expm1(select(a > 30.0, 30.0, a))
    e = total + rest
    rest -= e - total
    small = e + (e / (2.0 * e + 1.0) + 2.0 * rest)
    y = select(a > 22.0, _scaled_exp(a, -1), small)
    return select(a < 2.0**-28, x, with_sign_of(y, x))


@vectorisable
def cosh(x: float) -> float:
    """Return (e^x + e^−x) / 2."""
    half = _scaled_exp(abs(x), -1)
    return half + 0.25 / half
