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
from tinygrad_lab.viz.describe.snapshot import LOSS, PARAMETER, Node
from tinygrad_lab.viz.describe.summary import Summary

Shown = Literal["forward", "backward", "both"]

TITLE, LINE = 36, 36  # characters


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
    last, results = box.members[-1], handed_on(box)
    lines = [_place(last) if last.value.shape else ""]
    if box.item is not None and box.item.node is not None and last.detail:
        lines.insert(0, _detail(box))
    if box.kind == MODULE:
        lines += _inside(box, view)
        lines += [] if last.value.shape else [_values(results, "")]
    else:
        lines.append("shared" if box.stub else _values(results, last.name))
    if gradients and (found := output_gradients(box)):
        lines.append(_gradient(found))
    title = shorten(box_title(box, view), TITLE) + (" ↻" if box.recurrent else "")
    marks = _badges(box, health, gradients)
    result = (box.result,) if box.kind in (MODULE, OMITTED) and box.result else (LOSS,) if box.kind == LOSS else ()
    return Label(title, tuple(shorten(line, LINE) for line in lines if line), (*result, *marks))


def _detail(box: Box) -> str:
    """Return the keywords of a call; of those that differ from one repetition to the next, the ends."""
    first, last = box.members[0].detail, box.members[-1].detail
    return first if first == last else f"{first} … {last.rpartition('=')[2]}"


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


def handed_on(box: Box) -> list[Node]:
    """Return what a box hands on, one for each of its copies; the members themselves of what is no call."""
    if box.item is None or box.kind == OMITTED:
        return box.members
    each = len(box.members) // box.copies
    return box.members[each - 1 :: each]


def output_gradients(box: Box) -> list[Summary]:
    """Return the gradients of what a box hands on, one for each of its copies."""
    return [node.gradient for node in handed_on(box) if node.gradient is not None]


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
    others = [other.group.name.rpartition("#")[0] or other.group.name for (other,) in item.copies if other.group]
    names = list(dict.fromkeys((name, *others)))
    if 1 < len(names) <= 3:
        name = ", ".join(names)
    elif len(names) > 1:
        name = f"{names[0]} … {names[-1]}"
    what = f"{group.kind}({group.detail})" if group.detail else group.kind
    return (what if name == group.kind else f"{name}: {what}") + (f" × {item.count}" if item.count > 1 else "")


def number(x: complex) -> str:
    """Return a number in four significant digits, as all pictures and pages write it.

    Example:
        >>> number(0.123456), number(-1234567.0), number(2.0), number(float("nan")), number(float("-inf"))
        ('0.1235', '-1.235e+06', '2', 'NaN', '-∞')
        >>> number(3 - 4j)
        '3-4j'
    """
    if not isinstance(x, int | float):  # for type checkers, a float is a complex
        imaginary = number(x.imag)
        return f"{number(x.real)}{'' if imaginary.startswith('-') else '+'}{imaginary}j"
    if not math.isfinite(x):
        return "NaN" if x != x else "∞" if x > 0 else "-∞"
    return f"{x + 0.0:.4g}"  # no -0


def _place(node: Node) -> str:
    return f"{node.value.shape} · {node.value.dtype}"


def _values(results: Sequence[Node], name: str) -> str:
    """Return the value of a box in one line; of one that stands for several, the range over all of them."""
    if len(results) == 1:
        return _value(results[0].value, name)
    parts = [node.value for node in results if node.value.minimum is not None]
    if not parts:
        return ""
    sign = "|·| " if parts[0].dtype.startswith("complex") else ""
    return sign + _range([s.minimum for s in parts if s.minimum is not None], [s.maximum or 0.0 for s in parts])


def _value(summary: Summary, name: str) -> str:
    flat = summary.value
    if isinstance(flat, int | float | complex):
        text = number(flat)
        return "" if text == name else text
    if isinstance(flat, list) and len(summary.shape) == 1 and 0 < len(flat) <= 3:
        return "[" + ", ".join(map(number, flat)) + "]"
    if summary.minimum is None or summary.maximum is None:
        return ""
    sign = "|·| " if summary.dtype.startswith("complex") else ""
    return sign + _range([summary.minimum], [summary.maximum])


def _range(lows: Sequence[float], highs: Sequence[float]) -> str:
    low, high = number(min(lows)), number(max(highs))
    return low if low == high else f"{low} … {high}"


def _gradient(gradients: Sequence[Summary]) -> str:
    values = [g.value for g in gradients if isinstance(g.value, int | float)]
    if len(values) == len(gradients):
        return f"∇ {_range(values, values)}"
    if len(gradients) == 1 and isinstance(gradients[0].value, complex):
        return f"∇ {number(gradients[0].value)}"
    norms = [g.norm for g in gradients]
    return f"‖∇‖ {_range(norms, norms)}"


def _inside(box: Box, view: View) -> list[str]:
    """Return what a collapsed call holds: its operations, if there are several, and its parameters."""
    lines = []
    each = len(box.members) // box.copies
    if each > 1:
        lines.append(f"{each:,} operations" + (" each" if box.count > 1 else ""))
    count = sum(math.prod(node.value.shape) for node in parameters_in(box, view))
    if count:
        lines.append(f"{count:,} parameter{'s' if count > 1 else ''}")
    return lines


def parameters_in(box: Box, view: View) -> list[Node]:
    """Return the parameters that a box hides, in order of use."""
    used = dict.fromkeys(source for node in box.members for source in view.snapshot.sources[node.id])
    nodes = (view.snapshot.by_id[own] for own in used)
    return [node for node in nodes if node.kind == PARAMETER]


def _badges(box: Box, health: Health, counted: bool) -> tuple[str, ...]:
    marks = dict.fromkeys(mark for node in box.members for mark in health.badges.get(node.id, ()))
    uses = max((node.uses for node in box.members), default=0)
    if counted and uses > 1 and box.kind not in (MODULE, OMITTED):
        marks[f"Σ {uses}"] = None
    return tuple(marks)
