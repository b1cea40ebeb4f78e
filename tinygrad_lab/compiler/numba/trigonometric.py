"""`sin`, `cos`, `tan` and the inverse functions, in arithmetic that LLVM vectorises, within 2 ulp of NumPy.

x = k·π/2 + r with |r| ≤ π/4. π/2 is taken in four pieces; the first three have 33 digits, so that their products with k
are exact while |x| ≤ 1.6e6, and what the differences round away is carried along (W. Cody, W. Waite, 1980). A vector
with a larger angle takes a way of its own, through the C library. The coefficients are fitted by
`tests/compiler/fit_polynomials.py`.
"""

from __future__ import annotations

import math

from tinygrad_lab.compiler.numba.intrinsics import (
    MAGIC,
    any_lane,
    bits,
    from_bits,
    of_the_library,
    polynomial,
    select,
    sqrt,
    vectorisable,
    with_sign_of,
)

LARGEST_ANGLE = 1.6e6  # below 2²⁰ · π/2
_sin_of_library, _cos_of_library = of_the_library("sin"), of_the_library("cos")

_TWO_OVER_PI = 2 / math.pi
_HALF_PI_1 = float.fromhex("0x1.921fb54400000p+0")
_HALF_PI_2 = float.fromhex("0x1.0b4611a600000p-34")
_HALF_PI_3 = float.fromhex("0x1.3198a2e000000p-69")
_HALF_PI_4 = float.fromhex("0x1.b839a252049c1p-104")
_HIGH_WORD = -(2**32)
_HALF_PI_LOW = float.fromhex("0x1.1a62633145c07p-54")  # π/2 − math.pi / 2

# sin r = r + r³ · SIN(r²)
_SIN = polynomial(
    -0.16666666666666632,
    0.008333333333322457,
    -0.00019841269829815178,
    2.7557313688208143e-06,
    -2.5050756811906893e-08,
    1.589668728367701e-10,
)
# cos r = 1 − r²/2 + r⁴ · COS(r²)
_COS = polynomial(
    0.0416666666666666,
    -0.0013888888888874441,
    2.4801587289636236e-05,
    -2.7557314387421523e-07,
    2.087572704920049e-09,
    -1.1359801824750469e-11,
)
# arctan z = z + z³ · ARCTAN(z²) for |z| ≤ tan π/8
_ARCTAN = polynomial(
    -0.33333333333333326,
    0.1999999999999711,
    -0.14285714285319556,
    0.11111111084021817,
    -0.09090907998431694,
    0.0769227953879575,
    -0.06666180385766159,
    0.058765786405474287,
    -0.0521561828260271,
    0.04492476511711836,
    -0.03322230279613518,
    0.014944475389778646,
)
# arcsin z = z + z³ · ARCSIN(z²) for |z| ≤ ½
_ARCSIN = polynomial(
    0.16666666666666763,
    0.0749999999997012,
    0.04464285717526955,
    0.030381942675971534,
    0.022372215888292076,
    0.017351595792601825,
    0.013981015240907852,
    0.011397318658950916,
    0.010789183724353942,
    0.0036726848144203114,
    0.021789471641462773,
    -0.021115105551679628,
    0.03270118026333676,
)


@vectorisable
def _difference(a: float, b: float) -> tuple[float, float]:
    """Return a − b, and what its rounding lost (D. Knuth, "The art of computer programming", volume 2, 4.2.2)."""
    d = a - b
    back = d - a
    return d, (a - (d - back)) - (b + back)


@vectorisable
def reduced(x: float) -> tuple[float, float, int]:
    """Return r, what its rounding lost, and the number of the quadrant, for x = quadrant · π/2 + r."""
    shifted = x * _TWO_OVER_PI + MAGIC
    k = shifted - MAGIC
    r1, lost1 = _difference(x - k * _HALF_PI_1, k * _HALF_PI_2)
    r2, lost2 = _difference(r1, k * _HALF_PI_3)
    rest = (lost1 + lost2) - k * _HALF_PI_4
    r = r2 + rest
    rest -= r - r2
    return r, rest, bits(shifted)


@vectorisable
def _sin_near_0(r: float, rest: float) -> tuple[float, float]:
    """Return sin(r + rest) as a sum of two numbers, the second of which is small."""
    z = r * r
    return r, r * z * _SIN(z) + rest


@vectorisable
def _cos_near_0(r: float, rest: float) -> tuple[float, float]:
    """Return cos(r + rest) as a sum of two numbers, the second of which is small."""
    z = r * r
    half = 0.5 * z
    one = 1.0 - half
    return one, ((1.0 - one) - half) + (z * z * _COS(z) - r * rest)


@vectorisable
def _negated(y: float, quadrant: int) -> float:
    """Return −y in the third and fourth quadrant."""
    return from_bits(bits(y) ^ ((quadrant & 2) << 62))


@vectorisable
def _of_quadrant(x: float, turn: int) -> float:
    """Return sin(x + turn · π/2)."""
    r, rest, quadrant = reduced(x)
    sine, below_sine = _sin_near_0(r, rest)
    cosine, below_cosine = _cos_near_0(r, rest)
    odd = ((quadrant + turn) & 1) == 1
    return _negated(select(odd, cosine + below_cosine, sine + below_sine), quadrant + turn)


@vectorisable
def sin(x: float) -> float:
    """Return the sine."""
    y = select(x == 0.0, x, _of_quadrant(x, 0))
    large = abs(x) > LARGEST_ANGLE
    if any_lane(large):
        y = select(large, _sin_of_library(x), y)
    return y


@vectorisable
def cos(x: float) -> float:
    """Return the cosine."""
    y = _of_quadrant(x, 1)
    large = abs(x) > LARGEST_ANGLE
    if any_lane(large):
        y = select(large, _cos_of_library(x), y)
    return y


@vectorisable
def tan(x: float) -> float:
    """Return the tangent."""
    r, rest, quadrant = reduced(x)
    sine, below_sine = _sin_near_0(r, rest)
    cosine, below_cosine = _cos_near_0(r, rest)
    odd = (quadrant & 1) == 1
    above, above_rest = select(odd, -cosine, sine), select(odd, -below_cosine, below_sine)
    below, below_rest = select(odd, sine, cosine), select(odd, below_sine, below_cosine)
    whole_above, whole_below = above + above_rest, below + below_rest
    y = whole_above / whole_below
    above_rest -= whole_above - above
    below_rest -= whole_below - below
    y = select(x == 0.0, x, y + (above_rest - y * below_rest) / whole_below)
    large = abs(x) > LARGEST_ANGLE
    if any_lane(large):
        y = select(large, _sin_of_library(x) / _cos_of_library(x), y)
    return y


@vectorisable
def arctan(x: float) -> float:
    """Return the inverse tangent, that of a = |x| from (a − 1)/(a + 1) beyond tan π/8 and from −1/a beyond cot π/8."""
    a = abs(x)
    large, middle = a > 2.414213562373095, a > 0.41421356237309503
    above = select(large, -1.0, select(middle, a - 1.0, a))
    below = select(large, a, select(middle, a + 1.0, 1.0))
    start = select(large, math.pi / 2, select(middle, math.pi / 4, 0.0))
    low = select(large, _HALF_PI_LOW, select(middle, _HALF_PI_LOW / 2, 0.0))
    t = above / below
    z = t * t
    return with_sign_of(start + (t + (t * z * _ARCTAN(z) + low)), x)


@vectorisable
def arcsin(x: float) -> float:
    """Return the angle whose sine is x, through arcsin a = π/2 − 2 arcsin √((1 − a)/2) for a > ½."""
    a = abs(x)
    far = a > 0.5
    z = select(far, (1.0 - a) * 0.5, a * a)
    t = select(far, sqrt(z), a)
    rest = t * z * _ARCSIN(z)
    start = from_bits(bits(t) & _HIGH_WORD)  # its square is exact
    lost = (z - start * start) / (t + start + 2.0**-1000)  # √z = start + lost, and t may be 0
    outer = math.pi / 4 - ((2.0 * rest - (_HALF_PI_LOW - 2.0 * lost)) - (math.pi / 4 - 2.0 * start))
    return with_sign_of(select(far, outer, t + rest), x)


@vectorisable
def arccos(x: float) -> float:
    """Return the angle whose cosine is x, through arccos a = 2 arcsin √((1 − a)/2) for a > ½."""
    a = abs(x)
    far = a > 0.5
    z = select(far, (1.0 - a) * 0.5, a * a)
    t = select(far, sqrt(z), x)
    rest = t * z * _ARCSIN(z)
    outer = select(x > 0.0, 2.0 * (t + rest), math.pi - (2.0 * (t + rest) - 2.0 * _HALF_PI_LOW))
    return select(far, outer, math.pi / 2 - (t - (_HALF_PI_LOW - rest)))
