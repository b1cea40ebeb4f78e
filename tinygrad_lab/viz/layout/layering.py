"""Which layer everything stands in: the longest path to it, with no layer too wide.

What is computed from leaves for one use only stands as low as it can, just above that use.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tinygrad_lab.viz.layout.constants import BROADEST, GAP, LAYER, WIDEST


def assign_layers(
    widths: dict[int, float], pairs: Sequence[tuple[int, int]], fixed: Collection[int], exits: Collection[int]
) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """Return the layer of every item, and the lines that come in from the side: others are to be straight first.

    Arguments:
        widths: of the items, numbered in order of time.
        pairs: lines from item to item, from a smaller to a larger number.
        fixed: what stands in layer 0, alone: a frame's title, and the ports of lines that enter it.
        exits: the ports of lines that leave it: they stand in the last layer.
    """
    after: dict[int, list[int]] = {n: [] for n in widths}
    before: dict[int, list[int]] = {n: [] for n in widths}
    for a, b in pairs:
        after[a].append(b)
        before[b].append(a)
    items = [n for n in sorted(widths) if n not in fixed and n not in exits]
    loose = _loose(items, before, after, exits)
    depth: dict[int, int] = {}
    for n in sorted(widths):
        depth[n] = max((depth[a] + 1 for a in before[n]), default=0)
    aside = {(a, b) for a, b in pairs if a in loose and depth[a] + 1 < depth[b]}
    spine: set[int] = set()  # where a chain goes on, it goes on in the next layer
    for b in items:
        deepest = [a for a in before[b] if depth[a] + 1 == depth[b]]
        spine.update(deepest if len(deepest) == 1 else ())
    layer: dict[int, int] = {}
    room: dict[int, float] = {}
    widest = _widest(widths)

    def settle(n: int, own: int, step: int) -> None:
        while step and room.get(own, 0.0) and room[own] + widths[n] + GAP > widest:
            own += step
        room[own] = room.get(own, 0.0) + widths[n] + GAP
        layer[n] = own

    for n in items:
        if n not in loose:
            settle(n, max((layer[a] + 1 for a in before[n] if a in layer), default=0), 1)
    for n in reversed(items):
        if n in loose:
            settle(n, min(layer[b] for b in after[n]) - 1, 0 if n in spine else -1)
    first = (1 if fixed else 0) - min(layer.values(), default=0)
    layer = {n: own + first for n, own in layer.items()}
    layer.update(dict.fromkeys(fixed, 0))
    layer.update(dict.fromkeys(exits, max(layer.values(), default=0) + 1))
    return layer, aside


def _widest(widths: dict[int, float]) -> float:
    """Return how wide a layer may be: many items may stand side by side further than a few."""
    area = LAYER * sum(width + GAP for width in widths.values())
    beside = 1.5 * max(widths.values(), default=0.0)  # something has its place beside the widest of all
    return max(beside, WIDEST, min(area**0.5, BROADEST))


def _loose(
    items: Sequence[int], before: dict[int, list[int]], after: dict[int, list[int]], exits: Collection[int]
) -> set[int]:
    """Return leaves, and what is computed from such for one use."""
    loose: set[int] = set()
    for n in items:
        uses = [b for b in after[n] if b not in exits]
        if len(uses) == len(after[n]) > 0 and all(a in loose and len(after[a]) == 1 for a in before[n]):
            loose.add(n)
    return loose
