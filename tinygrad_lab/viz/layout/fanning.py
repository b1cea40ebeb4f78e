"""Where lines with a gradient beside each leave a box: side by side, as from one point they would cross each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tinygrad_lab.viz.layout.layered import Point
from tinygrad_lab.viz.layout.nested import Layout

_APART = 16.0  # between two pairs of a line and its gradient
_SHARE = 0.7  # of a box's side, at most


def fan_out(layout: Layout, sources: Sequence[str]) -> Layout:
    """Return a layout in which the lines of a box that lead to different places leave it at different places.

    Lines stay in the order of where they lead to, and one that leads straight on stays straight.

    Arguments:
        layout: with a path for each line.
        sources: for each line the id of the box that it leaves.
    """
    leaving: dict[tuple[str, Point], list[int]] = {}
    for number, source in enumerate(sources):
        leaving.setdefault((source, layout.paths[number][0]), []).append(number)
    paths = [list(path) for path in layout.paths]
    for (source, (x, y)), numbers in leaving.items():
        ways = sorted({paths[number][1]: [px for px, _ in paths[number][1:]] for number in numbers}.items(),
                      key=lambda way: way[1])  # fmt: skip
        if len(ways) < 2 or source not in layout.shapes:
            continue
        shape = layout.shapes[source]
        apart = min(_APART, _SHARE * shape.width / (len(ways) - 1))
        straight = min(range(len(ways)), key=lambda i: (abs(ways[i][0][0] - x) > 0.5, abs(i - (len(ways) - 1) / 2)))
        middle = straight if abs(ways[straight][0][0] - x) <= 0.5 else (len(ways) - 1) / 2
        place = {way: x + (i - middle) * apart for i, (way, _) in enumerate(ways)}
        room = _SHARE * shape.width / 2
        centre = shape.x + shape.width / 2
        for number in numbers:
            paths[number][0] = min(max(place[paths[number][1]], centre - room), centre + room), y
    return replace(layout, paths=paths)
