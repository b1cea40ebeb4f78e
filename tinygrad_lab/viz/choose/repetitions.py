"""Repetitions as groups: what repeats at the top of a large graph becomes one, `cell × 300`, to open and close."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tinygrad_lab.viz.choose.folding import Folder, Item, build
from tinygrad_lab.viz.describe.snapshot import Group, Node, Snapshot

SHORT = 8  # operations up to which a run is clearer as it is


def grouped(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with a group around each long run of three or more equal repetitions at the top."""
    runs: list[Group] = []
    place: dict[str, str] = {}  # run by the id of a node or call in it
    for number, item in enumerate(Folder(bare=True).fold(build(snapshot))):
        if item.count > 1 and sum(1 for _ in item.operations()) > SHORT:
            runs.append(Group(f"×{number}", "", "", 0, f"{_name(item)} × {item.count}", "", ""))
            place.update((member, runs[-1].id) for member in _members(item))
    groups = (*runs, *(replace(group, parent=place.get(group.id, group.parent)) for group in snapshot.groups))
    nodes = tuple(replace(node, group=place.get(node.id, node.group)) for node in snapshot.nodes)
    return with_leaves_inside(replace(snapshot, nodes=nodes, groups=groups))


def _name(item: Item) -> str:
    """Return what one repetition is called, by its first call if there is one."""
    parts = item.children if item.node is None and item.group is None else [item]
    calls = [part.group.name.partition("#")[0] for part in parts if part.group is not None]
    names = calls or [part.node.name for part in parts if part.node is not None]
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "") or "steps"


def _members(item: Item) -> Iterator[str]:
    """Yield the ids of the outermost nodes and calls of all repetitions."""
    if item.node is not None:
        yield item.node.id
    elif item.group is not None:
        yield item.group.id
    else:
        for child in item.children:
            yield from _members(child)
    for copy in item.copies:
        for other in copy:
            yield from _members(other)


def with_leaves_inside(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with each leaf at the top that only one run uses inside that run."""
    parents = {group.id: group.parent for group in snapshot.groups}

    def outermost(node: Node) -> str:
        group = node.group
        while group and parents[group]:
            group = parents[group]
        return group

    users: dict[str, set[str]] = {}
    for edge in snapshot.edges:
        users.setdefault(edge.source, set()).add(outermost(snapshot.by_id[edge.target]))

    def moved(node: Node) -> Node:
        alone = users.get(node.id, set())
        return replace(node, group=min(alone)) if not (node.operation or node.group) and len(alone) == 1 else node

    return replace(snapshot, nodes=tuple(map(moved, snapshot.nodes)))
