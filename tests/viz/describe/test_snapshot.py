import json
import math
import re
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_lab as tl
from tests.viz.examples import Recurrent, chain, linear, steps
from tinygrad_lab import nn, viz
from tinygrad_lab.errors import ArgumentError, GraphError, NonFiniteError
from tinygrad_lab.viz.describe.summary import BINS, SMALL, summarise

UNARY = (np.tanh, np.sin, np.exp, np.negative, lambda v: v * v, lambda v: v[..., :1] + v, lambda v: v / 3)


@st.composite
def graphs(draw):
    """A scalar computed from two leaves by a few operations, values shared at random."""
    values = [tl.Value(np.array([0.5, -1.0, 2.0]), name="a"), tl.Value(np.array([1.5]), name="b")]
    leaves = list(values)
    for _ in range(draw(st.integers(1, 8))):
        one, two = draw(st.sampled_from(values)), draw(st.sampled_from(values))
        values.append(draw(st.sampled_from(UNARY))(np.tanh(one)) if draw(st.booleans()) else one * two)
    return leaves, np.sum(values[-1])


@given(graphs())
def test_gradients_are_those_of_backward_and_nothing_is_touched(graph):
    leaves, loss = graph
    snapshot = loss.graph().snapshot
    assert all(leaf.grad is None for leaf in leaves)
    loss.backward()
    for leaf in leaves:
        if leaf.grad is not None:
            assert snapshot.by_id[leaf.name].gradient.value == leaf.grad.tolist()
            assert snapshot.by_id[leaf.name].value.value == leaf.data.tolist()


@given(graphs())
def test_contributions_add_up_and_order_is_topological(graph):
    snapshot = graph[1].graph().snapshot
    place = {node.id: i for i, node in enumerate(snapshot.nodes)}
    assert all(place[edge.source] < place[edge.target] for edge in snapshot.edges)
    for node in snapshot.nodes:
        flows = [e.gradient.value for e in snapshot.edges if e.source == node.id and e.gradient is not None]
        assert node.uses == len(flows)
        if flows:
            np.testing.assert_allclose(sum(map(np.asarray, flows)), node.gradient.value, rtol=1e-12)


@given(graphs())
def test_upstream_times_local_derivative_is_the_contribution(graph):
    snapshot = graph[1].graph().snapshot
    for edge in snapshot.edges:
        upstream = snapshot.by_id[edge.target].gradient
        source = snapshot.by_id[edge.source].value
        if edge.local is not None and np.shape(edge.local) == source.shape:
            np.testing.assert_allclose(
                np.multiply(upstream.value, edge.local), edge.gradient.value, rtol=1e-9, atol=1e-12
            )


@given(hnp.arrays(st.sampled_from([*"efdgFDGbBlL?"]),
                  hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)))  # fmt: skip
def test_summaries(x):
    with np.errstate(all="ignore"):
        summary = summarise(x)
    assert (summary.shape, summary.dtype) == (x.shape, str(x.dtype))
    with np.errstate(all="ignore"):  # what is too large for a double is infinite
        wide = x.astype(np.complex128) if x.dtype.kind == "c" else x.astype(np.float64)
    assert summary.nan == np.isnan(wide).sum()
    assert summary.infinite == np.isinf(wide).sum()
    assert summary.zero == (wide == 0).sum()
    assert summary.finite == np.isfinite(wide).all()
    if summary.finite and x.size and x.dtype.kind != "c":
        assert (summary.minimum, summary.maximum) == (wide.min(), wide.max())
    assert (summary.value is None) == (x.size > SMALL)
    assert not summary.histogram or (len(summary.histogram), sum(summary.histogram)) == (BINS, np.isfinite(wide).sum())
    json.dumps(summary.to_dict(), allow_nan=False)


def test_a_norm_neither_overflows_nor_vanishes():
    assert summarise(np.array([3e200, 4e200])).norm == pytest.approx(5e200)
    assert summarise(np.array([3e-200, 4e-200])).norm == pytest.approx(5e-200)
    assert math.isnan(summarise(np.array([1.0, np.nan])).norm)


def test_json_has_what_json_has_not():
    with np.errstate(all="ignore"):
        y = np.log(tl.Value([0.0, -1.0, 1.0], name="x"))
    text = json.dumps(y.graph().snapshot.to_dict(), allow_nan=False)
    values = {node["id"]: node["value"] for node in json.loads(text)["nodes"]}
    assert values["log"]["value"] == ["-inf", "nan", 0.0]
    assert (values["log"]["nan"], values["log"]["infinite"], values["log"]["norm"]) == (1, 1, "nan")


def test_modules_are_grouped_by_call():
    snapshot = viz.draw(Recurrent(), steps(3)).snapshot
    assert [group.id for group in snapshot.groups if not group.parent] == ["cell#0", "cell#1", "cell#2", "out"]
    inner = next(group for group in snapshot.groups if group.id == "cell#1/u")
    assert (inner.parent, inner.path, inner.kind, inner.detail) == ("cell#1", "cell.u", "Linear", "2, 2")
    assert snapshot.by_id["cell#1/u/linear"].group == "cell#1/u"
    assert snapshot.by_id["cell.u.weight"].uses == 3
    assert snapshot.by_id["steps[2]"].kind == "input"
    assert snapshot.by_id["cell.u.weight"].group == ""  # used in three calls


def test_a_function_brings_its_modules_and_the_names_of_its_arguments():
    model, criterion = nn.Sequential(linear(2, 1)), nn.CrossEntropyLoss()

    def loss(x, labels):
        return criterion(np.concatenate([model(x), model(x) * 2], axis=1), labels)

    snapshot = viz.draw(loss, np.ones((3, 2)), np.array([0, 1, 1])).snapshot
    assert snapshot.title == "loss"
    assert {"Sequential#0", "Sequential#1", "CrossEntropyLoss"} <= {group.id for group in snapshot.groups}
    kinds = {node.id: node.kind for node in snapshot.nodes if not node.operation}
    assert {"x": "input", "0.weight": "parameter"}.items() <= kinds.items()


def test_nested_lists_of_numbers_are_arrays_and_values_lose_their_history():
    before = tl.Value(1.0, name="before") * np.ones((1, 2))
    assert viz.draw(linear(2, 1), [[1.0, 2.0]]).snapshot.by_id["x"].value.shape == (1, 2)
    assert "before" not in viz.draw(linear(2, 1), before).snapshot.by_id


def test_parameters_without_influence_are_named():
    class Odd(nn.Module):
        def __init__(self):
            self.used, self.idle = tl.Value(2.0), tl.Value(3.0)

        def forward(self, x):
            return self.used * x

    assert viz.draw(Odd(), 1.0).snapshot.notes == ("Without influence on the output: idle.",)


def test_detached_values_are_marked():
    x = tl.Value(2.0, name="x")
    marks = {node.id: node.detached for node in (x * (x * x).detach()).graph().snapshot.nodes}
    assert marks == {"x": False, "constant": True, "multiply": False}


def test_a_second_order_graph():
    x = tl.Value(2.0, name="x")
    (x**3).backward(create_graph=True)
    snapshot = x.grad.graph().snapshot
    assert snapshot.by_id["x"].gradient.value == pytest.approx(12.0)
    assert snapshot.by_id[snapshot.outputs[0]].value.value == pytest.approx(12.0)


def test_transforms_inside_a_function_leave_no_traces_of_their_own():
    snapshot = viz.draw(lambda x: tl.grad(lambda v: np.sum(v**2))(x), np.ones(2)).snapshot
    assert "positive" not in {node.operation for node in snapshot.nodes}
    assert snapshot.by_id["x"].gradient.value == [2.0, 2.0]


def test_source_lines_of_what_is_run():
    def twice(x):
        return np.tanh(x) * 2

    first = twice.__code__.co_firstlineno
    snapshot = viz.draw(lambda x: linear(2, 2)(twice(x)), np.ones((1, 2))).snapshot
    assert snapshot.by_id["tanh"].source == f"tests/viz/describe/test_snapshot.py:{first + 1}"
    assert snapshot.by_id["multiply"].source == f"tests/viz/describe/test_snapshot.py:{first + 1}"
    assert not any(node.source for node in snapshot.nodes if not node.operation)


def test_source_lines_name_no_folder_of_the_machine(monkeypatch, tmp_path):
    def twice(x):
        return np.tanh(x)

    monkeypatch.chdir(tmp_path)
    source = viz.draw(twice, 1.0).snapshot.by_id["tanh"].source
    assert source == f"test_snapshot.py:{twice.__code__.co_firstlineno + 1}"


def test_source_lines_in_a_notebook_are_those_of_the_cell():
    cell = "import numpy as np\ndef f(x):\n    return np.tanh(x)\n"
    names = {"__name__": "__main__"}
    exec(compile(cell, "/tmp/ipykernel_17/3141592.py", "exec"), names)  # as Jupyter does
    assert viz.draw(names["f"], 1.0).snapshot.by_id["tanh"].source == "cell:3"


def test_no_source_line_where_only_draw_was_called():
    snapshot = viz.draw(linear(2, 2), np.ones((1, 2))).snapshot
    assert [node.source for node in snapshot.nodes] == [""] * 4


def test_inputs_that_do_not_fit_are_told():
    with pytest.raises(TypeError, match=r"draw: 0 inputs do not fit Linear\(x\); give them after it"):
        viz.draw(linear(2, 2))


def test_source_lines_in_debug_mode():
    with tl.debug():
        y = tl.Value(2.0, name="x") * 3.0
    assert "test_snapshot.py:" in y.graph().snapshot.by_id["multiply"].source


def test_debug_mode_does_not_stop_a_picture_of_infinity():
    x = tl.Value(0.0, name="x")
    y = np.sqrt(x)
    with tl.debug(), np.errstate(all="ignore"):
        assert not y.graph().snapshot.by_id["x"].gradient.finite
        with pytest.raises(NonFiniteError):
            y.backward()


def test_hooks_count_as_in_backward():
    x = tl.Value(2.0, name="x")
    y = x * 3.0
    y.register_hook(lambda g: g * 10)
    assert y.graph().snapshot.by_id["x"].gradient.value == 30.0
    assert x.grad is None


def test_a_broken_rule_leaves_the_forward_pass_to_look_at():
    @tl.primitive(lambda g, y, x: g.no_such_thing)
    def broken(x):
        return x + 1

    snapshot = broken(tl.Value(1.0, name="x")).graph().snapshot
    assert snapshot.notes[0].startswith("No gradients: AttributeError")
    assert snapshot.by_id["broken"].value.value == 2.0


def test_formulas_and_keywords():
    node = np.sum(tl.Value(np.ones((2, 3)), name="x"), axis=(0, 1), keepdims=True).graph().find("sum")[0]
    assert node.detail == "axis=(0, 1), keepdims=True"
    x = tl.Value(np.ones(5), name="x")
    assert x[1:3].graph().find("getitem")[0].detail == "index=1:3"
    product = (x * x).graph().snapshot
    assert [(f.argument, f.rule) for f in product.by_id["multiply"].formulas] == [("a", "g * b"), ("b", "g * a")]


def test_names_twice_over_stay_apart():
    a, b, c = (tl.Value(v, name=n) for v, n in ((1.0, "w"), (2.0, "w"), (3.0, "w-2")))
    assert [node.id for node in (a * b * c).graph().snapshot.nodes if not node.operation] == ["w", "w-2", "w-2-2"]


def test_drawing_keeps_nothing_alive(collect):
    class Array(np.ndarray):
        pass

    x = tl.Value(np.ones(1000), name="x")
    y = np.sum(np.tanh(x))
    dead = [weakref.ref(x), weakref.ref(y), weakref.ref(x.data)]
    graph = y.graph(view="both")
    graph.svg()
    del x, y
    collect()
    assert [ref() for ref in dead] == [None] * 3
    assert graph.text()


def test_a_module_drawn_is_not_kept_alive(collect):
    model = linear(2, 1)
    dead = weakref.ref(model)
    graph = viz.draw(model, np.ones((1, 2)))
    del model
    collect()
    assert dead() is None
    assert graph.svg()


@pytest.mark.slow
def test_ten_thousand_operations_deep():
    graph = chain(10_000).graph()
    assert graph.picture.view.caption == "10,000 operations, 4 shown"
    assert len(graph.snapshot.nodes) == 10_001 + 6_666


@pytest.mark.parametrize("make", [lambda: tl.Value(1.0, requires_grad=False), lambda: tl.Value(1.0).detach() * 2])
def test_nothing_recorded(make):
    with pytest.raises(GraphError, match="draw: the output has no recorded graph"):
        make().graph()


@pytest.mark.parametrize(
    ("draw", "text"),
    [
        (lambda x: viz.draw(lambda x: None, x), "draw: the function returned a NoneType, not a Value; return what is"),
        (lambda x: viz.draw(np.sum, x, training_steps=2), "draw: 2 training steps need an optimizer, got None"),
        (lambda x: viz.draw(np.sum, x, training_steps=0), "draw: training_steps must be a whole number from 1, got 0"),
        (lambda x: x.graph().svg(theme="pink"), "svg: theme must be 'auto' or 'light' or 'dark', got 'pink'"),
        (lambda x: x.graph().svg(engine="neato"), "svg: engine must be 'layered' or 'dot', got 'neato'"),
        (lambda x: x.graph().page(theme="pink"), "html: theme must be 'auto' or 'light' or 'dark', got 'pink'"),
        (lambda x: viz.compare(x, x).svg("pink"), "svg: theme must be 'auto' or 'light' or 'dark', got 'pink'"),
        (lambda x: x.graph().animate("a.svg", seconds=0), "animate: seconds must be more than 0, got 0"),
    ],
)
def test_what_cannot_be_drawn_says_so(draw, text):
    with pytest.raises((GraphError, ArgumentError), match=re.escape(text)):
        draw(np.tanh(tl.Value([1.0, 2.0])))


def test_a_compiled_function_is_drawn_as_what_it_was_made_of():
    function = lambda x: np.sum(np.tanh(x))
    x = tl.Value([1.0, 2.0], name="x")
    assert viz.draw(tl.compile(function), x).text() == viz.draw(function, x).text()


def test_an_array_of_truths_is_a_mask_and_no_data():
    x = tl.Value([1.0, 2.0, 3.0], name="x")
    nodes = {node.name: node.kind for node in (np.sum(x * np.array([True, False, True]))).graph().snapshot.nodes}
    assert nodes["mask"] == "constant"
