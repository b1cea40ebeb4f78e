"""Grouping what repeats changes where nodes are shown, and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.viz.choose.repetitions import SHORT, grouped
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.tracing import Trace

KINDS = [np.tanh, np.sin, lambda v: 2.0 * v, lambda v: v + v]


@given(st.lists(st.tuples(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3), st.integers(1, 12)), max_size=4))
def test_groups_are_contiguous_and_hold_what_repeats(parts):
    value = tl.Value(0.5, name="x")
    for functions, times in parts:
        for _ in range(times):
            for function in functions:
                value = function(value)
    before = capture([value], Trace(), "test")
    after = grouped(before)

    assert [node.id for node in after.nodes] == [node.id for node in before.nodes]
    assert (after.edges, after.outputs) == (before.edges, before.outputs)
    known = {group.id for group in after.groups}
    operations = [node for node in after.nodes if node.operation]
    for group in known:
        inside = [i for i, node in enumerate(operations) if node.group == group]
        assert len(inside) > SHORT
        assert inside == list(range(inside[0], inside[-1] + 1))
    for node in after.nodes:
        assert not node.group or node.group in known
        if node.group and not node.operation:
            users = {edge.target for edge in after.edges if edge.source == node.id}
            assert all(after.by_id[user].group == node.group for user in users)


def test_runs_are_named_after_what_repeats():
    value = tl.Value(0.5, name="x")
    for _ in range(3):
        value = np.tanh(np.sin(np.cos(np.exp(value))))
    (group,) = grouped(capture([value], Trace(), "test")).groups
    assert group.name == "exp, cos, sin, … × 3"
