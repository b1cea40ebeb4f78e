"""Finds the axes of a program that depend on the batch, by comparing traces with two batch sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.compiler.lines import name_of
from tinygrad_lab.compiler.program import Program, Variable
from tinygrad_lab.errors import CompileError

_SHAPED = {np.reshape, np.broadcast_to, np.ravel}  # their shapes are taken from their results


def pairs(a: Program, b: Program) -> list[tuple[Variable, Variable]]:
    """Return the corresponding variables of two programs, which must make the same calls."""
    if [call.function for call in a.calls] != [call.function for call in b.calls]:
        raise CompileError(
            "onnx: the model makes other calls for a larger batch; write it without Python decisions that depend on "
            "the length of the batch"
        )
    pairs = list(zip((*a.inputs, *a.constants), (*b.inputs, *b.constants), strict=True))
    for one, other in zip(a.calls, b.calls, strict=True):
        if one.function not in _SHAPED and _static((one.args, one.kwargs)) != _static((other.args, other.kwargs)):
            raise CompileError(
                f"onnx: an option of {name_of(one.function)} at {one.line} depends on the length of the batch; "
                f"write it with -1, None or ..., or over another axis"
            )
        pairs += zip(one.outputs, other.outputs, strict=True)
    return pairs


def _static(x: Any) -> Any:
    """Return operands without the variables among them."""
    if type(x) is Variable:
        return None
    if isinstance(x, tuple | list):
        return [_static(part) for part in x]
    if isinstance(x, dict):
        return {key: _static(part) for key, part in x.items()}
    return repr(x)


def differing(a: tuple[int, ...], b: tuple[int, ...]) -> frozenset[int]:
    """Return the axes whose length depends on the batch."""
    return frozenset(i for i, (m, n) in enumerate(zip(a, b, strict=True)) if m != n)


def one_row(x: Any, other: Any) -> Any:
    """Return a constant; if it has one equal row for each sample of the batch, only one of them."""
    for axis in differing(np.shape(x), np.shape(other)):
        first = np.take(x, [0], axis)
        if not np.array_equal(np.broadcast_to(first, np.shape(x)), x):
            raise CompileError(f"onnx: a constant of shape {np.shape(x)} depends on the batch; pass it as an input")
        x = first
    return x
