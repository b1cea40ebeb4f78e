"""A layered layout of nested boxes: places for boxes and frames, and paths for lines that never cross a box.

A frame is laid out like a picture of its own, innermost first, and then takes part in the layout around it as one box.
Lines that leave or enter it do so through ports in its bottom and top edge; `interior` has the layout of one frame.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from tinygrad_lab.viz.layout.layered import Interior, Point, Segment, Shape


@dataclass(slots=True)
class Layout:
    """Shapes by id with their left upper corner and final size, a path for each line, and the size of the whole."""

    shapes: dict[str, Shape]
    paths: list[list[Point]]
    width: float
    height: float


def lay_out(shapes: Sequence[Shape], lines: Sequence[tuple[str, str]]) -> Layout:
    """Place shapes and route lines, from top to bottom.

    Arguments:
        shapes: boxes in order of time, so that lines lead down, not up, wherever they can; frames, each before what is
            in it. `minor` boxes give way: lines between others are straight first.
        lines: `(source, target)`, ids of boxes.
    """
    known = {shape.id: shape for shape in shapes}
    interiors: dict[str, Interior] = {"": Interior(Shape("", "", 0, 0, frame=True))}
    for shape in shapes:
        if shape.frame:
            interiors[shape.id] = Interior(shape)
        interiors[shape.parent].children.append(shape)
    routes = [_route(known, interiors, source, target) for source, target in lines]
    for interior in reversed(list(interiors.values())):
        interior.solve(interiors)
    corners = {"": (0.0, 0.0)}
    for own, interior in interiors.items():
        left, top = corners[own]
        for child in interior.children:
            child.x, child.y = left + child.x, top + child.y
            if child.frame:
                corners[child.id] = child.x, child.y
    paths = []
    for route in routes:
        path: list[Point] = []
        for own, segment in route:
            left, top = corners[own]
            path += [(x + left, y + top) for x, y in interiors[own].paths[segment]]
        paths.append([point for i, point in enumerate(path) if not i or point != path[i - 1]])
    whole = interiors[""].frame
    return Layout(known, paths, whole.width, whole.height)


def _route(
    known: dict[str, Shape], interiors: dict[str, Interior], source: str, target: str
) -> list[tuple[str, Segment]]:
    """Split a line into one segment per frame it passes, and tell each interior about its segment."""
    up, down = _frames(known, source), _frames(known, target)
    while len(up) > 1 and len(down) > 1 and up[-2] == down[-2]:
        up.pop()
        down.pop()
    route: list[tuple[str, Segment]] = []
    item: Hashable = source
    for frame in up[:-1]:
        route.append((frame, (item, ("out", source), source)))
        item = frame
    meeting = up[-1]
    ends = [target, *down[:-1]]
    route.append((meeting, (item, ends[-1], source)))
    for frame, inner in zip(reversed(down[:-1]), reversed(ends[:-1]), strict=True):
        route.append((frame, (("in", source), inner, source)))
    for frame, segment in route:
        interiors[frame].segments[segment] = None
    return route


def _frames(known: dict[str, Shape], own: str) -> list[str]:
    """Return the frames around a box, innermost first, down to the whole picture, ""."""
    frames = []
    while own:
        own = known[own].parent
        frames.append(own)
    return frames
