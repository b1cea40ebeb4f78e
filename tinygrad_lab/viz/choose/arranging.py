"""Choosing what a picture shows of a graph, within a limit on the number of boxes.

`arrange` folds repeated module calls, then, above the limit, collapses calls from the innermost out, folds repeated
operations, and at last leaves out the middle. The caption says how much is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinygrad_lab.viz.choose import folding
from tinygrad_lab.viz.choose.folding import Folder, Item
from tinygrad_lab.viz.choose.view import MODULE, OMITTED, Box, Cluster, Fold, Level, Link, View
from tinygrad_lab.viz.choose.wiring import Wiring
from tinygrad_lab.viz.describe.snapshot import INPUT, LABEL, LOSS, OPERATION, OUTPUT, PARAMETER, Edge, Node, Snapshot

STUBS, INPUT_STUBS = 3, 8  # uses of one leaf, or input, up to which it is drawn once, with lines to all of them

DATA = (INPUT, LABEL)


def arrange(snapshot: Snapshot, level: Level, depth: int | None, fold: Fold, max_nodes: int) -> View:
    """Choose what to show.

    Arguments:
        snapshot: the graph.
        level: "module" collapses the calls that contain no other calls; the others show every operation.
        depth: how many levels of calls to open; None for all.
        fold: "auto" folds repeated calls, and repeated operations only above the limit; True folds both, False none.
        max_nodes: how many boxes there may be.
    """
    depths = {"": 0}
    for group in snapshot.groups:  # a parent before its children
        depths[group.id] = depths[group.parent] + 1
    deepest = max(depths.values())
    opened = deepest if depth is None else min(depth, deepest)
    folds = {"auto": (False, True), True: (True,), False: (None,)}[fold]
    view, wiring = View(snapshot), Wiring(snapshot)
    for bare, levels in ((folds[0], range(opened, -1, -1)), (folds[-1], (0,))):
        for limit in levels:
            view = _Arrangement(wiring, snapshot, level, limit, bare, None).view
            if len(view.boxes) <= max_nodes:
                return _captioned(view)
    return _captioned(_Arrangement(wiring, snapshot, level, 0, folds[-1], max_nodes).view)


def _captioned(view: View) -> View:
    total = view.snapshot.operations
    shown = sum(box.item is not None for box in view.boxes.values())
    whole = all(len(box.members) == 1 for box in view.boxes.values() if box.item is not None)
    count = f"{total:,} operation{'s' if total != 1 else ''}"
    view.caption = count if whole else f"{count}, {shown:,} shown"
    return view


class _Arrangement:
    """One way to show a graph: this many levels of calls open, this much folded."""

    def __init__(
        self, wiring: Wiring, snapshot: Snapshot, level: Level, opened: int, bare: bool | None, limit: int | None
    ) -> None:
        self.view = View(snapshot)
        self.level, self.opened = level, opened
        self.owner: dict[str, str] = {}  # boxes by the visible operations they hold
        items = folding.build(snapshot)
        self.folder = Folder(bool(bare), wiring)
        if bare is not None:
            items = self.folder.fold(items)
        self.operations = {node.id for node in snapshot.nodes if node.operation}
        self.place = {node.id: i for i, node in enumerate(snapshot.nodes)}
        self._show(_without_middle(items, limit) if limit else items, "", 0, 1)
        self._members()
        self._leaves()
        self._links()
        self._drop_small_clusters()
        self.view.boxes = dict(sorted(self.view.boxes.items(), key=lambda pair: (pair[1].order, pair[0])))

    def _show(self, items: list[Item], cluster: str, depth: int, copies: int) -> None:
        for number, item in enumerate(items):
            if item.node is not None:
                self._box(item.node.id, item.node.kind, item, cluster, copies)
            elif item.group is None:
                own = f"{cluster}/×{number}" if cluster else f"×{number}"
                if item.count == 1:
                    self._box(own, OMITTED, item, cluster, copies)
                else:
                    self._open(own, item, cluster, depth, copies)
            elif depth >= self.opened or (self.level == "module" and not any(c.children for c in item.children)):
                self._box(item.group.id, MODULE, item, cluster, copies)
            else:
                self._open(item.group.id, item, cluster, depth + 1, copies)

    def _open(self, own: str, item: Item, cluster: str, depth: int, copies: int) -> None:
        self.view.clusters[own] = Cluster(own, cluster, item, copies * item.count)
        self._show(item.children, own, depth, copies * item.count)

    def _box(self, own: str, kind: str, item: Item, cluster: str, copies: int) -> None:
        visible = [node.id for node in item.operations() if self.folder.representative(node.id) == node.id]
        order = self.place[visible[0]]
        self.view.boxes[own] = Box(own, kind, item, [], cluster, item.count, copies=copies * item.count, order=order)
        self.owner.update(dict.fromkeys(visible, own))

    def _members(self) -> None:
        """Tell each box what it stands for, hidden repetitions included."""
        for node in self.view.snapshot.nodes:
            if node.operation:
                self.view.boxes[self._owner(node.id)].members.append(node)
        for output in self.view.snapshot.outputs:
            if output in self.operations:
                box = self.view.boxes[self._owner(output)]
                node = self.view.snapshot.by_id[output]
                box.kind = node.kind if box.kind == OPERATION else box.kind
                box.result = node.kind if node.kind in (OUTPUT, LOSS) else ""

    # -- leaves and links ----------------------------------------------------------------------------------------------

    def _owner(self, operation: str) -> str:
        return self.owner[self.folder.representative(operation)]

    def _uses(self) -> Iterator[tuple[Node, Edge, tuple[str, int]]]:
        """Yield the visible uses of leaves: leaf, edge, and the slot, the visible operation's argument."""
        nodes = self.view.snapshot.by_id
        for edge in self.view.snapshot.edges:
            leaf = nodes[edge.source]
            if not leaf.operation:
                slot = self.folder.representative(edge.target), edge.position
                into = self.view.boxes[self.owner[slot[0]]].kind
                if into not in (MODULE, OMITTED) or (into == MODULE and leaf.kind in DATA):
                    yield leaf, edge, slot

    def _leaves(self) -> None:
        """Make the boxes of leaves, one beside each use if there are many uses."""
        fillers: dict[tuple[str, int], dict[str, Node]] = {}  # what fills a slot, over all repetitions
        slots: dict[str, dict[tuple[str, int], None]] = {}
        for leaf, _, slot in self._uses():
            fillers.setdefault(slot, {})[leaf.id] = leaf
            slots.setdefault(leaf.id, {})[slot] = None
        self.leaf_of: dict[tuple[str, int], str] = {}
        owners_of = {own: [self.owner[operation] for operation, _ in used] for own, used in slots.items()}
        repeated: dict[str, bool] = {}
        for slot, leaves in fillers.items():
            leaf = next(iter(leaves.values()))
            owners = owners_of[leaf.id]
            if leaf.id not in repeated:
                repeated[leaf.id] = self._as_stub(leaf, owners)
            stub = len(leaves) == 1 and repeated[leaf.id]
            own = leaf.id if not stub and len(leaves) == 1 else f"{leaf.id}→{slot[0]}.{slot[1]}"
            self.leaf_of[slot] = own
            target = self.view.boxes[self.owner[slot[0]]]
            # Inputs were there before all else; other leaves stand in the order of the arguments.
            first = self.place[leaf.id] / len(self.place) - 1
            before = first if leaf.kind in DATA else target.order - 0.5 + slot[1] / 1000
            if own not in self.view.boxes:
                cluster = target.cluster if stub or len(leaves) > 1 else self._around(owners)
                cluster = "" if leaf.kind in DATA else cluster
                members = list(leaves.values())
                self.view.boxes[own] = Box(own, leaf.kind, None, members, cluster, len(leaves), stub=stub, order=before)
            box = self.view.boxes[own]
            box.order = min(box.order, before)
        self._lone_leaves()

    def _lone_leaves(self) -> None:
        for output in self.view.snapshot.outputs:
            if output not in self.operations and output not in self.view.boxes:
                node = self.view.snapshot.by_id[output]
                self.view.boxes[output] = Box(output, node.kind, None, [node], "")

    def _as_stub(self, leaf: Node, owners: list[str]) -> bool:
        scattered = len({self.view.boxes[own].cluster for own in owners}) > 1
        return len(owners) > (INPUT_STUBS if leaf.kind in DATA else STUBS) or (
            len(owners) > 1 and scattered and leaf.kind == PARAMETER
        )

    def _around(self, owners: list[str]) -> str:
        """Return the innermost cluster that holds all these boxes."""
        paths = [self._path(self.view.boxes[own].cluster) for own in owners]
        common = [row[0] for row in zip(*paths, strict=False) if len(set(row)) == 1]
        return common[-1] if common else ""

    def _path(self, cluster: str) -> list[str]:
        path: list[str] = []
        while cluster:
            path.append(cluster)
            cluster = self.view.clusters[cluster].parent
        return path[::-1]

    def _links(self) -> None:
        boxes, found = self.view.boxes, dict[tuple[str, str], Link]()
        repetitions = {
            node.id: i // (len(box.members) // box.copies)
            for box in boxes.values()
            if box.copies > 1 and box.item is not None
            for i, node in enumerate(box.members)
        }
        visible = {(edge.target, edge.position): self.leaf_of[slot] for _, edge, slot in self._uses()}
        for edge in self.view.snapshot.edges:
            target = self._owner(edge.target)
            if edge.source not in self.operations:
                if (edge.target, edge.position) not in visible:
                    continue
                source = visible[edge.target, edge.position]
            else:
                source = self._owner(edge.source)
            if source == target:
                box = boxes[source]
                box.recurrent |= repetitions.get(edge.source) != repetitions.get(edge.target)
                continue
            loop = boxes[source].order >= boxes[target].order
            link = found.setdefault((source, target), Link(source, target, [], loop))
            link.edges.append(edge)
            if boxes[source].item is not None and not (loop or self._same_fold(boxes[source], boxes[target])):
                ends = ({edge.source for edge in link.edges}, {edge.target for edge in link.edges})
                link.each = max(len({repetitions.get(own) for own in end}) for end in ends)
        self.view.links = list(found.values())

    def _same_fold(self, a: Box, b: Box) -> bool:
        folds = [[own for own in self._path(box.cluster) if self.view.clusters[own].item.count > 1] for box in (a, b)]
        return bool(folds[0]) and folds[0] == folds[1] and a.count == b.count == 1

    def _drop_small_clusters(self) -> None:
        """Take away frames around a single box: they say what the box says."""
        clusters = self.view.clusters
        inside: dict[str, list[Box | Cluster]] = {own: [] for own in ("", *clusters)}
        for box in self.view.boxes.values():
            inside[box.cluster].append(box)
        for frame in clusters.values():
            inside[frame.parent].append(frame)
        for own, frame in reversed(list(clusters.items())):  # inner ones first
            only = inside[own][0] if len(inside[own]) == 1 else None
            if frame.item.count == 1 and isinstance(only, Box):
                only.cluster = frame.parent
                inside[frame.parent] = [only if one is frame else one for one in inside[frame.parent]]
                del clusters[own]


def _without_middle(items: list[Item], limit: int) -> list[Item]:
    """Return the items with those in the middle made into one that stands for them."""
    keep = max(limit // 4, 1)  # leaves need boxes too
    if len(items) <= 2 * keep + 1:
        return items
    return [*items[:keep], Item(children=items[keep:-keep]), *items[-keep:]]
