"""The check of debug mode: finite numbers stay finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.receivers import Recorder
from tinygrad_lab.errors import NonFiniteError


def fail_if_not_finite(what: str, result: Any, inputs: tuple[Any, ...], origin: str | None) -> None:
    """Raise if `result` is not finite although every input is."""
    arrays = [array for array in map(_numbers, inputs) if array is not None]
    array = _numbers(result)
    if array is None or np.all(np.isfinite(array)) or not all(np.all(np.isfinite(array)) for array in arrays):
        return
    shapes = " and ".join(str(array.shape) for array in arrays)
    raise NonFiniteError(
        f"{what}: result must be finite, got {array[~np.isfinite(array)].ravel()[0]} from inputs of shape {shapes}; "
        f"keep the inputs inside the operation's domain (called at {origin or 'an unknown place'})"
    )


def _numbers(x: Any) -> Any:
    """Return the array in `x` if it is one of numbers, else None."""
    array = np.asarray(x.data if isinstance(x, Recorder) else x)
    return array if array.dtype.kind in "iufc" else None
