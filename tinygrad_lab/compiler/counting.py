"""Python numbers that a program only counts with, such as an optimizer's steps: Python expressions compute them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tinygrad_lab.compiler.passes.dead import prune
from tinygrad_lab.compiler.program import Call, Program, Variable

_SIGNS = {operator.add: "+", operator.sub: "-", operator.mul: "*"}
_LONGEST = 40  # characters of an expression


def without_counts(program: Program) -> tuple[Program, list[str]]:
    """Return the program without these outputs, and an expression for each output, "" for those that stay.

    The expressions have `{0}`, `{1}`, … for the inputs.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> program = trace(lambda x, steps: (np.tanh(x), steps + 1), np.zeros(3), 5)
        >>> rest, counts = without_counts(program)
        >>> len(rest.outputs), counts
        (1, ['', '({1} + 1)'])
    """
    makers = {v: call for call in program.calls for v in call.outputs}
    counts = [_expression(v, makers, program.inputs) if v.weak and v in makers else "" for v in program.outputs]
    left = tuple(v for v, text in zip(program.outputs, counts, strict=True) if not text)
    return (prune(replace(program, outputs=left)) if any(counts) else program), counts


def merged(counts: Sequence[str], results: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the expressions of all outputs, given those of the outputs that stayed."""
    rest = iter(results)
    return [text.format(*names) if text else next(rest) for text in counts]


def _expression(x: Any, makers: dict[Variable, Call], inputs: Sequence[Variable]) -> str:
    """Return a number as text, or "" if it takes more than a few sums and products of integers."""
    if type(x) is int:
        return repr(x)
    if not isinstance(x, Variable) or not x.weak or x.dtype.kind != "i":
        return ""
    if x in inputs:
        return f"{{{inputs.index(x)}}}"
    call = makers.get(x)
    if call is None or call.function not in _SIGNS or call.kwargs:
        return ""
    a, b = (_expression(part, makers, inputs) for part in call.args)
    text = f"({a} {_SIGNS[call.function]} {b})"
    return text if a and b and len(text) <= _LONGEST else ""
