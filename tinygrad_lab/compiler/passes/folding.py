"""Constant folding: computes beforehand what depends on no input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, replaced, variables

_LARGE = 1 << 16  # elements; a result that is larger, also than its operands, is better computed when needed


def fold(program: Program) -> Program:
    """Return the program with the calls on constants computed.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> program = fold(trace(lambda x: x * np.exp(np.ones_like(x)), np.zeros(3)))
        >>> len(program.calls)
        1
    """
    known: dict[Variable, Any] = dict(program.constants)
    scalars: dict[Variable, Any] = {}
    calls: list[Call] = []
    for call in program.calls:
        args, kwargs = replaced((call.args, call.kwargs), scalars)
        operands = list(variables((args, kwargs)))
        if isinstance(call.function, Loop) or not all(v in known for v in operands) or not _worth(call, operands):
            calls.append(replace(call, args=args, kwargs=kwargs))
            continue
        with np.errstate(all="ignore"):
            args, kwargs = replaced((args, kwargs), known)
            result = call.function(*args, **kwargs)
        for variable, x in zip(call.outputs, result if call.several else (result,), strict=True):
            known[variable] = x
            if not isinstance(x, np.ndarray) and variable not in program.outputs:
                scalars[variable] = x
    constants = {v: x for v, x in known.items() if v not in scalars}
    return replace(program, calls=tuple(calls), constants=constants)


def _worth(call: Call, operands: list[Variable]) -> bool:
    made = sum(v.size for v in call.outputs)
    return made <= max(_LARGE, sum(v.size for v in operands))
