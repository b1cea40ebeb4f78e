"""Common subexpressions: what is computed twice from the same operands is computed once."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.compiler.program import Call, Program, Variable, replaced


def share(program: Program) -> Program:
    """Return the program with one call in place of several equal ones, and equal constants merged.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> program = trace(lambda x: np.exp(x) * np.exp(x), np.zeros(3))
        >>> len(program.calls), len(share(program).calls)
        (3, 2)
    """
    known: dict[Variable, Any] = {}  # the variables that replace others
    seen: dict[Hashable, tuple[Variable, ...]] = {}
    for variable, array in program.constants.items():
        key = _content(array)
        if key is not None:
            known[variable] = seen.setdefault(key, (variable,))[0]
    calls: list[Call] = []
    for call in program.calls:
        args, kwargs = replaced((call.args, call.kwargs), known)
        key = (call.function, operands(args), operands(kwargs)) if isinstance(call.function, Hashable) else None
        before = seen.get(key) if key is not None else None
        if before is not None:
            known.update(zip(call.outputs, before, strict=True))
        else:
            calls.append(replace(call, args=args, kwargs=kwargs))
            seen[key] = call.outputs
    outputs = replaced(program.outputs, known)
    return replace(program, calls=tuple(calls), outputs=outputs)


def operands(tree: Any) -> Hashable:
    """Return a key that is equal only for the same operands: 1, 1.0, True and -0.0 all differ."""
    kind = type(tree)
    if kind is Variable:
        return tree
    if kind is tuple or kind is list:
        return kind, tuple(operands(part) for part in tree)
    if kind is dict:
        return kind, tuple((key, operands(tree[key])) for key in sorted(tree))
    if kind is slice:
        return kind, operands((tree.start, tree.stop, tree.step))
    if isinstance(tree, np.generic | float | complex):
        return kind, repr(tree)
    return (kind, tree) if isinstance(tree, Hashable) else (kind, id(tree))


def _content(array: Any) -> Hashable | None:
    """Return a key for the content of a small constant."""
    if not isinstance(array, np.ndarray) or array.size > 4096 or array.dtype.hasobject:
        return None
    return array.shape, array.strides, array.dtype, array.tobytes()
