"""Nests written as Python source: loops over addresses, elements that are written out, totals in vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import Access
from tinygrad_lab.compiler.numba.function import Function
from tinygrad_lab.compiler.numba.nest import Nest, Roles, offsets
from tinygrad_lab.compiler.numba.operation import TOTALS, Operation
from tinygrad_lab.compiler.program import Variable

VECTOR_BYTES = 64
_ROUNDS = 512  # of a total, after which a new one is begun: long sums lose digits


@dataclass
class _Levels:
    """Lines by where they stand: before loop l (`head[l]`, inside those around it) and after it (`tail[l]`)."""

    head: list[list[str]]
    tail: list[list[str]]
    block_begin: list[str] = field(default_factory=list)
    block_end: list[str] = field(default_factory=list)


class NestWriter:
    """Writes one nest into a function.

    Arguments:
        function: where to.
        nest: what.
        widest: the bytes of a vector.
        split: whether the outermost loop goes from `begin` to `end`, which the function is passed.
    """

    def __init__(self, function: Function, nest: Nest, widest: int = VECTOR_BYTES, split: bool = False) -> None:
        self.function, self.nest, self._split = function, nest, split
        self.places = collapsed(nest)
        self.space = tuple(math.prod(nest.space[p] for p in group) for group in self.places)
        n = len(self.space)
        self.levels = _Levels([[] for _ in range(n + 1)], [[] for _ in range(n + 1)])
        self.names: dict[tuple[Variable, int], str] = {}
        self.loaded: dict[Any, str] = {}
        self.lanes = self._lanes(widest) if self.space else 1
        self.part = bool(self.space) and self.space[-1] % self.lanes != 0

    def write(self) -> None:
        """Append the nest to the function."""
        for operation, roles in self.nest.operations:
            _OperationWriter(self, operation, roles).write()
        lines = self.levels.head[-1]
        for level in reversed(range(len(self.space))):
            lines = self.levels.head[level] + self._loop(level, lines) + self.levels.tail[level]
        self.function.lines += lines

    def _loop(self, level: int, body: list[str]) -> list[str]:
        index, n, lane = f"i{level}", self.space[level], level == len(self.space) - 1
        low, high = ("begin", "end") if self._split and level == 0 else ("0", str(n))
        if not lane:
            return [f"for {index} in range({low}, {high}):", *_indented(body)]
        first = self.function.helpers.make(f"first_{self.lanes}", "first_lanes", self.lanes) if self.part else ""
        live = [f"live = {first}({n} - {index})"] if self.part else []
        if n <= self.lanes:  # one round
            return [f"{index} = 0", *live, *self.levels.block_begin, *body, *self.levels.block_end]
        if not self.levels.block_begin:
            return [f"for {index} in range({low}, {high}, {self.lanes}):", *_indented(live + body)]
        if n <= _ROUNDS * self.lanes:
            inner = [f"for {index} in range({low}, {high}, {self.lanes}):", *_indented(live + body)]
            return self.levels.block_begin + inner + self.levels.block_end
        step = _ROUNDS * self.lanes
        inner = [f"for {index} in range(start, min(start + {step}, {high}), {self.lanes}):", *_indented(live + body)]
        return [
            f"for start in range({low}, {high}, {step}):",
            *_indented(self.levels.block_begin + inner + self.levels.block_end),
        ]

    def _lanes(self, widest: int) -> int:
        sizes = [x.base.dtype.itemsize for op, _ in self.nest.operations for x in (op.target, *op.reads)]
        lanes = widest // max(4, *sizes)
        return min(lanes, 1 << (self.space[-1] - 1).bit_length())

    def along(self, access: Access, roles: Roles) -> tuple[int, ...]:
        """Return the strides of a look along the loops."""
        strides = self.nest.strides(access, roles)
        return tuple(strides[group[-1]] for group in self.places)

    def address(self, base: Variable, offset: int, strides: tuple[int, ...]) -> str:
        """Return the address of an element in the round at hand."""
        size = base.dtype.itemsize
        terms = [self.function.base(base)]
        terms += [str(offset * size)] if offset else []
        terms += [f"{s * size} * i{level}" for level, s in enumerate(strides) if s]
        return " + ".join(terms)

    def element(self, access: Access, offset: int, strides: tuple[int, ...]) -> str:
        """Return the name of an element, which is loaded unless this round has made it."""
        base = access.base
        made = self.names.get((base, offset))
        if made is not None:
            return made
        if not any(strides):
            return self.function.number(base, offset)
        key = base, offset, strides
        if key not in self.loaded:
            deepest = max(level for level, s in enumerate(strides) if s)
            inner = deepest == len(self.space) - 1
            lanes = self.lanes if inner else 1
            place = len(self.space) if inner else deepest + 1
            name = self.function.fresh(base.name)
            dtype, address = base.dtype.name, self.address(base, offset, strides)
            apart = inner and strides[-1] != 1 and lanes > 1
            text = self.function.load(dtype, lanes, address, strides[-1] if apart else None, self.part and lanes > 1)
            self.levels.head[place].append(f"{name} = {text}")
            self.loaded[key] = name
        return self.loaded[key]

    def store(self, base: Variable, offset: int, strides: tuple[int, ...], x: str) -> str:
        """Return the line that writes a vector, or a number, of the round at hand."""
        lanes = self.lanes if strides and strides[-1] else 1  # along the last loop, a total is one number
        apart = strides[-1] if lanes > 1 and strides[-1] != 1 else None
        address = self.address(base, offset, strides)
        return self.function.store(base.dtype.name, lanes, address, x, apart, self.part and lanes > 1)


class _OperationWriter:
    """Writes one operation of a nest."""

    def __init__(self, nest: NestWriter, operation: Operation, roles: Roles) -> None:
        self.nest, self.operation = nest, operation
        self.function = nest.function
        self.base = operation.target.base
        self.target = nest.along(operation.target, roles)
        self.targets = offsets(operation.target, roles)
        self.reads = [
            (offsets(x, roles), nest.along(x, roles)) if isinstance(x, Access) else None for x in operation.operands
        ]
        places = {role for axis, role in enumerate(roles) if axis in operation.totalled and role is not None}
        self.totalled = [level for level, group in enumerate(nest.places) if group[-1] in places]

    def write(self) -> None:
        """Add the operation's lines to those of the nest."""
        elements: dict[int, list[int]] = {}
        for number, offset in enumerate(self.targets):
            elements.setdefault(offset, []).append(number)
        for offset, numbers in elements.items():
            if not self.totalled:
                self._in_round(offset, numbers)
            elif len(self.nest.space) - 1 in self.totalled:
                self._in_registers(offset, numbers)
            else:
                self._in_memory(offset, numbers)

    def _operands(self, number: int) -> list[str]:
        texts = []
        for x, read, dtype in zip(self.operation.operands, self.reads, self.operation.dtypes, strict=True):
            if read is None:
                texts.append(self.function.literal(x, dtype))
            else:
                text = self.nest.element(x, read[0][number], read[1])
                texts.append(self.function.converted(text, x.base.dtype, dtype))
        return texts

    def _expression(self, number: int) -> str:
        text = self.function.expression(self.operation.expression, self._operands(number))
        single = self.nest.lanes == 1 and self.base.dtype == np.float32
        given = np.dtype(float) if single else self.operation.computed
        return self.function.converted(text, given, self.base.dtype)

    def _combined(self, lines: list[str], name: str, numbers: list[int], masked: bool, begun: bool) -> None:
        """Add the lines that put elements together into `name`."""
        combine = TOTALS[self.operation.total][0] if self.operation.total else ""
        for number in numbers:
            if self.operation.product and begun:
                a, b = self._operands(number)
                text = f"{self.function.call('multiply_add')}({a}, {b}, {name})"
            else:
                text = self._expression(number)
                text = self.function.expression(combine, [name, f"({text})"]) if begun else text
            lines.append(f"{name} = " + (f"{self.function.call('select')}(live, {text}, {name})" if masked else text))
            begun = True

    def _in_round(self, offset: int, numbers: list[int]) -> None:
        body = self.nest.levels.head[-1]
        name = self.function.fresh(f"{self.base.name}_{offset}" if len(self.targets) > 1 else self.base.name)
        self._combined(body, name, numbers, False, False)
        if self.base in self.nest.nest.made:
            self.nest.names[self.base, offset] = name
            if not self.nest.space:
                self.function.numbers[self.base, offset] = name
        if self.function.stored(self.base):
            body.append(self.nest.store(self.base, offset, self.target, name))

    def _in_registers(self, offset: int, numbers: list[int]) -> None:
        nest, levels, kind, dtype = self.nest, self.nest.levels, self.operation.total, self.base.dtype
        combine, neutral = TOTALS[kind]
        kept = [level for level, s in enumerate(self.target) if s and level not in self.totalled]
        level = max(kept, default=-1) + 1
        name = self.function.fresh(f"{self.base.name}_{kind}")
        zeros = f"{self.function.everywhere(dtype.name, nest.lanes)}({self.function.literal(neutral, dtype)})"
        rounds = math.prod(nest.space[i] for i in self.totalled if i >= level) // nest.lanes
        if rounds > _ROUNDS:
            partial = f"{name}_part"
            levels.head[level].append(f"{name} = {zeros}")
            levels.block_begin.append(f"{partial} = {zeros}")
            self._combined(levels.head[-1], partial, numbers, nest.part, True)
            levels.block_end.append(f"{name} = {self.function.expression(combine, [name, partial])}")
        else:
            levels.head[level].append(f"{name} = {zeros}")
            self._combined(levels.head[-1], name, numbers, nest.part, True)
        number = self.function.fresh(f"{self.base.name}_{offset}")
        tail = levels.tail[level]
        tail.append(
            f"{number} = {self.function.call(f'{kind}_of_lanes')}({name})" if nest.lanes > 1 else f"{number} = {name}"
        )
        if any(i < level for i in self.totalled):
            self._accumulate(tail, offset, number)
        elif level == 0:
            self.function.numbers[self.base, offset] = number
            if self.function.stored(self.base):
                tail.append(nest.store(self.base, offset, self.target, number))
        else:
            tail.append(nest.store(self.base, offset, self.target, number))

    def _in_memory(self, offset: int, numbers: list[int]) -> None:
        name = self.function.fresh(self.base.name)
        body = self.nest.levels.head[-1]
        self._combined(body, name, numbers, False, False)
        self._accumulate(body, offset, name)

    def _accumulate(self, lines: list[str], offset: int, x: str) -> None:
        """Add lines that put `x` together with what stands in memory, where the total of nothing was written first."""
        nest, base = self.nest, self.base
        combine, neutral = TOTALS[self.operation.total]
        fill = f"{self.function.fill(base.dtype.name)}({self.function.base(base)}, int64({base.size}), {neutral!r})"
        if fill not in nest.levels.head[0]:
            nest.levels.head[0].insert(0, fill)
        strides = self.target
        lanes = nest.lanes if strides[-1] else 1
        apart = strides[-1] if lanes > 1 and strides[-1] != 1 else None
        old = self.function.load(
            base.dtype.name, lanes, nest.address(base, offset, strides), apart, nest.part and lanes > 1
        )
        lines.append(nest.store(base, offset, strides, self.function.expression(combine, [old, x])))


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def collapsed(nest: Nest) -> list[list[int]]:
    """Return the loops of a nest, neighbours together where one does for both: elements follow one another there."""
    groups = [[place] for place in range(len(nest.space))]
    for place in range(1, len(nest.space)):
        if all(_joint(nest, place, operation, roles) for operation, roles in nest.operations):
            before = next(group for group in groups if place - 1 in group)
            groups.remove([place])
            before.append(place)
    return groups


def _joint(nest: Nest, place: int, operation: Operation, roles: Roles) -> bool:
    """Whether an operation sees the loops `place - 1` and `place` as one."""
    totalled = {role for axis, role in enumerate(roles) if axis in operation.totalled}
    if (place in totalled) != (place - 1 in totalled):
        return False
    for access in (operation.target, *operation.reads):
        strides = nest.strides(access, roles)
        if strides[place - 1] != strides[place] * nest.space[place]:
            return False
    return True
