from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.viz.layout.graphs import GRAPHS
from tinygrad_lab.viz.layout.layered import Shape
from tinygrad_lab.viz.layout.nested import lay_out
from tinygrad_lab.viz.layout.ordering import _crossings, order_layers

pytestmark = pytest.mark.slow


@st.composite
def nested(draw):
    """Boxes in nested frames, in order of time, frames contiguous as module calls are, and lines among them."""
    shapes, boxes, open_frames, closed = [], [], [""], 0
    for i in range(draw(st.integers(1, 14))):
        move = draw(st.integers(0, 3))
        if move == 0 and len(open_frames) < 4:
            shapes.append(Shape(f"f{closed}", open_frames[-1], draw(st.integers(10, 150)), 14, frame=True))
            open_frames.append(f"f{closed}")
            closed += 1
        elif move == 1 and len(open_frames) > 1 and shapes[-1].id != open_frames[-1]:
            open_frames.pop()
        width, height = draw(st.integers(20, 160)), draw(st.integers(16, 80))
        shapes.append(Shape(f"b{i}", open_frames[-1], width, height, minor=draw(st.booleans())))
        boxes.append(f"b{i}")
    pairs = draw(st.lists(st.tuples(st.sampled_from(boxes), st.sampled_from(boxes)), max_size=25, unique=True))
    return shapes, [(a, b) for a, b in pairs if a != b]


def inside(a, b, slack=0.01):
    return (
        a.x >= b.x - slack
        and a.y >= b.y - slack
        and a.x + a.width <= b.x + b.width + slack
        and a.y + a.height <= b.y + b.height + slack
    )


def apart(a, b):
    return (
        a.x + a.width <= b.x + 0.01
        or b.x + b.width <= a.x + 0.01
        or a.y + a.height <= b.y + 0.01
        or b.y + b.height <= a.y + 0.01
    )


def forward_only(case):
    shapes, lines = case
    return shapes, [(a, b) for a, b in lines if int(a[1:]) < int(b[1:])]


@settings(max_examples=50)
@given(nested())
def test_boxes_lie_in_their_frames_and_apart_from_all_others(case):
    layout = lay_out(*case)
    shapes = layout.shapes
    frames = {"": [], **{own: [] for own, shape in shapes.items() if shape.frame}}
    for shape in shapes.values():
        frames[shape.parent].append(shape)
        if shape.parent:
            assert inside(shape, shapes[shape.parent])
        assert shape.x >= -0.01
        assert shape.x + shape.width <= layout.width + 0.01
        assert shape.y >= -0.01
        assert shape.y + shape.height <= layout.height + 0.01
    for children in frames.values():
        for i, one in enumerate(children):
            assert all(apart(one, other) for other in children[:i])


@settings(max_examples=50)
@given(nested().map(forward_only))
def test_lines_lead_down_from_box_to_box_and_never_through_one(case):
    layout = lay_out(*case)
    for (source, target), path in zip(case[1], layout.paths, strict=True):
        a, b = layout.shapes[source], layout.shapes[target]
        assert path[0][1] == pytest.approx(a.y + a.height)
        assert path[-1][1] == pytest.approx(b.y)
        assert a.x <= path[0][0] <= a.x + a.width
        assert b.x <= path[-1][0] <= b.x + b.width
        assert all(y2 >= y1 - 0.01 for (_, y1), (_, y2) in pairwise(path))
        assert not crossed(layout, path), (source, target)


def crossed(layout, path):
    """The boxes that a line runs through."""
    found = []
    for (x1, y1), (x2, y2) in pairwise(path):
        for box in layout.shapes.values():
            over = min(max(y1, y2), box.y + box.height) - max(min(y1, y2), box.y)
            across = min(max(x1, x2), box.x + box.width) - max(min(x1, x2), box.x)
            if not (box.frame or over < 0.1 or across < 0.1):
                found.append(box.id)
    return found


def test_what_leads_everywhere_is_not_set_in_columns():
    layout = lay_out(*GRAPHS["dense"])
    tops = [box.y for box in layout.shapes.values()]
    assert tops == sorted(tops)


@pytest.mark.parametrize("name", ["tall", "wide", "tree"])
def test_what_is_large_keeps_its_proportions(name):
    shapes, lines = GRAPHS[name]
    layout = lay_out(shapes, lines)
    assert layout.height <= 3 * layout.width
    assert name == "tall" or layout.width <= 1600
    assert not [crossed(layout, path) for path in layout.paths if crossed(layout, path)]
    frames = [(s.x, s.y) for s in layout.shapes.values() if s.frame]
    assert len({round(x) for x, _ in frames}) <= 8  # repeated frames stand in a few straight columns


@given(nested())
def test_the_same_input_gives_the_same_layout(case):
    shapes, lines = case
    copies = [Shape(s.id, s.parent, s.width, s.height, s.frame, s.minor) for s in shapes]
    one, two = lay_out(shapes, lines), lay_out(copies, lines)
    assert one.paths == two.paths
    assert [(s.x, s.y) for s in one.shapes.values()] == [(s.x, s.y) for s in two.shapes.values()]


@given(st.integers(2, 5), st.integers(2, 5), st.data())
def test_ordering_never_adds_crossings_and_keeps_every_node(depth, width, data):
    layers = [[level * width + i for i in range(width)] for level in range(depth)]
    wires = [
        (upper, 0.5, lower, 0.5)
        for above, below in pairwise(layers)
        for upper in above
        for lower in below
        if data.draw(st.booleans())
    ]
    ordered = order_layers(layers, wires)
    assert [sorted(layer) for layer in ordered] == layers

    def count(layers):
        level = {node: i for i, layer in enumerate(layers) for node in layer}
        between = [[wire for wire in wires if level[wire[0]] == i] for i in range(depth)]
        return _crossings(layers, between)

    assert count(ordered) <= count(layers)


def test_a_chain_is_straight_past_parameters():
    shapes, lines = [], []
    for i in range(5):
        shapes += [Shape(f"w{i}", "", 120, 40, minor=True), Shape(f"b{i}", "", 60, 40)]
        lines += [(f"w{i}", f"b{i}")] + ([(f"b{i - 1}", f"b{i}")] if i else [])
    layout = lay_out(shapes, lines)
    centres = [layout.shapes[f"b{i}"].x + 30 for i in range(5)]
    assert max(centres) - min(centres) < 1


def test_nothing_at_all():
    layout = lay_out([], [])
    assert (layout.width, layout.height) == (0, 0)
