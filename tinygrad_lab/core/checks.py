"""What debug mode checks: that results and gradients are finite, and that nobody writes into arrays a graph holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.receivers import Recorder
from tinygrad_lab.typing import Args, Array, Result


def fail_if_not_finite(what: str, result: Array, inputs: Args, origin: str | None) -> None:
    """Raise if `result` is not finite although every input is."""
    arrays = [array for array in map(_numbers, inputs) if array is not None]
    array = _numbers(result)
    if array is None or np.all(np.isfinite(array)) or not all(np.all(np.isfinite(array)) for array in arrays):
        return
    shapes = " and ".join(str(array.shape) for array in arrays)
    raise refusals.graph.not_finite(what, array[~np.isfinite(array)].ravel()[0], shapes, origin)


def _numbers(x: Any) -> Result:
    """Return the array in `x` if it is one of numbers, else None."""
    array = np.asarray(x.data if isinstance(x, Recorder) else x)
    return array if array.dtype.kind in "iufc" else None


def fingerprints(arrays: Args) -> tuple[int, ...]:
    """Return a number for each array that another content would change; 0 for what nobody can write into."""
    return tuple(hash(array.tobytes()) if isinstance(array, np.ndarray) else 0 for array in arrays)


def fail_if_written(node: Any, before: tuple[int, ...]) -> None:
    """In debug mode: raise if an array that the rules of `node` are about to use is not what it was."""
    for position, (old, new) in enumerate(zip(before, fingerprints(node.saved), strict=False)):
        if old != new:
            which = f"argument {position - 1}" if position else "the result"
            raise refusals.graph.written(node.op.name, which, node.origin)
