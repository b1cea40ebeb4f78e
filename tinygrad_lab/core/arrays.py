"""What arrays may enter a graph, and what leaves it as a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.defaults import converted
from tinygrad_lab.calls.foreign import meet, operand
from tinygrad_lab.calls.receivers import KeptArray, Recorder
from tinygrad_lab.calls.receivers import plain as plain
from tinygrad_lab.typing import Array, DTypeLike


def as_array(data: Any, dtype: DTypeLike = None) -> Array:
    """Return what a Value may hold: an array or NumPy scalar of floating or complex numbers."""
    if isinstance(data, Recorder):
        raise refusals.arrays.no_numbers("a Value", "pass v.data, or use it as it is")
    without = not hasattr(data, "__array_function__") and not isinstance(data, np.generic)  # a dtype of its own
    if without:
        try:
            data = np.asarray(operand("Value", False, data))
        except (ValueError, TypeError) as error:
            raise refusals.arrays.no_numbers(type(data).__name__, str(error).removeprefix("Value: ")) from error
    if data.dtype.kind not in "biufc":
        raise refusals.arrays.no_numbers(f"dtype {data.dtype}", "convert it to float")
    if isinstance(data, np.ndarray) and type(data) is not np.ndarray and not isinstance(data, KeptArray):
        if hasattr(data, "mask"):
            raise refusals.arrays.no_numbers("a masked array", "fill or drop what is masked")
        data = np.asarray(data)  # np.matrix would multiply as matrices do
    data = meet(converted(data, dtype, without))
    return data[()] if isinstance(data, np.ndarray) and data.ndim == 0 else data


def in_dtype_of(data: Array, gradient: Array) -> Array:
    """Return a given gradient in the dtype of the result `data`, as a copy unless it is a Value."""
    if gradient.dtype.kind == "c" and data.dtype.kind != "c":
        raise refusals.graph.complex_seed(data.dtype, gradient.dtype)
    return gradient if gradient.dtype == data.dtype and isinstance(gradient, Recorder) else gradient.astype(data.dtype)
