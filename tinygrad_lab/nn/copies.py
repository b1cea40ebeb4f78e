"""Copies of modules: with other parameters inside, for transforms, or without the graphs of what they keep."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from copy import copy as shallow
from typing import Any

import numpy as np

from tinygrad_lab.core.value import Value
from tinygrad_lab.typing import Result

_NO_CONTAINERS = frozenset({Value, np.ndarray, bool, int, float, str, type(None)})  # which most attributes are


class StandIns:
    """Values that count as parameters whatever they require; no container, so that they are not found twice."""

    def __init__(self, values: list[Value]) -> None:
        self.values = values

    def __contains__(self, value: Value) -> bool:
        return any(value is held for held in self.values)


def opened(item: Any) -> tuple[Iterable[tuple[Any, Any]], Callable[[list[Any]], Any]] | None:
    """Return what a container holds, with names, and what makes a container like it of as many other things.

    Containers are lists, tuples, dicts and deques of any class, and dataclasses; None is returned for all else, and for
    what says itself what it holds, as modules do.
    """
    kind = type(item)
    if kind in _NO_CONTAINERS:
        return None
    if isinstance(item, dict):
        return item.items(), lambda held: _refilled(item, dict(zip(item, held, strict=True)))
    if isinstance(item, tuple):
        names = getattr(kind, "_fields", range(len(item)))  # of a named one
        return zip(names, item, strict=True), tuple if kind is tuple else lambda held: kind(*held)
    if isinstance(item, list | deque):
        return enumerate(item), lambda held: _refilled(item, held)
    if hasattr(kind, "__dataclass_fields__") and kind is not item and not hasattr(kind, "tree_flatten"):
        names = [name for name in kind.__dataclass_fields__ if hasattr(item, name)]
        return ([(name, getattr(item, name)) for name in names],
                lambda held: _refilled(item, dict(zip(names, held, strict=True))))  # fmt: skip
    return None


def _refilled(item: Any, held: Any) -> Result:
    """Return a copy of what can be changed, which keeps its class and what else it knows, with other content."""
    copy = shallow(item)
    if isinstance(item, dict):
        copy.update(held)
    elif isinstance(item, list | deque):
        copy.clear()
        copy.extend(held)
    else:
        for name, x in held.items():
            object.__setattr__(copy, name, x)  # frozen dataclasses, too
    return copy


def walk(path: str, items: Any, above: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield what containers hold, at any depth, with its path; what holds itself is not walked in circles."""
    for name, item in items:
        inner = f"{path}.{name}" if path else str(name)
        inside = opened(item)
        if inside is None:
            yield inner, item
        elif id(item) not in above:
            yield from walk(inner, inside[0], (*above, id(item)))


def copied(kind: type, item: Any, replaced: dict[int, Any], stand_ins: StandIns) -> Result:
    """Return a copy of modules, which are of this kind, and containers; what is shared stays shared.

    Arguments:
        kind: the class of modules, whose attributes are copied.
        item: what to copy; what is neither a Value, a container nor a module is shared.
        replaced: what stands in the copy for the object of an id.
        stand_ins: the parameters of the copies.
    """
    if id(item) in replaced or type(item) is Value:
        return replaced.get(id(item), item)
    inside = opened(item)
    if inside is not None:
        replaced[id(item)] = item  # should it hold itself
        replaced[id(item)] = inside[1]([copied(kind, held, replaced, stand_ins) for _, held in inside[0]])
    elif not isinstance(item, kind):
        return item
    else:
        replaced[id(item)] = copy = object.__new__(type(item))
        vars(copy).update((name, copied(kind, held, replaced, stand_ins)) for name, held in vars(item).items())
        vars(copy)["_stand_ins"] = stand_ins
    return replaced[id(item)]


def without_graph(item: Any, detached: dict[int, Any]) -> Result:
    """Return an attribute with results of operations detached, each once; what holds none is returned as it is."""
    if type(item) is Value:
        return item if item.op is None else detached.setdefault(id(item), item.detach())
    if type(item) is StandIns:
        return StandIns(without_graph(item.values, detached))
    inside = opened(item)
    if inside is None or id(item) in detached:
        return detached.get(id(item), item)
    detached[id(item)] = item  # should it hold itself
    held = [part for _, part in inside[0]]
    parts = [without_graph(part, detached) for part in held]
    if any(before is not after for before, after in zip(held, parts, strict=True)):
        detached[id(item)] = inside[1](parts)
    return detached[id(item)]
