"""Everything that a function can reach beside its arguments: variables it looks up, and those of all it can call.

Functions are followed wherever they are: called by name, kept in lists, attributes or hooks, methods of objects, in
modules of the user's own. What belongs to libraries is not looked into.
"""

from __future__ import annotations

import contextvars
import dis
import functools
import sys
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.compiler.holders import Holders, is_container, is_numpys_generator, slots_of
from tinygrad_lab.core.registry import Op

_LIBRARIES = sys.stdlib_module_names | {"numpy", "tinygrad_lab", "scipy", "numba", "jax"}
MISSING = object()
_SIMPLE = (bool, int, float, complex, str, bytes, type(None), np.ndarray, np.generic, np.ufunc, np.dtype)
_NAMING = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_METHOD"}


class Lookup(NamedTuple):
    """A name that is looked up when a function runs: in a cell (`key` None), a dict, a ContextVar, or on an object."""

    name: str
    where: Any
    key: Any

    def get(self) -> Any:
        """Return what it is now."""
        if isinstance(self.where, contextvars.ContextVar):
            return self.where.get(MISSING)
        if isinstance(self.where, types.CellType):
            try:
                return self.where.cell_contents
            except ValueError:
                return MISSING
        if isinstance(self.where, dict):
            return self.where.get(self.key, MISSING)
        return (
            vars(self.where).get(self.key, MISSING)
            if isinstance(self.where, type)
            else getattr(self.where, self.key, MISSING)
        )

    def set(self, x: Any) -> None:
        """Let it be something else."""
        if isinstance(self.where, contextvars.ContextVar):
            self.where.set(x)
        elif isinstance(self.where, types.CellType):
            self.where.cell_contents = x
        elif isinstance(self.where, dict):
            self.where[self.key] = x
        else:
            setattr(self.where, self.key, x)


class Reach:
    """Collects what functions and objects can reach.

    Arguments:
        known: the holders whose content is an input anyway.

    Attributes:
        lookups: each once, in the order found.
        around: the holders in these variables.
    """

    def __init__(self, known: Holders) -> None:
        self.lookups: list[Lookup] = []
        self.around = Holders()
        self.around.seen.update(known.seen)
        self._seen: dict[int, Any] = {}
        self._defaults: dict[int, dict[str, Any]] = {}
        self._objects = list(known.seen.values())
        self._places = list(known.places)

    def follow(self, *roots: Any) -> None:
        """Collect what can be reached from `roots` (functions or other callables) and from the known objects."""
        for root in roots:
            self._into(getattr(root, "__name__", type(root).__name__), root)
        for place in self._places:
            self._into(place.path, place.get())
        for x in self._objects:
            self._class(type(x))

    def _into(self, name: str, x: Any) -> None:  # noqa: C901  a case for each kind
        """Follow something that may hold functions; arrays, numbers and texts do not."""
        if isinstance(x, type):
            self._class(x)
        if isinstance(x, (*_SIMPLE, type)) or id(x) in self._seen:
            return
        self._seen[id(x)] = x
        if isinstance(x, types.FunctionType):
            self._function(name, x)
        elif isinstance(x, types.MethodType):
            self._into(name, x.__func__)
            self._held(name, x.__self__)
        elif isinstance(x, types.BuiltinMethodType):  # such as `seen.append`
            if not isinstance(x.__self__, types.ModuleType):
                self._held(name, x.__self__)
        elif isinstance(x, functools.partial):
            self._into(name, x.func)
            self._held(name, [*x.args, *x.keywords.values()])
        elif isinstance(x, functools._lru_cache_wrapper | staticmethod | classmethod | property):
            for inner in (getattr(x, part, None) for part in ("__wrapped__", "__func__", "fget")):
                self._into(name, inner)
        elif isinstance(x, contextvars.ContextVar):
            self._found(Lookup(x.name, x, "get"))
        elif isinstance(x, Op) or (hasattr(x, "programs") and hasattr(x, "function")):
            self._into(name, x.function)
        else:
            self._held(name, x)

    def _held(self, name: str, x: Any) -> None:
        """Walk an object, and follow the functions that it and its classes hold."""
        if isinstance(x, type | types.ModuleType | types.FunctionType):
            self._into(name, x)
            return
        if isinstance(x, tuple | frozenset):
            for part in x:
                self._into(name, part)
        first, before = len(self.around.places), set(self.around.seen)
        if slots_of(x) or is_container(x) or isinstance(x, tuple) or is_numpys_generator(x) or has_attributes(x):
            self.around.walk(name, x)
        for place in self.around.places[first:]:
            self._into(place.path, place.get())
        for key in self.around.seen.keys() - before:
            self._class(type(self.around.seen[key]))
        self._class(type(x))

    def _class(self, kind: type) -> None:
        """Follow the methods and plain attributes of a user's class."""
        for base in kind.__mro__:
            if id(base) in self._seen or is_library(base.__module__):
                continue
            self._seen[id(base)] = base
            for name, x in vars(base).items():
                if isinstance(x, types.FunctionType | staticmethod | classmethod | property):
                    self._into(f"{base.__name__}.{name}", x)
                elif not name.startswith("__") and not hasattr(type(x), "__get__"):
                    self._found(Lookup(f"{base.__name__}.{name}", base, name))

    def _function(self, name: str, function: types.FunctionType) -> None:
        for cell_name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self._found(Lookup(cell_name, cell, None), is_library(function.__module__))
        if is_library(function.__module__):
            return
        for key in vars(function):
            if key != "__wrapped__":
                self._found(Lookup(f"{name}.{key}", function, key))
        for what in (function.__defaults__ or (), (function.__kwdefaults__ or {}).values()):
            for x in what:
                self._default(function, x)
        names = list(_names(function.__code__))
        for key in names:
            if key in function.__globals__:
                self._global(function.__globals__, key, names, key)
        self._into(name, getattr(function, "__wrapped__", None))

    def _default(self, function: types.FunctionType, x: Any) -> None:
        """Note a default argument, which may change though no variable holds it: a dict with this one item stands in
        for one.
        """
        if not isinstance(x, _SIMPLE) or isinstance(x, np.ndarray):
            code, defaults = function.__code__, function.__defaults__ or ()
            positional = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
            pairs = [*zip(positional, defaults, strict=True), *(function.__kwdefaults__ or {}).items()]
            name = next(name for name, default in pairs if default is x)
            scope = self._defaults.setdefault(id(x), {name: x})
            self._found(Lookup(name, scope, name))

    def _global(self, scope: dict[str, Any], key: str, names: list[str], name: str) -> None:
        x = scope[key]
        if isinstance(x, types.ModuleType):
            if not is_library(x.__name__) and id(x) not in self._seen:
                self._seen[id(x)] = x
                inner = vars(x)
                for attribute in names:
                    if attribute in inner and attribute != key:
                        self._global(inner, attribute, names, f"{name}.{attribute}")
        else:
            self._found(Lookup(name, scope, key))

    def _found(self, lookup: Lookup, of_library: bool = False) -> None:
        """Note a variable unless it is a class, and follow it; those of libraries are only followed."""
        x = lookup.get()
        if isinstance(x, types.ModuleType):
            if not is_library(x.__name__):
                self._module(lookup.name, x)
            return
        if not of_library and not isinstance(x, type | types.BuiltinFunctionType | np.ufunc) and x is not MISSING:
            self.lookups.append(lookup)
        self._into(lookup.name, x)

    def _module(self, name: str, module: types.ModuleType) -> None:
        """Follow a whole module in a closure, as it is not known which of its names are used."""
        if id(module) not in self._seen:
            self._seen[id(module)] = module
            for key, x in list(vars(module).items()):
                if not key.startswith("__") and not isinstance(x, types.ModuleType):
                    self._found(Lookup(f"{name}.{key}", vars(module), key))


def is_library(name: str | None) -> bool:
    """Whether a module belongs to a library rather than to the user."""
    return str(name or "").partition(".")[0] in _LIBRARIES


def has_attributes(x: object) -> bool:
    """Whether `x` is an object with attributes that matter, such as a Module, rather than a function or a class."""
    return not isinstance(
        x, type | types.FunctionType | types.BuiltinFunctionType | types.MethodType | functools.partial
    ) and (hasattr(x, "__dict__") and not isinstance(x, np.ufunc) and not hasattr(x, "programs"))


def _names(code: types.CodeType) -> Iterator[str]:
    """Yield the names that code looks up, each once: globals, and attributes, as they may be those of modules."""
    found = [step.argval for step in dis.get_instructions(code) if step.opname in _NAMING]
    found += [name for x in code.co_consts if isinstance(x, types.CodeType) for name in _names(x)]
    yield from dict.fromkeys(found)
