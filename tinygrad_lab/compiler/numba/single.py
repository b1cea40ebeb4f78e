"""`exp`, `log`, `log1p`, `tanh`, `sin` and `cos` of float32, in float32: within 2 ulp of the true value.

Twice as many numbers fit into a vector as in float64, and shorter polynomials do: each takes 0.3 to 0.6 of the time
that its float64 takes, and the value and gradient of a chain of nine of them 0.54. The methods are those of
`exponentials`, `logarithms` and `trigonometric`; only angles are reduced in float64, since float32 cannot say how far a
large one is from a multiple of π/2. The coefficients are fitted by `tests/compiler/fit_polynomials.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from tinygrad_lab.compiler.numba import trigonometric
from tinygrad_lab.compiler.numba.intrinsics import (
    any_lane,
    bitcast,
    polynomial,
    select,
    shift_right,
    vectorisable,
)
from tinygrad_lab.compiler.numba.memory import converter

_single: Any = np.float32  # Numba reads numbers beside it as this dtype; checkers take them for Python's
_int: Any = np.int32
_bits, _from_bits = bitcast(types.float32, types.int32), bitcast(types.int32, types.float32)
_as_single, _as_double = converter("float32"), converter("float64")

_HALF, _ONE, _TWO = _single(0.5), _single(1), _single(2)
_INFINITY, _NAN = _single(math.inf), _single(math.nan)
_MAGIC = _single(1.5 * 2.0**23)  # adding it rounds to an integer
_MAGIC_BITS, _SIGN_BIT, _FRACTION = _int(0x4B400000), _int(-(2**31)), _int(0x007FFFFF)
_BIAS, _PLACES = _int(127), _int(23)

_INVERSE_LOG_2 = _single(1 / math.log(2))
_LOG_2_HIGH = _single(float.fromhex("0x1.62e4p-1"))  # 15 digits: k times it is exact
_LOG_2_LOW = _single(math.log(2) - float.fromhex("0x1.62e4p-1"))
_LARGEST, _SMALLEST = _single(89.5), _single(-104.5)  # beyond these exp is ∞ and 0

_MIN_NORMAL, _TWO_TO_25 = _single(2.0**-126), _single(2.0**25)
_ROOT_HALF, _ONE_BITS = _int(0x3F3504F3), _int(0x3F800000)
_OF_SUBNORMAL, _NOTHING = _single(25), _single(0)
_TINY = _single(2.0**-25)

_NEAR = _single(0.6)
_FAR = _single(9.5)  # from here on tanh is 1

# exp(r) = 1 + r + r² · EXP(r)
_EXP = polynomial(
    0.5, 0.1666651964187622, 0.041666414588689804, 0.008368821814656258, 0.001393952639773488
)  # fmt: skip
# log((1+s)/(1−s)) = 2s + s³ · LOG(s²)
_LOG = polynomial(0.6666677594184875, 0.3997757136821747, 0.2987135052680969)
# sin r = r + r³ · SIN(r²) and cos r = 1 − r²/2 + r⁴ · COS(r²)
_SIN = polynomial(-0.16666655242443085, 0.008332190103828907, -0.0001951840822584927)
_COS = polynomial(0.04166664555668831, -0.00138873013202101, 2.443066841806285e-05)
# tanh x = x + x³ · TANH(x²) for |x| ≤ 0.6
_TANH = polynomial(
    -0.33333298563957214, 0.13331937789916992, -0.05378483235836029, 0.02079877443611622, -0.005897751078009605
)  # fmt: skip


@vectorisable
def exp_single(x: float) -> float:
    """Return e^x."""
    x = select(x > _LARGEST, _LARGEST, x)
    x = select(x < _SMALLEST, _SMALLEST, x)
    shifted = x * _INVERSE_LOG_2 + _MAGIC
    k = shifted - _MAGIC
    r = (x - k * _LOG_2_HIGH) - k * _LOG_2_LOW
    y = _ONE + (r + r * r * _EXP(r))
    biased = _bits(shifted) - _MAGIC_BITS + (_BIAS + _BIAS)
    half = shift_right(biased, 1)  # 2ᵏ in two halves: both are normal numbers where 2ᵏ is not
    return y * _from_bits(half << _PLACES) * _from_bits((biased - half) << _PLACES)


@vectorisable
def tanh_single(x: float) -> float:
    """Return x + x³ · TANH(x²) near 0, and 1 − 2 / (e^2x + 1) elsewhere."""
    a = abs(x)
    z = a * a
    near = a + a * (z * _TANH(z))
    far = _ONE - _TWO / (exp_single(_TWO * select(a > _FAR, _FAR, a)) + _ONE)
    return _from_bits(_bits(select(a < _NEAR, near, far)) | (_bits(x) & _SIGN_BIT))


@vectorisable
def _decomposed(x: float) -> tuple[float, float]:
    """Return k and f of x = 2ᵏ (1 + f), for positive x."""
    subnormal = x < _MIN_NORMAL
    moved = _bits(select(subnormal, x * _TWO_TO_25, x)) + (_ONE_BITS - _ROOT_HALF)
    k = _from_bits(shift_right(moved, 23) + _MAGIC_BITS) - (_MAGIC + _single(127))
    return k - select(subnormal, _OF_SUBNORMAL, _NOTHING), _from_bits((moved & _FRACTION) + _ROOT_HALF) - _ONE


@vectorisable
def _combined(k: float, f: float, low: float) -> float:
    """Return k · log 2 + log(1 + f) + low."""
    s = f / (_TWO + f)
    z = s * s
    half_square = _HALF * f * f
    return k * _LOG_2_HIGH - ((half_square - (s * (half_square + z * _LOG(z)) + (k * _LOG_2_LOW + low))) - f)


@vectorisable
def _or_limit(y: float, x: float) -> float:
    """Return `y` for positive finite `x`, and what a logarithm gives at 0, ∞, NaN and below 0."""
    special = select(x == _NOTHING, -_INFINITY, select(x < _NOTHING, _NAN, x))
    return select(x > _NOTHING, select(x < _INFINITY, y, special), special)


@vectorisable
def log_single(x: float) -> float:
    """Return the natural logarithm."""
    k, f = _decomposed(x)
    return _or_limit(_combined(k, f, _NOTHING), x)


@vectorisable
def log1p_single(x: float) -> float:
    """Return log(1 + x), accurate where that is small."""
    u = _ONE + x
    k, f = _decomposed(u)
    lost = select(u >= _TWO, _ONE - (u - x), x - (u - _ONE)) / u
    near = k == _NOTHING
    y = _combined(k, select(near, x, f), select(near, _NOTHING, lost))
    return select(abs(x) < _TINY, x, _or_limit(y, u))


@vectorisable
def _of_quadrant(x: float, turn: int) -> float:
    """Return sin(x + turn · π/2)."""
    reduced, _, whole = trigonometric.reduced(_as_double(x))
    r, quadrant = _as_single(reduced), whole + turn
    z = r * r
    sine = r + r * z * _SIN(z)
    cosine = (_ONE - _HALF * z) + z * z * _COS(z)
    y = select((quadrant & 1) == 1, cosine, sine)
    return select((quadrant & 2) == 2, -y, y)


@vectorisable
def sin_single(x: float) -> float:
    """Return the sine."""
    y = select(x == _NOTHING, x, _of_quadrant(x, 0))
    large = abs(x) > trigonometric.LARGEST_ANGLE
    if any_lane(large):
        y = select(large, _as_single(trigonometric.sin(_as_double(x))), y)
    return y


@vectorisable
def cos_single(x: float) -> float:
    """Return the cosine."""
    y = _of_quadrant(x, 1)
    large = abs(x) > trigonometric.LARGEST_ANGLE
    if any_lane(large):
        y = select(large, _as_single(trigonometric.cos(_as_double(x))), y)
    return y
