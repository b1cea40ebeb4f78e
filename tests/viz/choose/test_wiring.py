"""What is folded says what the graph says: every repetition is fed, and feeds, as the one that is shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.viz.examples import linear
from tinygrad_lab import nn, viz
from tinygrad_lab.viz.choose.folding import Folder, build
from tinygrad_lab.viz.choose.wiring import Wiring


def titles(graph):
    return [label.title for label in graph.picture.labels.values()]


@st.composite
def loops(draw):
    """A body that is repeated, with sources that may be the same, the repetition before, or something odd."""
    x, y = tl.Value(0.5, name="x"), tl.Value(0.25, name="y")
    body = draw(
        st.lists(st.tuples(st.sampled_from("tsam"), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=3)
    )
    times, odd = draw(st.integers(3, 6)), draw(st.booleans())
    before, every = [np.exp(x), np.cos(y)], []
    outside = list(before)
    for k in range(times):
        made = []
        for kind, i, j in body:
            sources = [*outside, *before, *made]
            a, b = sources[i % len(sources)], sources[j % len(sources)]
            if odd and k == times // 2:
                a = every[0] if every else a
            made.append({"t": np.tanh, "s": np.sin, "a": lambda v, b=b: v + b, "m": lambda v, b=b: v * b}[kind](a))
        every += made
        before = made
    used = draw(st.lists(st.integers(0, len(every) - 1), max_size=3))
    return sum([every[i] for i in used], start=before[-1] * 1.0)


@settings(max_examples=50, deadline=None)
@given(loops())
def test_repetitions_are_fed_alike_and_feed_alike(value):
    snapshot = value.graph().snapshot
    nodes = snapshot.by_id
    items = Folder(True, Wiring(snapshot)).fold(build(snapshot))
    for item in items:
        if item.count == 1:
            continue
        first = [item] if item.node is not None else item.children
        runs = [[n.id for i in first for n in ([i.node] if i.node else i.operations())][: len(first)]]
        runs += [[n.id for i in copy for n in i.operations()] for copy in item.copies]
        if len({len(run) for run in runs}) > 1:
            continue  # folded inside too; the flat ones are enough
        where = {own: (k, p) for k, run in enumerate(runs) for p, own in enumerate(run)}

        def sources(own, where=where, k=0):
            found = []
            for edge in snapshot.edges:
                if edge.target == own and nodes[edge.source].operation:
                    at = where.get(edge.source)
                    found.append((edge.position, edge.source if at is None else (k - at[0], at[1])))
            return found

        seen = [[sources(own, k=k) for own in run] for k, run in enumerate(runs)]
        assert all(one == seen[1] for one in seen[2:])
        assert all(
            at == 0 or at in (0, 1) for one in seen for row in one for _, s in row if type(s) is tuple for at in [s[0]]
        )
        for row, other in zip(seen[0], seen[1], strict=True):
            inner = [s for s in other if not (type(s[1]) is tuple and s[1][0] == 1)]
            assert [s for s in row if s in inner] == inner
        for p in range(len(runs[0])):
            users = [{e.target for e in snapshot.edges if e.source == run[p]} - set(where) for run in runs]
            assert all(one == users[0] for one in users[:-1])
            assert users[-1] >= users[0]


class Attention(nn.Module):
    def __init__(self):
        self.q, self.k, self.v = (linear(4, 4) for _ in range(3))

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        return tl.functional.softmax(q @ k.T, axis=-1) @ v


def test_attention_keeps_query_key_and_value_apart():
    assert titles(viz.draw(Attention(), np.ones((3, 4))))[1:4] == [f"{n}: Linear(4, 4)" for n in "qkv"]


class LSTM(nn.Module):
    def __init__(self):
        self.i, self.f, self.o, self.g = (linear(5, 3) for _ in range(4))

    def forward(self, steps):
        h = c = np.zeros((1, 3))
        for x in steps:
            z = np.concatenate([x, h], axis=1)
            c = tl.functional.sigmoid(self.f(z)) * c + tl.functional.sigmoid(self.i(z)) * np.tanh(self.g(z))
            h = tl.functional.sigmoid(self.o(z)) * np.tanh(c)
        return h


def test_gates_stay_apart_and_time_folds():
    graph = viz.draw(LSTM(), [np.full((1, 2), float(i)) for i in range(5)])
    assert {f"{n}: Linear(5, 3)" for n in "ifog"} <= set(titles(graph))
    assert list(graph.picture.titles.values()) == ["× 5"]


def test_what_every_step_of_a_chain_hands_on_is_marked():
    cell, rng = linear(2, 2), np.random.default_rng(0)

    def states(x):
        h, found = x, []
        for _ in range(4):
            h = np.tanh(cell(h))
            found.append(h)
        return np.sum(np.stack(found)) + np.sum(h)

    graph = viz.draw(states, rng.normal(size=(1, 2)))
    assert list(graph.picture.titles.values()) == ["× 4"]
    each = {(link.source, link.target): link.each for link in graph.picture.view.links if link.each > 1}
    assert each == {("tanh", "stack"): 4}
    assert "(all 4)" in graph.text()
    assert "all 4" in graph.svg()


def test_a_folded_box_shows_the_range_over_all_it_stands_for():
    ws = [tl.Value(np.array([float(i), 2.0 * i]), name=f"w{i}") for i in range(1, 6)]
    x = tl.Value(np.ones(2), name="x")
    graph = np.sum(np.stack([np.tanh(x * w) for w in ws])).graph(fold=True, view="both")
    norms = [node.gradient.norm for node in graph.snapshot.nodes if node.operation == "multiply"]
    (text,) = [label.lines[-1] for label in graph.picture.labels.values() if label.title.startswith("multiply")]
    assert text == f"‖∇‖ {min(norms):.4g} … {max(norms):.4g}"
    lines = next(label.lines for label in graph.picture.labels.values() if label.title == "w1 … w5")
    assert lines[1] == "1 … 10"


@pytest.mark.parametrize("kind", [tl.nn.LSTM, tl.nn.GRU, tl.nn.RNN])
def test_the_steps_of_recurrent_layers_fold_layer_by_layer(kind):
    layer = kind(3, 4, num_layers=2, rng=np.random.default_rng(0))
    text = viz.draw(layer, np.ones((12, 2, 3)), fold=True).text()
    assert text.count("× 12\n") == 2
    assert text.count("index=0 … 11") == 2
    assert "residuals" not in text
