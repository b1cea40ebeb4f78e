"""What a function uses beside its arguments: closed-over and global variables. A program holds them as constants.

So they must stay what they were: they are looked through when the function is traced, and compared before every call.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from tinygrad_lab.compiler.holders import GENERATORS, Holders, Place, is_container, is_leaf, slots_of
from tinygrad_lab.errors import CompileError

_LIBRARIES = sys.stdlib_module_names | {"numpy", "tinygrad_lab", "scipy", "numba", "jax"}
_CHUNK = 1 << 20  # bytes of an array that are compared at a call; larger ones take turns, a window at a call
_MISSING = object()


class Surroundings:
    """What is known of the variables around a function.

    Attributes:
        names: for arrays that were found, by identity, what the source calls them.
        variables: name, cell or globals, key there, and what was there.
        places: in what the variables hold, each with what was there.
        contents: name, elements and what they were, of every array among these.
    """

    def __init__(self, function: Callable[..., Any], state: Any) -> None:
        self._function, self._state = function, state
        self.variables: list[tuple[str, Any, Any, Any]] = []
        self.places: list[tuple[Place, Any]] = []
        self.contents: list[tuple[str, Any, bytes]] = []
        self._turn = 0
        self._known = False
        self.names: dict[int, str] = {}

    @contextlib.contextmanager
    def watched(self, inputs: Holders) -> Iterator[None]:
        """Look around the function, let it be traced, and refuse if it has changed anything there."""
        if not self._known:
            self._look(inputs)
            self._known = True
        around = Holders()
        around.seen.update(inputs.seen)
        for name, where, key, _ in self.variables:
            _walk(around, name, _content(where, key))
        before, was = around.snapshot(), [place.get() for place in around.places]
        try:
            yield
            for name, where, key, x in self.variables:
                if _content(where, key) is not x:
                    _set(where, key, x)
                    self._refuse(name)
            for path, holder in around.holders:
                held = next(h for other, h in before if other is holder)
                if is_container(holder) and len(held) != len(holder):
                    self._refuse(path)
            for place, x in zip(around.places, was, strict=True):
                if place.get() is not x and place.key != "grad":
                    self._refuse(place.path)
        finally:
            around.restore(before)

    @contextlib.contextmanager
    def rewinding(self, inputs: Holders) -> Iterator[None]:
        """Let the function be traced, and put all random generators back where they were."""
        around = Holders()
        around.seen.update(inputs.seen)
        for name, where, key in _variables(self._function, {}):
            _walk(around, name, _content(where, key))
        try:
            yield
        finally:
            around.rewind()
            inputs.rewind()

    @property
    def takes_turns(self) -> bool:
        """Whether an array is so large that each call compares another part of it."""
        return any(len(saved) > _CHUNK for _, _, saved in self.contents)

    def check(self) -> None:
        """Raise if something around the function is not what it was when it was traced."""
        for name, where, key, x in self.variables:
            if (where.cell_contents if key is None else where.get(key)) is not x:
                now = _content(where, key)
                if not (type(now) in (int, float, str) and type(now) is type(x) and now == x):
                    self._changed(name)
        for place, x in self.places:
            try:
                now = place.get()
            except (KeyError, IndexError):
                now = _MISSING
            if now is not x:
                self._changed(place.path)
        for name, live, saved in self.contents:
            if not self._same(live, saved):
                self._changed(name)
        self._turn += 1

    def _same(self, live: Any, saved: bytes) -> bool:
        if len(saved) <= _CHUNK or isinstance(live, np.ndarray):
            return bool(live.tobytes() == saved)  # a copy, and yet ten times faster than comparing a memoryview
        start = self._turn * _CHUNK % len(saved)
        return bool(live[start : start + _CHUNK].tobytes() == saved[start : start + _CHUNK])

    def _look(self, inputs: Holders) -> None:
        around = Holders()
        around.seen.update(inputs.seen)
        for name, where, key in _variables(self._function, {}):
            x = _content(where, key)
            self.variables.append((name, where, key, x))
            if id(x) not in inputs.seen:
                _walk(around, name, x)
        self.places = [(place, place.get()) for place in around.places if place.key != "grad"]
        arrays = [(name, x) for name, _, _, x in self.variables] + [(p.path, x) for p, x in self.places]
        for name, x in arrays:
            if isinstance(x, np.ndarray) and is_leaf(x) and x.size and id(x) not in self.names:
                self.names[id(x)] = name
                flat = x.reshape(-1).view(np.uint8).data if x.flags.c_contiguous else x
                self.contents.append((name, flat, x.tobytes()))

    def _refuse(self, name: str) -> NoReturn:
        raise CompileError(
            f"compile: a compiled function must change nothing but its state, got a change of {name}; return the new "
            f"value, or pass the object that holds it in state=(...)"
        )

    def _changed(self, name: str) -> NoReturn:
        raise CompileError(
            f"compile: what the function uses beside its arguments must stay as it was when it was compiled, got "
            f"another {name}; pass {name} as an argument, or the object that holds it in state=(...)"
        )


def _variables(function: Any, seen: dict[int, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield (name, cell or globals, key) of the variables that a function and the functions it calls use."""
    if isinstance(function, functools.partial):
        yield from _variables(function.func, seen)
        return
    function = getattr(function, "__func__", getattr(function, "function", function))
    if not isinstance(function, types.FunctionType) or id(function) in seen:
        return
    seen[id(function)] = function
    found: list[tuple[str, Any, Any]] = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        found.append((name, cell, None))
    scope = function.__globals__
    own = str(scope.get("__name__", "")).partition(".")[0] not in _LIBRARIES
    if own:
        found += [(name, scope, name) for name in _global_names(function.__code__) if name in scope]
    for name, where, key in found:
        x = _content(where, key)
        if callable(x) and not _has_attributes(x):
            yield from _variables(x, seen)
        elif own and not isinstance(x, type | types.ModuleType):
            yield name, where, key
            for method in _methods(x):
                yield from _variables(method, seen)


def _methods(x: Any) -> list[Any]:
    """Return the functions of a class that is the user's own."""
    kind = type(x)
    if kind.__module__.partition(".")[0] in _LIBRARIES:
        return []
    return [method for method in vars(kind).values() if isinstance(method, types.FunctionType)]


def _global_names(code: types.CodeType) -> list[str]:
    names = [step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"]
    inner = [name for x in code.co_consts if isinstance(x, types.CodeType) for name in _global_names(x)]
    return list(dict.fromkeys([*names, *inner]))


def _has_attributes(x: Any) -> bool:
    """Whether `x` is an object such as a Module, whose attributes matter, rather than a function or a class."""
    return not isinstance(
        x, type | types.FunctionType | types.BuiltinFunctionType | types.MethodType | functools.partial
    ) and (hasattr(x, "__dict__") and not isinstance(x, np.ufunc) and not hasattr(x, "programs"))


def _walk(around: Holders, name: str, x: Any) -> None:
    if slots_of(x) or isinstance(x, (list, dict, tuple, *GENERATORS)) or _has_attributes(x):
        around.walk(name, x)


def _content(where: Any, key: Any) -> Any:
    if key is not None:
        return where.get(key, _MISSING)
    try:
        return where.cell_contents
    except ValueError:
        return _MISSING


def _set(where: Any, key: Any, x: Any) -> None:
    if key is not None:
        where[key] = x
    else:
        where.cell_contents = x
