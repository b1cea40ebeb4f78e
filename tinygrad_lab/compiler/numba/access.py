"""Arrays as strided looks at other arrays: transposing, slicing and reshaping cost nothing in a compiled program."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinygrad_lab.compiler.program import Variable


@dataclass(frozen=True, slots=True)
class Access:
    """The elements `offset + Σ strides[k] · index[k]` of a base, which is laid out in C order; counted in elements."""

    base: Variable
    offset: int
    strides: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Whether this is all of the base, in its order."""
        return self.offset == 0 and self.size == self.base.size and self.contiguous

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def contiguous(self) -> bool:
        """Whether the elements follow one another in C order."""
        expected = c_strides(self.shape)
        return all(n == 1 or s == e for n, s, e in zip(self.shape, self.strides, expected, strict=True))

    def seen_by(self, function: Callable[..., Any]) -> Access | None:
        """Return what `function`, which only rearranges, makes of this: it is tried on an array without memory."""
        try:
            return self.of(function(as_strided(_BYTE, self.shape, self.strides)))
        except ValueError:  # what would have to copy
            return None

    def of(self, made: Any) -> Access | None:
        """Return what a rearranged look at this array without memory is; None if it is none, or beyond the base."""
        offset = self.offset + made.__array_interface__["data"][0] - _ADDRESS
        reach = [(n - 1) * s for n, s in zip(made.shape, made.strides, strict=True)]
        low, high = offset + sum(min(r, 0) for r in reach), offset + sum(max(r, 0) for r in reach)
        if not isinstance(made, np.ndarray) or low < 0 or high >= self.base.size:
            return None
        return Access(self.base, offset, tuple(made.strides), made.shape)

    def reshaped(self, shape: tuple[int, ...]) -> Access | None:
        """Return this with another shape, if that needs no copy."""
        if self.contiguous:
            return Access(self.base, self.offset, c_strides(shape), shape)
        strides = _split(self, shape)
        return None if strides is None else Access(self.base, self.offset, strides, shape)

    def broadcast(self, shape: tuple[int, ...]) -> Access:
        """Return this as NumPy would broadcast it."""
        extra = len(shape) - len(self.shape)
        strides = (0,) * extra + tuple(0 if n == 1 else s for n, s in zip(self.shape, self.strides, strict=True))
        return Access(self.base, self.offset, strides, shape)


_BYTE = np.zeros(1, np.int8)  # elements of one byte: strides in bytes are strides in elements
_ADDRESS = int(_BYTE.__array_interface__["data"][0])


def c_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of an array in C order, in elements."""
    return tuple(itertools.accumulate(reversed(shape[1:]), lambda a, n: a * n, initial=1))[::-1] if shape else ()


def whole(variable: Variable) -> Access:
    """Return a variable as its own base."""
    return Access(variable, 0, c_strides(variable.shape), variable.shape)


def _split(access: Access, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return strides for a new shape of elements that do not follow one another, if there are any."""
    old = [(n, s) for n, s in zip(access.shape, access.strides, strict=True) if n != 1]
    strides: list[int] = []
    todo = [n for n in shape if n != 1]
    while todo:
        if not old:
            return None
        # As many old axes and as many new ones as have the same number of elements.
        count, taken = old[0][0], [old.pop(0)]
        made = [todo.pop(0)]
        while math.prod(made) != count:
            if math.prod(made) < count:
                if not todo:
                    return None
                made.append(todo.pop(0))
            else:
                if not old:
                    return None
                taken.append(old.pop(0))
                count *= taken[-1][0]
        if any(a[1] != b[1] * b[0] for a, b in itertools.pairwise(taken)):
            return None
        strides += [s * taken[-1][1] for s in c_strides(tuple(made))]
    found = iter(strides)
    return tuple(0 if n == 1 else next(found) for n in shape)
