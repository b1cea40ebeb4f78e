"""Running a placed program: memory for a thread, arrays in, stages and NumPy's calls in turn, arrays out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinygrad_lab.compiler.numba.arrays import address, gatherer, in_order, ready
from tinygrad_lab.compiler.numba.module import Body, Stage
from tinygrad_lab.compiler.numba.placing import aligned_bytes
from tinygrad_lab.compiler.numba.reading import Compiled, Outside
from tinygrad_lab.compiler.numba.straight import Straight
from tinygrad_lab.compiler.numba.threads import on_all_cores
from tinygrad_lab.compiler.program import Call, Inline, Loop, Variable, replaced, variables

Step = Callable[[dict[Variable, Any]], None]


@dataclass
class Code:
    """What all runners of a module share.

    Attributes:
        constants: the memory of the constants.
        stages: the entry of each stage, by its name.
        loops: the entry of each loop that Python calls, and the bytes of scratch memory that it needs, by its name.
        interpreted: the bodies of loops that are not compiled as a whole.
    """

    constants: Any
    stages: dict[str, Callable[..., Any]] = field(default_factory=dict)
    loops: dict[str, tuple[Callable[..., Any], int]] = field(default_factory=dict)
    interpreted: dict[Call, Body] = field(default_factory=dict)


class Runner:
    """Runs a program in one thread.

    Arguments:
        body: the program, placed.
        code: its compiled functions.

    Attributes:
        run: does it.
    """

    def __init__(self, body: Body, code: Code) -> None:
        self._body, self._code = body, code
        self._arena = aligned_bytes(body.size)
        self._table = Table(body.table)
        self._fixed = _arrays(body.arena, self._arena) | _arrays(body.constants, code.constants)
        self._fixed |= {v: x for v, x in body.program.constants.items() if v not in body.constants}
        inputs = [f"x{i}" for i in range(len(body.program.inputs))]
        lines = self.inline(inputs)
        self.run: Callable[..., Sequence[Any]] = self._call if lines is None else as_function(lines, inputs)

    def inline(self, names: Sequence[str]) -> Inline | None:
        """Return the program as lines of Python, if it is one stage."""
        body = self._body
        if len(body.stages) != 1 or not body.compiled or body.compiled[0].blocks or ready() is None:
            return None
        return Straight(body, self._code.stages[body.compiled[0].name], self._code.constants).inline(names)

    def _call(self, *inputs: Any) -> Sequence[Any]:
        body, table = self._body, self._table
        values = dict(zip(body.program.inputs, inputs, strict=True))
        values.update((v, table.cells[v] if v in table.cells else np.empty(v.shape, v.dtype)) for v in body.own)
        for stage in self._steps:
            stage(values)
        pairs = zip(body.outputs, body.program.outputs, strict=True)
        return [_returned(values[holder], output) for holder, output in pairs]

    @functools.cached_property
    def _steps(self) -> list[Step]:
        return [self._step(stage) for stage in self._body.stages]

    def _step(self, stage: Stage | list[Outside]) -> Step:
        if isinstance(stage, Stage):
            enter, table = self._code.stages[stage.name], self._table
            places = table.address, address(self._code.constants), address(self._arena)

            blocks = [(begin, end, i, *places) for i, (begin, end) in enumerate(stage.blocks or ())]

            def compiled(values: dict[Variable, Any]) -> None:
                table.fill_from(values)
                if blocks:
                    on_all_cores(enter, blocks)
                else:
                    enter(*places)

            return compiled
        calls = [self._outside(item.call) for item in stage]

        def step(values: dict[Variable, Any]) -> None:
            for call in calls:
                call(values)

        return step

    def _outside(self, call: Call) -> Step:
        reader, function = self._body.reader, call.function
        if call in reader.loops:
            function = LoopRunner(reader.loops[call], self._code)
        elif call in self._code.interpreted:
            loop: Any = call.function
            function = _in_python(loop, Runner(self._code.interpreted[call], self._code).run)
        read = {v: self._reading(v) for v in variables(call)}
        arena = self._arena
        quiet: Any = "ignore" if call.quiet else None

        def step(values: dict[Variable, Any]) -> None:
            args, kwargs = replaced((call.args, call.kwargs), {v: find(values) for v, find in read.items()})
            with np.errstate(all=quiet):
                result = function(*args, **kwargs)
            for v, x in zip(call.outputs, result if call.several else (result,), strict=True):
                if isinstance(x, np.ndarray) and (x.base is not None or np.may_share_memory(x, arena)):
                    x = x.copy()
                values[v] = x

        return step

    def _reading(self, v: Variable) -> Callable[[dict[Variable, Any]], Any]:
        """Return a function that finds a variable as an array, or as a Python number."""
        access = self._body.reader.look(v)
        base, fixed = access.base, self._fixed.get(access.base)
        if v.weak:
            return lambda values: _number(values[base] if fixed is None else fixed)
        if access.whole and access.shape == base.shape:
            return lambda values: values[base] if fixed is None else fixed
        strides = tuple(s * base.dtype.itemsize for s in access.strides)

        def find(values: dict[Variable, Any]) -> Any:
            flat = np.ascontiguousarray(values[base] if fixed is None else fixed).reshape(-1)
            return as_strided(flat[access.offset :], access.shape, strides, writeable=False)

        return find


def as_function(inline: Inline, inputs: Sequence[str]) -> Callable[..., Sequence[Any]]:
    """Return lines as a function of the inputs that returns the results."""
    text = [f"def run({', '.join(inputs)}):", *(f"    {line}" for line in inline.lines)]
    scope = {**inline.scope, "OTHER": None}
    exec("\n".join([*text, f"    return [{', '.join(inline.results)}]"]), scope)  # noqa: S102  written here
    run: Callable[..., Sequence[Any]] = scope["run"]
    return run


def _number(x: Any) -> Any:
    return x.item() if hasattr(x, "item") else x


class Table:
    """The table of addresses that compiled code reads, and cells for what is passed as a number.

    Attributes:
        cells: arrays of one element, for variables without axes.
        address: where the table is.
    """

    def __init__(self, numbers: dict[Variable, int]) -> None:
        self._numbers = numbers
        self._table = np.zeros(max(len(numbers), 1), np.int64)
        self._gather = gatherer()
        self.cells = {v: np.zeros(1, v.dtype) for v in numbers if v.shape == ()}
        self.address = address(self._table)

    def fill(self, arrays: list[Any]) -> None:
        """Write the addresses of arrays; what is not in order is copied, and kept until the next call."""
        if not self._gather(arrays, self.address):
            self._kept = [in_order(x) for x in arrays]
            self._gather(self._kept, self.address)

    def fill_from(self, values: dict[Variable, Any]) -> None:
        """Write the addresses of the arrays that are known so far, and numbers into their cells."""
        arrays: list[Any] = []
        for v in self._numbers:
            cell = self.cells.get(v)
            if cell is not None and v in values and values[v] is not cell:
                cell[0] = values[v]
            arrays.append(cell if cell is not None else values.get(v, _NOTHING))
        self.fill(arrays)


_NOTHING = np.zeros(1)


class LoopRunner:
    """Calls a compiled loop, as `Loop` is called."""

    def __init__(self, compiled: Compiled, code: Code) -> None:
        self._loop = loop = compiled.loop
        self._enter, size = code.loops[compiled.name]
        self._scratch = aligned_bytes(size)
        # Slices and stacks have one axis more than in the body.
        sliced = range(loop.carried, loop.carried + loop.sliced)
        self._inputs = [_with_axis(v) if i in sliced else v for i, v in enumerate(loop.body.inputs)]
        made = loop.body.outputs[loop.carried : len(loop.body.outputs) - loop.until]
        self._results = [*loop.body.outputs[: loop.carried], *(_with_axis(v) for v in made)]
        self._results = [Variable(v.name, v.shape, v.dtype, v.weak) for v in self._results]
        self._table = Table({v: i for i, v in enumerate([*self._inputs, *self._results])})
        self._places = self._table.address, address(code.constants), address(self._scratch)

    def __call__(self, length: int, *operands: Any) -> tuple[Any, ...]:
        """Make up to `length` rounds."""
        n, table = self._loop.carried, self._table
        values = dict(zip(self._inputs, operands, strict=True))
        for i, v in enumerate(self._results):
            shape = v.shape if i < n else (length, *v.shape[1:])
            values[v] = table.cells[v] if v in table.cells else np.empty(shape, v.dtype)
        table.fill_from(values)
        count = self._enter(length, *self._places)
        last = (_returned(values[v], v) for v in self._results[:n])
        stacks = (values[v] for v in self._results[n:])
        return count, *last, *(x if count == length else x[:count].copy() for x in stacks)


def _with_axis(v: Variable) -> Variable:
    return Variable(v.name, (-1, *v.shape), v.dtype)


def _in_python(loop: Loop, run: Callable[..., Any]) -> Callable[..., Any]:
    """Return a loop whose rounds Python makes: its body needs NumPy."""

    def rounds(length: int, *operands: Any) -> tuple[Any, ...]:
        carried, fixed = list(operands[: loop.carried]), operands[loop.carried + loop.sliced :]
        sliced = operands[loop.carried : loop.carried + loop.sliced]
        rows = []
        for i in range(length):
            outputs = run(*carried, *(x[i] for x in sliced), *fixed)
            carried = list(outputs[: loop.carried])
            rows.append(outputs[loop.carried : len(outputs) - loop.until])
            if loop.until and outputs[-1]:
                break
        made = loop.body.outputs[loop.carried : len(loop.body.outputs) - loop.until]
        stacks = [
            np.stack([row[k] for row in rows]) if rows else np.zeros((0, *v.shape), v.dtype) for k, v in enumerate(made)
        ]
        return len(rows), *carried, *stacks

    return rounds


def _arrays(places: dict[Variable, int], memory: Any) -> dict[Variable, Any]:
    return {v: memory[at : at + v.nbytes].view(v.dtype).reshape(v.shape) for v, at in places.items()}


def _returned(x: Any, output: Variable) -> Any:
    if output.weak:
        return x.item() if hasattr(x, "item") else x
    if output.shape == () and isinstance(x, np.ndarray):
        return x[0] if x.ndim else x[()]
    return x
