"""What NumPy turns arguments into before it computes: lists and numbers into arrays, arrays into another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.typing import ArrayLike, DTypeLike, Result


def with_dtype(x: ArrayLike) -> Result:
    """Return an array, or anything else that has a dtype, as it is, and a number or list as an array."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def with_dtypes(*xs: ArrayLike) -> tuple[Any, ...]:
    """Return numbers and lists as arrays, and arrays as they are."""
    return tuple(map(with_dtype, xs))


def converted(x: ArrayLike, dtype: DTypeLike) -> Result:
    """Return `x` as an array of the dtype; None leaves it as it is."""
    given = with_dtype(x)
    return given if dtype is None or given.dtype == dtype else given.astype(dtype)


def alike(*xs: ArrayLike) -> tuple[Any, ...]:
    """Return arrays in the dtype that they have in common."""
    given = with_dtypes(*xs)
    dtype = np.result_type(*given)
    return tuple(converted(x, dtype) for x in given)
