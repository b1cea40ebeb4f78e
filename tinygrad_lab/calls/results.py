"""Several results of one call as one vector, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.typing import Result


class Layout:
    """Where each of several results stands in the vector of all; integers, of zero derivative, are no part of it.

    Attributes:
        parts: for each result its slice, shape and dtype, or the array of integers itself.
        kind: what the results are returned in, a tuple or a named tuple.
    """

    def __init__(self, results: tuple[Any, ...]) -> None:
        self.kind = type(results)
        self.parts: list[Any] = []
        start = 0
        for array in (x if hasattr(x, "dtype") else np.asarray(x) for x in results):
            if array.dtype.kind in "fc":
                stop = start + math.prod(array.shape)
                self.parts.append((slice(start, stop), array.shape, array.dtype))
                start = stop
            else:
                self.parts.append(array)

    def __repr__(self) -> str:
        return f"<{len(self.parts)} results>"

    def pack(self, results: tuple[Any, ...]) -> Result:
        """Return one vector of all results that are no integers."""
        chosen = [np.ravel(x) for x, part in zip(results, self.parts, strict=True) if type(part) is tuple]
        return np.concatenate(chosen)

    def unpack(self, vector: Any, gradient: bool = False) -> tuple[Any, ...]:
        """Return the results, or their gradients: None for integers."""
        found: list[Any] = [
            _part(vector, *part) if type(part) is tuple else None if gradient else part for part in self.parts
        ]
        return tuple(found) if self.kind is tuple else self.kind(*found)


def _part(vector: Any, place: slice, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Result:
    x = np.reshape(vector[place], shape)
    x = np.real(x) if vector.dtype.kind == "c" and dtype.kind == "f" else x
    return x if x.dtype == dtype else x.astype(dtype)
