"""Keeps results apart: what is an array of its own in the traced function stays one, whatever passes have left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.compiler.buffers import sources_of
from tinygrad_lab.compiler.program import Call, Program, Variable


def keep_apart(program: Program, traced: Program) -> Program:
    """Return the program with a copy wherever a result would newly share memory.

    Otherwise who writes into a result (a gradient, say) would change an argument, a constant or another result.

    Arguments:
        program: after the passes.
        traced: before them.

    Example:
        >>> from tinygrad_lab.compiler import optimise, trace
        >>> traced = trace(lambda x: x * 1, np.zeros(3))
        >>> program = optimise(traced)
        >>> len(program.calls), len(keep_apart(program, traced).calls)
        (0, 1)
    """
    now, then = _shared(program), _shared(replace(traced, constants={}))  # a constant may be computed anew in each call
    calls, outputs = list(program.calls), list(program.outputs)
    for i, v in enumerate(program.outputs):
        if v.shape and not now[i] <= then[i]:
            outputs[i] = Variable(f"{v.name}_copy", v.shape, v.dtype)
            calls.append(Call(np.copy, (v,), {}, (outputs[i],)))
    return replace(program, calls=tuple(calls), outputs=tuple(outputs)) if outputs != list(program.outputs) else program


def _shared(program: Program) -> list[set[Any]]:
    """Return, for each output, the inputs, constants and earlier outputs that it may share memory with."""
    sources = sources_of(program.calls)
    roots: dict[Variable, Any] = {v: ("input", i) for i, v in enumerate(program.inputs)}
    roots |= {v: ("constant", id(x)) for v, x in program.constants.items()}
    reached = [set(sources.get(v, (v,))) for v in program.outputs]
    found: list[set[Any]] = []
    for i, own in enumerate(reached):
        others = {("output", j) for j in range(i) if own & reached[j]}
        found.append({roots[v] for v in own if v in roots} | others)
    return found
