"""Objects that keep arrays from call to call: the places in them, what these hold, and how to put it back.

A *holder* is a Value, a list, a dict (an object's attributes are one too), or one of their kin, such as a deque. A
*place* is a holder with a key. Models, optimizers, and whatever else is made of these are walked alike; nothing here
knows their classes.
"""

from __future__ import annotations

import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import CompileError
from tinygrad_lab.generators import same_state, set_state, state_of

_MOST = 20_000  # places; a model and its optimizer have fewer
_NOT_WALKED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, np.dtype)
_FOREIGN = sys.stdlib_module_names | {"builtins", "numpy"}
_OF_VALUE = ("data", "grad", "requires_grad", "name", "watch")
_CONTAINERS = (dict, list, deque)


class Place(NamedTuple):
    """Where something is kept: `holder[key]`, or the attribute `key` of a Value."""

    path: str
    holder: Any
    key: Any
    lifted: bool  # whether a Python number here is an input of the program

    def get(self) -> Any:
        """Return the content."""
        return self.holder[self.key] if is_container(self.holder) else getattr(self.holder, self.key)

    def set(self, x: Any) -> None:
        """Replace the content."""
        if is_container(self.holder):
            self.holder[self.key] = x
        else:
            setattr(self.holder, self.key, x)


@dataclass
class Holders:
    """All places in some objects, each once, in an order that depends only on how the objects are nested."""

    lifts: frozenset[str] = frozenset()  # paths of Python numbers that are inputs, beside those that classes declare
    places: list[Place] = field(default_factory=list)
    holders: list[tuple[str, Any]] = field(default_factory=list)
    generators: list[tuple[Any, Any]] = field(default_factory=list)
    seen: dict[int, Any] = field(default_factory=dict)  # by id, and kept alive so that no other object gets the same

    def walk(self, path: str, x: Any, lifted: bool = False) -> None:  # noqa: C901  a case for each kind
        """Note the places in `x`, and in everything that it holds."""
        kind = type(x)
        if isinstance(x, tuple):
            for key, part in enumerate(x):
                self.walk(f"{path}.{key}", part, lifted)
        if id(x) in self.seen:
            return
        if is_numpys_generator(x):
            self.seen[id(x)] = x
            self.generators.append((x, state_of(x)))
        elif kind is Value:
            self._add(path, x)
            self.places += [Place(path, x, "data", False), Place(f"{path}.grad", x, "grad", False)]
            self.places.append(Place(f"{path}.requires_grad", x, "requires_grad", False))
            self._hold(path, x, "watch", x.watch, False)  # with the hooks
        elif is_container(x):
            self._add(path, x)
            for key, part in list(items_of(x)):
                self._hold(path, x, key, part, lifted)
            if getattr(x, "__dict__", None):
                self._attributes(path, x, lifted)
        elif slots_of(x):
            self._add(path, x)
            for name in slots_of(x):
                self._hold(path, x, name, getattr(x, name), lifted)
        elif hasattr(x, "__dict__") and not isinstance(x, _NOT_WALKED) and not callable(getattr(x, "__array__", None)):
            self.seen[id(x)] = x
            self._attributes(path, x, lifted)

    def _attributes(self, path: str, x: Any, lifted: bool) -> None:
        variable = getattr(type(x), "variables", ())
        attributes = vars(x)
        self._add(path, attributes)
        for name, part in list(attributes.items()):
            self._hold(path, attributes, name, part, lifted or name in variable)

    def _hold(self, path: str, holder: Any, key: Any, part: Any, lifted: bool) -> None:
        where = f"{path}.{key}" if path else str(key)
        lifted = lifted or where in self.lifts
        self.places.append(Place(where, holder, key, lifted))
        self.walk(where, part, lifted)

    def _add(self, path: str, holder: Any) -> None:
        self.seen[id(holder)] = holder
        self.holders.append((path, holder))
        if len(self.places) > _MOST:
            raise CompileError(
                f"compile: {path} in the state holds more than {_MOST} items; pass only the model and the "
                f"optimizer as state, and large data as arguments"
            )

    def snapshot(self) -> list[tuple[Any, Any]]:
        """Return every holder with its content."""
        return [(holder, _held(holder)) for _, holder in self.holders]

    def restore(self, snapshot: list[tuple[Any, Any]]) -> None:
        """Put back a snapshot; generators move on, so that a second trace draws other numbers."""
        for holder, held in snapshot:
            if is_container(holder):
                refill(holder, held)
            else:
                for name, x in held.items():
                    setattr(holder, name, x)

    def rewind(self) -> list[Any]:
        """Put random generators back to where they were found; return those that had moved."""
        moved = [generator for generator, state in self.generators if not same_state(state_of(generator), state)]
        for generator, state in self.generators:
            set_state(generator, state)
        return moved


def is_container(x: object) -> bool:
    """Whether a holder has keys or positions; the others have attributes."""
    return isinstance(x, _CONTAINERS)


def items_of(x: Any) -> Iterable[tuple[Any, Any]]:
    """Return the keys or positions of a container with their content."""
    return x.items() if isinstance(x, dict) else enumerate(x)


def refill(holder: Any, content: Any) -> None:
    """Replace the whole content of a container."""
    holder.clear()
    if isinstance(holder, dict):
        holder.update(content)
    else:
        holder.extend(content)


def slots_of(x: object) -> tuple[str, ...]:
    """Return the attributes of an object with slots and without a dict; for a Value, those that may change."""
    if type(x) is Value:
        return _OF_VALUE
    kind = type(x)
    if kind.__module__.partition(".")[0] in _FOREIGN or hasattr(x, "__dict__") or isinstance(x, type):
        return ()
    names = (name for base in kind.__mro__ for name in _as_tuple(base.__dict__.get("__slots__", ())))
    return tuple(name for name in names if name != "__weakref__" and hasattr(x, name))


def _as_tuple(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def is_leaf(x: object) -> bool:
    """Whether `x` is an array or NumPy scalar of numbers or bools: always an input of the program."""
    return isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "biufc"


def is_number(x: object) -> bool:
    """Whether `x` is a Python number, but not a bool: it may change from call to call."""
    return type(x) in (int, float, complex)


def is_numpys_generator(x: object) -> bool:
    """Whether an object is a generator of NumPy's; those of the package are plain data."""
    return isinstance(x, np.random.Generator | np.random.RandomState)


def leaves(x: Any, lifted: bool) -> Iterator[Any]:
    """Yield the inputs in the content of a place: an array, a lifted number, or those in a tuple."""
    if is_leaf(x) or (lifted and is_number(x)):
        yield x
    elif isinstance(x, tuple):
        for part in x:
            yield from leaves(part, lifted)


def refilled(x: Any, lifted: bool, new: Iterator[Any]) -> Any:
    """Return the content of a place with its inputs replaced, in the order of `leaves`."""
    if is_leaf(x) or (lifted and is_number(x)):
        return next(new)
    if isinstance(x, tuple):
        return as_kind(x, [refilled(part, lifted, new) for part in x])
    return x


def as_kind(x: Any, parts: list[Any]) -> Any:
    """Return parts as a tuple of the class of `x`, which may be a named tuple."""
    return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)


def _held(holder: Any) -> Any:
    if is_container(holder):
        return dict(holder) if isinstance(holder, dict) else list(holder)
    return {name: getattr(holder, name) for name in slots_of(holder)}
