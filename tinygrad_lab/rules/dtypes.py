"""What NumPy turns arguments into before it computes: lists and numbers into arrays, arrays into another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np


def array(x: Any) -> Any:
    """Return an array, or anything else that has a dtype, as it is, and a number or list as an array."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def arrays(*xs: Any) -> tuple[Any, ...]:
    """Return numbers and lists as arrays, and arrays as they are."""
    return tuple(map(array, xs))


def converted(x: Any, dtype: Any) -> Any:
    """Return `x` as an array of the dtype; None leaves it as it is."""
    x = array(x)
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


def alike(*xs: Any) -> tuple[Any, ...]:
    """Return arrays in the dtype that they have in common."""
    given = arrays(*xs)
    dtype = np.result_type(*given)
    return tuple(converted(x, dtype) for x in given)
