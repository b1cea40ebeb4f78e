"""`directional_derivative`: the slope of any function of containers of arrays, from its values alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import modes
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentTypeError
from tinygrad_lab.testing.differences import Array, Slope, real_parts, slope_along

WIDEST = np.longdouble


def directional_derivative(fn: Callable[..., Any], x: Any, direction: Any) -> Slope:
    """Return the derivative of `fn` at `x` along `direction` from function values alone.

    The limit of (f(x + t d) - f(x - t d)) / 2t for t to 0, extrapolated from a ladder of steps t (L. F. Richardson
    1911; the choice among the tableau's entries after C. J. F. Ridders 1982).

    Arguments:
        fn: a function of one argument; plain NumPy code, or anything that runs on Values.
        x: a number, an array, or a nested container of them; real or complex.
        direction: shaped like `x`, and about as large as the change of `x` that `fn` can bear.

    Raises:
        ArgumentTypeError: if `x` holds no floating-point number.

    Example:
        >>> import numpy as np
        >>> slope = directional_derivative(np.sin, 0.0, 1.0)
        >>> print(f"{slope.value:.6f}", slope.bound < 1e-15)
        1.000000 True
        >>> slope = directional_derivative(np.abs, 0.0, 1.0)
        >>> print(slope.left, slope.right, slope.kink)
        -1.0 1.0 True
    """
    leaves, rebuild = tree.flatten(x)
    points = [widened(plain(leaf)) for leaf in leaves]
    directions = [widened(plain(d)) for d in tree.match("directional_derivative: direction", x, direction)]
    shapes: list[Any] = []

    def along(t: Any) -> Array:
        moved = [Value(p + t * d, requires_grad=False) for p, d in zip(points, directions, strict=True)]
        with modes.no_grad():
            outputs, wrap = tree.flatten(fn(rebuild(moved)))
        arrays = [np.asarray(plain(output)) for output in outputs]
        shapes[:] = [wrap, arrays]
        return real_parts(arrays)

    slope = slope_along(along)
    wrap, arrays = shapes
    return Slope(*(_shaped(part, arrays, wrap) for part in slope))


def widened(x: Any) -> Array:
    """Return floating-point or complex numbers in the widest precision there is."""
    array = np.asarray(x)
    if array.dtype.kind not in "fc":
        raise ArgumentTypeError(
            f"directional_derivative: x must be floating-point numbers, got dtype {array.dtype}; convert it to float"
        )
    return array.astype(np.clongdouble if array.dtype.kind == "c" else WIDEST)


def _shaped(flat: Array, arrays: list[Array], wrap: Callable[[list[Any]], Any]) -> Any:
    leaves, start = [], 0
    for array in arrays:
        step = 2 if np.iscomplexobj(array) else 1
        part = flat[start : start + step * array.size]
        start += step * array.size
        leaves.append(np.reshape(part[::2] + 1j * part[1::2] if step == 2 else part, array.shape)[()])
    return wrap(leaves)
