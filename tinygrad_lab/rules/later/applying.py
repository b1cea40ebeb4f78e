"""Functions that apply a given function along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.core.declare import composed
from tinygrad_lab.rules.axes import one_axis
from tinygrad_lab.typing import Array, Result


@composed(np.apply_along_axis)
def _apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Result:
    start = one_axis(axis, np.ndim(arr))
    rows = np.moveaxis(arr, start, -1)
    results = [func1d(rows[index], *args, **kwargs) for index in np.ndindex(rows.shape[:-1])]
    result = np.reshape(np.stack(results), rows.shape[:-1] + np.shape(results[0]))
    ndim = np.ndim(results[0])
    return np.moveaxis(result, tuple(range(-ndim, 0)), tuple(range(start, start + ndim)))


@composed(np.apply_over_axes)
def _apply_over_axes(func: Callable[..., Any], a: Array, axes: Any) -> Array:
    for axis in np.atleast_1d(axes).tolist():
        result = func(a, axis)
        a = result if np.ndim(result) == np.ndim(a) else np.expand_dims(result, axis)
    return a
