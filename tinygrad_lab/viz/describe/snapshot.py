"""A computation graph as a plain description: it holds no array and no Value, so it keeps nothing alive.

Everything that draws reads a `Snapshot`; `capture` makes one. `to_dict()` is its JSON form, the same field by field:

    {"title": "Sequential",
     "notes": ["…"],                      what a reader must know, such as what the gradients are gradients of
     "nodes": [NODE, …],                  every node after all that it was computed from
     "edges": [EDGE, …],                  by target, then by position
     "groups": [GROUP, …],                a parent before its children
     "outputs": ["0#1/linear", …],
     "swept": whether `backward` had left gradients at the leaves,
     "updates": [UPDATE, …]}              see `updates.Update`: what the optimizer would do, if one was given,
     "culprit": the id of the operation that refused its inputs, or ""

    NODE  = {"id", "kind": "operation" | "parameter" | "input" | "label" | "constant" | "output" | "loss",
             "name": what to call it, "operation": the operation's name or "", "detail": its keywords as text,
             "group": a group's id or "", "value": SUMMARY, "gradient": SUMMARY or null,
             "formulas": [{"argument": "a", "rule": "g * b", "math": a template of `mathematics`}, …],
             "source": "file:line" or "",
             "detached": true where a gradient is stopped, "uses": how many contributions its gradient is the sum of}
    EDGE  = {"source", "target": ids, "position": of the argument, "argument": its name in the rule or "",
             "rule": the rule's text or "", "gradient": SUMMARY of the contribution that flows from target to source or
             null, "local": the derivative of the target by the source, element by element, nested, for small
             elementwise operations, else null}
    GROUP = {"id", "parent": id or "", "path": of the module, "call": its number among the calls of this module,
             "name": what to call it, "kind": the module's class, "detail": its arguments as text}
    SUMMARY: see `Summary`; numbers that JSON has not are "nan", "inf", "-inf", and complex ones "1+2j".

The sweep visits the operations in reverse order of `nodes`. When it comes to a node, its `gradient` is the sum of the
`gradient`s of the edges that leave it (`uses` of them), or the seed at an output; it then gives every edge that enters
it that edge's `gradient`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from tinygrad_lab.viz.describe.summary import Summary, jsonable
from tinygrad_lab.viz.describe.updates import Update

OPERATION, PARAMETER, INPUT, LABEL, CONSTANT = "operation", "parameter", "input", "label", "constant"
OUTPUT, LOSS = "output", "loss"


class _Record:
    """Turns a dataclass into JSON's types."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Formula(_Record):
    """The derivative by one argument: its rule in `g`, `y` and the arguments' names, and as mathematics."""

    argument: str
    rule: str
    math: str


@dataclass(frozen=True, slots=True)
class Node(_Record):
    """A value of the graph, together with the operation that made it."""

    id: str
    kind: str
    name: str
    operation: str
    detail: str
    group: str
    value: Summary
    gradient: Summary | None
    formulas: tuple[Formula, ...]
    source: str
    detached: bool
    uses: int


@dataclass(frozen=True, slots=True)
class Edge(_Record):
    """One use of a value by an operation."""

    source: str
    target: str
    position: int
    argument: str
    rule: str
    gradient: Summary | None
    local: Any


@dataclass(frozen=True, slots=True)
class Group(_Record):
    """One call of a module."""

    id: str
    parent: str
    path: str
    call: int
    name: str
    kind: str
    detail: str


@dataclass(frozen=True)
class Snapshot(_Record):
    """A whole graph; see the module's text for the meaning of every field."""

    title: str
    notes: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]
    outputs: tuple[str, ...]
    swept: bool = False
    updates: tuple[Update, ...] = ()
    culprit: str = ""

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """The nodes by their id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def sources(self) -> dict[str, list[str]]:
        """What each operation was computed from, by its id."""
        found: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.target].append(edge.source)
        return found

    @cached_property
    def operations(self) -> int:
        """How many operations were recorded."""
        return sum(bool(node.operation) for node in self.nodes)


def _plain(item: Any) -> Any:
    if isinstance(item, _Record | Summary):
        return item.to_dict()
    if isinstance(item, tuple) and item and isinstance(item[0], _Record | Update):
        return [record.to_dict() for record in item]
    return jsonable(item)
