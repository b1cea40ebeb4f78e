"""`np.pad` in all its modes: what is put before and behind an array, one axis after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed
from tinygrad_lab.errors import CallError, OperationError
from tinygrad_lab.rules.axes import cut, resized, standing_along
from tinygrad_lab.rules.later.windows import constant_pad
from tinygrad_lab.typing import Array, ArrayLike

Pair = tuple[int, int]
_DEFAULTS = {"constant_values": 0, "end_values": 0, "stat_length": None, "reflect_type": "even"}
_OPTIONS = {"constant": "constant_values", "linear_ramp": "end_values"}
_OPTIONS |= dict.fromkeys(("maximum", "mean", "median", "minimum"), "stat_length")
_OPTIONS |= dict.fromkeys(("reflect", "symmetric"), "reflect_type")
_COPYING = ("edge", "reflect", "symmetric", "wrap")
_STATISTICS: dict[str, Callable[..., Any]] = {
    "maximum": np.max, "mean": np.mean, "median": np.median, "minimum": np.min,
}  # fmt: skip


@composed(np.pad)
def _pad(
    array: Array, pad_width: Any, mode: Any = "constant", *, constant_values: ArrayLike = 0, end_values: Any = 0,
    stat_length: Any = None, reflect_type: Literal["even", "odd"] = "even",
) -> Array:  # fmt: skip
    given = {"constant_values": constant_values, "end_values": end_values, "stat_length": stat_length}
    _require_options(mode, {**given, "reflect_type": reflect_type})
    if not isinstance(pad_width, dict) and np.asarray(pad_width).dtype.kind != "i":
        raise CallError(f"pad: pad_width must be whole numbers, got {pad_width!r}; convert it with int")
    width = _widths(pad_width, array.ndim)
    if array.size == 0 and mode != "constant":
        ask(np.pad, (array, pad_width, mode), {})
    if mode == "constant" and width:
        return constant_pad(array, width=width, constant_values=constant_values)
    ends, lengths = (np.broadcast_to(given, (array.ndim, 2)) for given in (end_values, stat_length))
    for axis, pair in enumerate(width):
        if not any(pair):
            continue
        if mode == "linear_ramp":
            array = np.concatenate(_ramps(array, axis, pair, ends[axis]), axis)
        elif mode in _STATISTICS:
            array = np.concatenate(_levels(_STATISTICS[mode], array, axis, pair, lengths[axis]), axis)
        elif mode not in _COPYING:
            raise OperationError(
                f"pad: mode must be constant, linear_ramp or one of {', '.join((*_COPYING, *_STATISTICS))}, "
                f"got {mode!r}; pad with np.concatenate instead"
            )
        elif reflect_type == "odd" and mode in ("reflect", "symmetric") and array.shape[axis] > 1:
            array = _turned(array, axis, pair, mode)
        else:  # NumPy pads the positions, and indexing copies the elements
            array = np.take(array, np.pad(np.arange(array.shape[axis]), pair, mode), axis)
    return array


def _require_options(mode: Any, options: dict[str, Any]) -> None:
    """Let NumPy refuse what it does not take beside the mode, tried on no elements."""
    changed = {name: x for name, x in options.items() if x is not _DEFAULTS[name]}
    if changed.keys() - {_OPTIONS.get(mode)}:
        ask(np.pad, (np.zeros(1), 0, mode), changed)


def _widths(pad_width: Any, ndim: int) -> tuple[Pair, ...]:
    """Return a pair (before, after) for each axis, from any of the forms that `np.pad` takes."""
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - ndim, 0)) for i in range(ndim)]
        pad_width = [pair if np.ndim(pair) else (pair, pair) for pair in pad_width]
    return tuple((int(before), int(after)) for before, after in np.broadcast_to(pad_width, (ndim, 2)))


def _ramps(array: Array, axis: int, pair: Pair, ends: Any) -> list[Any]:
    """Return straight lines from the ends' values to the edges, around the array."""
    edges = cut(array, axis, 0, 1), cut(array, axis, -1, None)
    before, after = (
        np.linspace(end, np.squeeze(edge, axis), n, endpoint=False, dtype=array.dtype, axis=axis)
        for end, edge, n in zip(beside(ends, array), edges, pair, strict=True)
    )
    return [before, array, np.flip(after, axis)]


def _levels(statistic: Callable[..., Any], array: Array, axis: int, pair: Pair, lengths: Any) -> list[Any]:
    """Return a statistic of so many of the first elements before the array, and of the last ones behind it."""
    n = array.shape[axis]
    first, last = (n if length is None else min(int(length), n) for length in lengths)
    parts = cut(array, axis, 0, first), cut(array, axis, n - last, None)
    before, after = (
        np.broadcast_to(statistic(part, axis=axis, keepdims=True), resized(array.shape, (axis,), times))
        for part, times in zip(parts, pair, strict=True)
    )
    return [before, array, after]


def _turned(array: Array, axis: int, pair: Pair, mode: str) -> Array:
    """Turn the array about its edges by half a turn, again and again: each period adds twice the rise between them.

    `reflect` turns about the last element, `symmetric` half a place behind it, as if it stood there twice.
    """
    n, twice = array.shape[axis], mode == "symmetric"
    period, places = 2 * n if twice else 2 * (n - 1), np.arange(-pair[0], n + pair[1])
    turns, place = np.divmod(places, period)
    back = place >= n
    picked = np.take(array, np.where(back, (2 * n - 1 if twice else period) - place, place), axis)
    first, last = cut(array, axis, 0, 1), cut(array, axis, -1, None)
    shape = standing_along(axis, array.ndim)
    back, turns = (beside(np.reshape(x, shape), array) for x in (back, turns.astype(array.dtype)))
    return np.where(back, 2 * last - picked, picked) + 2 * turns * (last - first)
