"""When everything is done: stages of compiled code with NumPy's calls between them, and the nests of each stage.

Stages 0, 2, 4, … are compiled; what NumPy does between stage 2k and stage 2k + 2 is stage 2k + 1. An operation joins
the earliest nest that it may, so that what belongs together is computed in one round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tinygrad_lab.compiler.numba.access import Access
from tinygrad_lab.compiler.numba.nest import Nest, seed
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.numba.products import Fresh, Product, as_products
from tinygrad_lab.compiler.numba.reading import Item, Outside
from tinygrad_lab.compiler.numba.rounds import Rounds
from tinygrad_lab.compiler.numba.tasks import Task
from tinygrad_lab.compiler.program import Variable, variables

Segment = Nest | Product | Rounds | Task


@dataclass
class Schedule:
    """The stages: nests and products, or calls of NumPy's."""

    compiled: dict[int, list[Segment]] = field(default_factory=dict)
    outside: dict[int, list[Outside]] = field(default_factory=dict)

    def stages(self) -> list[list[Segment] | list[Outside]]:
        """Return the stages that have something to do, in order."""
        found: list[tuple[int, list[Segment] | list[Outside]]] = [*self.compiled.items(), *self.outside.items()]
        return [stage for _, stage in sorted(found, key=lambda pair: pair[0]) if stage]


class Scheduler:
    """Places items one after the other.

    Arguments:
        looks: the base of each variable.
        fresh: makes variables for what is computed on the way.
    """

    def __init__(self, looks: dict[Variable, Variable], fresh: Fresh) -> None:
        self.schedule = Schedule()
        self._bases, self._fresh = looks, fresh
        self._ready: dict[Variable, tuple[int, int]] = {}  # stage and segment from which on a base may be read
        self._returned: dict[Variable, int] = {}  # by calls of NumPy's, and in which stage
        self._parts: Counter[Variable] = Counter()

    def place(self, items: Iterable[Item]) -> Schedule:
        """Place all items; those that make parts of one array are known beforehand."""
        items = list(items)
        self._parts.update(item.target.base for item in items if isinstance(item, Operation))
        for item in items:
            if isinstance(item, Outside):
                self._outside(item)
            elif isinstance(item, Rounds | Task):
                self._append(item, item.results, self._start(item.reads))
            else:
                self._operation(item)
        return self.schedule

    def _operation(self, operation: Operation) -> None:
        start = self._start(operation.reads)
        whole = self._parts[operation.target.base] <= 1
        for stage in sorted(self.schedule.compiled):
            for number, nest in enumerate(self.schedule.compiled[stage]):
                if (stage, number) < start or not isinstance(nest, Nest):
                    continue
                roles = nest.roles(operation)
                if roles is not None:
                    nest.add(operation, roles, whole)
                    self._made(operation.target.base, nest, stage, number)
                    return
        alone = seed(operation)
        if alone is None:
            for part in as_products(operation, self._fresh):
                if isinstance(part, Product):
                    self._append(part, [part.target.base], self._start(part.reads))
                else:
                    self._operation(part)
            return
        space, roles = alone
        nest = Nest(space)
        nest.add(operation, roles, whole)
        self._append(nest, [operation.target.base], start)

    def _start(self, reads: Iterable[Access]) -> tuple[int, int]:
        """Return the first stage and segment where all of these may be read."""
        return max([self._ready.get(read.base, (0, 0)) for read in reads], default=(0, 0))

    def _append(self, segment: Segment, bases: Iterable[Variable], start: tuple[int, int]) -> None:
        segments = self.schedule.compiled.setdefault(start[0], [])
        segments.append(segment)
        for base in bases:
            self._made(base, segment, start[0], len(segments) - 1)

    def _made(self, base: Variable, segment: Segment, stage: int, number: int) -> None:
        same_round = isinstance(segment, Nest) and base in segment.made
        ready = (stage, number if same_round else number + 1)
        self._ready[base] = max(ready, self._ready.get(base, ready))

    def _outside(self, item: Outside) -> None:
        stage = 1
        for variable in variables(item.call):
            base = self._bases.get(variable, variable)
            if base in self._returned:
                stage = max(stage, self._returned[base])
            elif base in self._ready:
                stage = max(stage, self._ready[base][0] + 1)
        self.schedule.outside.setdefault(stage, []).append(item)
        for output in item.call.outputs:
            self._returned[output] = stage
            self._ready[output] = (stage + 1, 0)
