"""Copies of modules: with other parameters inside, for transforms, or without the graphs of what they keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_lab.core.value import Value
from tinygrad_lab.typing import Result

CONTAINERS = (list, tuple, dict)


class StandIns:
    """Values that count as parameters whatever they require; no container, so that they are not found twice."""

    def __init__(self, values: list[Value]) -> None:
        self.values = values

    def __contains__(self, value: Value) -> bool:
        return any(value is held for held in self.values)


def walk(path: str, items: Any) -> Iterator[tuple[str, Any]]:
    """Yield what containers hold, at any depth, with its path."""
    for name, item in items:
        inner = f"{path}.{name}" if path else str(name)
        if type(item) in CONTAINERS:
            yield from walk(inner, item.items() if type(item) is dict else enumerate(item))
        else:
            yield inner, item


def copied(kind: type, item: Any, replaced: dict[int, Any], stand_ins: StandIns) -> Result:
    """Return a copy of modules, which are of this kind, and containers; what is shared stays shared.

    Arguments:
        kind: the class of modules, whose attributes are copied.
        item: what to copy; what is neither a Value, a container nor a module is shared.
        replaced: what stands in the copy for the object of an id.
        stand_ins: the parameters of the copies.
    """
    if type(item) is Value:
        return replaced.get(id(item), item)
    if type(item) in CONTAINERS:
        return _map(lambda held: copied(kind, held, replaced, stand_ins), item)
    if not isinstance(item, kind):
        return item
    if id(item) not in replaced:
        replaced[id(item)] = copy = object.__new__(type(item))
        vars(copy).update((name, copied(kind, held, replaced, stand_ins)) for name, held in vars(item).items())
        vars(copy)["_stand_ins"] = stand_ins
    return replaced[id(item)]


def _map(function: Callable[[Any], Any], container: Any) -> Result:
    """Return a container of the same type that holds what the function makes of its items."""
    if type(container) is dict:
        return {key: function(held) for key, held in container.items()}
    return type(container)(map(function, container))


def without_graph(item: Any, detached: dict[int, Value]) -> Result:
    """Return an attribute with results of operations detached, each once; what holds none is returned as it is."""
    if type(item) is Value:
        return item if item.op is None else detached.setdefault(id(item), item.detach())
    if type(item) is StandIns:
        return StandIns(without_graph(item.values, detached))
    if type(item) not in CONTAINERS:
        return item
    copy = _map(lambda held: without_graph(held, detached), item)
    held = item.values() if type(item) is dict else item
    pairs = zip(held, copy.values() if type(item) is dict else copy, strict=True)
    return item if all(before is after for before, after in pairs) else copy
