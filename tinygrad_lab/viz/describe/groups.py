"""The groups of a snapshot: module calls, with ids and names that no other has."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tinygrad_lab.core.value import Value
from tinygrad_lab.nn.module import Module
from tinygrad_lab.viz.describe.calls import Call, Calls
from tinygrad_lab.viz.describe.snapshot import Group


class Groups:
    """The module calls in which nodes were made, with ids and names."""

    def __init__(self, calls: Calls, operations: list[Value]) -> None:
        around = [calls.around(value.index) for value in operations]
        used: dict[Call, None] = {}
        for call in around:
            while call is not None and call not in used:
                used[call] = None
                call = call.parent
        same = Counter((call.parent, call.name) for call in used)
        count: Counter[Any] = Counter()
        self._ids: dict[Call | None, str] = {None: ""}
        self._all: dict[str, Group] = {}
        for call in calls.all:
            if call in used:
                key = call.parent, call.name
                self._add(call, calls.drawn, count[key], same[key] > 1)
                count[key] += 1
        self.of = {value: self._ids[call] for value, call in zip(operations, around, strict=True)}

    def _add(self, call: Call, drawn: Module | None, number: int, several: bool) -> None:
        if call.module is drawn:  # it is the picture
            self._ids[call] = ""
            return
        parent = self._ids[call.parent]
        name = call.name + (f"#{number}" if several else "")
        own = f"{parent}/{name}" if parent else name
        self._ids[call] = own
        detail = str(call.module.extra_repr())
        self._all[own] = Group(own, parent, call.path, number, name, call.kind, detail)

    def path(self, group: str) -> list[str]:
        """Return the ids of a group and those around it, outermost first."""
        found: list[str] = []
        while group:
            found.append(group)
            group = self._all[group].parent
        return found[::-1]

    def all(self) -> tuple[Group, ...]:
        """Return the groups, a parent before its children."""
        return tuple(self._all.values())
