"""Rules of the trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.rules.limits import direction, where_defined
from tinygrad_lab.typing import Array

# What stands in the denominators below has rules of its own, so that at the ends of a domain the second derivative does
# not come out as the product of 0 and infinity.


@primitive(lambda g, y, x: -g * x / y, elementwise=True)
def cosine_of_arcsine(x: Array) -> Array:
    """Return sqrt(1 - x^2), exact near 1."""
    return np.sqrt(1 - x) * np.sqrt(1 + x)


@primitive(lambda g, y, x: g * np.sin(np.arctan(x)), elementwise=True)
def secant_of_arctangent(x: Array) -> Array:
    """Return sqrt(1 + x^2); `hypot` does not overflow, but knows no complex numbers."""
    return np.sqrt(1 + x * x) if np.iscomplexobj(x) else np.hypot(1, x)


@primitive(lambda g, y, x: g / np.tanh(np.arccosh(x)), elementwise=True)
def sinh_of_arccosh(x: Array) -> Array:
    """Return sqrt(x^2 - 1), exact near 1."""
    return np.sqrt(x - 1) * np.sqrt(x + 1)


@primitive(lambda g, y, x: g * (-2 * x), elementwise=True)
def one_minus_square(x: Array) -> Array:
    """Return 1 - x^2, exact near 1."""
    return (1 - x) * (1 + x)


def _arctan2(g: Array, y: Array, a: Array, b: Array, sign: int) -> Array:
    """Return g b / (a^2 + b^2), dividing twice so that no square overflows."""
    radius = np.hypot(a, b)
    return sign * direction(g * direction(b, radius), radius)


# fmt: off
defvjp(np.sin,      lambda g, y, x: g * np.cos(x))
defvjp(np.cos,      lambda g, y, x: -g * np.sin(x))
defvjp(np.tan,      lambda g, y, x: g * (1 + y * y))
defvjp(np.arcsin,   lambda g, y, x: g / cosine_of_arcsine(x), masked=True)
defvjp(np.arccos,   lambda g, y, x: -g / cosine_of_arcsine(x), masked=True)
defvjp(np.arctan,   lambda g, y, x: g / secant_of_arctangent(x) / secant_of_arctangent(x))
defvjp(np.arctan2,  lambda g, y, a, b: _arctan2(g, y, a, b, 1),
                    lambda g, y, a, b: _arctan2(g, y, b, a, -1))

defvjp(np.sinh,     lambda g, y, x: g * np.cosh(x))
defvjp(np.cosh,     lambda g, y, x: g * np.sinh(x))
defvjp(np.tanh,     lambda g, y, x: g * (1 - y * y))
defvjp(np.arcsinh,  lambda g, y, x: g / secant_of_arctangent(x))
defvjp(np.arccosh,  lambda g, y, x: g / sinh_of_arccosh(x), masked=True)
defvjp(np.arctanh,  lambda g, y, x: g / one_minus_square(where_defined(x, y)), masked=True)

defvjp(np.deg2rad,  lambda g, y, x: g * (math.pi / 180))
defvjp(np.radians,  lambda g, y, x: g * (math.pi / 180))
defvjp(np.rad2deg,  lambda g, y, x: g * (180 / math.pi))
defvjp(np.degrees,  lambda g, y, x: g * (180 / math.pi))
# fmt: on


@primitive(elementwise=True)
def sinc_derivative(x: Array, order: int = 0) -> Array:
    """Return the derivative of `np.sinc` of the given order, exact near 0 as well."""
    turn = np.pi * x
    near = np.abs(turn) < order + 1
    far = np.where(near, 1, turn)
    # From f(t) = sin(t) / t: the n-th derivative of t f(t) is t f'n + n f'(n-1), and that of sin is sin(t + n pi/2).
    value = np.sin(far) / far
    for n in range(1, order + 1):
        value = (np.sin(far + n * (np.pi / 2)) - n * value) / far
    # From f(t) = integral of cos(t u) over 0 < u < 1: a power series that converges fast for small t.
    turn, term, series = np.where(near, turn, 0), np.ones_like(turn), np.zeros_like(turn)
    for k in range(3 * order + 24):
        series = series + term * ((1, 0, -1, 0)[(order + k) % 4] / (order + k + 1))
        term = term * (turn / (k + 1))
    return np.pi**order * np.where(near, series, value)


defvjp(sinc_derivative, lambda g, y, x, order=0: g * sinc_derivative(x, order=order + 1))


@composed(np.sinc)
def _sinc(x: Array) -> Array:
    return sinc_derivative(x)


@primitive(elementwise=True)
def bessel_moment(x: Array, order: int = 0) -> Array:
    """Return the average of exp(x cos t) cos(t)^order over a turn: for order 0, the modified Bessel function I0.

    The trapezoidal rule converges exponentially on a periodic function.
    """
    if order == 0:
        return np.i0(x)
    cosine = beside(np.cos(2 * np.pi * np.arange(256) / 256), x)
    return np.mean(np.exp(np.expand_dims(x, -1) * cosine) * cosine**order, axis=-1)


defvjp(bessel_moment, lambda g, y, x, order=0: g * bessel_moment(x, order=order + 1))


@composed(np.i0)
def _i0(x: Array) -> Array:
    return bessel_moment(x)
