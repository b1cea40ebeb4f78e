"""Quotients for rules whose formula reads 0/0 at a point.

In a rule 0 times infinity is NaN, and so it must stay: the 0 may be the limit of anything. (Where no gradient arrives,
the sweep sees to it that none is passed on.) Three points are decided here. A numerator that is 0 all around stays 0
(`ratio`). Every direction is alike, as at the origin of a norm: the gradient is 0 by decision, and has no derivative
(`direction`). The function has no value: then it has no derivative either (`where_defined`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.typing import Array


@primitive(elementwise=True)
def ratio(a: Array, b: Array) -> Array:
    """Return `a / b`, and 0 where both vanish: its limit in `b` where `a` stays 0."""
    return a / np.where((a == 0) & (b == 0), 1, b)


def unless_at_origin(slope: Any, x: Array, length: Array) -> Array:
    """Return `slope / length`, and NaN at the origin."""
    at_origin = (x == 0) & (length == 0)
    return np.where(at_origin, np.nan, slope / np.where(at_origin, 1, length))


@primitive(elementwise=True)
def direction(x: Array, length: Array) -> Array:
    """Return `x / length`, and 0 at the origin, where it has no derivative."""
    return x / np.where((x == 0) & (length == 0), 1, length)


@primitive(elementwise=True)
def side(x: Array) -> Array:
    """Return the sign of real numbers, the slope of their absolute value: at 0 it is 0, and has no derivative."""
    return np.sign(x)


@primitive(elementwise=True)
def bend(x: Array) -> Array:
    """Return the derivative of the side, of every order: NaN at 0."""
    return np.where(x == 0, np.nan, 0 * np.sign(x))


@primitive(elementwise=True)
def where_defined(x: Array, y: Array) -> Array:
    """Return `x`, and NaN where the function's value `y` is: outside its domain a formula may still give a number.

    For -0.0 it returns 0.0: there is nothing on the other side to come from.
    """
    return np.where(np.isnan(y), np.nan, x + 0.0)


# fmt: off
defvjp(ratio,          lambda g, y, a, b: g / b,
                       lambda g, y, a, b: -ratio(g * y, b))
defvjp(direction,      lambda g, y, x, length: unless_at_origin(g, x, length),
                       lambda g, y, x, length: unless_at_origin(-g * y, x, length), masked=True)
defvjp(side,           lambda g, y, x: g * bend(x), masked=True)
defvjp(bend,           lambda g, y, x: g * bend(x), masked=True)
defvjp(where_defined,  lambda g, _, x, y: where_defined(g, y), None)
# fmt: on
