"""What is wrong in a graph: NaN and infinity, dead, vanishing and exploding gradients, and where it began."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_lab.viz.describe.snapshot import Edge, Node, Snapshot
from tinygrad_lab.viz.describe.summary import Summary

VANISHING = 1e-6  # of the output's gradient, root mean square against root mean square
EXPLODING = 1e3

NAN, INFINITE, DEAD, SMALL, LARGE, DETACHED = "NaN", "∞", "0", "↓", "↑", "✂"

MEANINGS = {
    NAN: "not a number",
    INFINITE: "infinite",
    "∇NaN": "its gradient is not a number",
    "∇∞": "its gradient is infinite",
    DEAD: "its gradient is exactly 0",
    SMALL: f"its gradient vanishes: below {VANISHING:g} of the output's",
    LARGE: f"its gradient explodes: above {EXPLODING:g} times the output's",
    DETACHED: "no gradient flows past it",
}


@dataclass(frozen=True)
class Health:
    """The findings of `examine`.

    Attributes:
        badges: marks by node id, for nodes that have any; `MEANINGS` has them in words.
        first: the node where finite numbers first became NaN or infinite, or None.
        path: nodes from there, along what is not finite, to the end: to the output if a value is the trouble, and
            against the arrows, to a leaf, if a gradient is.
    """

    badges: dict[str, tuple[str, ...]]
    first: str | None
    path: tuple[str, ...]


def examine(snapshot: Snapshot) -> Health:
    """Look for trouble in a snapshot."""
    seeds = [snapshot.by_id[output].gradient for output in snapshot.outputs]
    scale = max((seed.rms for seed in seeds if seed is not None and seed.finite), default=0.0)
    badges = {node.id: marks for node in snapshot.nodes if (marks := _marks(node, scale))}
    if snapshot.culprit:
        return Health(badges, snapshot.culprit, ())
    bad = {node.id for node in snapshot.nodes if not node.value.finite}
    if bad:
        entered = {edge.target for edge in snapshot.edges if edge.source in bad}
        first = next(node.id for node in snapshot.nodes if node.id in bad and node.id not in entered)
        path = _follow(first, bad, [(edge.source, edge.target) for edge in snapshot.edges])
        return Health(badges, first, path)
    first_edge = _first_bad_contribution(snapshot)
    if first_edge is None:
        return Health(badges, None, ())
    backwards = [
        (edge.target, edge.source)
        for edge in reversed(snapshot.edges)
        if edge.gradient is not None and not edge.gradient.finite
    ]
    bad = {first_edge.target, *(source for _, source in backwards)}
    return Health(badges, first_edge.target, _follow(first_edge.target, bad, backwards))


def _first_bad_contribution(snapshot: Snapshot) -> Edge | None:
    """Return the edge along which a finite gradient first became NaN or infinite, in the order of the sweep."""
    for edge in reversed(snapshot.edges):
        if edge.gradient is not None and not edge.gradient.finite:
            return edge
    return None


def _follow(start: str, allowed: set[str], arrows: list[tuple[str, str]]) -> tuple[str, ...]:
    onward: dict[str, str] = {}
    for source, target in arrows:
        if source in allowed and target in allowed:
            onward.setdefault(source, target)
    path = [start]
    while path[-1] in onward:
        path.append(onward[path[-1]])
    return tuple(path)


def _marks(node: Node, scale: float) -> tuple[str, ...]:
    marks = _not_finite(node.value, "")
    g = node.gradient
    if g is not None:
        marks += _not_finite(g, "∇")
        if g.dead:
            marks.append(DEAD)
        elif g.finite and scale and g.rms:
            marks += [SMALL] if g.rms < VANISHING * scale else [LARGE] if g.rms > EXPLODING * scale else []
    if node.detached:
        marks.append(DETACHED)
    return tuple(marks)


def _not_finite(summary: Summary, prefix: str) -> list[str]:
    return [prefix + NAN] if summary.nan else [prefix + INFINITE] if summary.infinite else []
