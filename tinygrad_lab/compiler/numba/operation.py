"""What loops do: one expression at every index of a domain, written down there, or added up over some of its axes.

Elementwise functions, sums, products of matrices, the parts of a concatenation: each is an `Operation`, so fusing and
writing them is one piece of code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import Access


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """`target[index] = expression(operands[index])` for every index of the domain, or their total over some axes.

    Attributes:
        target: where results go, with a stride of 0 along the axes that are totalled.
        expression: source with `{0}`, `{1}`, … for the operands.
        operands: over the domain: strided looks at arrays, or numbers.
        dtypes: to what each operand is converted first.
        computed: the dtype that the expression gives; it is converted to the target's.
        shape: the domain.
        total: how elements are put together along the axes where the target's stride is 0, a key of `TOTALS`, or "".
        product: whether the expression is the product of two operands, to be summed up as fused as can be.
        name: for the reader.
    """

    target: Access
    expression: str
    operands: tuple[Access | Any, ...]
    dtypes: tuple[np.dtype[Any], ...]
    computed: np.dtype[Any]
    shape: tuple[int, ...]
    total: str = ""
    totalled: tuple[int, ...] = ()
    product: bool = False
    name: str = ""

    @property
    def size(self) -> int:
        """The number of indices."""
        return math.prod(self.shape)

    @property
    def reads(self) -> list[Access]:
        """The operands that are arrays."""
        return [x for x in self.operands if isinstance(x, Access)]


# How two partial totals are put together, and the total of nothing.
TOTALS = {
    "sum": ("{0} + {1}", 0),
    "product": ("{0} * {1}", 1),
    "maximum": ("maximum({0}, {1})", -math.inf),
    "minimum": ("minimum({0}, {1})", math.inf),
    "all": ("{0} & {1}", True),
    "any": ("{0} | {1}", False),
}
