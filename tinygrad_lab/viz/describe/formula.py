"""The derivative rules as text: what the operations table and the pictures show."""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Callable
from typing import Any

from tinygrad_lab.core.registry import Op, VariadicRules

Rule = Callable[..., Any]


def formulas(op: Op) -> list[str | None]:
    """Return an operation's rules as source text, one per argument, None for an argument without a rule.

    A rule gives its docstring's first line, or the expression it returns, or, if it takes several lines, its name.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> formulas(tl.OPS[np.multiply])
        ['g * b', 'g * a']
    """
    rules = [op.rules.rule] if isinstance(op.rules, VariadicRules) else op.rules
    return [None if rule is None else _text(rule) for rule in rules]


def _text(rule: Rule) -> str:
    rule = getattr(rule, "__wrapped__", rule)
    if rule.__doc__:
        return rule.__doc__.partition("\n")[0].removesuffix(".")
    code = rule.__code__
    candidates = _functions(code.co_filename).get(code.co_firstlineno, [])
    if not candidates:
        return rule.__name__
    # Several lambdas may share a line: take the one whose body stands where the code's first expression does.
    _, *positions = code.co_positions()
    column = min(start for *_, start, _ in positions if start is not None)
    return ast.unparse(min(candidates, key=lambda body: abs(body.col_offset - column)))


@functools.cache
def _functions(filename: str) -> dict[int, list[ast.expr]]:
    """Return what the lambdas and one-line functions of a file (or a notebook's cell) return, by their line."""
    found: dict[int, list[ast.expr]] = {}
    for node in ast.walk(ast.parse("".join(linecache.getlines(filename)))):
        if isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node.body)
        elif isinstance(node, ast.FunctionDef) and isinstance(node.body[0], ast.Return) and node.body[0].value:
            found.setdefault(node.lineno, []).append(node.body[0].value)
    return found
