"""Walks over a computation graph: iterative, and keyed by the identity of its nodes.

A node is anything with `parents` (a tuple of nodes and Nones), `requires_grad` and `index`. Nodes are numbered as they
are made, so a node's number exceeds those of all its ancestors: sorting by number *is* a topological order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import Any

_by_index = attrgetter("index")


def ancestors(roots: Iterable[Any], since: int = 0) -> list[Any]:
    """Return `roots` and the nodes they were computed from, latest first, leaving out those made before `since`."""
    order = [root for root in roots if root.requires_grad]
    seen = set(order)
    pending = list(order)
    while pending:
        for parent in pending.pop().parents:
            if parent is not None and parent.requires_grad and parent not in seen and parent.index >= since:
                seen.add(parent)
                order.append(parent)
                pending.append(parent)
    order.sort(key=_by_index, reverse=True)
    return order


def between(order: list[Any], sources: Collection[Any]) -> set[Any]:
    """Return the nodes of `order` (latest first) through which some node of `sources` is reached."""
    leading = set(sources)
    for node in reversed(order):
        if not leading.isdisjoint(node.parents):
            leading.add(node)
    return leading


def reaches_back(order: list[Any], since: int) -> bool:
    """Whether a node of `order` was computed from one that requires a gradient and was made before `since`."""
    return any(
        parent is not None and parent.requires_grad and parent.index < since
        for node in order
        for parent in node.parents
    )
