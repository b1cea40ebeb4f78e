"""Loops over a program, as compiled code: a function that calls the body's function round after round.

What is carried lies in two buffers that take turns; slices and stacked results are addresses that move along. Now and
then Python handles signals, so that Ctrl-C ends a long loop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinygrad_lab.compiler.numba.access import Access
from tinygrad_lab.compiler.numba.function import HEAD, Helpers
from tinygrad_lab.compiler.numba.signals import rounds_between_looks
from tinygrad_lab.compiler.program import Loop, Variable


@dataclass(frozen=True, slots=True, eq=False)
class Rounds:
    """A loop that compiled code runs.

    Attributes:
        name: of its function, `(length, operands, results, scratch, constants) -> count`, all but length addresses.
        length: how many rounds, where that is known beforehand.
        reads: the operands, each all of an array.
        results: what is carried at the end, and the stacks.
        scratch: two buffers for each carried array, one for the condition, and the body's arena.
    """

    name: str
    length: int
    reads: list[Access]
    results: list[Variable]
    scratch: list[Variable]

    @property
    def in_memory(self) -> set[Variable]:
        """What must lie in memory."""
        return {*self.results, *(read.base for read in self.reads)}


def scratch_of(loop: Loop, size: int) -> list[Variable]:
    """Return the memory that a loop needs while it runs; `size` is that of the body's arena."""
    byte = np.dtype(np.uint8)
    carried = loop.body.outputs[: loop.carried]
    buffers = [Variable(f"{v.name}_{turn}", (max(v.nbytes, 1),), byte) for v in carried for turn in ("even", "odd")]
    return [*buffers, Variable("stop", (1,), byte), Variable("arena", (max(size, 1),), byte)]


def write_rounds(
    name: str, loop: Loop, stage: str, given: list[Variable], outputs: list[Variable], helpers: Helpers
) -> list[str]:
    """Return the source of a loop's function.

    Arguments:
        name: of the function.
        loop: what it does.
        stage: the body's function.
        given: the arrays whose addresses that takes.
        outputs: what holds the body's outputs.
        helpers: those of the module.
    """
    inputs, n = loop.body.inputs, loop.carried
    operands = [f"operand_{i}" for i in range(len(inputs))]
    made = outputs[n : len(outputs) - loop.until]
    results = [*(f"last_{i}" for i in range(n)), *(f"stack_{i}" for i in range(len(made)))]
    buffers = [f"{turn}_{i}" for i in range(n) for turn in ("even", "odd")]
    where: dict[Variable, str] = {}
    for i, v in enumerate(inputs):
        sliced = n <= i < n + loop.sliced
        where[v] = f"from_{i}" if i < n else f"operand_{i} + {v.nbytes} * i" if sliced else f"operand_{i}"
    for i, v in enumerate(outputs[:n]):
        where[v] = f"to_{i}"
    for i, v in enumerate(made):
        where[v] = f"stack_{i} + {math.prod(v.shape) * v.dtype.itemsize} * i"
    if loop.until:
        where[outputs[-1]] = "stop"
    lines = [HEAD]
    lines.append(f"def {name}(length, {', '.join([*operands, *results, *buffers, 'stop', 'arena', 'constants'])}):")
    lines += [f"    from_{i}, to_{i}, spare_{i} = operand_{i}, even_{i}, odd_{i}" for i in range(n)]
    every = rounds_between_looks(sum(v.size for call in loop.body.calls for v in call.outputs))
    lines += ["    count = 0", "    for i in range(length):"]
    lines += [f"        if i % {every} == 0:", f"            {helpers.call('handle_signals')}()"]
    lines.append(f"        {stage}({', '.join([*(where[v] for v in given), 'constants', 'arena'])})")
    lines += [f"        from_{i}, to_{i}, spare_{i} = to_{i}, spare_{i}, to_{i}" for i in range(n)]
    lines.append("        count += 1")
    if loop.until:
        load = helpers.make("load_boolx1", "loader", "bool", 1)
        lines += [f"        if {load}(stop):", "            break"]
    for i, v in enumerate(loop.body.outputs[:n]):
        lines.append(f"    {helpers.call('copy')}(last_{i}, from_{i}, {v.nbytes})")
    return [*lines, "    return count"]
