"""Which results are written into existing memory, and into which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lab.compiler.program import Call, Program, Variable, variables

Kind = tuple[tuple[int, ...], np.dtype[Any]]

# Functions, beside ufuncs, that take `out=`, and those whose results share no memory with their operands.
_WITH_OUT = {np.sum, np.mean, np.max, np.min, np.amax, np.amin, np.prod, np.cumsum, np.cumprod, np.clip, np.any, np.all}
_FRESH = {*_WITH_OUT, np.where, np.concatenate, np.stack, np.var, np.std, np.argmax, np.argmin, np.copy, np.outer}


@dataclass
class Plan:
    """The buffers of a program, and the buffer for the result of each call (by position)."""

    buffers: list[Kind] = field(default_factory=list)
    chosen: dict[int, int] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """The bytes of all buffers."""
        return sum(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize for shape, dtype in self.buffers)


def plan(program: Program) -> Plan:
    """Assign buffers to the results that do not leave the program; a buffer serves many results of its kind.

    A buffer is free again after the last use of its result and of all views of it. An elementwise function may write
    over an operand that nobody needs any more.
    """
    sources = sources_of(program.calls)
    last: dict[Variable, int] = {}
    for position, call in enumerate(program.calls):
        for v in variables(call):
            for source in sources.get(v, (v,)):
                last[source] = position
    kept = {source for v in program.outputs for source in sources.get(v, (v,))}
    made, holds = Plan(), dict[Variable, int]()
    free: dict[Kind, list[int]] = {}
    for position, call in enumerate(program.calls):
        dying = [v for v in dict.fromkeys(variables(call)) for v in sources.get(v, (v,)) if last[v] == position]
        if _writes_out(call) and call.output not in kept and call.output in last:
            made.chosen[position] = holds[call.output] = _choose(call, dying, holds, free, made)
        for v in dying:
            if v in holds and v not in kept and holds[v] != made.chosen.get(position):
                kind = made.buffers[holds[v]]
                free.setdefault(kind, []).append(holds.pop(v))
    return made


def _choose(call: Call, dying: Iterable[Variable], holds: dict[Variable, int], free: Any, made: Plan) -> int:
    out = call.output
    kind = out.shape, out.dtype
    if _elementwise(call):
        for v in dying:
            if v in holds and v in call.args and (v.shape, v.dtype) == kind:
                return holds.pop(v)
    if free.get(kind):
        return int(free[kind].pop())
    made.buffers.append(kind)
    return len(made.buffers) - 1


def _elementwise(call: Call) -> bool:
    return isinstance(call.function, np.ufunc) and call.function.signature is None


def _writes_out(call: Call) -> bool:
    if len(call.outputs) != 1 or call.several or not call.output.shape or 0 in call.output.shape:
        return False
    return isinstance(call.function, np.ufunc) or call.function in _WITH_OUT


def _sums(call: Call) -> bool:
    """Whether a call is an einsum of several operands or over some index: others give views."""
    if call.function is not np.einsum or type(call.args[0]) is not str:
        return False
    inputs, arrow, result = call.args[0].replace(" ", "").partition("->")
    return bool(arrow) and set(inputs) != set(result)


def sources_of(calls: tuple[Call, ...]) -> dict[Variable, tuple[Variable, ...]]:
    """Return, for each result that may share memory, the variables that it may share it with."""
    found: dict[Variable, tuple[Variable, ...]] = {}
    for call in calls:
        if isinstance(call.function, np.ufunc) or call.function in _FRESH or _sums(call):
            continue
        operands = {source for v in variables(call) for source in found.get(v, (v,))}
        for out in call.outputs:
            found[out] = (out, *operands)
    return found
