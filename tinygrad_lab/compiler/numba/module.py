"""A program as a module of source: its stages as functions of addresses, and where everything lies in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba import reading_elements, reading_products, reading_shapes, reading_tasks
from tinygrad_lab.compiler.numba.access import whole
from tinygrad_lab.compiler.numba.function import HEAD, Helpers
from tinygrad_lab.compiler.numba.nest import Nest
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.numba.placing import Pool, placed
from tinygrad_lab.compiler.numba.reading import SUPPORTED, Compiled, Outside, Reader
from tinygrad_lab.compiler.numba.rounds import Rounds, write_rounds
from tinygrad_lab.compiler.numba.schedule import Scheduler
from tinygrad_lab.compiler.numba.splitting import Piece, Split, in_blocks
from tinygrad_lab.compiler.numba.stage import BLOCK, Part, in_functions, is_split, needed_in_memory, write_run
from tinygrad_lab.compiler.numba.tasks import Task
from tinygrad_lab.compiler.program import Call, Fused, Loop, Program, Variable, variables

READING = (reading_elements, reading_products, reading_shapes, reading_tasks)  # the modules that know functions


class Names(dict[Variable, str]):
    """The names of addresses, made when asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._used: set[str] = set()

    def __missing__(self, variable: Variable) -> str:
        number, name = 2, f"at_{variable.name}"
        while name in self._used:
            name, number = f"at_{variable.name}_{number}", number + 1
        self._used.add(name)
        self[variable] = name
        return name


@dataclass
class Stage:
    """Compiled code between two calls of NumPy's.

    Attributes:
        name: of its function, which takes addresses: those of `given`, of the constants and of the arena.
        given: arrays that lie elsewhere: inputs, outputs, what NumPy returned.
        blocks: of a loop that is done in blocks, where each begins and ends; its function takes these, too.
    """

    name: str
    given: list[Variable]
    blocks: list[tuple[int, int]] | None = None


@dataclass
class Body:
    """A program, placed.

    Attributes:
        program: what it computes.
        stages: in order; lists are calls that NumPy makes.
        outputs: for each output of the program, what holds it: an array of its own, or what NumPy returned.
        own: those of them that are arrays made for the caller.
        arena: where intermediate results lie, in bytes from its start.
        constants: where the program's constants lie in the pool.
        size: the bytes of the arena.
        table: the number of each array that lies elsewhere in the table of addresses.
        reader: knows what is a look at what.
        fused: the calls that share a loop.
    """

    program: Program
    stages: list[Stage | list[Outside]]
    outputs: list[Variable]
    own: list[Variable]
    arena: dict[Variable, int]
    constants: dict[Variable, int]
    size: int
    table: dict[Variable, int]
    reader: Reader
    fused: tuple[Fused, ...]

    @property
    def compiled(self) -> list[Stage]:
        """The stages that are compiled."""
        return [stage for stage in self.stages if isinstance(stage, Stage)]

    @property
    def left_to_numpy(self) -> list[str]:
        """The names of the functions that NumPy has to call."""
        calls = [item.call for stage in self.stages if not isinstance(stage, Stage) for item in stage]
        names = [getattr(call.function, "__name__", "") for call in calls if not isinstance(call.function, Loop)]
        return list(dict.fromkeys(names))


class Module:
    """The source of a program and of its sub-programs while it is written."""

    def __init__(self, lanes_bytes: int, parallel: bool = False) -> None:
        self.helpers, self.pool, self.names = Helpers(), Pool(), Names()
        self.functions: list[list[str]] = []
        self.count = 0
        self.interpreted: dict[Call, Body] = {}  # loops whose bodies are not compiled as a whole
        self._widest, self._parallel = lanes_bytes, parallel

    def signatures(self) -> list[tuple[str, int]]:
        """Return the names of the functions of addresses, callees first, and how many they take."""
        heads = [lines[1] for lines in self.functions if "cache=True" not in lines[0]]
        return [(head[4 : head.index("(")], head.count(",") + 1 - head.endswith("():")) for head in heads]

    def source(self) -> str:
        """Return the module's text."""
        return "\n\n\n".join(["\n".join(self.helpers.lines()), *("\n".join(lines) for lines in self.functions)]) + "\n"

    def body(self, program: Program, inside: bool = False) -> Body:
        """Write the functions of a program, and return where everything is; `inside`: it is the body of a loop."""
        reader = Reader(program, self._loop)
        reader.read()
        outputs, own = _outputs(reader)
        bases = {v: look.base for v, look in reader.looks.items()}
        counts = Counter(item.target.base for item in reader.items if isinstance(item, Operation))
        stages: list[list[Any]] = [*Scheduler(bases, reader.fresh).place(reader.items).stages()]
        if self._parallel and not inside:
            stages = in_blocks(stages, counts, reader.fresh)
        runs = [[] if _is_outside(stage) else in_functions(stage) for stage in stages]
        needed = self._needed(reader, stages, runs, counts) | set(outputs)
        constants = {v: self.pool.add(x, v.dtype) for v, x in program.constants.items() if _plain(x)}
        parts = [[self._part(run, needed) for run in stage] for stage in runs]
        calls = [item.call for stage in stages for item in stage if isinstance(item, Outside)]
        returned = [v for call in calls for v in call.outputs]
        elsewhere = set(program.inputs) | set(own) | set(returned)
        arena, size = placed(parts, elsewhere | set(constants), stages, bases)
        table = {v: i for i, v in enumerate(dict.fromkeys([*program.inputs, *own, *returned]))}
        body = Body(program, [], outputs, own, arena, constants, size, table, reader, _fused(reader, stages))
        for stage, made in zip(stages, parts, strict=True):
            if _is_outside(stage):
                body.stages.append(stage)
            else:
                split = stage[0].blocks if is_split(stage) else None
                body.stages.append(self._stage(body, made, elsewhere, split))
        return body

    def _loop(self, call: Call) -> Compiled | None:
        """Compile the body of a loop; None if NumPy has to help there."""
        loop = call.function
        assert isinstance(loop, Loop)
        body = self.body(loop.body, inside=True)
        if len(body.stages) != 1 or not isinstance(body.stages[0], Stage):
            self.interpreted[call] = body
            return None
        self.count += 1
        (stage,), name = body.compiled, f"rounds_{self.count}"
        self.functions.append(write_rounds(name, loop, stage.name, stage.given, body.outputs, self.helpers))
        return Compiled(name, loop, body.size)

    def _needed(
        self, reader: Reader, stages: list[Any], runs: list[list[list[Piece]]], counts: Counter[Variable]
    ) -> set[Variable]:
        needed = needed_in_memory([run for stage in runs for run in stage], {v for v, n in counts.items() if n > 1})
        for stage in stages:
            if _is_outside(stage):
                needed |= {reader.look(v).base for item in stage for v in variables(item.call)}
        return needed

    def _part(self, run: list[Piece], needed: set[Variable]) -> Part:
        self.count += 1
        part = write_run(f"part_{self.count}", run, self.helpers, self.names, needed, self._widest)
        self.functions.append(part.lines)
        return part

    def _stage(self, body: Body, parts: list[Part], elsewhere: set[Variable], blocks: Any) -> Stage:
        given = list(dict.fromkeys(base for part in parts for base in part.bases if base in elsewhere))
        self.count += 1
        name = f"stage_{self.count}"
        block = list(BLOCK) if blocks else []
        lines = [f"def {name}({', '.join([*block, *(self.names[base] for base in given), 'constants', 'arena'])}):"]
        for part in parts:
            places = block + [self._place(body, base) for base in part.bases]
            lines.append(f"    {part.name}({', '.join([*places, 'constants'])})")
        self.functions.append([HEAD, *lines])
        return Stage(name, given, blocks)

    def _place(self, body: Body, base: Variable) -> str:
        if base in body.arena:
            return f"arena + {body.arena[base]}"
        if base in body.constants:
            return f"constants + {body.constants[base]}"
        return self.names[base]


def _fused(reader: Reader, stages: list[Any]) -> tuple[Fused, ...]:
    """Return the calls of each nest of loops that does several."""
    found = []
    for segment in (segment for stage in stages for segment in stage if isinstance(segment, Nest | Split)):
        nest = segment if isinstance(segment, Nest) else segment.nest
        calls = dict.fromkeys(reader.calls[op] for op, _ in nest.operations if op in reader.calls)
        if len(calls) > 1:
            how = f"one loop of {' × '.join(map(str, nest.space))}" if nest.space else "written out"
            how += f" in {len(segment.blocks)} blocks" if isinstance(segment, Split) else ""
            found.append(Fused(how, tuple(calls)))
    return tuple(found)


def _is_outside(stage: list[Any]) -> bool:
    return bool(stage) and isinstance(stage[0], Outside)


def _plain(x: Any) -> bool:
    return not isinstance(x, np.ndarray) or not x.dtype.hasobject


def _outputs(reader: Reader) -> tuple[list[Variable], list[Variable]]:
    """Return what holds each output, adding copies where that is not an array of its own; and those arrays."""
    program = reader.program
    made = {item.target.base for item in reader.items if isinstance(item, Operation)}
    made |= {v for item in reader.items if isinstance(item, Rounds | Task) for v in item.results}
    returned = {v for item in reader.items if isinstance(item, Outside) for v in item.call.outputs}
    outputs: list[Variable] = []
    own: list[Variable] = []
    for output in program.outputs:
        look = reader.look(output)
        if output in returned and output not in outputs:
            outputs.append(output)
            continue
        if output.dtype not in SUPPORTED or 0 in output.shape:
            copied = reader.fresh(output.name, output.shape, output.dtype)
            reader.items.append(Outside(Call(np.copy, (output,), {}, (copied,))))
            outputs.append(copied)
            continue
        if look.base in made and look.whole and look.shape == look.base.shape and look.base not in own:
            holder = look.base
        else:
            holder = reader.fresh(output.name, output.shape, output.dtype)
            reader.copy(look, whole(holder))
        outputs.append(holder)
        own.append(holder)
    return outputs, own
