"""Names without asking: what a graph says of modules, parameters, data, labels and its loss, whoever computed it."""

from __future__ import annotations

import re
import weakref

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import nn, viz

X, T = np.array([[0.0, 1.0], [1.0, 0.5], [0.25, 2.0]]), np.array([[1.0], [0.0], [2.0]])


class Net(nn.Module):
    def __init__(self):
        rng = np.random.default_rng(0)
        self.hidden, self.out = nn.Linear(2, 3, rng=rng), nn.Linear(3, 1, rng=rng)

    def forward(self, x):
        return self.out(np.tanh(self.hidden(x)))


def loss_of(model):
    return nn.MSELoss()(model(X), T)


def test_a_loss_knows_modules_and_parameters_by_itself():
    snapshot = loss_of(Net()).graph().snapshot
    assert {group.id: group.kind for group in snapshot.groups} == {
        "Net": "Net", "Net/hidden": "Linear", "Net/out": "Linear", "MSELoss": "MSELoss",
    }  # fmt: skip
    parameters = {node.id for node in snapshot.nodes if node.kind == "parameter"}
    assert parameters == {"hidden.weight", "hidden.bias", "out.weight", "out.bias"}
    assert "hidden.weight (3, 2)" in loss_of(Net()).graph().svg()  # in the tip of the module that holds it


def test_data_labels_and_the_loss_are_told_apart():
    graph = loss_of(Net()).graph()
    kinds = {node.name: node.kind for node in graph.snapshot.nodes if node.kind in ("input", "label")}
    assert kinds == {"input": "input", "label": "label"}
    (label,) = [label for label in graph.picture.labels.values() if label.title == "MSELoss"]
    assert label.badges == ("loss",)
    assert "double: loss" in graph.svg()
    assert "pointed: label" in graph.svg()


def test_data_and_labels_get_no_gradient_unless_they_ask():
    model = Net()

    def loss(x, target):
        return nn.MSELoss()(model(x), target)

    nodes = viz.draw(loss, X, T).snapshot.by_id
    assert (nodes["x"].gradient, nodes["target"].gradient) == (None, None)
    assert nodes["hidden.weight"].gradient is not None
    assert (nodes["x"].kind, nodes["target"].kind) == ("input", "label")
    asked = viz.draw(loss, tl.Value(X), T).snapshot.by_id
    assert asked["x"].gradient is not None
    assert viz.draw(np.tanh, 0.5).snapshot.nodes[0].gradient is not None  # there is nothing else


def test_gradients_show_once_backward_has_run():
    model = Net()
    loss = loss_of(model)
    assert "∇" not in loss.graph().text()
    loss.backward()
    text = loss.graph().text()
    assert "∇" in text
    assert "tg-gradient" in loss.graph().svg(theme="light")
    assert "∇" not in loss.graph(view="forward").text()


def test_a_module_called_twice_and_two_models_alike_are_told_apart():
    one, two = Net(), Net()
    snapshot = np.sum(one(X) + one(2 * X) * two(X)).graph().snapshot
    outer = [group.id for group in snapshot.groups if not group.parent]
    assert outer == ["Net#0", "Net#1", "Net-2"]
    names = {node.name for node in snapshot.nodes if node.kind == "parameter"}
    assert {"Net.hidden.weight", "Net-2.hidden.weight"} <= names


class Pair(nn.Module):
    def __init__(self):
        self.net = Net()

    def forward(self, x):
        y = self.net(x)
        return {"sum": np.sum(y), "more": (y * 2, y)}


def test_calls_that_return_containers_are_known():
    found = Pair()(X)
    groups = {group.id for group in (found["sum"] + np.sum(found["more"][0])).graph().snapshot.groups}
    assert {"Pair", "Pair/net", "Pair/net/hidden"} <= groups


def test_what_a_module_hands_through_is_not_its_own():
    x = tl.Value(X, name="x")
    layer = nn.Dropout(0.5, rng=np.random.default_rng(0)).eval()
    assert layer(x) is x
    assert x.call is None


def test_graphs_keep_no_call_alive(collect):
    model = Net()
    loss, gone = loss_of(model), weakref.ref(model)
    graph = loss.graph()
    del model, loss
    collect()
    assert gone() is None
    assert graph.snapshot.operations


@pytest.mark.parametrize("shape", [(), (2,)])
def test_only_real_scalars_are_losses(shape):
    w = tl.Value(np.ones(shape), name="w")
    assert (w * 2.0).graph().snapshot.nodes[-1].kind == "output"
    assert (w * (1 + 2j)).graph().snapshot.nodes[-1].kind == "output"


def test_widths_tell_gradients_apart():
    picture = (tl.Value(0.16, name="a") * tl.Value(0.55, name="b")).graph(view="both").svg(theme="light")
    widths = [float(w) for w in re.findall(r'tg-gradient.*?stroke-width="([\d.]+)"', picture)]
    assert max(widths) - min(widths) >= 1.5


def test_complex_values_are_written_in_every_form():
    z, w = tl.Value(3 + 4j, name="z"), tl.Value(np.array([1 + 1j, 2 - 1j, 0j, 5j]), name="w")
    graph = np.sum(np.abs(z * w)).graph(level="op", view="both")
    for text in (graph.svg(), graph.text(), graph.dot().source):
        assert "3+4j" in text
        assert "|·| 0 … 25" in text
