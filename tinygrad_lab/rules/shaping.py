"""Rules of the functions that rearrange or repeat elements, or convert them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from tinygrad_lab.core.declare import composed, defvjp
from tinygrad_lab.core.protocols import astype
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import filling, many_axes, one_axis
from tinygrad_lab.typing import Array, ArrayLike, Axes, DTypeLike, Result

_Order = Literal["C", "F", None]  # 'A' and 'K' ask for the order in memory, which is no property of a Value


def _reshape(g: Array, y: Array, x: Array, shape: Any = None, order: _Order = "C", **_: Any) -> Array:
    return np.reshape(g, x.shape) if order == "C" else np.reshape(g, x.shape, order=order)


def _ravel(g: Array, y: Array, x: Array, order: _Order = "C") -> Array:
    return _reshape(g, y, x, order=order)


def _transpose(g: Array, y: Array, x: Array, axes: Axes = None) -> Array:
    return np.transpose(g, None if axes is None else inverse(many_axes(axes, x.ndim)))


def _quarters(k: Any) -> int:
    if k % 1:  # what NumPy makes of it depends on its version
        raise OperationError(f"rot90: k must be a whole number of quarter turns, got {k}; round it")
    return int(k)


def _roll(g: Array, y: Array, x: Array, shift: Any, axis: Axes = None) -> Array:
    return np.roll(g, np.negative(np.asarray(shift).astype(np.intp)), axis)  # bools and floats count as integers


def inverse(permutation: Sequence[int]) -> tuple[int, ...]:
    """Return the permutation of axes that undoes `permutation`."""
    return tuple(sorted(range(len(permutation)), key=permutation.__getitem__))


# fmt: off
defvjp(np.reshape,           _reshape, moves=True)
defvjp(np.ravel,             _ravel, moves=True)
defvjp(np.squeeze,           lambda g, y, x, axis=None: np.reshape(g, x.shape), moves=True)
defvjp(np.expand_dims,       lambda g, y, x, axis: np.reshape(g, x.shape), moves=True)
defvjp(np.transpose,         _transpose, moves=True)
defvjp(np.matrix_transpose,  lambda g, y, x: np.matrix_transpose(g), moves=True)
defvjp(np.swapaxes,          lambda g, y, x, axis1, axis2: np.swapaxes(g, axis1, axis2), moves=True)
defvjp(np.moveaxis,          lambda g, y, x, source, destination: np.moveaxis(g, destination, source), moves=True)
defvjp(np.broadcast_to,      lambda g, y, x, shape, subok=False: g, moves=True)  # the sweep sums over stretched axes
defvjp(np.flip,              lambda g, y, x, axis=None: np.flip(g, axis), moves=True)
defvjp(np.flipud,            lambda g, y, x: np.flipud(g), moves=True)
defvjp(np.fliplr,            lambda g, y, x: np.fliplr(g), moves=True)
defvjp(np.rot90,             lambda g, y, x, k=1, axes=(0, 1): np.rot90(g, -_quarters(k), axes), moves=True)
defvjp(np.roll,              _roll, moves=True)
defvjp(np.tril,              lambda g, y, x, k=0: np.tril(g, k), selects=True)
defvjp(np.triu,              lambda g, y, x, k=0: np.triu(g, k), selects=True)
defvjp(np.copy,              lambda g, y, x, order="K", subok=False: g, elementwise=True)
defvjp(astype,               lambda g, y, x, dtype: g, elementwise=True)  # the sweep converts it back
# fmt: on


@composed(np.rollaxis)
def _rollaxis(a: Any, axis: int, start: int = 0) -> Result:
    axis, start = one_axis(axis, a.ndim), one_axis(start, a.ndim + 1) if start >= 0 else one_axis(start, a.ndim)
    return np.moveaxis(a, axis, start - (axis < start))


@composed(np.broadcast_arrays)
def _broadcast_arrays(*arrays: ArrayLike, subok: bool = False) -> Result:
    shape = np.broadcast_shapes(*map(np.shape, arrays))
    return tuple(np.broadcast_to(array, shape) for array in arrays)


@composed(np.full_like)
def _full_like(
    a: Array, fill_value: ArrayLike, dtype: DTypeLike = None, order: Any = "K", subok: bool = True, shape: Any = None,
    *, device: Any = None,
) -> Array:  # fmt: skip
    zeros = np.zeros_like(a, dtype=dtype, order=order, shape=shape, device=device)
    return filling(fill_value, zeros.shape).astype(zeros.dtype)


def _atleast(function: Callable[..., Any], shape: Callable[[tuple[int, ...]], tuple[int, ...]]) -> None:
    """Declare one of `np.atleast_1d`, `_2d`, `_3d`, given the shape it turns a shape into."""

    @composed(function)
    def convert(*arrays: ArrayLike) -> Result:
        converted = tuple(np.reshape(array, shape(np.shape(array))) for array in arrays)
        return converted if len(arrays) > 1 else converted[0]


_atleast(np.atleast_1d, lambda shape: shape or (1,))
_atleast(np.atleast_2d, lambda shape: (1,) * (2 - len(shape)) + shape)
_atleast(np.atleast_3d, lambda shape: ((1, 1, 1), (1, *shape, 1), (*shape, 1))[len(shape)] if len(shape) < 3 else shape)
