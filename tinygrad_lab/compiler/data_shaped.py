"""Functions that a program cannot call, because the shape of their result depends on data."""

from __future__ import annotations

from typing import Any

import numpy as np

# Functions whose result's shape depends on data, and those where it does on the argument at a position or of a name.
_DATA_SHAPED = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.trim_zeros, np.union1d, np.intersect1d, np.setdiff1d,
    np.setxor1d, np.place, np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values,
}  # fmt: skip
_SHAPED_BY = {
    np.compress: (0, "condition"), np.extract: (0, "condition"), np.delete: (1, "obj"), np.insert: (1, "obj"),
    np.repeat: (1, "repeats"), np.bincount: (0, "x"), np.array_split: (1, "indices_or_sections"),
    np.split: (1, "indices_or_sections"),
}  # fmt: skip


def data_shaped(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], traced: type) -> bool:
    """Whether the shape of a call's result depends on data that is only known when the program runs."""
    if function in _SHAPED_BY:
        position, name = _SHAPED_BY[function]
        return type(args[position] if len(args) > position else kwargs.get(name)) is traced
    return function in _DATA_SHAPED or (function is np.where and len(args) + len(kwargs) == 1)
