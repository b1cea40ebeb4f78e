"""Rules of arithmetic, roots, exponentials and logarithms, and of the parts of a complex number."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.rules.limits import direction, side, where_defined
from tinygrad_lab.rules.plain import detached
from tinygrad_lab.typing import Array, Result

# fmt: off
# Arithmetic
defvjp(np.positive,      lambda g, y, x: g)
defvjp(np.negative,      lambda g, y, x: -g)
defvjp(np.add,           lambda g, y, a, b: g,
                         lambda g, y, a, b: g)
defvjp(np.subtract,      lambda g, y, a, b: g,
                         lambda g, y, a, b: -g)
defvjp(np.multiply,      lambda g, y, a, b: g * b,
                         lambda g, y, a, b: g * a)
defvjp(np.divide,        lambda g, y, a, b: g / b,
                         lambda g, y, a, b: -g * y / b)
defvjp(np.remainder,     lambda g, y, a, b: g,
                         lambda g, y, a, b: -g * np.floor_divide(a, b))
defvjp(np.fmod,          lambda g, y, a, b: g,
                         lambda g, y, a, b: -g * np.trunc(a / b))
defvjp(np.reciprocal,    lambda g, y, x: -g * y * y)
defvjp(np.copysign,      lambda g, y, a, b: g * np.sign(a) * np.copysign(1, b),
                         lambda g, y, a, b: np.zeros_like(g))
defvjp(np.ldexp,         lambda g, y, x, n: np.ldexp(g, n), None)
defvjp(np.nextafter,     lambda g, y, a, b: g,
                         lambda g, y, a, b: np.zeros_like(g))

# Squares and roots
defvjp(np.square,        lambda g, y, x: g * (2 * x))
defvjp(np.sqrt,          lambda g, y, x: g / (2 * y + 0.0), masked=True)  # the root of -0.0 is -0.0
defvjp(np.cbrt,          lambda g, y, x: g / y / (3 * y), masked=True)  # y * y may overflow
defvjp(np.hypot,         lambda g, y, a, b: g * direction(a, y),
                         lambda g, y, a, b: g * direction(b, y))

# Exponentials and logarithms
defvjp(np.exp,           lambda g, y, x: g * y)
defvjp(np.exp2,          lambda g, y, x: g * y * math.log(2))
defvjp(np.expm1,         lambda g, y, x: g * np.exp(x))
defvjp(np.log,           lambda g, y, x: g / where_defined(x, y), masked=True)
defvjp(np.log2,          lambda g, y, x: g / (where_defined(x, y) * math.log(2)), masked=True)
defvjp(np.log10,         lambda g, y, x: g / (where_defined(x, y) * math.log(10)), masked=True)
defvjp(np.log1p,         lambda g, y, x: g / (1 + where_defined(x, y)), masked=True)
defvjp(np.logaddexp,     lambda g, y, a, b: g * np.exp(-np.logaddexp(0, b - a)),
                         lambda g, y, a, b: g * np.exp(-np.logaddexp(0, a - b)))
defvjp(np.logaddexp2,    lambda g, y, a, b: g * np.exp2(-np.logaddexp2(0, b - a)),
                         lambda g, y, a, b: g * np.exp2(-np.logaddexp2(0, a - b)))

# Parts of a number. The gradient of a real function of z = a + bi is df/da - i df/db, as in JAX and autograd.
defvjp(np.absolute,      lambda g, y, x: g * direction(np.conjugate(x), y) if np.iscomplexobj(x) else g * side(x))
defvjp(np.fabs,          lambda g, y, x: g * side(x))
defvjp(np.conjugate,     lambda g, y, x: np.conjugate(g))
defvjp(np.real,          lambda g, y, x: g,       elementwise=True)
defvjp(np.imag,          lambda g, y, x: g * -1j, elementwise=True)
# fmt: on


@composed(np.angle)
def _angle(z: Array, deg: bool = False) -> Array:
    # The gradient of a real number's angle is 0, however large the cotangent.
    angle = np.arctan2(np.imag(z), np.real(z)) if np.iscomplexobj(z) else np.arctan2(np.zeros_like(z), z)
    return np.rad2deg(angle) if deg else angle


@composed(np.divmod)
def _divmod(a: Array, b: Array) -> Result:
    return np.floor_divide(a, b), np.remainder(a, b)


@composed(np.real_if_close)
def _real_if_close(a: Array, tol: float = 100) -> Array:
    if not np.iscomplexobj(a):
        return a
    limit = tol * np.finfo(a.dtype).eps.item() if tol > 1 else tol
    return np.real(a) if np.all(np.abs(np.imag(a)) < limit).item() else a


@primitive(lambda g, y, x: g, elementwise=True)
def fraction(x: Array) -> Array:
    """Return the part of `x` behind the point."""
    return np.modf(x)[0]


@composed(np.modf)
def _modf(x: Array) -> Result:
    return fraction(x), np.trunc(x)


@primitive(lambda g, y, x: np.ldexp(g, -np.frexp(x)[1]), elementwise=True)
def mantissa(x: Array) -> Array:
    """Return `x` divided by a power of two, with an absolute value from 1/2 to 1."""
    return np.frexp(x)[0]


_exponent = detached(lambda x: np.frexp(x)[1])


@composed(np.frexp)
def _frexp(x: Array) -> Result:
    return mantissa(x), _exponent(x)
