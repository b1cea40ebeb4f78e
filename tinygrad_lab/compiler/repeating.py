"""`repeat`: many calls of a compiled function in one call of compiled code.

The program of one call becomes the body of a loop. What it puts back into the state is what the next round reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.compiler.lifting import Invocation, Lifted
from tinygrad_lab.compiler.loops import interpret
from tinygrad_lab.compiler.passes import optimise
from tinygrad_lab.compiler.program import Call, Loop, Program, Variable
from tinygrad_lab.compiler.templates import Hole, Rebuilt, filled, leave
from tinygrad_lab.compiler.tracing import Tracer, tracing
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import CompileError

_SECONDS = 0.2  # between two checks for Ctrl-C
_FIRST = 100  # rounds before the first check


class Repeated(NamedTuple):
    """What `repeat` returns: how many calls were made, and their results, stacked along a new first axis."""

    calls: int
    outputs: Any


class Repetition:
    """The loop around one program of a compiled function.

    Arguments:
        call: a call that the program serves, before it is made.
        lifted: that call, traced.
        program: takes the number of rounds, the carry and what is fixed; returns the results of the loop.
        until: a function of the results that tells when to stop, or None.

    Attributes:
        program: takes the number of rounds, what is carried, and what is fixed; gives what the loop gives.
    """

    def __init__(self, call: Invocation, lifted: Lifted, program: Program, until: Callable[[Any], Any] | None) -> None:
        self._lifted, self._until = lifted, until
        self._result = _with_state(call, lifted)
        self._shown = _holes(self._result)  # outputs that are stacked
        feeds = _feeds(call, lifted, program)
        left = {hole for write in lifted.writes for hole in _holes(write.template)} - set(feeds.values())
        self._ending = sorted(left)  # outputs that only change the state: carried, so that the last one is available
        self._carried = sorted(feeds)
        self._fixed = [i for i in range(len(program.inputs)) if i not in feeds]
        self._outputs = [*(feeds[i] for i in self._carried), *self._ending]
        body = self._body(call, program)
        loop = Loop(body, len(self._outputs), until=until is not None)
        self.program = optimise(_around(loop, program.name))

    def _body(self, call: Invocation, program: Program) -> Program:
        arrays = call.inputs(self._lifted.read)
        with tracing(Tracer(program.name)) as tracer:
            traced: dict[int, Any] = {}
            for i in self._carried:
                traced[i] = tracer.input(program.inputs[i].name, arrays[i])
            for k in self._ending:
                v = program.outputs[k]
                tracer.input(f"last_{v.name}", np.zeros(v.shape, v.dtype)[()] if not v.weak else v.dtype.type(0).item())
            for i in self._fixed:
                traced[i] = tracer.input(program.inputs[i].name, arrays[i])
            results = interpret(program, [traced[i] for i in range(len(program.inputs))])
            outputs = [results[k] for k in (*self._outputs, *self._shown)]
            if self._until is not None:
                outputs.append(condition(self._until, filled(self._result, results)))
            return tracer.program(outputs)

    def run(self, call: Invocation, run: Callable[..., Any], n: int) -> tuple[int, list[list[Any]]]:
        """Make up to `n` rounds, update the state, and return the number of rounds and their stacked results."""
        arrays = call.inputs(self._lifted.read)
        carried = [arrays[i] for i in self._carried]
        body: Loop = self.program.calls[-1].function  # type: ignore[assignment]
        carried += [_zero(v) for v in body.body.outputs[len(carried) : len(carried) + len(self._ending)]]
        fixed = [arrays[i] for i in self._fixed]
        made, chunk, stacks = 0, min(_FIRST, n), list[list[Any]]()
        try:
            while made < n:
                start = time.perf_counter()
                count, *results = run(min(chunk, n - made), *carried, *fixed)
                carried, rows = list(results[: len(carried)]), results[len(carried) :]
                stacks.append(rows)
                made += int(count)
                if count < min(chunk, n - made + int(count)) or self._stopped(rows):
                    break
                chunk = max(1, int(chunk * min(10.0, _SECONDS / max(time.perf_counter() - start, 1e-6))))
        finally:  # after Ctrl-C as well, so that finished rounds are not lost
            if made:
                outputs: list[Any] = [None] * len(self._lifted.program.outputs)
                for k, x in zip(self._outputs, carried, strict=True):
                    outputs[k] = x
                leave(call.held, self._lifted.writes, outputs)
        return made, stacks

    def results(self, stacks: list[list[Any]], count: int) -> Any:
        """Return the results of all rounds, nested like the function's result; what never changes is repeated."""
        outputs: list[Any] = [None] * len(self._lifted.program.outputs)
        for k, parts in zip(self._shown, zip(*stacks, strict=True), strict=True):
            outputs[k] = np.concatenate(parts) if len(parts) > 1 else parts[0]
        return filled(_mapped(self._result, lambda x: x if type(x) is Hole else np.stack([_plain(x)] * count)), outputs)

    def _stopped(self, rows: list[Any]) -> bool:
        """Whether the condition was true in the last round of a chunk."""
        if self._until is None:
            return False
        outputs: list[Any] = [None] * len(self._lifted.program.outputs)
        for k, row in zip(self._shown, rows, strict=True):
            outputs[k] = row[-1]
        return bool(condition(self._until, filled(self._result, outputs)))


def condition(until: Callable[[Any], Any], result: Any) -> Any:
    """Return what `until` says about a result, as one bool or an array that holds one."""
    x = until(result)
    x = x.data if type(x) is Value else x
    if np.shape(x) != ():
        raise CompileError(
            f"repeat: until must return one bool, got an array of shape {np.shape(x)}; reduce it with np.all or np.any"
        )
    return x


def _zero(v: Variable) -> Any:
    return v.dtype.type(0).item() if v.weak else np.zeros(v.shape, v.dtype)[()]


def _holes(template: Any) -> list[int]:
    """Return the outputs that a template takes, in order."""
    if type(template) is Hole:
        return [template.index]
    if type(template) in (list, tuple, dict):
        parts = template.values() if type(template) is dict else template
        return [i for part in parts for i in _holes(part)]
    return [i for part in getattr(template, "parts", ()) for i in _holes(part)]


def _mapped(template: Any, leaf: Callable[[Any], Any]) -> Any:
    """Return a template with `leaf` applied to each hole and each constant."""
    kind = type(template)
    if kind is list or kind is tuple:
        return kind(_mapped(part, leaf) for part in template)
    if kind is dict:
        return {key: _mapped(part, leaf) for key, part in template.items()}
    if kind is Rebuilt and template.parts:
        return replace(template, parts=[_mapped(part, leaf) for part in template.parts])
    return None if template is None else leaf(filled(template, ()) if kind is Rebuilt else template)


def _with_state(call: Invocation, lifted: Lifted) -> Any:
    """Return the template of the results, in which a Value of the state is replaced by what a round writes into it."""
    holders = {id(holder): i for i, (_, holder) in enumerate(call.held.holders)}
    left = {write.holder: write.template for write in lifted.writes if write.key == "data"}

    def leaf(x: Any) -> Any:
        made = left.get(holders.get(id(x), -1)) if type(x) is Value else None
        return Hole(made.index, True, x.name) if type(made) is Hole else x

    return _mapped(lifted.result, leaf)


def _feeds(call: Invocation, lifted: Lifted, program: Program) -> dict[int, int]:
    """Return which output becomes which input of the next call: write marks and see where they turn up."""
    marks = [_mark(v, k) for k, v in enumerate(program.outputs)]
    before = call.held.snapshot()
    try:
        leave(call.held, lifted.writes, marks)
        found = call.again().inputs(lifted.read)
    finally:
        call.held.restore(before)
    by_identity = {id(mark): k for k, mark in enumerate(marks)}
    return {i: by_identity[id(x)] for i, x in enumerate(found) if id(x) in by_identity}


def _mark(v: Variable, k: int) -> Any:
    if v.weak:
        return v.dtype.type(k).item() + (10**9 if v.dtype.kind == "i" else 0.5)
    return np.empty(v.shape, v.dtype) if v.shape else np.empty((1,), v.dtype)[0]


def _around(loop: Loop, name: str) -> Program:
    """Return a program that only runs a loop."""
    length = Variable("rounds", (), np.dtype(int), weak=True)
    inputs = tuple(Variable(v.name, v.shape, v.dtype, v.weak) for v in loop.body.inputs)
    count = Variable("count", (), np.dtype(int), weak=True)
    outputs = loop.body.outputs
    carried = tuple(Variable(v.name, v.shape, v.dtype, v.weak) for v in outputs[: loop.carried])
    made = outputs[loop.carried : len(outputs) - loop.until]
    stacked = tuple(Variable(f"all_{v.name}", (-1, *v.shape), v.dtype) for v in made)
    results = (count, *carried, *stacked)
    return Program(name, (length, *inputs), (Call(loop, (length, *inputs), {}, results, several=True),), results)


def _plain(x: Any) -> Any:
    return x.data if type(x) is Value else x


def plain(result: Any) -> Any:
    """Return a result with arrays in place of Values, as the next call may change those."""
    leaves, rebuild = tree.flatten(result)
    return rebuild([_plain(x) for x in leaves])


def stacked(results: list[Any]) -> Any:
    """Return results with their arrays stacked along a new first axis."""
    leaves = zip(*(tree.flatten(result)[0] for result in results), strict=True)
    return tree.flatten(results[0])[1]([np.stack(column) for column in leaves])


def joined(first: Any, rest: Any) -> Any:
    """Return stacked results, joined along the first axis."""
    leaves, rebuild = tree.flatten(rest)
    before = tree.flatten(first)[0]
    return rebuild([np.concatenate([a, _plain(b)]) for a, b in zip(before, leaves, strict=True)])
