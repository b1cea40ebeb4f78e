"""The operations behind Python's operators, made before their rules are declared."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinygrad_lab.core.registry import operation


def getitem(x: Any, index: Any) -> Any:
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
