"""A tangle as groups: stretches of time between which few lines pass, to open and close.

Stretches are contiguous, so that what stands for them feeds only later ones: no picture of groups has a cycle.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from tinygrad_lab.viz.choose.repetitions import with_leaves_inside
from tinygrad_lab.viz.describe.snapshot import Group, Node, Snapshot

SLACK = 0.5  # how far from equal lengths a border may move to where fewer lines pass, in lengths


def communities(snapshot: Snapshot, most: int) -> Snapshot:
    """Return the snapshot with what stands outside all groups gathered into stretches, if it is more than `most`.

    Arguments:
        snapshot: the graph.
        most: how many operations and groups may stand at the top.
    """
    loose = [node for node in snapshot.nodes if node.operation and not node.group]
    if len(loose) + sum(1 for group in snapshot.groups if not group.parent) <= most:
        return snapshot
    count = max(most // 2, 2)
    borders = _borders(_crossings(snapshot, loose), len(loose), count)
    place: dict[str, str] = {}
    groups = []
    for number, (start, end) in enumerate(zip([0, *borders], [*borders, len(loose)], strict=True), start=1):
        own = f"⋯{number}"
        names = dict.fromkeys(node.operation for node in loose[start:end])
        words = ", ".join(list(names)[:3]) + (", …" if len(names) > 3 else "")
        groups.append(Group(own, "", "", 0, f"part {number}: {words}", "", ""))
        place.update((node.id, own) for node in loose[start:end])

    def moved(node: Node) -> Node:
        return replace(node, group=place[node.id]) if node.id in place else node

    nodes = tuple(map(moved, snapshot.nodes))
    return with_leaves_inside(replace(snapshot, nodes=nodes, groups=(*groups, *snapshot.groups)))


def _crossings(snapshot: Snapshot, loose: list[Node]) -> list[int]:
    """Return, for each border between two of these operations, how many lines among them pass it."""
    at = {node.id: i for i, node in enumerate(loose)}
    change = [0] * (len(loose) + 1)
    for edge in snapshot.edges:
        if edge.source in at and edge.target in at:
            change[at[edge.source] + 1] += 1
            change[at[edge.target] + 1] -= 1
    return list(accumulate(change))


def _borders(crossings: list[int], length: int, count: int) -> list[int]:
    size = length / count
    found: list[int] = []
    for k in range(1, count):
        wanted = k * size
        first = max(int(wanted - SLACK * size), (found[-1] if found else 0) + 1)
        last = min(int(wanted + SLACK * size), length - 1)
        if first <= last:
            found.append(min((crossings[i], abs(i - wanted), i) for i in range(first, last + 1))[2])
    return found
