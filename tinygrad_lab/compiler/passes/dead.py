"""Removes dead calls, on which no output depends."""

from __future__ import annotations

from dataclasses import replace

from tinygrad_lab.compiler.program import Call, Program, variables


def prune(program: Program) -> Program:
    """Return the program without the calls and constants that no output depends on; the inputs stay.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> program = trace(lambda x: (np.exp(x), np.tanh(x))[1], np.zeros(3))
        >>> len(program.calls), len(prune(program).calls)
        (2, 1)
    """
    alive = set(program.outputs)
    calls: list[Call] = []
    for call in reversed(program.calls):
        if not alive.isdisjoint(call.outputs):
            alive.update(variables(call))
            calls.append(call)
    constants = {variable: array for variable, array in program.constants.items() if variable in alive}
    return replace(program, calls=tuple(reversed(calls)), constants=constants)
