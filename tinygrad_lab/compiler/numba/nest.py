"""Which operations share a loop: a nest of loops, and how an operation's axes are spread over them.

The axes of a nest are its `space`; the last is the one along which vectors lie. Each axis of an operation's domain is
either one of them or written out, element by element. An operation may join a nest if what it reads of the nest's own
results is what the same round made: with the same index along every axis of the space.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from tinygrad_lab.compiler.numba.access import Access
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.program import Variable

WRITTEN_OUT = 16  # elements a round of an operation, beyond which its axes become loops
PRODUCTS_WRITTEN_OUT = 32  # likewise, products of two numbers that are summed
FEW = 16  # elements of an operation that needs no loop at all
STATEMENTS = 1200  # of a nest, beyond which it takes no more operations
SIDE_BY_SIDE = 4  # likewise, of an operation that may as well run through its elements in order
SHORTEST = 4  # elements that are worth a vector

Roles = tuple[int | None, ...]  # for every axis of a domain: its place in the space, or None if it is written out


@dataclass(eq=False)
class Nest:
    """Loops over a space, and what is done in every round.

    Attributes:
        space: the sizes of the loops, outermost first.
        operations: with the roles of their axes.
        made: for what a round makes: its strides along the space.
        totals: what is known only after the loops.
        cost: about how many statements a round has.
    """

    space: tuple[int, ...]
    operations: list[tuple[Operation, Roles]] = field(default_factory=list)
    made: dict[Variable, tuple[int, ...]] = field(default_factory=dict)
    totals: set[Variable] = field(default_factory=set)
    by_shape: dict[tuple[int, ...], Roles] = field(default_factory=dict)
    cost: int = 0

    def roles(self, operation: Operation) -> Roles | None:
        """Return how an operation's axes lie if it joins, or None if it must not."""
        if self.cost > STATEMENTS or (operation.product and len(self.space) > 1):
            return None  # a product by rows is better left to BLAS
        if any(read.base in self.totals for read in operation.reads):
            return None
        fixed = [read for read in operation.reads if read.base in self.made]
        roles = self._forced(operation, fixed) if fixed else self._free(operation)
        if roles is None or not self._sound(operation, roles, fixed):
            return None
        if written_out(operation, roles) > _limit(operation, self.space) or self._better_alone(operation, roles):
            return None
        return roles

    def add(self, operation: Operation, roles: Roles, whole: bool) -> None:
        """Let an operation join; `whole` says whether it alone makes its target."""
        self.operations.append((operation, roles))
        self.by_shape.setdefault(operation.shape, roles)
        self.cost += written_out(operation, roles)
        base, strides = operation.target.base, self.strides(operation.target, roles)
        totalled = any(i in operation.totalled and role is not None for i, role in enumerate(roles))
        if totalled or not whole:
            self.totals.add(base)
        else:
            self.made[base] = strides

    def strides(self, access: Access, roles: Roles) -> tuple[int, ...]:
        """Return the strides of a look along the space."""
        strides = [0] * len(self.space)
        for stride, role in zip(access.strides, roles, strict=True):
            if role is not None:
                strides[role] = stride
        return tuple(strides)

    def _forced(self, operation: Operation, fixed: list[Access]) -> Roles | None:
        """Find the axis of each loop by the strides of what the nest has made."""
        roles: list[int | None] = [None] * len(operation.shape)
        for place, n in enumerate(self.space):
            axes = {
                axis
                for read in fixed
                for axis, (stride, size) in enumerate(zip(read.strides, operation.shape, strict=True))
                if self.made[read.base][place] == stride != 0 and size == n and roles[axis] is None
            }
            if len(axes) != 1:
                return None
            roles[axes.pop()] = place
        return tuple(roles)

    def _free(self, operation: Operation) -> Roles | None:
        """An operation that reads nothing of the nest may lie as others of its shape do, or as it would alone."""
        if operation.shape in self.by_shape:
            return self.by_shape[operation.shape]
        alone = seed(operation)
        return alone[1] if alone is not None and alone[0] == self.space else None

    def _better_alone(self, operation: Operation, roles: Roles) -> bool:
        """Whether a total would be known within a round of a nest of its own, but only after the loops of this one."""
        looped = [axis for axis in operation.totalled if roles[axis] is not None]
        alone = seed(operation) if looped else None
        return alone is not None and alone[0] != () and all(alone[1][axis] is None for axis in operation.totalled)

    def _sound(self, operation: Operation, roles: Roles, fixed: list[Access]) -> bool:
        """Whether what is read of the nest's results is at the round's own place, along every axis of the space."""
        for read in fixed:
            made = self.made[read.base]
            if self.strides(read, roles) != made:
                return False
            for flat in offsets(read, roles):
                if any(s and (flat // s) % n for s, n in zip(made, self.space, strict=True)):
                    return False
        return True


def seed(operation: Operation) -> tuple[tuple[int, ...], Roles] | None:
    """Return the space of a new nest for an operation, and its axes' roles; None for a product better left to BLAS."""
    shape, total = operation.shape, operation.size
    if total <= (PRODUCTS_WRITTEN_OUT * 2 if operation.product else FEW):
        return (), (None,) * len(shape)
    limit = PRODUCTS_WRITTEN_OUT if operation.product else SIDE_BY_SIDE if _flat(operation) else WRITTEN_OUT
    alone = [axis for axis, n in enumerate(shape) if n >= SHORTEST and total // n <= limit]
    if alone and not _in_rows(operation):
        axis = max(alone, key=lambda a: shape[a])
        return (shape[axis],), tuple(0 if i == axis else None for i in range(len(shape)))
    if operation.product:
        return None
    last = len(shape)
    inner = 1
    while not _flat(operation) and last > 1 and shape[last - 1] < SHORTEST and inner * shape[last - 1] <= WRITTEN_OUT:
        last -= 1
        inner *= shape[last]
    looped = [axis for axis in range(last) if shape[axis] > 1]
    places = {axis: place for place, axis in enumerate(looped)}
    return tuple(shape[axis] for axis in looped), tuple(places.get(axis) for axis in range(len(shape)))


def _in_rows(operation: Operation) -> bool:
    """Whether an operation maps elements to elements, of which whole vectors lie side by side along the last axis."""
    if operation.total or operation.shape[-1] < 2 * SHORTEST:
        return False
    return all(x.strides[-1] in (0, 1) for x in (operation.target, *operation.reads))


def _flat(operation: Operation) -> bool:
    """Whether an operation maps elements to elements in the order in which all of them lie."""
    if operation.total:
        return False
    return all(x.contiguous or not any(x.strides) for x in (operation.target, *operation.reads))


def written_out(operation: Operation, roles: Roles) -> int:
    """Return how many elements of its domain an operation has in a round."""
    return math.prod(n for n, role in zip(operation.shape, roles, strict=True) if role is None)


def offsets(access: Access, roles: Roles) -> list[int]:
    """Return the offsets of a look at all indices of the axes that are written out, in order."""
    axes = [(n, s) for n, s, role in zip(access.shape, access.strides, roles, strict=True) if role is None]
    return [
        access.offset + sum(i * s for i, (_, s) in zip(index, axes, strict=True))
        for index in itertools.product(*(range(n) for n, _ in axes))
    ]


def _limit(operation: Operation, space: tuple[int, ...]) -> int:
    if operation.product:
        return PRODUCTS_WRITTEN_OUT * (1 if space else 2)
    return WRITTEN_OUT if space else FEW
