"""Whether two traces of one call are the same program, and if not, what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.compiler.program import Call, Loop, Program, Variable


def difference(a: Program, b: Program) -> str | None:
    """Return None if two programs make the same calls on the same operands; else what differs, and where.

    Example:
        >>> from tinygrad_lab.compiler import trace
        >>> rng, x = np.random.default_rng(0), np.zeros(3)
        >>> noisy = lambda x: x + rng.normal()
        >>> difference(trace(noisy, x), trace(noisy, x)).partition(" at ")[0]
        'a number that changes from call to call'
    """
    same: dict[Variable, Variable] = dict(zip(a.inputs, b.inputs, strict=False))
    for one, other in zip(a.calls, b.calls, strict=False):
        found = _between(one, other, a, b, same)
        if found:
            return f"{found} at {_where(one)}"
        same.update(zip(one.outputs, other.outputs, strict=True))
    if len(a.calls) != len(b.calls):
        longer = max(a, b, key=lambda program: len(program.calls))
        return f"another sequence of calls at {_where(longer.calls[min(len(a.calls), len(b.calls))])}"
    return _operands(a.outputs, b.outputs, a, b, same)


def _between(one: Call, other: Call, a: Program, b: Program, same: dict[Variable, Variable]) -> str | None:
    f, g = one.function, other.function
    if isinstance(f, Loop) and isinstance(g, Loop):
        inside = difference(f.body, g.body)
        if inside or (f.carried, f.sliced, f.until) != (g.carried, g.sliced, g.until):
            return inside or "another loop"
    elif f != g and getattr(f, "__code__", f) is not getattr(g, "__code__", g):
        return "another sequence of calls"
    if [(v.shape, v.dtype) for v in one.outputs] != [(v.shape, v.dtype) for v in other.outputs]:
        return "an array whose shape changes from call to call"
    return _operands((one.args, one.kwargs), (other.args, other.kwargs), a, b, same)


def _operands(x: Any, y: Any, a: Program, b: Program, same: dict[Variable, Variable]) -> str | None:
    if type(x) is not type(y):
        return "another sequence of calls"
    if type(x) is Variable:
        if x in a.constants and y in b.constants:
            return _arrays(a.constants[x], b.constants[y])
        return None if same.get(x, x) is y else "another sequence of calls"
    if isinstance(x, tuple | list):
        parts = [_operands(p, q, a, b, same) for p, q in zip(x, y, strict=False)]
        return next(filter(None, parts), None if len(x) == len(y) else "another sequence of calls")
    if isinstance(x, dict):
        return _operands(list(x.items()), list(y.items()), a, b, same)
    if isinstance(x, np.generic | int | float | complex | str):
        return None if repr(x) == repr(y) else "a number that changes from call to call"
    return None


def _arrays(x: Any, y: Any) -> str | None:
    if np.shape(x) != np.shape(y) or np.asarray(x).dtype != np.asarray(y).dtype:
        return "an array whose shape changes from call to call"
    equal = x is y or np.asarray(x).tobytes() == np.asarray(y).tobytes()
    return None if equal else "an array whose content changes from call to call"


def _where(call: Call) -> str:
    filename, _, number = call.line.rpartition(":")
    inside = f" (in {call.within})" if call.within else ""
    return f"{Path(filename).name}:{number}{inside}"
