"""Replaces primitives by the NumPy calls of their forward passes, such as those of `sigmoid(x)`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, replaced, variables
from tinygrad_lab.compiler.traced import Traced
from tinygrad_lab.compiler.tracing import Tracer, tracing, trial
from tinygrad_lab.core.registry import OPS


def inline(program: Program) -> Program:
    """Return the program with every primitive replaced by its own calls, where it is nothing but calls.

    A primitive that decides on data, or writes in place, stays one call. Its derivative may differ from that of its
    calls, so a program that is to be differentiated is opened afterwards.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> from tinygrad_lab.compiler import trace
        >>> program = trace(tl.functional.sigmoid, np.zeros(3))
        >>> [call.function.__name__ for call in inline(program).calls]
        ['negative', 'exp', 'add', 'divide']
    """
    calls: list[Call] = []
    constants = dict(program.constants)
    for call in program.calls:
        opened = _open(call, program)
        if opened is None:
            calls.append(call)
        else:
            calls += opened.calls
            constants.update(opened.constants)
    return replace(program, calls=tuple(calls), constants=constants)


def _body(call: Call) -> Callable[..., Any] | None:
    """Return the forward pass of a primitive; None if it is not one."""
    function = call.function
    if isinstance(function, Loop | np.ufunc) or str(function.__module__).partition(".")[0] == "numpy":
        return None
    return getattr(function, "__wrapped__", None) if function in OPS else None


def _open(call: Call, program: Program) -> Program | None:
    body = _body(call)
    if body is None:
        return None
    with trial():
        tracer = Tracer(call.within, where=lambda: (call.line, call.within))
    inputs: dict[Variable, Traced] = {}
    for v in variables(call):
        if v not in inputs:
            inputs[v] = tracer.input(v.name, _example(v))
    try:
        with trial(), tracing(tracer):
            args, kwargs = replaced((call.args, call.kwargs), inputs)
            result = body(*args, **kwargs)
            result = result[0] if OPS[call.function].residuals else result
            opened = tracer.program(result if call.several else [result])
    except Exception:  # the trial values may fail; then the primitive stays as it is
        return None
    own = {v for c in opened.calls for v in c.outputs}
    if len({v for v in opened.outputs if v in own}) < len(call.outputs):
        return None
    pairs = dict(zip(opened.outputs, call.outputs, strict=True))
    if any((made.shape, made.dtype) != (wanted.shape, wanted.dtype) for made, wanted in pairs.items()):
        return None
    names: dict[Variable, Any] = {x.variable: v for v, x in inputs.items()} | pairs
    calls = tuple(
        replace(
            c,
            args=replaced(c.args, names),
            kwargs=replaced(c.kwargs, names),
            outputs=replaced(c.outputs, names),
            line=call.line,
            within=getattr(body, "__name__", call.within),
            quiet=c.quiet or call.quiet,
        )
        for c in opened.calls
    )
    return inline(Program(program.name, program.inputs, calls, call.outputs, opened.constants))


def _example(v: Variable) -> Any:
    """Return something of a variable's shape and dtype, for tracing."""
    if v.weak:
        return v.dtype.type(1).item()
    ones = np.ones(v.shape, v.dtype)
    return ones if v.shape else ones[()]
