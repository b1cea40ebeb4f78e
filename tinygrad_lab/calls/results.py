"""Several results of one call as one vector, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import vectors
from tinygrad_lab.typing import Result


class Layout:
    """Where each of several results stands in the vector of all; integers, of zero derivative, are no part of it.

    Attributes:
        parts: for each result its shape and dtype, or the array of integers itself.
        kind: what the results are returned in, a tuple or a named tuple.
    """

    def __init__(self, results: tuple[Any, ...]) -> None:
        self.kind = type(results)
        arrays = [x if hasattr(x, "dtype") else np.asarray(x) for x in results]
        self.parts: list[Any] = [(x.shape, x.dtype) if x.dtype.kind in "fc" else x for x in arrays]

    def __repr__(self) -> str:
        return f"<{len(self.parts)} results>"

    def pack(self, results: tuple[Any, ...]) -> Result:
        """Return one vector of all results that are no integers."""
        return vectors.pack([x for x, part in zip(results, self.parts, strict=True) if type(part) is tuple])

    def unpack(self, vector: Any, gradient: bool = False) -> tuple[Any, ...]:
        """Return the results, or their gradients: None for integers."""
        shapes, dtypes = zip(*(part for part in self.parts if type(part) is tuple), strict=True)
        packed = iter(vectors.unpack(vector, shapes, dtypes))
        found: list[Any] = [next(packed) if type(part) is tuple else None if gradient else part for part in self.parts]
        return tuple(found) if self.kind is tuple else self.kind(*found)
