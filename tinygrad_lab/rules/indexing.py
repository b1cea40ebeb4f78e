"""Rules of indexing and of its counterparts that write. Indexing and `scatter` are each other's adjoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.receivers import Recorder
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.declare import composed, defvjp
from tinygrad_lab.core.operators import getitem
from tinygrad_lab.core.registry import OPS
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import along, flattened
from tinygrad_lab.rules.dtypes import converted, with_dtype
from tinygrad_lab.rules.writing import At, add_at, add_into, scatter, set_at
from tinygrad_lab.typing import Array, ArrayLike, Index, Result

Value.at = property(At)  # the engine reads arrays and never writes


def _shaped(g: Array, value: ArrayLike) -> Array:
    """Give `g` as many axes as `value`: NumPy lets a written value have further leading axes of length 1."""
    return np.reshape(g, (1,) * (np.ndim(value) - g.ndim) + g.shape)


def _lasting(g: Array, index: Index) -> Array:
    """Return `g[index]`, with 0 for what a later occurrence of the same position overwrote."""
    g, positions = g[index], np.zeros_like(g, dtype=np.intp)
    numbers = beside(np.reshape(np.arange(g.size), g.shape), g)
    return np.where(set_at(positions, numbers, index)[index] == numbers, g, 0)


def _piece_into(total: Any, g: Array, y: Array, x: Array, index: Index) -> Result:
    """Add the gradient of a piece into a sum of the sweep's own, at the cost of the piece."""
    if type(total) is np.ndarray and isinstance(g, np.ndarray | np.generic):
        return add_into(total, index, g)
    return total + scatter(g, index, x.shape)  # recorded, traced, or of another library


# fmt: off
defvjp(getitem,  lambda g, y, x, index: scatter(g, index, x.shape), selects=True)
defvjp(scatter,  lambda g, y, x, index, shape: g[index], moves=True)
defvjp(add_at,   lambda g, y, x, value, index: g,
                 lambda g, y, x, value, index: _shaped(g[index], value), moves=True)
defvjp(set_at,   lambda g, y, x, value, index: set_at(g, 0, index),
                 lambda g, y, x, value, index: _shaped(_lasting(g, index), value), selects=True)
# fmt: on
OPS[getitem].into = _piece_into


@composed(np.take)
def _take(a: Array, indices: Any, axis: int | None = None, *, mode: Any = "raise") -> Array:
    a, axis = flattened(a, axis)
    indices = with_dtype(indices)
    if indices.dtype.kind not in "iu":
        indices = indices.astype(np.intp)  # NumPy takes numbers of any kind here
    if mode != "raise":
        # The positions that the mode turns them into:
        indices = np.take(beside(np.arange(a.shape[axis]), indices), indices, mode=mode)
    return a[along(axis, indices)]


def _picked(function: Callable[..., Any], a: Array, *args: Any) -> Array:
    """Call a function that only picks elements: NumPy picks positions, and indexing takes the elements there."""
    positions = function(beside(np.reshape(np.arange(a.size), a.shape), *args), *args)
    return np.reshape(np.ravel(a)[np.ravel(positions)], positions.shape)


@composed(np.take_along_axis)
def _take_along_axis(arr: Array, indices: ArrayLike, axis: int | None = -1) -> Array:
    return _picked(np.take_along_axis, arr, indices, axis)


@composed(np.diagonal)
def _diagonal(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return _picked(np.diagonal, a, offset, axis1, axis2)


@composed(np.bincount)
def _bincount(x: Array, /, weights: Any = None, minlength: int = 0) -> Array:
    if np.ndim(x) != 1 or np.shape(x) != np.shape(weights):
        ask(np.bincount, (x, weights), {})
    return scatter(converted(weights, np.float64), x, (max(int(np.max(x, initial=-1)) + 1, minlength),))


@composed(np.histogram)
def _histogram(a: Array, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Result:
    """Sum the weights in each bin; where the samples and the edges lie has no derivative to give."""
    for name, x in (("a", a), ("bins", bins)):
        if isinstance(x, Recorder):
            raise refusals.arguments.no_rule_for("histogram", name)
    edges, a = np.histogram_bin_edges(a, bins, range, plain(weights)), with_dtype(a)
    if np.shape(weights) != a.shape:
        raise OperationError(
            f"histogram: weights have shape {np.shape(weights)}, but a has {a.shape}; pass one for each sample"
        )
    inside = np.flatnonzero((a >= edges[0]) & (a <= edges[-1]))
    places = np.minimum(np.searchsorted(edges, np.ravel(a)[inside], side="right"), len(edges) - 1) - 1
    counts = scatter(np.ravel(weights)[inside], places, (len(edges) - 1,))
    return (counts / np.diff(edges) / np.sum(counts) if density else counts), edges
