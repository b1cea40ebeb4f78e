"""A tall frame set in columns, as text in a newspaper: what does not fit below goes on at the top of the next column.

A line from column to column goes down to the common bottom, along it, up in the gap left of its column, and in from
above; lines of one source share their way.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from tinygrad_lab.viz.layout.constants import COLUMN, GAP, LANE, LAYER_GAP, PASSING, SLIM, TALL, TURN

Point = tuple[float, float]


@dataclass(slots=True)
class Columns:
    """Where the layers of a frame go.

    Attributes:
        of: the column of each layer.
        dx, dy: how far each column moves.
        gutters: the left end of the gutter before each column.
        heads: where each column's first layer begins.
        bottom, width, height: the lowest edge of all columns; the size of it all.
    """

    of: list[int]
    dx: list[float] = field(default_factory=list)
    dy: list[float] = field(default_factory=list)
    gutters: list[float] = field(default_factory=list)
    heads: list[float] = field(default_factory=list)
    bottom: float = 0.0
    width: float = 0.0
    height: float = 0.0
    lanes: dict[tuple[Hashable, int], int] = field(default_factory=dict)

    def path(self, points: Sequence[tuple[float, float, int]], source: Hashable) -> list[Point]:
        """Return a path in columns.

        Arguments:
            points: x, y and layer, in one column.
            source: lines with the same share their way.
        """
        start, end = self.of[points[0][2]], self.of[points[-1][2]]
        moved = [(x + self.dx[self.of[i]], y + self.dy[self.of[i]]) for x, y, i in points]
        if start == end:
            return moved
        upper = [point for point, (_, _, i) in zip(moved, points, strict=True) if self.of[i] == start]
        lower = [point for point, (_, _, i) in zip(moved, points, strict=True) if self.of[i] == end]
        lane = self.lanes[source, end]
        x, y = self.gutters[end] + GAP + LANE * lane, self.bottom + TURN + LANE * lane
        top = self.heads[end] - TURN - LANE * lane
        return [*upper, (upper[-1][0], y), (x, y), (x, top), (lower[0][0], top), *lower]


def columns(
    tops: Sequence[float],
    bottoms: Sequence[float],
    sides: Sequence[tuple[float, float]],
    lines: Sequence[tuple[int, int, Hashable]],
) -> Columns | None:
    """Return the columns of a frame, or None if one is enough, or many lines lead everywhere from top to bottom.

    Arguments:
        tops: of the layers.
        bottoms: of the layers.
        sides: the left and right end of each layer.
        lines: first layer, last layer and source of each line.
    """
    height = bottoms[-1] - tops[0] if tops else 0.0
    width = max((right for _, right in sides), default=0.0) - min((left for left, _ in sides), default=0.0)
    if height <= TALL or height <= SLIM * width:
        return None
    count = 2
    while height / count > COLUMN * count * (width + 3 * GAP):
        count += 1
    found = Columns(_cut(tops, bottoms, lines, count))
    if not found.of[-1]:
        return None
    for start, end, source in lines:
        if found.of[start] != found.of[end]:
            key = source, found.of[end]
            found.lanes.setdefault(key, sum(1 for _, column in found.lanes if column == found.of[end]))
    _place(found, tops, bottoms, sides)
    return found


def _cut(
    tops: Sequence[float], bottoms: Sequence[float], lines: Sequence[tuple[int, int, Hashable]], count: int
) -> list[int]:
    """Return the column of each layer: cuts are where few lines pass, near equal heights."""
    passing: list[set[Hashable]] = [set() for _ in tops]
    for start, end, source in lines:
        for i in range(start + 1, end + 1):
            passing[i].add(source)
    height = bottoms[-1] - tops[0]
    of, column, last = [0] * len(tops), 0, 0
    for k in range(1, count):
        wanted = tops[0] + k * height / count
        within = 0.3 * height / count
        near = [i for i in range(last + 1, len(tops)) if abs(tops[i] - wanted) <= within and len(passing[i]) <= PASSING]
        if not near:
            continue
        column += 1
        last = min(near, key=lambda i: (len(passing[i]), abs(tops[i] - wanted), i))
        for i in range(last, len(tops)):
            of[i] = column
    return of


def _place(
    found: Columns, tops: Sequence[float], bottoms: Sequence[float], sides: Sequence[tuple[float, float]]
) -> None:
    x, last = 0.0, found.of[-1]
    for column in range(last + 1):
        layers = [i for i, own in enumerate(found.of) if own == column]
        into = sum(1 for _, own in found.lanes if own == column)
        left = min(sides[i][0] for i in layers)
        right = max(sides[i][1] for i in layers)
        found.gutters.append(x)
        x += GAP + LANE * into + GAP if column else 0.0
        head = tops[layers[0]] if not column else tops[0] + TURN + LANE * into + LAYER_GAP
        found.heads.append(head)
        found.dx.append(x - left)
        found.dy.append(head - tops[layers[0]])
        found.bottom = max(found.bottom, bottoms[layers[-1]] + found.dy[column])
        x += right - left
    most = max((lane for lane in found.lanes.values()), default=0)
    found.width, found.height = x, found.bottom + TURN + LANE * (most + 1)
