"""Names: gives every variable a readable and unique one."""

from __future__ import annotations

import ast
import builtins
import functools
import keyword
import linecache
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, replaced

_TAKEN = {*keyword.kwlist, *dir(builtins), "np", "i"}


def rename(program: Program, names: Sequence[str] = ()) -> Program:
    """Return the program with new variables, whose names are unique Python identifiers.

    An output takes the name that `names` has for it, if any. Any other result takes the name that the user's line
    gives it (`h = np.tanh(x)`), or else that of the function of this package that computed it (`sigmoid`), or that of
    the NumPy function.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> print(rename(trace(lambda x: np.exp(np.exp(x)), np.zeros(3), name="twice")))
        twice(x0):
            exp = exp(x0)
            exp_2 = exp(exp)
            return exp_2
    """
    return _rename(program, names, set())


def _rename(program: Program, names: Sequence[str], constants: set[str]) -> Program:
    """Rename a program and the bodies of its loops; all constants get different names."""
    used = set(_TAKEN)
    new: dict[Variable, Any] = {}
    targets = _targets(program.calls)
    wanted = {v: name for v, name in zip(program.outputs, names, strict=False) if name}
    for v in program.constants:
        new[v] = _renamed(v, v.name, used | constants)
        used.add(new[v].name)
        constants.add(new[v].name)
    for v in program.inputs:
        new[v] = _renamed(v, v.name, used)
    for call, target in zip(program.calls, targets, strict=True):
        for v in call.outputs:
            new[v] = _renamed(v, wanted.get(v) or target or v.name, used)
    calls = tuple(
        replace(
            call,
            function=replace(call.function, body=_rename(call.function.body, (), constants))
            if isinstance(call.function, Loop)
            else call.function,
            args=replaced(call.args, new),
            kwargs=replaced(call.kwargs, new),
            outputs=replaced(call.outputs, new),
        )
        for call in program.calls
    )
    inputs, outputs = replaced(program.inputs, new), replaced(program.outputs, new)
    return replace(
        program,
        inputs=inputs,
        calls=calls,
        outputs=outputs,
        constants={new[v]: x for v, x in program.constants.items()},
    )


def _renamed(v: Variable, wanted: str, used: set[str]) -> Variable:
    base = identifier(wanted)
    name, number = base, 1
    while name in used:
        number += 1
        name = f"{base}_{number}"
    used.add(name)
    return Variable(name, v.shape, v.dtype, v.weak)


def identifier(text: str) -> str:
    """Return a Python identifier that looks like `text`.

    Example:
        >>> identifier("layers.0.weight"), identifier("<lambda>"), identifier("2x")
        ('layers_0_weight', 'function', 'x')
    """
    name = re.sub(r"\W+", "_", text.replace("<lambda>", "function")).strip("_").lstrip("0123456789")
    return name or "value"


def _targets(calls: tuple[Call, ...]) -> list[str]:
    """Return the name that the source gives to the result of each call, or ""."""
    found = [""] * len(calls)
    for i, call in enumerate(calls):
        after = calls[i + 1] if i + 1 < len(calls) else None
        if len(call.outputs) > 1:
            continue
        if after is None or after.line != call.line:
            found[i] = _assigned(call.line)
        if not found[i] and (after is None or (after.within, after.line) != (call.within, call.line)):
            found[i] = "" if call.within.startswith(("_", "<")) else call.within
    return found


def _assigned(line: str) -> str:
    """Return the name that is assigned to at `file:line`, or ""."""
    filename, _, number = line.rpartition(":")
    return _assignments(filename).get(int(number), "") if number.isdigit() else ""


_PARSING = (
    threading.Lock()
)  # Python 3.11 fails with a SystemError where two threads parse at once (CPython issue 106905)


@functools.lru_cache(maxsize=64)
def _assignments(filename: str) -> dict[int, str]:
    try:
        with _PARSING:
            tree = ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:  # a notebook's cell with magics
        return {}
    found: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                found[number] = node.targets[0].id
    return found
