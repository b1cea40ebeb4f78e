"""Lines with gradients leave a box side by side, in the order of where they lead to."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import viz


def fans(count):
    """Return a result for which a value is used so many times, now and later."""
    x, w = tl.Value(np.ones(3), name="x"), tl.Value(np.ones(3), name="w")
    h = np.tanh(x)
    uses = [np.sin(h), h * w, np.exp(h) + h, np.cos(h) / 2, h - x, np.sqrt(h + 2)]
    total = uses[0]
    for use in uses[1:count]:
        total = total * use
    return np.sum(total)


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("count", [1, 2, 4, 6])
def test_lines_leave_in_the_order_of_where_they_lead(count, direction):
    graph = viz.draw(fans(count), view="both", direction=direction)
    layout, links = graph.picture.layout, graph.picture.view.links
    leaving = defaultdict(dict)
    for link, path in zip(links, layout.paths, strict=True):
        leaving[link.source].setdefault(path[1], (path[0][0], [x for x, _ in path[1:]]))
    for source, ways in leaving.items():
        shape = layout.shapes[source]
        ordered = sorted(ways.values(), key=lambda way: way[1])
        starts = [start for start, _ in ordered]
        assert starts == sorted(starts)
        assert all(shape.x <= start <= shape.x + shape.width for start in starts)
        if len(starts) > 1:
            assert min(np.diff(starts)) > 6, "the width of a pair"


def test_without_gradients_lines_leave_from_one_point():
    graph = viz.draw(fans(4), view="forward")
    leaving = defaultdict(set)
    for link, path in zip(graph.picture.view.links, graph.picture.layout.paths, strict=True):
        leaving[link.source].add(path[0])
    assert all(len(points) == 1 for points in leaving.values())
