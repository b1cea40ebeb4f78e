"""The arguments of a compiled function: which are arrays, which are objects that hold some, and which are static."""

from __future__ import annotations

import array
import inspect
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.compiler.holders import is_leaf, items_of, slots_of
from tinygrad_lab.core import modes
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import CompileError, GradientLostError


@dataclass
class Arguments:
    """The arrays, objects and functions among a call's arguments.

    Attributes:
        arrays: arrays, NumPy scalars and Python floats with their names: the inputs of the program.
        objects: Values and objects with attributes, with their names; the arrays in them are inputs too.
        functions: callables.
        key: equal for arguments that the same program serves.
    """

    arrays: list[tuple[str, Any]] = field(default_factory=list)
    objects: list[tuple[str, Any]] = field(default_factory=list)
    functions: list[Any] = field(default_factory=list)
    key: Hashable = None


def read(args: tuple[Any, ...], kwargs: dict[str, Any], names: tuple[str, ...] = ()) -> Arguments:
    """Sort the arguments of a call; containers are lists, tuples and dicts."""
    found = Arguments()
    positional = tuple(_read(names[i] if i < len(names) else f"argument_{i}", x, found) for i, x in enumerate(args))
    found.key = positional, tuple((name, _read(name, x, found)) for name, x in kwargs.items())
    return found


def _read(path: str, x: Any, found: Arguments) -> Hashable:
    kind = type(x)
    if is_leaf(x):
        found.arrays.append((path, x))
        return kind is np.ndarray, x.shape, x.dtype
    if kind is float or kind is complex:
        found.arrays.append((path, x))
        return "number", kind
    if isinstance(x, tuple | list):
        return kind, tuple(_read(f"{path}.{i}", part, found) for i, part in enumerate(x))
    if isinstance(x, dict):
        return kind, tuple((key, _read(f"{path}.{key}", part, found)) for key, part in x.items())
    if slots_of(x) or is_object(x):
        found.objects.append((path, x))
        return "object", kind
    if callable(x):
        found.functions.append(x)
    return static(x)


def is_object(x: object) -> bool:
    """Whether `x` is an object whose attributes may hold arrays, such as a module or an optimizer."""
    return (
        hasattr(x, "__dict__")
        and not isinstance(x, type)
        and not hasattr(x, "__code__")
        and not isinstance(x, np.ndarray | np.ufunc)
        and type(x).__module__ not in ("builtins", "functools")
    )


def static(x: object) -> Hashable:
    """Return a key for something that a program may depend on without having it as an input."""
    if type(x) in (bool, int, str, bytes, type(None)):
        return type(x), x
    if type(x) in (float, complex):
        return type(x), repr(x)
    if type(x) is tuple:
        return tuple(map(static, x))
    if isinstance(x, (*COMPARED, frozenset)):
        return type(x), content(x)
    return type(x), id(x)


COMPARED = (set, bytearray, array.array)  # can change in place, but hold no arrays


def content(x: Any) -> Hashable:
    """Return what is in a set, a bytearray or an array of Python's, so that it can be compared later."""
    return frozenset(map(static, x)) if isinstance(x, set | frozenset) else bytes(x)


def mapped(function: Callable[[Any], Any], x: Any) -> Any:
    """Return arguments with `function` applied to every array and float."""
    kind = type(x)
    if is_leaf(x) or kind is float or kind is complex:
        return function(x)
    if isinstance(x, tuple):
        parts = [mapped(function, part) for part in x]
        return kind(*parts) if hasattr(x, "_fields") else kind(parts)
    if isinstance(x, list):
        return kind(mapped(function, part) for part in x)
    if isinstance(x, dict):
        copy = x.copy()
        copy.update((key, mapped(function, part)) for key, part in x.items())
        return copy
    return x


def contents(x: Any, path: str = "") -> list[tuple[str, Any, list[Any]]]:
    """Return the lists and dicts in arguments, each with its name and content."""
    if isinstance(x, list | dict) or (isinstance(x, tuple) and not is_leaf(x)):
        inner = [found for key, part in items_of(x) for found in contents(part, f"{path}.{key}" if path else str(key))]
        return [(path, x, list(items_of(x))), *inner]
    return []


def refuse_changes(passed: list[tuple[str, Any, list[Any]]]) -> None:
    """Raise if a function has changed a list or dict among its arguments."""
    for path, x, before in passed:
        now, was = list(items_of(x)), dict(before)
        changed = [key for key, part in now if key not in was or part is not was[key]]
        if changed or len(now) != len(before):
            name = ".".join([*path.split(".")[1:], *map(str, changed[:1])])
            raise CompileError(
                f"compile: a compiled function cannot change its argument {name}, only its state; "
                f"return the new value, or pass the object that holds it in state=(...)"
            )


def refuse_recorded(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse an argument whose graph would be lost, such as the inputs that `grad` passes to a compiled function."""
    if modes.current() & modes.RECORD:
        for x in tree.flatten((args, kwargs))[0]:
            if type(x) is Value and x.op is not None and x.requires_grad:
                raise GradientLostError(
                    f"compile: an argument of {name} is the recorded result of {x.op.name}, whose graph would be lost; "
                    f"compile the function that takes the gradient, compile(grad(f)), or pass v.detach()"
                )


def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's positional parameters."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))


def named(function: Callable[..., Any], state: Any) -> list[tuple[str, Any]]:
    """Return the objects of the state with the names that the function uses for them, or made-up ones."""
    known = inspect.getclosurevars(function) if inspect.isfunction(function) else None
    names = {id(x): name for scope in (known.globals, known.nonlocals) for name, x in scope.items()} if known else {}
    return [(names.get(id(x), f"state_{i}"), x) for i, x in enumerate(state)]
