"""The gradients of a whole graph: every node's, and every edge's contribution, by the engine's own sweep.

Each edge of the graph becomes a node of its own that hands its gradient on unchanged; what arrives there is the edge's
contribution, with broadcasting undone and dtypes cast. No `grad` attribute is touched; hooks run as in `backward`.
"""

from __future__ import annotations

import contextvars
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lab.core.backward import sweep
from tinygrad_lab.core.graph import Node
from tinygrad_lab.core.operators import POSITIVE
from tinygrad_lab.core.value import Value, cotangent
from tinygrad_lab.viz.describe.summary import LARGE, SMALL, Summary, jsonable, outline, summarise

Describe = Callable[[Any], Summary]


@dataclass(slots=True)
class Gradients:
    """What the sweep found: gradients by node, contributions and small local derivatives by (node, position)."""

    gradients: dict[Value, Summary] = field(default_factory=dict)
    contributions: dict[tuple[Value, int], Summary] = field(default_factory=dict)
    local: dict[tuple[Value, int], Any] = field(default_factory=dict)


class _Probe(Node):
    """Stands for a node or an edge in the sweep, and notes the gradient that arrives."""

    __slots__ = (
        "describe", "found", "index", "key", "kwargs", "masked", "op", "origin", "parents", "requires_grad", "saved",
        "value",
    )  # fmt: skip

    def __init__(
        self, key: Any, found: dict[Any, Summary], describe: Describe, masked: bool, value: Value | None = None
    ) -> None:
        self.key, self.found, self.describe, self.masked, self.value = key, found, describe, masked, value
        self.requires_grad = True
        self.index = 0
        self.origin = None
        self.kwargs: dict[str, Any] = {}
        self.op: Any = None
        self.parents: tuple[Any, ...] = ()
        self.saved: tuple[Any, ...] = ()

    def watch(self, node: Any, g: Any, found: dict[Any, Any]) -> Any:
        """Note the complete gradient; called by the sweep."""
        if self.value is not None and self.value.watch is not None:
            g = self.value.watch(self.value, g, {})
        self.found[self.key] = self.describe(g)
        return g

    def release(self) -> None:
        """Keep everything: the graph is the user's."""

    def as_of(self, array: Any) -> Any:
        """Return the array itself: pictures need no recorded sweep."""
        return array


def gradients_of(roots: list[Value], order: list[Value]) -> Gradients:
    """Sweep back from the roots, each with a seed of ones.

    Arguments:
        roots: Values that require a gradient.
        order: those of their ancestors, and of them, whose gradient anybody asks for, earliest first.
    """
    result = Gradients()
    describe = outline if len(order) > LARGE else summarise
    nodes = {value: _Probe(value, result.gradients, describe, value.masked, value) for value in order}
    index = itertools.count()
    for value in order:
        probe = nodes[value]
        probe.op, probe.kwargs, probe.saved = value.op, value.kwargs, value.saved
        edges = [
            None if parent is None or parent not in nodes else _edge(value, position, nodes[parent], result)
            for position, parent in enumerate(value.parents)
        ]
        probe.parents = tuple(edges)
        for each in (*filter(None, edges), probe):  # edges are made before the node that is computed from them
            each.index = next(index)
    seeds = {nodes[root]: cotangent(root, None, False) for root in roots if root in nodes}
    # A fresh context: debug mode must not stop at the NaN that the picture is to show.
    contextvars.Context().run(_sweep, seeds, order, result)
    return result


def _edge(value: Value, position: int, parent: _Probe, result: Gradients) -> _Probe:
    edge = _Probe((value, position), result.contributions, parent.describe, parent.masked)
    array = value.saved[position + 1]
    edge.op, edge.parents, edge.saved = POSITIVE, (parent,), (array, array)
    return edge


def _sweep(seeds: dict[Any, Any], order: list[Value], result: Gradients) -> None:
    with np.errstate(all="ignore"):
        sweep(seeds)
        for value in order if len(order) <= LARGE else ():
            if value.op is not None and value.op.elementwise and np.size(value.data) <= SMALL:
                for position in range(len(value.parents)):
                    if (value, position) in result.contributions:
                        result.local[value, position] = _local(value, position)


def _local(value: Value, position: int) -> Any:
    """Return the derivative of each element of `value` by the element of its argument that it depends on."""
    op, y = value.op, value.saved[0]
    assert op is not None
    local = op.rules[position](np.ones_like(y), *value.saved, **value.kwargs)
    return jsonable(np.broadcast_to(local, np.shape(y)).tolist())
