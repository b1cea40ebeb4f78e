"""What a picture shows of a graph: boxes, clusters around them, and links between them; `arranging` chooses them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tinygrad_lab.viz.choose.folding import Item
from tinygrad_lab.viz.describe.snapshot import Edge, Node, Snapshot

MODULE, OMITTED = "module", "omitted"

Level = Literal["module", "op", "scalar"]
Fold = Literal["auto"] | bool


@dataclass(slots=True)
class Box:
    """One box of a picture.

    Attributes:
        id: the id of the node or call it shows.
        kind: a kind of node, or "module" for a collapsed call, or "omitted" for what was left out.
        item: the call or operation; None for a leaf.
        members: the nodes it stands for.
        cluster: the innermost cluster around it, "" outside all.
        count: how many equal ones it stands for.
        recurrent: whether each of these feeds the next.
        stub: whether its leaf is drawn at other uses too.
        result: "output" or "loss" where the graph's result is made in it.
        copies: how many times what it shows was done, also where the repetition is folded further out.
        order: its place in time.
    """

    id: str
    kind: str
    item: Item | None
    members: list[Node]
    cluster: str
    count: int = 1
    recurrent: bool = False
    stub: bool = False
    result: str = ""
    copies: int = 1
    order: float = 0.0


@dataclass(slots=True)
class Cluster:
    """A frame around the boxes of one call, or of a run that repeats; `copies` as in a box."""

    id: str
    parent: str
    item: Item
    copies: int


@dataclass(slots=True)
class Link:
    """A line from box to box.

    Attributes:
        source, target: ids of boxes.
        edges: what it stands for.
        loop: whether it is what one repetition hands to the next.
        each: how many repetitions hand it on, or get it, if it is more than one.
    """

    source: str
    target: str
    edges: list[Edge]
    loop: bool = False
    each: int = 1


@dataclass(slots=True)
class View:
    """Boxes by id in order of time, clusters by id (outer ones first), links, and what to say below the picture."""

    snapshot: Snapshot
    boxes: dict[str, Box] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    caption: str = ""
