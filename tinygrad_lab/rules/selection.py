"""Rules of the functions that choose between elements. Where several are chosen alike, they share the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, defvjp
from tinygrad_lab.core.registry import operation
from tinygrad_lab.errors import OperationError
from tinygrad_lab.refusals.arguments import missing
from tinygrad_lab.rules.dtypes import with_dtype
from tinygrad_lab.rules.writing import set_at
from tinygrad_lab.typing import Array, ArrayLike, Result


def _share(g: Array, y: Array, mine: Any, other: ArrayLike) -> Array:
    """Return `g` where `mine` was chosen, and half of it where `other` is equal to it."""
    return np.where(mine == y, np.where(other == y, g / 2, g), 0)


def _nan_to_num(x: Array, copy: bool = True, **replacements: Any) -> Array:
    """Never write into the array, whatever `copy` says: the graph holds it."""
    return np.nan_to_num(x, **replacements)


# fmt: off
defvjp(np.where,       None,
                       lambda g, y, condition, a, b: np.where(condition, g, 0),
                       lambda g, y, condition, a, b: np.where(condition, 0, g),
                       elementwise=True, selects=True, masked=True)
defvjp(np.maximum,     lambda g, y, a, b: _share(g, y, a, b),
                       lambda g, y, a, b: _share(g, y, b, a), selects=True)
defvjp(np.minimum,     lambda g, y, a, b: _share(g, y, a, b),
                       lambda g, y, a, b: _share(g, y, b, a), selects=True)
defvjp(np.fmax,        lambda g, y, a, b: _share(g, y, a, b),
                       lambda g, y, a, b: _share(g, y, b, a), selects=True)
defvjp(np.fmin,        lambda g, y, a, b: _share(g, y, a, b),
                       lambda g, y, a, b: _share(g, y, b, a), selects=True)
defvjp(operation(np.nan_to_num, forward=_nan_to_num).function,
                       lambda g, y, x, **replacements: np.where(np.isfinite(x), g, 0),
                       elementwise=True, selects=True, masked=True)
# fmt: on


@composed(np.clip)
def _clip(
    a: Array,
    a_min: Any = np._NoValue,
    a_max: Any = np._NoValue,
    *,
    min: Any = np._NoValue,
    max: Any = np._NoValue,
) -> Array:
    none = np._NoValue
    if a_min is none and a_max is none:
        low, high = None if min is none else min, None if max is none else max
    elif a_min is none or a_max is none:
        raise missing("clip", ["a_min" if a_min is none else "a_max"])
    elif min is not none or max is not none:
        raise OperationError(
            f"clip: limits were given twice, as a_min={a_min}, a_max={a_max} and as min or max; leave one pair out"
        )
    else:
        low, high = a_min, a_max
    if low is not None and high is not None:
        a = _uncrossed(a, low, high)
    if low is not None:
        a = np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def _uncrossed(a: Array, low: Any, high: Any) -> Array:
    """Put infinity where nothing lies between the limits: the upper one alone is chosen there, without a tie."""
    crossed = np.greater_equal(low, high)
    if isinstance(crossed, np.bool_) and not crossed:
        return a
    return np.where(crossed & (a == a), np.inf, a)


@composed(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Result:
    if len(condlist) == 0 or any(with_dtype(one).dtype != bool for one in condlist):
        ask(np.select, (condlist, choicelist, default), {})
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        default = np.where(condition, choice, default)
    return default


@composed(np.choose)
def _choose(a: Array, choices: Any, mode: Any = "raise") -> Array:
    numbers = beside(np.arange(len(choices)), a)
    a = np.choose(a, numbers, mode=mode)  # the numbers that the mode turns them into
    return np.select([a == number for number in range(len(choices))], list(choices))


@composed(np.piecewise)
def _piecewise(x: Array, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Result:
    if np.ndim(x) and not isinstance(condlist[0], list) and np.ndim(condlist[0]) == 0:
        condlist = [condlist]
    conditions = np.stack([with_dtype(one) != 0 for one in condlist])
    if not len(conditions) <= len(funclist) <= len(conditions) + 1:
        ask(np.piecewise, (x, condlist, funclist), {})
    if len(funclist) == len(conditions) + 1:
        conditions = np.concatenate([conditions, ~np.any(conditions, axis=0, keepdims=True)])
    result: Any = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        piece = function(x[condition], *args, **kw) if callable(function) else function
        result = set_at(result, piece, index=condition)
    return result


@composed(np.compress)
def _compress(condition: ArrayLike, a: Array, axis: int | None = None) -> Array:
    if np.ndim(condition) != 1:
        raise OperationError(
            f"compress: condition must have one axis, got {np.ndim(condition)}; index with a mask instead"
        )
    return np.take(a, np.flatnonzero(condition), axis)


@composed(np.extract)
def _extract(condition: ArrayLike, arr: Array) -> Array:
    return np.ravel(arr)[np.flatnonzero(condition)]
