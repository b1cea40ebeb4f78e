"""The steps against the sweep of `backward()`: same order, same numbers, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.core.graph import ancestors
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.snapshot import Snapshot
from tinygrad_lab.viz.describe.stepper import steps
from tinygrad_lab.viz.describe.tracing import Trace

UNARY = [np.tanh, np.sin, np.negative, lambda a: a * a, lambda a: np.sum(a, axis=-1, keepdims=True), lambda a: 3.0 * a]
BINARY = [np.add, np.subtract, np.multiply, np.maximum, lambda a, b: a / (2.0 + b * b), lambda a, b: a * a + b]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tl.Value], tl.Value]:
    """Leaves and a scalar computed from them, with values used again and again, and broadcasting."""
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    shapes = draw(st.lists(st.sampled_from([(), (3,), (2, 3), (2, 1)]), min_size=1, max_size=3))
    leaves = [tl.Value(rng.normal(size=shape).astype(dtype), name=f"v{i}") for i, shape in enumerate(shapes)]
    pool = list(leaves)
    for _ in range(draw(st.integers(1, 8))):
        pick = st.sampled_from(pool)
        if draw(st.booleans()):
            value = draw(pick)
            function = draw(st.sampled_from(UNARY))
            pool.append(function(value) if value.ndim else np.tanh(value))
        else:
            pool.append(draw(st.sampled_from(BINARY))(draw(pick), draw(pick)))
    return leaves, sum((np.sum(value) for value in pool[1:]), np.sum(pool[0]))


def snapshot_of(*outputs: tl.Value) -> Snapshot:
    return capture(list(outputs), Trace(), "test")


@given(graphs())
def test_steps_are_those_of_backward(graph):
    _, output = graph
    order = [value for value in ancestors([output]) if value.op is not None]
    seen: list[np.ndarray] = []
    for value in order:
        value.register_hook(lambda g: seen.append(np.asarray(g).copy()))
    output.backward()

    found = steps(snapshot_of(output))
    seen = seen[: len(order)]  # drawing runs the hooks once more

    assert [step.node.operation for step in found] == [value.op.name for value in order]
    for step, gradient in zip(found, seen, strict=True):
        np.testing.assert_array_equal(np.array(step.upstream.value), gradient)


@given(graphs())
def test_last_sum_at_every_node_is_its_gradient(graph):
    leaves, output = graph
    snapshot = snapshot_of(output)
    last, count = {}, {}
    for step in steps(snapshot):
        for contribution in step.contributions:
            source = contribution.edge.source
            count[source] = count.get(source, 0) + 1
            assert (contribution.arrived, contribution.uses) == (count[source], snapshot.by_id[source].uses)
            last[source] = contribution.total

    for source, total in last.items():
        assert total == snapshot.by_id[source].gradient.value
    output.backward()
    for leaf in leaves:
        if leaf.grad is not None:
            np.testing.assert_array_equal(np.array(last[leaf.name]), leaf.grad)


@given(graphs())
def test_upstream_times_local_is_the_contribution(graph):
    _, output = graph
    for step in steps(snapshot_of(output)):
        for contribution in step.contributions:
            edge = contribution.edge
            if edge.local is not None:
                product = np.array(step.upstream.value) * np.array(edge.local)
                extra = product.ndim - len(edge.gradient.shape)
                product = product.sum(axis=tuple(range(extra)))
                stretched = tuple(i for i, n in enumerate(edge.gradient.shape) if n == 1 and product.shape[i] != 1)
                product = product.sum(axis=stretched, keepdims=True)
                np.testing.assert_allclose(product, edge.gradient.value, rtol=1e-5, atol=1e-6)


def test_steps_as_text():
    a, b = tl.Value(2.0, name="a"), tl.Value(-3.0, name="b")
    first, second = steps(snapshot_of(np.tanh(a * b)))
    assert str(second).endswith("to b")
    assert str(first).startswith("tanh: 1.0 × ")


def test_a_large_array_is_shown_by_its_norm():
    w = tl.Value(np.ones((5, 6)), name="w")
    (step, *_) = steps(snapshot_of(np.sum(w) + np.sum(2.0 * w)))
    assert str(step).startswith("add: 1.0 × 1.0 = 1.0 to ")
    contributions = [c for step in steps(snapshot_of(np.sum(w) + np.sum(2.0 * w))) for c in step.contributions]
    assert contributions[-1].total is None
    assert (contributions[-1].arrived, contributions[-1].uses) == (2, 2)


def test_an_output_that_is_used_again_begins_with_its_seed():
    x = tl.Value(3.0, name="x")
    y = x * x
    final = [c for step in steps(snapshot_of(y, 5.0 * y)) for c in step.contributions][-1]
    assert final.total == 36.0


def test_a_leaf_alone_has_no_steps():
    assert steps(snapshot_of(tl.Value(1.0))) == ()


def test_without_gradients_there_are_no_steps():
    def broken(g, y, x):
        raise ZeroDivisionError("not yet")

    unfinished = tl.primitive(broken)(lambda x: x + 1)
    snapshot = snapshot_of(unfinished(tl.Value(1.0)))
    assert steps(snapshot) == ()
    assert "not yet" in snapshot.notes[0]


def test_not_a_number_passes_through():
    x = tl.Value(float("nan"), name="x")
    (step,) = steps(snapshot_of(np.tanh(x)))
    assert str(step) == "tanh: 1.0 × nan = nan to x"
    assert step.contributions[0].total == "nan"


@pytest.mark.parametrize("length", [1, 3_000])
def test_a_chain_has_a_step_for_each_operation(length):
    value = x = tl.Value(1.0, name="x")
    for _ in range(length):
        value = value + 1.0
    found = steps(snapshot_of(value))
    assert len(found) == length
    assert found[-1].contributions[0].edge.source == x.name


def test_the_elements_of_arrays_are_told_to_four_digits():
    w = tl.Value([1.23456789, 1 / 3], name="w")
    last = str(steps(np.sum(w * w).graph().snapshot)[-1])
    assert "× [1.235, 0.3333] = " in last
    assert last.endswith("to w (2 of 2, Σ [2.469, 0.6667])")
