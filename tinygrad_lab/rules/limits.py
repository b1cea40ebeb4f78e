"""Quotients for rules whose formula reads 0/0 at a point.

Three things can be true there. No gradient arrives: then none is passed on, however steep the function is (`ratio`).
Every direction is alike, as at the origin of a norm: the gradient is 0 by decision, and has no derivative of its own
(`direction`). The function has no value: then it has no derivative either (`where_defined`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.typing import Array


@primitive(elementwise=True)
def ratio(a: Array, b: Array) -> Array:
    """Return `a / b`, and 0 where both vanish: `a` is a gradient, and none arrives there."""
    return a / np.where((a == 0) & (b == 0), 1, b)


@primitive(elementwise=True)
def indeterminate(x: Array) -> Array:
    """Return NaN times `x`, and 0 where `x` is 0: a gradient goes through a derivative that does not exist."""
    return np.where(x == 0, x, np.nan)


def _steep(g: Array, y: Array, a: Array, b: Array) -> Array:
    """Return `g / b`; where both inputs vanish, the largest number instead of infinity, so that times 0 it stays 0.

    There `a` is a gradient that does not arrive, perhaps because it is `0 * c`: forward mode asks for the slope in `c`.
    """
    vanishing = (a == 0) & (b == 0)
    steepest = np.finfo(b.dtype).max.item() * np.sign(g)
    return np.where(vanishing, steepest, ratio(g, np.where(vanishing, 1, b)))


def unless_at_origin(g: Array, slope: Any, x: Array, length: Array) -> Array:
    """Return `slope / length`; at the origin NaN, unless no gradient `g` arrives."""
    at_origin = (x == 0) & (length == 0)
    return np.where(at_origin, indeterminate(g), slope / np.where(at_origin, 1, length))


@primitive(elementwise=True)
def direction(x: Array, length: Array) -> Array:
    """Return `x / length`, and 0 at the origin, where it has no derivative."""
    return x / np.where((x == 0) & (length == 0), 1, length)


@primitive(elementwise=True)
def where_defined(x: Array, y: Array) -> Array:
    """Return `x`, and NaN where the function's value `y` is: outside its domain a formula may still give a number."""
    return np.where(np.isnan(y), np.nan, x)


# fmt: off
defvjp(ratio,          _steep,
                       lambda g, y, a, b: -ratio(ratio(g * a, b), b))
defvjp(direction,      lambda g, y, x, length: unless_at_origin(g, g, x, length),
                       lambda g, y, x, length: unless_at_origin(g, -g * y, x, length))
defvjp(indeterminate,  lambda g, y, x: indeterminate(g))
defvjp(where_defined,  lambda g, _, x, y: where_defined(g, y), None)
# fmt: on
