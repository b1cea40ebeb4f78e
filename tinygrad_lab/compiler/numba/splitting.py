"""Long loops in blocks, for several cores: which loops, which blocks, and what happens to their totals.

The blocks depend on the loop alone, never on the number of cores, and what they add up is put together in their order.
So results are the same bits on every machine with vectors as long.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from tinygrad_lab.compiler.numba.access import Access, whole
from tinygrad_lab.compiler.numba.loops import collapsed
from tinygrad_lab.compiler.numba.nest import Nest, Roles, seed
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.numba.products import Fresh
from tinygrad_lab.compiler.numba.schedule import Segment
from tinygrad_lab.compiler.program import Variable

_WORTH_IT = 1 << 17  # elements computed, about 50 µs: waking the other threads takes about as long
_BLOCKS = 32
_STEP = 64  # rounds: every block but the last is a multiple of this, so of any vector


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A nest whose outermost loop is done in blocks.

    Attributes:
        nest: what each block does.
        blocks: where each begins and ends.
        parts: for what a block adds up, what holds that of all blocks.
    """

    nest: Nest
    blocks: list[tuple[int, int]]
    parts: dict[Variable, Variable]

    @property
    def in_memory(self) -> set[Variable]:
        """What must lie in memory."""
        reads = {read.base for operation, _ in self.nest.operations for read in operation.reads}
        return (reads - self.nest.made.keys()) | self.parts.keys()


Piece = Segment | Split


def in_blocks(stages: list[Any], made: Counter[Variable], fresh: Fresh) -> list[Any]:
    """Return stages with each long loop in a stage of its own.

    Arguments:
        stages: lists of segments, or of calls of NumPy's.
        made: how many operations make each array.
        fresh: makes variables.
    """
    found: list[Any] = []
    for stage in stages:
        rest: list[Any] = []
        for segment in stage:
            split = _split(segment, made, fresh) if isinstance(segment, Nest) else None
            if split is None:
                rest.append(segment)
                continue
            found += [rest, [split[0]]] if rest else [[split[0]]]
            rest = [*split[1]]
        found += [rest] if rest else []
    return found


def _split(nest: Nest, made: Counter[Variable], fresh: Fresh) -> tuple[Split, list[Segment]] | None:
    """Return a nest in blocks, and what puts their totals together; None if it is not worth it, or cannot be."""
    rounds = math.prod(nest.space)
    if not nest.space or rounds * len(nest.operations) < _WORTH_IT:
        return None
    groups = collapsed(nest)
    n = math.prod(nest.space[place] for place in groups[0])
    step = _STEP if len(groups) == 1 else 1
    size = -(-n // (_BLOCKS * step)) * step
    blocks = [(begin, min(begin + size, n)) for begin in range(0, n, size)]
    operations, parts, after = [], dict[Variable, Variable](), list[Segment]()
    for operation, roles in nest.operations:
        kind = _kind(operation, roles, nest, groups)
        base = operation.target.base
        if kind == "crossing" or (kind == "total" and (made[base] > 1 or base.size * len(blocks) * 4 > rounds)):
            return None
        if kind == "total":
            part = fresh(f"{base.name}_part", base.shape, base.dtype)
            parts[part] = fresh(f"{base.name}_parts", (len(blocks), *base.shape), base.dtype)
            after.append(_together(operation, parts[part]))
            operation = replace(operation, target=replace(operation.target, base=part))
        operations.append((operation, roles))
    return Split(replace(nest, operations=operations), blocks, parts), after


def _kind(operation: Operation, roles: Roles, nest: Nest, groups: list[list[int]]) -> str:
    """Return "total" for what goes over all blocks, "crossing" for totals in memory that blocks share, else ""."""
    places = {role for axis, role in enumerate(roles) if axis in operation.totalled and role is not None}
    totalled = [level for level, group in enumerate(groups) if group[-1] in places]
    if not totalled or 0 in totalled:
        return "total" if totalled else ""
    strides = nest.strides(operation.target, roles)
    kept = [level for level, group in enumerate(groups) if strides[group[-1]] and level not in totalled]
    in_registers = len(groups) - 1 in totalled and min(totalled) > max(kept, default=-1)
    return "" if in_registers else "crossing"


def _together(operation: Operation, parts: Variable) -> Nest:
    """Return what puts the totals of all blocks together."""
    target, read = whole(operation.target.base), whole(parts)
    target = Access(target.base, 0, (0, *target.strides), parts.shape)
    dtype = parts.dtype
    total = Operation(target, "{0}", (read,), (dtype,), dtype, parts.shape, operation.total, (0,))
    alone = seed(total)
    assert alone is not None
    nest = Nest(alone[0])
    nest.add(total, alone[1], True)
    return nest
