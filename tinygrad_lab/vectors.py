"""Several arrays as one vector, and back: a node of a graph holds one array, and an optimizer works on one vector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lab.typing import Result, Shape


def pack(arrays: Sequence[Any], batch: Shape = ()) -> Result:
    """Return arrays as one vector, differentiable; with axes of a batch, which all of them begin with, one for each.

    Example:
        >>> pack([np.ones((2, 2)), 3.0])
        array([1., 1., 1., 1., 3.])
    """
    sizes = [math.prod(np.shape(x)[len(batch) :]) for x in arrays]
    rows = [np.reshape(x, (*batch, size)) for x, size in zip(arrays, sizes, strict=True)]
    return np.concatenate(rows, axis=-1) if rows else np.zeros((*batch, 0))


def unpack(packed: Any, shapes: Sequence[Shape], dtypes: Sequence[np.dtype[Any] | None] | None = None) -> list[Any]:
    """Return the arrays in a packed vector, given their shapes; those of a batch with its axes before them.

    Arguments:
        packed: what `pack` returned, or its gradient.
        shapes: of the arrays, without the batch.
        dtypes: of the arrays: real ones that stood beside complex ones are real again. None leaves the vector's.

    Example:
        >>> unpack(np.array([1.0, 2.0, 3.0]), [(2,), ()], [np.dtype("float32"), None])
        [array([1., 2.], dtype=float32), np.float64(3.0)]
    """
    found, start = [], 0
    for shape, dtype in zip(shapes, [None] * len(shapes) if dtypes is None else dtypes, strict=True):
        stop = start + math.prod(shape)
        x = np.reshape(packed[..., start:stop], (*packed.shape[:-1], *shape))
        if dtype is not None and x.dtype != dtype:
            x = (np.real(x) if dtype.kind == "f" else x).astype(dtype)
        found.append(x[()] if isinstance(x, np.ndarray) else x)
        start = stop
    return found
