"""Functions of whole numbers that name things: classes, tokens, segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import standing_along
from tinygrad_lab.rules.dtypes import with_dtype
from tinygrad_lab.rules.writing import scatter, set_at
from tinygrad_lab.typing import Array, DTypeLike, Result


def _numbers(name: str, what: str, x: Array, count: int) -> Result:
    """Return an array of integers from 0 to count − 1."""
    x = with_dtype(plain(x))
    if x.dtype.kind not in "iu":
        raise OperationError(f"{name}: {what} must be integers, got dtype {x.dtype}; convert with astype(int)")
    looked_into = isinstance(x, np.ndarray | np.generic)  # another library's array may not know its elements yet
    if looked_into and x.size and (np.min(x) < 0 or np.max(x) >= count):
        raise OperationError(
            f"{name}: {what} must be from 0 to {count - 1}, got {np.min(x)} to {np.max(x)}; number them from 0"
        )
    return x


def one_hot(classes: Any, num_classes: int | None = None, dtype: DTypeLike = np.float64) -> Result:
    """Return arrays that are 1 at the place of each class and 0 elsewhere.

    Arguments:
        classes: integers of any shape, from 0 to num_classes − 1.
        num_classes: the number of classes; one more than the largest without it.
        dtype: the result's dtype.

    Returns:
        A plain array of shape (*classes.shape, num_classes).

    Raises:
        OperationError: for anything but such integers.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.one_hot(np.array([2, 0]), 3)
        array([[0., 0., 1.],
               [1., 0., 0.]])
    """
    found = with_dtype(plain(classes))
    if num_classes is None:
        num_classes = int(np.max(found, initial=-1)) + 1
    numbers = _numbers("one_hot", "classes", found, num_classes)
    return (np.expand_dims(numbers, -1) == beside(np.arange(num_classes), numbers)).astype(dtype)


def embedding(x: Array, weight: Array, padding_idx: int | None = None) -> Result:
    """Return the rows of a table, `weight[x]`.

    Arguments:
        x: integers of any shape, from 0 to rows − 1.
        weight: array of shape (rows, features).
        padding_idx: a row that gets no gradient.

    Returns:
        An array of shape (*x.shape, features).

    Raises:
        OperationError: for anything but such integers.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.embedding(np.array([1, 1]), np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([[3., 4.],
               [3., 4.]])
    """
    index = _numbers("embedding", "input", x, weight.shape[0])
    rows = weight[index]
    if padding_idx is None:
        return rows
    return np.where(np.expand_dims(index == padding_idx, -1), plain(rows), rows)


# -- segments --------------------------------------------------------------------------------------------------------


def segment_sum(x: Array, segments: Array, num_segments: int | None = None) -> Result:
    """Return the sums of the rows of each segment, `y[s] = Σ x[i]` over all i with `segments[i] = s`.

    Arguments:
        x: array of shape (rows, ...).
        segments: integers of shape (rows,), in any order: the segment of each row.
        num_segments: how many there are; one more than the largest without it.

    Returns:
        An array of shape (num_segments, ...), 0 for segments without rows.

    Raises:
        OperationError: if the shapes do not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.segment_sum(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]))
        array([2., 5.])
    """
    index, count = _segments("segment_sum", x, segments, num_segments)
    return _sums(x, index, count)


def segment_mean(x: Array, segments: Array, num_segments: int | None = None) -> Result:
    """Return the means of the rows of each segment; 0 for a segment without rows. Arguments: see `segment_sum`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.segment_mean(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]))
        array([2. , 2.5])
    """
    index, count = _segments("segment_mean", x, segments, num_segments)
    sizes = np.maximum(np.bincount(index, minlength=count), 1)
    return _sums(x, index, count) / np.reshape(sizes, standing_along(0, np.ndim(x))).astype(x.dtype)


def segment_max(x: Array, segments: Array, num_segments: int | None = None) -> Result:
    """Return the largest elements of each segment; −∞ for a segment without rows; equal ones share the gradient.

    Arguments: see `segment_sum`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.segment_max(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]))
        array([2., 4.])
    """
    index, count = _segments("segment_max", x, segments, num_segments)
    return _maxima(x, index=index, count=count)


def segment_softmax(x: Array, segments: Array, num_segments: int | None = None) -> Result:
    """Return weights that sum to 1 over the rows of each segment, `exp(x) / Σ exp(x)`. Arguments: see `segment_sum`.

    Returns:
        An array of the shape of `x`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.segment_softmax(np.array([1e4, 7.0, 1e4]), np.array([1, 0, 1]))
        array([0.5, 1. , 0.5])
    """
    index, count = _segments("segment_softmax", x, segments, num_segments)
    highest = np.take(_maxima(plain(x), index=index, count=count), index, axis=0)
    weights = np.exp(x - highest)
    return weights / np.take(_sums(weights, index, count), index, axis=0)


def _segments(name: str, x: Array, segments: Array, num_segments: int | None) -> tuple[Any, int]:
    found = np.asarray(plain(segments))
    if np.ndim(x) < 1 or found.shape != x.shape[:1]:
        raise OperationError(
            f"{name}: segments must hold one integer for each row, got shape {found.shape} for rows of {np.shape(x)}; "
            f"move the rows to the first axis"
        )
    count = int(np.max(found, initial=-1)) + 1 if num_segments is None else num_segments
    return _numbers(name, "segments", found, count), count


def _sums(x: Array, index: Array, count: int) -> Result:
    return scatter(x, index, (count, *x.shape[1:]))


@primitive()
def _maxima(x: Array, index: Array, count: int) -> Result:
    order = np.argsort(index, kind="stable")
    ordered = index[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    lowest = np.full_like(x, -np.inf, shape=(count, *x.shape[1:]))
    return set_at(lowest, np.maximum.reduceat(x[order], starts, axis=0), ordered[starts]) if starts.size else lowest


def _maxima_rule(g: Array, y: Array, x: Array, index: Array, count: int) -> Result:
    """The elements that equal their segment's maximum share its gradient."""
    chosen = x == y[index]
    shares = g / np.maximum(_sums(chosen.astype(x.dtype), index, count), 1)
    return np.where(chosen, shares[index], 0)


defvjp(_maxima, _maxima_rule)
