"""A stage of compiled code as source: functions of bounded size, and the one that calls them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinygrad_lab.compiler.numba.access import Access
from tinygrad_lab.compiler.numba.function import HEAD, Function, Helpers
from tinygrad_lab.compiler.numba.loops import NestWriter
from tinygrad_lab.compiler.numba.nest import Nest
from tinygrad_lab.compiler.numba.products import Product
from tinygrad_lab.compiler.numba.rounds import Rounds
from tinygrad_lab.compiler.numba.splitting import Piece, Split
from tinygrad_lab.compiler.numba.tasks import Task
from tinygrad_lab.compiler.program import Variable

STATEMENTS = 200  # of a function, about: compiling takes more than linear time


def in_functions(segments: Sequence[Piece]) -> list[list[Piece]]:
    """Return the segments in runs that make one function each."""
    runs: list[list[Piece]] = []
    size = 0
    for segment in segments:
        cost = segment.cost if isinstance(segment, Nest) else 1
        if not runs or size + cost > STATEMENTS:
            runs.append([])
            size = 0
        runs[-1].append(segment)
        size += cost
    return runs


def needed_in_memory(runs: Iterable[list[Piece]], parts: set[Variable]) -> set[Variable]:
    """Return what must be written into memory, because another nest reads it that cannot know it by name.

    Arguments:
        runs: the segments of each function.
        parts: what several operations make together.
    """
    needed = set(parts)
    for run in runs:
        named: set[Variable] = set()
        for segment in run:
            if not isinstance(segment, Nest):
                needed |= segment.in_memory
                continue
            reads = [(read, roles) for operation, roles in segment.operations for read in operation.reads]
            reads = [(read, roles) for read, roles in reads if read.base not in segment.made]
            needed |= {x.base for x, roles in reads if x.base not in named or any(segment.strides(x, roles))}
            named |= {base for base in segment.made if not segment.space}
            for operation, roles in segment.operations:
                if operation.target.base in segment.totals and _a_number(segment, operation.target, roles):
                    named.add(operation.target.base)
    return needed


def _a_number(nest: Nest, target: Access, roles: tuple[int | None, ...]) -> bool:
    return bool(nest.space) and not any(nest.strides(target, roles))


@dataclass
class Part:
    """A finished function: its source, and the arrays whose addresses it takes."""

    name: str
    lines: list[str]
    bases: list[Variable] = field(default_factory=list)


def write_run(
    name: str,
    run: list[Piece],
    helpers: Helpers,
    names: dict[Variable, str],
    needed: set[Variable],
    widest: int,
) -> Part:
    """Return the function that does a run of segments."""
    function = Function(name, helpers, names, needed.__contains__)
    for segment in run:
        if isinstance(segment, Nest):
            NestWriter(function, segment, widest).write()
        elif isinstance(segment, Split):
            _write_split(function, segment, widest)
        elif isinstance(segment, Rounds):
            used = [*(read.base for read in segment.reads), *segment.results, *segment.scratch]
            places = ", ".join(function.base(base) for base in used)
            function.lines.append(f"{segment.name}({segment.length}, {places}, constants)")
        elif isinstance(segment, Task):
            _write_task(function, segment)
        else:
            _write_product(function, segment)
    bases = list(function.bases)
    given = [*BLOCK, *(names[base] for base in bases)] if is_split(run) else [names[base] for base in bases]
    head = f"def {name}({', '.join([*given, 'constants'])}):"
    body = function.lines or ["pass"]
    return Part(name, [HEAD, head, *(f"    {line}" for line in body)], bases)


BLOCK = ("begin", "end", "block")  # what the function of a block is passed beside addresses


def is_split(run: Sequence[Any]) -> bool:
    """Whether these segments are a loop in blocks."""
    return bool(run) and isinstance(run[0], Split)


def _write_split(function: Function, split: Split, widest: int) -> None:
    NestWriter(function, split.nest, widest, split=True).write()
    heads = []
    for part, parts in split.parts.items():
        heads.append(f"{function.bases.pop(part)} = {function.base(parts)} + block * {part.nbytes}")
    function.lines[:0] = heads


def _write_task(function: Function, task: Task) -> None:
    name = "_".join([task.factory, *(str(x) for x in task.arguments)]).removesuffix("_False")
    call = function.helpers.make(name, task.factory, *task.arguments)
    places = [function.base(task.result), *(function.base(read.base) for read in task.reads)]
    numbers = (f"int64({n})" for n in task.numbers)  # else Numba would compile the function anew for each number
    function.lines.append(f"{call}({', '.join([*places, *numbers])})")


def _write_product(function: Function, product: Product) -> None:
    dtype = product.target.base.dtype
    size, (m, n, k) = dtype.itemsize, product.sizes
    turned = f"{'t' if product.a_turned else 'n'}{'t' if product.b_turned else 'n'}"
    call = function.helpers.make(
        f"product_{dtype.name}_{turned}", "product", dtype.name, a_turned=product.a_turned, b_turned=product.b_turned
    )
    places = []
    for access, step in ((product.c, m * n), (product.a, m * k), (product.b, k * n)):
        text = function.base(access.base) + (f" + {access.offset * size}" if access.offset else "")
        places.append(text + (f" + {step * size} * i" if product.batch > 1 else ""))
    line = f"{call}({', '.join(places)}, {m}, {n}, {k})"
    function.lines += [f"for i in range({product.batch}):", f"    {line}"] if product.batch > 1 else [line]
