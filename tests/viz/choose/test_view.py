import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.viz.examples import Recurrent, chain, linear, steps
from tinygrad_lab import nn, viz
from tinygrad_lab.viz.choose.folding import Folder, build
from tinygrad_lab.viz.choose.labels import number
from tinygrad_lab.viz.choose.view import OMITTED


def boxes(graph):
    return graph.picture.view.boxes


def titles(graph):
    return [label.title for label in graph.picture.labels.values()]


def test_innermost_modules_are_boxes_at_module_level_and_frames_at_op_level():
    model = nn.Sequential(linear(2, 3), nn.Sequential(nn.Tanh(), linear(3, 1)))
    graph = viz.draw(model, np.ones((1, 2)))
    assert titles(graph) == ["x", "0: Linear(2, 3)", "0: Tanh", "1: Linear(3, 1)"]
    assert list(graph.picture.titles.values()) == ["1: Sequential"]
    assert titles(viz.draw(model, np.ones((1, 2)), depth=1)) == ["x", "0: Linear(2, 3)", "0: Tanh", "1: Linear(3, 1)"]
    assert titles(viz.draw(model, np.ones((1, 2)), depth=0)) == ["x", "0: Linear(2, 3)", "1: Sequential"]
    assert len(viz.draw(model, np.ones((1, 2)), level="op").picture.view.clusters) == 3


def test_repeated_calls_fold_and_say_what_they_hand_on():
    graph = viz.draw(Recurrent(), steps(50))
    assert graph.picture.titles == {"cell#0": "cell: Cell × 50"}
    assert graph.picture.view.caption == "202 operations, 6 shown"
    assert [(link.source, link.target) for link in graph.picture.view.links if link.loop] == [
        ("cell#0/maximum", "cell#0/u")
    ]
    assert len(boxes(graph)["cell#0/maximum"].members) == 50


def test_a_folded_call_that_feeds_the_next_says_so():
    graph = viz.draw(Recurrent(), steps(5), depth=0)
    assert "cell: Cell × 5 ↻" in titles(graph)


def test_parallel_calls_fold_without_a_loop():
    class Heads(nn.Module):
        def __init__(self):
            self.heads = [linear(2, 2) for _ in range(4)]

        def forward(self, x):
            return np.concatenate([head(x) for head in self.heads])

    graph = viz.draw(Heads(), np.ones((1, 2)))
    assert titles(graph) == ["x", "heads.0 … heads.3: Linear(2, 2) × 4", "concatenate"]
    assert not any(link.loop for link in graph.picture.view.links)


def test_alternating_layers_fold_in_pairs():
    layers = [layer for _ in range(4) for layer in (linear(3, 3), nn.Tanh())]
    graph = viz.draw(nn.Sequential(*layers), np.ones((1, 3)))
    assert list(graph.picture.titles.values()) == ["× 4"]
    assert len(viz.draw(nn.Sequential(*layers), np.ones((1, 3)), fold=False).picture.view.boxes) == 9


def test_two_are_not_folded():
    assert len(boxes(viz.draw(Recurrent(), steps(2), depth=0))) == 2 + 2 + 2


def test_bare_operations_fold_only_above_the_limit_or_on_demand():
    assert len(boxes(chain(30).graph())) == 51
    assert chain(30).graph(fold=True).picture.view.caption == "30 operations, 3 shown"
    assert chain(300).graph().picture.view.caption == "300 operations, 3 shown"


@pytest.mark.parametrize("limit", [4, 7, 20, 150])
@pytest.mark.parametrize("fold", ["auto", True, False])
def test_the_limit_is_kept(limit, fold):
    assert len(boxes(viz.draw(Recurrent(), steps(60), level="op", max_nodes=limit, fold=fold))) <= max(limit, 10)
    graph = chain(400).graph(max_nodes=limit, fold=fold)
    assert len(boxes(graph)) <= max(limit, 10)


def test_the_middle_goes_last():
    rng = np.random.default_rng(0)
    y = tl.Value(0.5, name="x")
    for i in rng.integers(3, size=500):
        y = (np.tanh, np.sin, np.cos)[i](y)
    graph = y.graph(max_nodes=20)
    omitted = [box for box in boxes(graph).values() if box.kind == OMITTED]
    assert len(omitted) == 1
    assert graph.picture.labels[omitted[0].id].lines == (f"{len(omitted[0].members)} operations",)


@given(st.lists(st.integers(0, 2), max_size=30), st.booleans())
def test_folding_loses_and_invents_no_operation(kinds, bare):
    y = tl.Value(0.5, name="x")
    for kind in kinds:
        y = (np.tanh, np.sin, np.cos)[kind](y)
    snapshot = y.graph().snapshot
    folder = Folder(bare)
    items = folder.fold(build(snapshot))
    found = [node.id for item in items for node in item.operations()]
    assert sorted(found) == sorted(node.id for node in snapshot.nodes if node.operation)
    for node in snapshot.nodes:
        if node.operation:
            assert snapshot.by_id[folder.representative(node.id)].operation == node.operation


def test_a_parameter_used_far_and_wide_is_a_stub_at_each_use():
    w, y = tl.Value(2.0, name="w"), tl.Value(1.0, name="x")
    for _ in range(4):
        y = np.tanh(y * w)
    stubs = [box for box in boxes(y.graph()).values() if box.members[0].name == "w"]
    assert len(stubs) == 4
    assert all(box.stub for box in stubs)
    assert len([box for box in boxes((w * w + w).graph()).values() if box.members[0].name == "w"]) == 1


def test_parameters_hide_in_their_module():
    graph = viz.draw(nn.Sequential(linear(2, 3)), np.ones((1, 2)))
    assert [box.kind for box in boxes(graph).values()] == ["input", "module"]
    assert graph.picture.labels["0"].lines == ("(1, 3) · float64", "9 parameters")


def test_badges():
    x, big = tl.Value(np.array([-1.0, 4.0]), name="x"), tl.Value(1e-9, name="big")
    with np.errstate(all="ignore"):
        graph = np.sum(np.log(x) + 0 * big + big * 1e12 * 1e-30).graph()
    badges = graph.picture.health.badges
    assert badges["log"][0] == "NaN"
    assert graph.picture.health.first == "log"
    assert graph.picture.health.path == ("log", "add", "add-2", "sum")
    assert "↓" in badges["big"] or "0" in badges["big"]


def test_vanishing_exploding_and_dead_gradients():
    x = tl.Value(1.0, name="x")
    badges = (x * 1e-8).graph().picture.health.badges
    assert badges == {"x": ("↓",)}
    assert (x * 1e8).graph().picture.health.badges == {"x": ("↑",)}
    assert (x * 0.0).graph().picture.health.badges == {"x": ("0",)}
    assert (x * tl.Value(2.0, requires_grad=False)).graph().picture.health.badges == {"constant": ("✂",)}


def test_the_first_gradient_that_is_not_finite():
    x = tl.Value(0.0, name="x")
    health = (np.sqrt(x * 2.0) * 3.0).graph().picture.health
    assert (health.first, health.path) == ("sqrt", ("sqrt", "multiply", "x"))


def test_accumulation_is_marked():
    x = tl.Value(2.0, name="x")
    graph = (x * x + x).graph(view="both")
    assert graph.picture.labels["x"].badges == ("Σ 3",)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"view": "sideways"}, "draw: view must be 'forward' or 'backward' or 'both', got 'sideways'"),
        ({"level": "layer"}, "draw: level must be 'module' or 'op' or 'scalar', got 'layer'"),
        ({"color": "red"}, "draw: color must be 'kind' or 'grad', got 'red'"),
        ({"fold": "never"}, "draw: fold must be 'auto', True or False, got 'never'"),
        ({"depth": -1}, "draw: depth must be None or a whole number from 0, got -1"),
        ({"depth": "all"}, "draw: depth must be None or a whole number from 0, got 'all'"),
        ({"depth": True}, "draw: depth must be None or a whole number from 0, got True"),
        ({"max_nodes": 1}, "draw: max_nodes must be a whole number from 4, got 1"),
        ({"max_nodes": None}, "draw: max_nodes must be a whole number from 4, got None"),
    ],
)
def test_bad_options(option, text):
    with pytest.raises(ValueError, match=text):
        (tl.Value(1.0) * 2).graph(**option)


def test_inputs_without_anything_to_call():
    with pytest.raises(
        ValueError, match="draw: a Value takes no inputs, only modules and functions do; leave them out"
    ):
        viz.draw(tl.Value(1.0) * 2, 3.0)


def test_numbers_are_short():
    assert [number(x) for x in (0.0, -0.0, 1e-10, 12345.0)] == ["0", "0", "1e-10", "1.234e+04"]
    assert [number(float(x)) for x in ("nan", "inf", "-inf")] == ["NaN", "∞", "-∞"]


def test_an_accumulator_inside_a_folded_run_says_that_it_feeds_the_next():
    class Sums(nn.Module):
        def __init__(self):
            self.cell = linear(2, 2)

        def forward(self, steps):
            total = 0.0
            for x in steps:
                total = total + np.sum(self.cell(x))
            return total

    graph = viz.draw(Sums(), steps(5))
    assert titles(graph) == ["steps[0] … steps[4]", "cell: Linear(2, 2)", "sum", "0", "add ↻"]
    assert list(graph.picture.titles.values()) == ["× 5"]


def test_an_input_is_one_box_up_to_many_uses():
    def use(x, times):
        return sum(np.tanh(x) for _ in range(times))

    few = viz.draw(lambda x: use(x, 8), np.ones(2), fold=False)
    many = viz.draw(lambda x: use(x, 9), np.ones(2), fold=False)
    assert [len([box for box in boxes(g).values() if box.kind == "input"]) for g in (few, many)] == [1, 9]
