"""Walks over a computation graph: iterative, and keyed by the identity of its nodes.

A node is anything with `parents` (a tuple of nodes and Nones), `requires_grad` and `index`. Nodes are numbered as they
are made, so a node's number exceeds those of all its ancestors: sorting by number *is* a topological order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import Any

_by_index = attrgetter("index")


def ancestors(roots: Iterable[Any], stop: Collection[Any] = ()) -> list[Any]:
    """Return `roots` and every node they were computed from, latest first, not going beyond the nodes in `stop`."""
    order = [root for root in roots if root.requires_grad]
    seen = set(order)
    pending = [node for node in order if node not in stop]
    while pending:
        for parent in pending.pop().parents:
            if parent is not None and parent.requires_grad and parent not in seen:
                seen.add(parent)
                order.append(parent)
                if parent not in stop:
                    pending.append(parent)
    order.sort(key=_by_index, reverse=True)
    return order


def between(order: list[Any], sources: Collection[Any]) -> set[Any]:
    """Return the nodes of `order` (latest first) through which some node of `sources` is reached."""
    leading = set(sources)
    for node in reversed(order):
        if node not in leading and not leading.isdisjoint(node.parents):
            leading.add(node)
    return leading
