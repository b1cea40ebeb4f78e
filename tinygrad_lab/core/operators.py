"""Python's operators, and the operations behind them, made before their rules are declared."""

from __future__ import annotations

import operator
from typing import Any, Self

import numpy as np

from tinygrad_lab.calls.receivers import Recorder
from tinygrad_lab.core.registry import operation
from tinygrad_lab.typing import ArrayLike, Index, Result


def getitem(x: Any, index: Index) -> Result:
    """Return `x[index]`: basic, boolean or integer-array indexing."""
    return x[index]


# Operators on arrays compute what the ufuncs do, and on NumPy scalars ten times faster.
NEGATIVE = operation(np.negative, forward=operator.neg)
POSITIVE = operation(np.positive, forward=operator.pos)
ABSOLUTE = operation(np.absolute, forward=abs)
ADD = operation(np.add, forward=operator.add)
SUBTRACT = operation(np.subtract, forward=operator.sub)
MULTIPLY = operation(np.multiply, forward=operator.mul)
DIVIDE = operation(np.divide, forward=operator.truediv)
POWER = operation(np.power)  # the forward stands with its rules
MATMUL = operation(np.matmul, forward=operator.matmul)
REMAINDER = operation(np.remainder, forward=operator.mod)
GETITEM = operation(getitem)

NO_KEYWORDS: dict[str, Any] = {}


class Operators(Recorder):
    """Mixed into `Value`: Python's operators, which record without passing through NumPy's dispatch."""

    __slots__ = ()

    # fmt: off
    def __neg__(self) -> Self: return self.record(NEGATIVE, (self,), NO_KEYWORDS)
    def __pos__(self) -> Self: return self.record(POSITIVE, (self,), NO_KEYWORDS)
    def __abs__(self) -> Self: return self.record(ABSOLUTE, (self,), NO_KEYWORDS)
    def __add__(self, other: ArrayLike) -> Self: return self.record(ADD, (self, other), NO_KEYWORDS)
    def __radd__(self, other: ArrayLike) -> Self: return self.record(ADD, (other, self), NO_KEYWORDS)
    def __sub__(self, other: ArrayLike) -> Self: return self.record(SUBTRACT, (self, other), NO_KEYWORDS)
    def __rsub__(self, other: ArrayLike) -> Self: return self.record(SUBTRACT, (other, self), NO_KEYWORDS)
    def __mul__(self, other: ArrayLike) -> Self: return self.record(MULTIPLY, (self, other), NO_KEYWORDS)
    def __rmul__(self, other: ArrayLike) -> Self: return self.record(MULTIPLY, (other, self), NO_KEYWORDS)
    def __truediv__(self, other: ArrayLike) -> Self: return self.record(DIVIDE, (self, other), NO_KEYWORDS)
    def __rtruediv__(self, other: ArrayLike) -> Self: return self.record(DIVIDE, (other, self), NO_KEYWORDS)
    def __pow__(self, other: ArrayLike) -> Self: return self.record(POWER, (self, other), NO_KEYWORDS)
    def __rpow__(self, other: ArrayLike) -> Self: return self.record(POWER, (other, self), NO_KEYWORDS)
    def __matmul__(self, other: ArrayLike) -> Self: return self.record(MATMUL, (self, other), NO_KEYWORDS)
    def __rmatmul__(self, other: ArrayLike) -> Self: return self.record(MATMUL, (other, self), NO_KEYWORDS)
    def __mod__(self, other: ArrayLike) -> Self: return self.record(REMAINDER, (self, other), NO_KEYWORDS)
    def __rmod__(self, other: ArrayLike) -> Self: return self.record(REMAINDER, (other, self), NO_KEYWORDS)
    # fmt: on
