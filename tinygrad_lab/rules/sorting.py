"""Sorting keeps its permutation: the gradient goes back to where each element came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.registry import composed


@composed(np.sort)
def _sort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    if axis is None:
        a, axis = np.ravel(a), 0
    return np.take_along_axis(a, np.argsort(a, axis=axis, kind="stable"), axis)
