"""What an array type must be so that primitives hand their calls over to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.typing import Args, Keywords, Result


class Receiver:
    """Base of array types that primitives hand their call over to."""

    __slots__ = ()

    def record(self, op: Any, args: Args, kwargs: Keywords) -> Result:
        """Run `op` on arguments of which this is one; a method, as the interpreter finds those faster."""
        raise NotImplementedError


class Recorder(Receiver):
    """Base of `Value`: a node of a graph, which holds an array."""

    __slots__ = ()

    data: Any

    def record(self, op: Any, args: Args, kwargs: Keywords, canonical: bool = False) -> Result:
        """Do the same; `canonical`: the arguments are in the form that `binding` gives them."""
        raise NotImplementedError


class KeptArray(np.ndarray[Any, np.dtype[Any]]):
    """Base of those kinds of NumPy's arrays that a Value holds as they are; it holds others as plain arrays."""


def plain(x: Any) -> Result:
    """Return the array inside a Value, and anything else as it is."""
    return x.data if isinstance(x, Recorder) else x


def holds_values(result: Any) -> bool:
    """Whether the body of a primitive returned a Value: then something beside its arguments was differentiated."""
    return isinstance(result, Recorder) or (isinstance(result, tuple | list) and any(map(holds_values, result)))
