"""Products of matrices too large to be written out: as BLAS wants them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import Access, whole
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.program import Variable


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """`c[m, n] = Σ a[m, k] · b[k, n]`, once or for a batch of consecutive matrices.

    Attributes:
        a, b: each one block of consecutive elements, by columns where `a_turned`, `b_turned`.
        c: by rows.
        sizes: of m, n and k.
        batch: how many, one after the other.
    """

    c: Access
    a: Access
    b: Access
    a_turned: bool
    b_turned: bool
    sizes: tuple[int, int, int]
    batch: int = 1

    @property
    def target(self) -> Access:
        """Where the result goes."""
        return self.c

    @property
    def in_memory(self) -> set[Variable]:
        """What must lie in memory."""
        return {self.c.base, self.a.base, self.b.base}

    @property
    def reads(self) -> list[Access]:
        """The operands."""
        return [self.a, self.b]


Fresh = Callable[[str, tuple[int, ...], Any], Variable]


def as_products(operation: Operation, fresh: Fresh) -> list[Operation | Product]:
    """Return what computes a product of two arrays with BLAS: copies, where an operand is no block, and the product."""
    a, b = operation.operands
    axes = [i for i, n in enumerate(operation.shape) if n > 1]
    summed = [i for i in axes if i in operation.totalled]
    kept = [i for i in axes if i not in operation.totalled]
    only_a = [i for i in summed if not b.strides[i]]
    only_b = [i for i in summed if not a.strides[i]]
    rows = [i for i in kept if not b.strides[i]]
    columns = [i for i in kept if b.strides[i] and not a.strides[i]]
    batch = [i for i in kept if a.strides[i] and b.strides[i]]
    assert not only_a
    assert not only_b
    sizes = [math.prod(operation.shape[i] for i in group) for group in (rows, columns, summed)]
    before: list[Operation | Product] = []

    def block(x: Access, first: list[int], second: list[int]) -> tuple[Access, bool]:
        """Return an operand as one block, and whether its second group of axes changes slowest."""
        straight, turned = _flat(x, [*batch, *first, *second]), _flat(x, [*batch, *second, *first])
        if straight is not None or turned is not None:
            return (straight, False) if straight is not None else (turned, True)  # type: ignore[return-value]
        order = [*batch, *first, *second]
        copied = whole(fresh(f"{x.base.name}_block", tuple(operation.shape[i] for i in order), x.base.dtype))
        source = Access(x.base, x.offset, tuple(x.strides[i] for i in order), copied.shape)
        before.append(Operation(copied, "{0}", (source,), (x.base.dtype,), x.base.dtype, copied.shape))
        return copied, False

    a_block, a_turned = block(a, rows, summed)
    b_block, b_turned = block(b, summed, columns)
    count = math.prod(operation.shape[i] for i in batch)
    target, order = operation.target, [*batch, *rows, *columns]
    if _flat(target, order) is not None:
        return [*before, Product(target, a_block, b_block, a_turned, b_turned, tuple(sizes), count)]  # type: ignore[arg-type]
    swapped = [*batch, *columns, *rows]
    if _flat(target, swapped) is not None:  # cᵀ = bᵀ aᵀ
        flipped = sizes[1], sizes[0], sizes[2]
        return [*before, Product(target, b_block, a_block, not b_turned, not a_turned, flipped, count)]
    made = whole(fresh(f"{target.base.name}_block", tuple(operation.shape[i] for i in order), target.base.dtype))
    back = Access(target.base, target.offset, tuple(target.strides[i] for i in order), made.shape)
    return [
        *before,
        Product(made, a_block, b_block, a_turned, b_turned, tuple(sizes), count),  # type: ignore[arg-type]
        Operation(back, "{0}", (made,), (np.dtype(target.base.dtype),), target.base.dtype, made.shape),
    ]


def _flat(x: Access, order: list[int]) -> Access | None:
    """Return a look with its axes in this order, if its elements follow one another then."""
    look = Access(x.base, x.offset, tuple(x.strides[i] for i in order), tuple(x.shape[i] for i in order))
    return look if look.contiguous else None
