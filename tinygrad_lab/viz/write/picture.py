"""A view with its labels written and its boxes placed: what SVG is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tinygrad_lab.viz.choose.labels import Label, Shown, cluster_title, label
from tinygrad_lab.viz.choose.text_width import text_width
from tinygrad_lab.viz.choose.view import Box, Level, View
from tinygrad_lab.viz.describe.health import Health
from tinygrad_lab.viz.describe.snapshot import CONSTANT, INPUT, LABEL, PARAMETER
from tinygrad_lab.viz.layout.fanning import fan_out
from tinygrad_lab.viz.layout.layered import Shape
from tinygrad_lab.viz.layout.nested import Layout, lay_out

Color = Literal["kind", "grad"]
Direction = Literal["down", "right"]

TITLE_SIZE, LINE_SIZE, BADGE_SIZE = 12.0, 10.5, 10.0
TITLE_HEIGHT, LINE_HEIGHT = 16.0, 14.0
MARGIN_X, MARGIN_Y = 11.0, 6.0


@dataclass(frozen=True)
class Picture:
    """Everything a drawing needs.

    Attributes:
        view, health: what is shown, and what is wrong with it.
        labels, titles: the text of boxes and of frames, by id.
        layout: places and paths, from top to bottom.
        sideways: whether to draw it from left to right, with x and y exchanged; then boxes' sizes are exchanged too.
        shown, color: as in `draw`.
        changes: "added", "removed" or "changed" by box, in a comparison.
    """

    view: View
    health: Health
    labels: dict[str, Label]
    titles: dict[str, str]
    layout: Layout
    sideways: bool
    shown: Shown
    color: Color
    changes: dict[str, str] = field(default_factory=dict)


def compose(
    view: View, health: Health, shown: Shown, level: Level, color: Color, direction: Direction | None = None
) -> Picture:
    """Write the labels, measure the boxes and place them."""
    labels = {own: label(box, view, health, shown, level, color == "grad") for own, box in view.boxes.items()}
    titles = {own: cluster_title(cluster) for own, cluster in view.clusters.items()}
    sideways = direction == "right" or (direction is None and level == "scalar" and not view.clusters)
    shapes = [_box(box, labels[own], sideways) for own, box in view.boxes.items()]
    shapes = _with_frames(view, shapes, titles, sideways)
    layout = lay_out(shapes, [(link.source, link.target) for link in view.links])
    if shown == "both":
        layout = fan_out(layout, [link.source for link in view.links])
    return Picture(view, health, labels, titles, layout, sideways, shown, color)


def badges_width(label: Label) -> float:
    """Return the room that badges need behind the title."""
    return sum(text_width(badge, BADGE_SIZE, bold=True) + 12 for badge in label.badges)


def _box(box: Box, label: Label, sideways: bool) -> Shape:
    lines = [text_width(line, LINE_SIZE) for line in label.lines]
    width = max(text_width(label.title, TITLE_SIZE, bold=True) + badges_width(label), *lines, 26.0) + 2 * MARGIN_X
    height = TITLE_HEIGHT + LINE_HEIGHT * len(lines) + 2 * MARGIN_Y
    if box.kind in (INPUT, LABEL):
        width += 10.0  # its ends are round or pointed
    minor = box.kind in (PARAMETER, CONSTANT)
    if sideways:
        width, height = height, width
    return Shape(box.id, box.cluster, round(width), round(height), minor=minor)


def _with_frames(view: View, boxes: list[Shape], titles: dict[str, str], sideways: bool) -> list[Shape]:
    """Return boxes and frames, each frame just before the first box inside it."""
    shapes: list[Shape] = []
    done = set()
    for box in boxes:
        missing, cluster = [], box.parent
        while cluster and cluster not in done:
            missing.append(cluster)
            done.add(cluster)
            cluster = view.clusters[cluster].parent
        for own in reversed(missing):
            width = text_width(titles[own], LINE_SIZE, bold=True) + 4
            size = (LINE_HEIGHT, width) if sideways else (width, LINE_HEIGHT)
            shapes.append(Shape(own, view.clusters[own].parent, *size, frame=True))
        shapes.append(box)
    return shapes
