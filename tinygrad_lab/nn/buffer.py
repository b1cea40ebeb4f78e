"""`Buffer`: an array that a module keeps and saves, but does not train."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.typing import ArrayLike


class Buffer:
    """An array that belongs to a module's state, such as running statistics: saved, never differentiated.

    As an attribute of a module it is found like a parameter, under the name of its path. Assign a new array to `data`
    to change it; the copies of the module that transforms make share it.

    Arguments:
        data: an array or a number, of any dtype.

    Attributes:
        data: the array (a NumPy scalar for a 0-d one).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> class Counter(tl.nn.Module):
        ...     def __init__(self):
        ...         self.calls = tl.nn.Buffer(0)
        ...
        ...     def forward(self, x):
        ...         self.calls.data = self.calls.data + 1
        ...         return x
        >>> module = Counter()
        >>> module(1.0), module.state_dict()
        (1.0, {'calls': array(1)})
    """

    __slots__ = ("data",)

    def __init__(self, data: ArrayLike) -> None:
        self.data: Any = np.array(data)[()]

    def __repr__(self) -> str:
        return f"Buffer({self.data!r})"
