"""A graph's operations as a tree of module calls, and the folding of what repeats into `× T`.

The items of a call (operations and calls in it) stand in the order in which they were made. Three or more equal runs of
items in a row are shown once: items are equal if they do the same to arrays of the same shape, and `wiring` says
whether one may stand for all. Because a run is contiguous in time, drawing it as one never makes the picture cyclic,
but for what a repetition hands to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

import numpy as np

from tinygrad_lab.viz.choose.wiring import LEAST, Wiring
from tinygrad_lab.viz.describe.snapshot import Group, Node, Snapshot

Lengths = np.ndarray[Any, np.dtype[np.intp]]

_COUNTS = re.compile(r"index=-?\d+")  # which element a repetition takes may differ: the label says from where to where
LONGEST = 64  # items in a repeated run


@dataclass(slots=True)
class Item:
    """An operation (`node`), a module call (`group`), or a run of items that repeats (neither).

    Attributes:
        children: the items inside.
        count: how many times it stands there.
        copies: the repetitions that are not shown.
    """

    node: Node | None = None
    group: Group | None = None
    children: list[Item] = field(default_factory=list)
    count: int = 1
    copies: list[list[Item]] = field(default_factory=list)

    def operations(self) -> Iterator[Node]:
        """Yield all operations inside, hidden repetitions included, in order."""
        if self.node is not None:
            yield self.node
        for child in self.children:
            yield from child.operations()
        for copy in self.copies:
            for item in copy:
                yield from item.operations()


def build(snapshot: Snapshot) -> list[Item]:
    """Return the outermost items of a graph."""
    root = Item()
    calls: dict[str, Item] = {"": root}
    groups = {group.id: group for group in snapshot.groups}
    for node in snapshot.nodes:
        if node.operation:
            missing, place = [], node.group
            while place not in calls:
                missing.append(place)
                place = groups[place].parent
            for inner in reversed(missing):
                calls[inner] = Item(group=groups[inner])
                calls[groups[inner].parent].children.append(calls[inner])
            calls[node.group].children.append(Item(node=node))
    return root.children


class Folder:
    """Folds items, and knows afterwards which operation stands for which.

    Arguments:
        bare: whether to fold runs of bare operations too, rather than only those that hold a module call.
        wiring: the graph's, to fold only what may be shown as one; None to put together whatever repeats.

    Attributes:
        shown: by the id of a folded operation, the id of the one that stands for it (which may be folded in turn).
    """

    def __init__(self, bare: bool, wiring: Wiring | None = None) -> None:
        self.bare, self.wiring = bare, wiring
        self.shown: dict[str, str] = {}
        self._numbers: dict[object, int] = {}

    def representative(self, operation: str) -> str:
        """Return the id of the visible operation that stands for `operation`."""
        while operation in self.shown:
            operation = self.shown[operation]
        return operation

    def fold(self, items: list[Item]) -> list[Item]:
        """Return the items with repetitions folded, at every depth."""
        for item in items:
            if item.children:
                item.children = self.fold(item.children)
        if not self.bare and all(item.node is not None for item in items):
            return items
        signatures = np.array([self._signature(item) for item in items], dtype=np.intp)
        runs = _run_lengths(signatures)
        calls = [0, *accumulate(item.node is None for item in items)]
        result, i = [], 0
        while i < len(items):
            best = 1, 1  # length and number of the repetitions that begin here and cover most
            for period, equal in enumerate(runs, start=1):
                times = int(equal[i]) // period + 1 if i < len(equal) else 1
                if (
                    times >= LEAST
                    and times * period > best[0] * best[1]
                    and (self.bare or calls[i + period] > calls[i])
                ):
                    times = self._foldable(items[i : i + times * period], period)
                    if times >= LEAST and times * period > best[0] * best[1]:
                        best = period, times
            period, times = best
            if times > 1:
                result.append(self._join([items[i + k * period : i + (k + 1) * period] for k in range(times)]))
            else:
                result.append(items[i])
            i += period * times
        return result

    def _foldable(self, items: list[Item], period: int) -> int:
        """Return how many of the repetitions may be shown as one."""
        if self.wiring is None:
            return len(items) // period
        starts = range(0, len(items), period)
        return self.wiring.foldable(
            [node.id for item in items[i : i + period] for node in item.operations()] for i in starts
        )

    def _join(self, repetitions: list[list[Item]]) -> Item:
        first, *others = repetitions
        shown = [node.id for item in first for node in item.operations()]
        for other in others:
            ids = (node.id for item in other for node in item.operations())
            self.shown.update(zip(ids, shown, strict=True))
        if len(first) == 1:
            return replace(first[0], count=len(repetitions), copies=others)
        return Item(children=first, count=len(repetitions), copies=others)

    def _signature(self, item: Item) -> int:
        """Return a number that equal items share."""
        key: object
        if item.node is not None:
            node = item.node
            detail = "" if _COUNTS.fullmatch(node.detail) else node.detail
            key = node.operation, detail, node.value.shape, node.value.dtype, item.count
        else:
            inner = tuple(map(self._signature, item.children))
            key = item.group and (item.group.kind, item.group.detail), inner, item.count
        return self._numbers.setdefault(key, len(self._numbers))


def _run_lengths(signatures: Lengths) -> list[Lengths]:
    """Return, for each period p, how many elements from i on equal the one p further."""
    found = []
    for period in range(1, min(LONGEST, len(signatures) // 3) + 1):
        equal = signatures[:-period] == signatures[period:]
        ends = np.where(equal, len(equal), np.arange(len(equal)))
        found.append(np.minimum.accumulate(ends[::-1])[::-1] - np.arange(len(equal)))
    return found
