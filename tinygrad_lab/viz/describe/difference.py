"""What distinguishes two graphs, node by node."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_lab.viz.describe.snapshot import Node, Snapshot


@dataclass(frozen=True)
class Difference:
    """What `Graph.diff` found: ids, and for each changed node what changed; false if there is none."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        rows = [f"+ {own}" for own in self.added] + [f"- {own}" for own in self.removed]
        rows += [f"~ {own}: {'; '.join(changes)}" for own, changes in self.changed.items()]
        return "\n".join(rows) or "no difference"


def differences(mine: Snapshot, theirs: Snapshot) -> Difference:
    """Return what `theirs` has more, less and differently."""
    ours, others = mine.by_id, theirs.by_id
    changes = {own: _changes(ours[own], others[own]) for own in ours if own in others}
    return Difference(
        added=tuple(own for own in others if own not in ours),
        removed=tuple(own for own in ours if own not in others),
        changed={own: change for own, change in changes.items() if change},
    )


def _changes(a: Node, b: Node) -> tuple[str, ...]:
    found = [
        f"{what} {getattr(a, what)} -> {getattr(b, what)}"
        for what in ("operation", "detail")
        if getattr(a, what) != getattr(b, what)
    ]
    for what in ("value", "gradient"):
        one, two = getattr(a, what), getattr(b, what)
        if one is None or two is None:
            found += [f"{what} {'gone' if two is None else 'new'}"] if one is not two else []
        elif (one.shape, one.dtype) != (two.shape, two.dtype):
            found.append(f"{what} {one.shape} {one.dtype} -> {two.shape} {two.dtype}")
        elif one.to_dict() != two.to_dict():
            x, y = (s.value if isinstance(s.value, float) else s.norm for s in (one, two))
            found.append(f"{what} {'norm ' * (not isinstance(one.value, float))}{x:.6g} -> {y:.6g}")
    return tuple(found)
