"""Walks over the graph: complete, in topological order, without recursion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.core import graph


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=40), st.data())
def test_ancestors_come_after_everything_computed_from_them(picks, data):
    nodes = [tl.Value(1.0), tl.Value(1.0, requires_grad=False)]
    for a, b in picks:
        nodes.append(nodes[a % len(nodes)] + nodes[b % len(nodes)])
    root = data.draw(st.sampled_from(nodes))
    order = graph.ancestors([root])
    position = {node: i for i, node in enumerate(order)}
    assert len(position) == len(order)
    assert all(node.requires_grad for node in order)
    assert (root in position) == root.requires_grad
    for node in order:
        for parent in node.parents:
            assert not parent.requires_grad or position[parent] > position[node]
    source = nodes[0]
    between = graph.between(order, {source})
    for node in order:
        reaches = node is source or any(parent in between for parent in node.parents)
        assert (node in between) == reaches


def test_since_leaves_out_what_is_older():
    w = tl.Value(2.0)
    old = w * w
    x = tl.Value(3.0)
    y = old * x
    assert graph.ancestors([y]) == [y, x, old, w]
    assert graph.ancestors([y], since=x.index) == [y, x]
    assert graph.reaches_back([y, x], x.index)
    assert not graph.reaches_back([y, x], w.index)


def test_no_root_that_requires_a_gradient_no_graph():
    assert graph.ancestors([]) == []
    assert graph.ancestors([tl.Value(1.0, requires_grad=False)]) == []


def test_a_root_given_twice_is_one_node():
    x = tl.Value(1.0)
    y = x * 2
    assert set(graph.ancestors([y, y])) == {x, y}
