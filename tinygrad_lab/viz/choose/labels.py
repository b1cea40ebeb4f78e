"""What a box says: a title, a few lines, and badges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tinygrad_lab.viz.choose.folding import Item
from tinygrad_lab.viz.choose.text_width import shorten
from tinygrad_lab.viz.choose.view import MODULE, OMITTED, Box, Cluster, Level, View
from tinygrad_lab.viz.describe.health import Health
from tinygrad_lab.viz.describe.snapshot import CONSTANT, Node
from tinygrad_lab.viz.describe.summary import Summary

Shown = Literal["forward", "backward", "both"]

TITLE, LINE = 30, 34  # characters


@dataclass(frozen=True, slots=True)
class Label:
    """The text of one box."""

    title: str
    lines: tuple[str, ...]
    badges: tuple[str, ...]


def label(box: Box, view: View, health: Health, shown: Shown, level: Level, gradients: bool) -> Label:
    """Return what to write into a box; `gradients` says to give them in any view."""
    gradients = gradients or shown != "forward" or level == "scalar"
    if box.kind == OMITTED:
        return Label("…", (f"{len(box.members):,} operations",), _badges(box, health, False))
    last = box.members[-1]
    lines = [_place(last) if last.value.shape or box.item is None else ""]
    if not last.value.shape and (level == "scalar" or box.kind == CONSTANT):
        lines = []
    if box.item is not None and box.item.node is not None and last.detail:
        lines.insert(0, last.detail)
    if box.kind == MODULE:
        lines += _inside(box, view)
        lines += [] if last.value.shape else [_value(last.value, "")]
    elif box.count == 1 or (box.item is None and len({node.name for node in box.members}) == 1):
        lines.append(_value(last.value, last.name))
    if gradients and (found := output_gradients(box)):
        lines.append(_gradient(found))
    title = shorten(box_title(box, view), TITLE) + (" ↻" if box.recurrent else "")
    return Label(title, tuple(shorten(line, LINE) for line in lines if line), _badges(box, health, gradients))


def box_title(box: Box, view: View) -> str:
    """Return what a box is called; a parameter inside the frame of its module goes by its last name."""
    node, item = box.members[-1], box.item
    times = f" × {box.count}" if box.count > 1 else ""
    if item is None:
        frame = view.clusters[box.cluster].item.group if box.cluster else None
        inside = f"{frame.path}." if frame is not None else ""
        names = [member.name.removeprefix(inside) for member in box.members]
        return names[0] if len(set(names)) == 1 else f"{names[0]} … {names[-1]}"
    if item.group is not None:
        return call_title(item, box.copies)
    return (f"{node.name} = {node.operation}" if node.name != node.operation else node.operation) + times


def output_gradients(box: Box) -> list[Summary]:
    """Return the gradients of what a box hands on, one for each of its copies."""
    each = len(box.members) // box.copies
    return [node.gradient for node in box.members[each - 1 :: each] if node.gradient is not None]


def cluster_title(cluster: Cluster) -> str:
    """Return what a frame is called."""
    item = cluster.item
    title = f"× {item.count}" if item.group is None else call_title(item, cluster.copies)
    return shorten(title, TITLE + 10)


def call_title(item: Item, copies: int) -> str:
    """Return what a module call is called: `encoder: Linear(2, 4)`; one of several copies goes without its number."""
    group = item.group
    assert group is not None
    name = group.name.rpartition("#")[0] or group.name if copies > 1 else group.name
    what = f"{group.kind}({group.detail})" if group.detail else group.kind
    return (what if name == group.kind else f"{name}: {what}") + (f" × {item.count}" if item.count > 1 else "")


def number(x: float) -> str:
    """Return a number in three significant digits.

    Example:
        >>> number(0.123456), number(-1234567.0), number(2.0), number(float("nan")), number(float("-inf"))
        ('0.123', '-1.23e+06', '2', 'NaN', '-∞')
    """
    if not math.isfinite(x):
        return "NaN" if x != x else "∞" if x > 0 else "-∞"
    return f"{x + 0.0:.3g}"  # no -0


def _place(node: Node) -> str:
    return f"{node.value.shape or 'scalar'} · {node.value.dtype}"


def _value(summary: Summary, name: str) -> str:
    flat = summary.value
    if isinstance(flat, int | float):
        text = number(flat)
        return "" if text == name or f"{flat:.4g}" == name else text
    if isinstance(flat, list) and len(summary.shape) == 1 and 0 < len(flat) <= 3 and not isinstance(flat[0], complex):
        return "[" + ", ".join(map(number, flat)) + "]"
    if summary.minimum is None or summary.maximum is None:
        return ""
    low, high = number(summary.minimum), number(summary.maximum)
    return low if low == high else f"{low} … {high}"


def _gradient(gradients: Sequence[Summary]) -> str:
    first = gradients[-1]
    if len(gradients) == 1 and isinstance(first.value, float):
        return f"∇ {number(first.value)}"
    norms = [number(g.norm) for g in (gradients[0], gradients[-1])]
    return f"‖∇‖ {norms[0]}" if norms[0] == norms[1] else f"‖∇‖ {norms[0]} … {norms[1]}"


def _inside(box: Box, view: View) -> list[str]:
    """Return what a collapsed call holds: its operations, if there are several, and its parameters."""
    lines = []
    each = len(box.members) // box.copies
    if each > 1:
        lines.append(f"{each:,} operations" + (" each" if box.count > 1 else ""))
    used = {source for node in box.members for source in view.snapshot.sources[node.id]}
    nodes = (view.snapshot.by_id[own] for own in used)
    count = sum(math.prod(node.value.shape) for node in nodes if node.kind == "parameter")
    if count:
        lines.append(f"{count:,} parameter{'s' if count > 1 else ''}")
    return lines


def _badges(box: Box, health: Health, counted: bool) -> tuple[str, ...]:
    marks = dict.fromkeys(mark for node in box.members for mark in health.badges.get(node.id, ()))
    uses = max((node.uses for node in box.members), default=0)
    if counted and uses > 1 and box.kind not in (MODULE, OMITTED):
        marks[f"Σ {uses}"] = None
    return tuple(marks)
