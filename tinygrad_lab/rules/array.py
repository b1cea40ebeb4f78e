"""`array`: nested lists of numbers and Values as one Value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lab.calls.receivers import Receiver, plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.typing import ArrayLike, DTypeLike, Result


def array(data: ArrayLike, dtype: DTypeLike = None) -> Result:
    """Return nested lists and tuples of numbers, arrays and Values as one Value, which `np.array` cannot do.

    Arguments:
        data: a Value, an array, a number, or nested lists of these whose shapes agree.
        dtype: the result's; without it, the one that `np.stack` finds. Plain numbers beside Values take theirs.

    Returns:
        A Value that passes its gradient on to the Values inside. Without any, one that requires no gradient.

    Raises:
        ArgumentTypeError: for data that is no array of numbers.
        OperationError: if shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> angle = tl.Value(0.0)
        >>> c, s = np.cos(angle), np.sin(angle)
        >>> rotation = tl.array([[c, -s], [s, c]])
        >>> (rotation @ np.array([1.0, 0.0]))[1].backward()
        >>> angle.grad
        np.float64(1.0)
    """
    leaves = list(_leaves(data))
    if not any(isinstance(leaf, Receiver) for leaf in leaves):
        result: Any = Value(data, requires_grad=False)
        return result if dtype is None else result.astype(dtype)
    dtypes = (leaf if type(leaf) in (bool, int, float, complex) else np.asarray(plain(leaf)).dtype for leaf in leaves)
    return _joined(data).astype(np.result_type(*dtypes) if dtype is None else dtype)


def _leaves(data: Any) -> Iterator[Any]:
    if type(data) in (list, tuple):
        for part in data:
            yield from _leaves(part)
    else:
        yield data


def _joined(data: Any) -> Result:
    return np.stack([_joined(part) for part in data]) if type(data) in (list, tuple) else data
