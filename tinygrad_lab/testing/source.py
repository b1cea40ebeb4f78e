"""A function that cannot be imported, such as a lambda in a test, as Python source with all that it refers to."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_lab.core import registry

DEEPEST = 8  # functions that refer to functions

Write = Callable[[Any], "tuple[str, tuple[str, ...]] | None"]  # an object as an expression, and what to run before


def defined(function: Any, write: Write, name: str = "fn", depth: int = 0) -> tuple[str, tuple[str, ...]] | None:
    """Return the name of a function and the statements that define it, or None where its source does not tell.

    Arguments:
        function: made by `def` or `lambda`, or wrapped by a decorator that keeps `__wrapped__`.
        write: returns how to write an object down that can be imported, and the imports.
        name: of what a `lambda` makes.
        depth: how many functions have been defined on the way.
    """
    if type(function).__name__ in ("custom_vjp", "custom_jvp"):
        return None  # JAX' have been given their rules elsewhere
    inner = getattr(function, "py_func", None) or function  # Numba's
    inner = inspect.unwrap(inner) if callable(inner) else inner
    if not isinstance(inner, types.FunctionType) or depth > DEEPEST:
        return None
    node = _node(inner.__code__)
    if node is None:
        return None
    if isinstance(node, ast.FunctionDef) and (inner is function or hasattr(function, "py_func")):
        node.decorator_list = []  # they have made something else of it
    name = node.name if isinstance(node, ast.FunctionDef) else name
    statements: list[str] = []
    names, scopes = (
        list(_names(node)),
        [inner, *_rules(function)],
    )  # a decorator may refer to what the function does not
    while isinstance(node, ast.Lambda) and name in names:
        name += "_"
    for other in names:
        if other == name:
            continue
        known, found = next((pair for scope in scopes if (pair := _value(scope, other))[0]), (False, None))
        needed = _assigned(other, found, write, depth) if known else None
        if needed is None:
            return None
        statements += needed
    text = ast.unparse(node)
    statements.append(f"{name} = {text}" if isinstance(node, ast.Lambda) else text)
    return name, tuple(dict.fromkeys(statements))


def _node(code: types.CodeType) -> ast.FunctionDef | ast.Lambda | None:
    """Return the definition that a code object was compiled from."""
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except (SyntaxError, IndexError):  # an IndexError where doctest looks among the examples of another page
        return None
    spans = [(line, column) for line, _, column, _ in code.co_positions() if line is not None and column is not None]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            if min([node.lineno, *(d.lineno for d in node.decorator_list)]) == code.co_firstlineno:
                return node
        elif isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            body = node.body
            inside = [s for s in spans if s >= (body.lineno, body.col_offset)]
            end = (body.end_lineno or 0, body.end_col_offset or 0)
            if inside and all(s <= end for s in inside) and max(inside) >= (body.lineno, body.col_offset):
                return node
    return None


def _names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a definition takes from outside of itself."""
    bound = {arg.arg for part in ast.walk(node) if isinstance(part, ast.arguments) for arg in _arguments(part)}
    bound |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {n.name for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.ClassDef) and n is not node}
    bound |= {(a.asname or a.name).split(".")[0] for n in ast.walk(node) if isinstance(n, _IMPORTS) for a in n.names}
    seen = dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    yield from (name for name in seen if name not in bound and not hasattr(builtins, name))


_IMPORTS = (ast.Import, ast.ImportFrom)


def _arguments(node: ast.arguments) -> list[ast.arg]:
    return [*node.posonlyargs, *node.args, *node.kwonlyargs, *(a for a in (node.vararg, node.kwarg) if a is not None)]


def _rules(function: Any) -> list[types.FunctionType]:
    """Return the rules that a primitive was declared with."""
    op = registry.OPS.get(function)
    rules = op.rules if op is not None and isinstance(op.rules, tuple) else ()
    return [rule for rule in rules if isinstance(rule, types.FunctionType)]


def _value(function: types.FunctionType, name: str) -> tuple[bool, Any]:
    """Return whether it is known what a name means inside a function, and what that is."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    try:
        if name in cells:
            return True, cells[name].cell_contents
    except ValueError:  # not assigned yet
        return False, None
    return name in function.__globals__, function.__globals__.get(name)


def _assigned(name: str, value: Any, write: Write, depth: int) -> list[str] | None:
    """Return statements after which a name has a value, or None where nobody knows how to write it down."""
    if isinstance(value, types.ModuleType):
        return [f"import {value.__name__} as {name}" if value.__name__ != name else f"import {name}"]
    written = write(value)
    if written is None:
        made = defined(value, write, name, depth + 1)
        if made is None:
            return None
        written = made
    text, before = written
    return [*before, *([f"{name} = {text}"] if text != name else [])]


def is_plain(value: Any) -> bool:
    """Whether an object is made of numbers, texts and arrays, which can be written as they are.

    Example:
        >>> is_plain({"a": [1.0, np.ones(2)]}), is_plain(object())
        (True, False)
    """
    if isinstance(value, dict):
        return all(map(is_plain, [*value, *value.values()]))
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (bool, int, float, complex, str, np.ndarray, np.generic))
