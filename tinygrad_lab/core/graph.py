"""Nodes, and walks over the graph that they make: iterative, and keyed by identity.

Nodes are numbered as they are made, so a node's number exceeds those of all its ancestors: sorting by number *is* a
topological order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from tinygrad_lab.core.registry import Op
from tinygrad_lab.typing import Array, Result


class Node(Protocol):
    """What a walk or a sweep needs of a node; `Value` is one.

    Attributes:
        index: a running number.
        requires_grad: whether anything is to be differentiated with respect to it, or to what it was computed from.
        op: the operation that made it; None for a leaf.
        parents: what `op` was given: nodes, and None in the place of what is not differentiated.
        saved: the arrays `(result, *inputs)`, whatever happened to the parents' data since.
        kwargs: the keywords that `op` was given.
        masked: whether `op` or an operation that it was computed from is `masked`.
        watch: called with the complete gradient, which it may replace; None where nobody asked.
        origin: the source line that made it, in the modes that note it.
    """

    index: int
    requires_grad: bool
    op: Op | None
    parents: tuple[Any, ...]
    saved: tuple[Any, ...]
    kwargs: dict[str, Any]
    masked: bool
    watch: Any
    origin: str | None

    def release(self) -> None:
        """Forget the parents and what was saved."""

    def as_of(self, array: Array, /) -> Result:
        """Return what a recorded sweep computes with in the place of `array`, which the node held."""


N = TypeVar("N", bound=Node)


def ancestors(roots: Iterable[N], since: int = 0) -> list[N]:
    """Return `roots` and the nodes they were computed from, latest first, leaving out those made before `since`."""
    order = [root for root in roots if root.requires_grad]
    seen = set(order)
    for node in order:  # which grows meanwhile
        for parent in node.parents:
            if parent is not None and parent not in seen and parent.requires_grad and parent.index >= since:
                seen.add(parent)
                order.append(parent)
    order.sort(key=attrgetter("index"), reverse=True)
    return order


def between(order: list[N], sources: Collection[N]) -> list[N]:
    """Return those nodes of `order` (latest first) through which some node of `sources` is reached."""
    leading = set(sources)
    for node in reversed(order):
        if not leading.isdisjoint(node.parents):
            leading.add(node)
    return [node for node in order if node in leading]


def reaches_back(order: list[N], since: int) -> bool:
    """Whether a node of `order` was computed from one that requires a gradient and was made before `since`."""
    return any(p is not None and p.requires_grad and p.index < since for node in order for p in node.parents)
