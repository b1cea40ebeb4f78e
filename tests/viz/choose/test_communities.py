from __future__ import annotations

import numpy as np
import pytest

from tests.viz.measure import tangle
from tinygrad_lab.viz.choose.communities import communities
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.tracing import Trace


@pytest.mark.parametrize("most", [10, 50, 150])
def test_a_tangle_becomes_few_groups_in_order(most):
    snapshot = capture([tangle(600)], Trace(), "tangle")
    found = communities(snapshot, most)
    assert [node.id for node in found.nodes] == [node.id for node in snapshot.nodes]
    assert found.edges == snapshot.edges
    tops = [node.group for node in found.nodes if node.operation]
    assert "" not in tops
    numbers = [int(own[1:]) for own in tops]
    assert numbers == sorted(numbers)  # contiguous in time: no cycle among groups
    assert most / 4 <= len(set(tops)) <= most


def test_borders_are_where_few_lines_pass():
    snapshot = capture([tangle(600)], Trace(), "tangle")
    found = communities(snapshot, 40)
    place = {node.id: node.group for node in found.nodes}
    between = sum(place[edge.source] != place[edge.target] for edge in found.edges if place[edge.source])
    operations = [node.id for node in snapshot.nodes if node.operation]
    blind = {own: i * 20 // len(operations) for i, own in enumerate(operations)}
    cut = sum(blind[e.source] != blind[e.target] for e in snapshot.edges if e.source in blind)
    assert between < cut


def test_small_graphs_stay_as_they_are():
    snapshot = capture([tangle(60)], Trace(), "tangle")
    assert communities(snapshot, 150) is snapshot
    assert np.isfinite(snapshot.operations)
