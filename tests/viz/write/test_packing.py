from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.viz.measure import tangle
from tinygrad_lab.viz.describe import summary
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.tracing import Trace
from tinygrad_lab.viz.write.html import page
from tinygrad_lab.viz.write.packing import column, pack


def entries(packed, count):
    if isinstance(packed, list):
        return packed
    return [packed["all"]] * count if "all" in packed else [packed["table"][i] for i in packed["at"]]


@given(st.lists(st.one_of(st.none(), st.text(max_size=2), st.lists(st.integers(0, 2), max_size=2)), min_size=1))
def test_columns_hold_their_entries(given_entries):
    assert entries(json.loads(json.dumps(column(given_entries))), len(given_entries)) == given_entries


def test_a_packed_snapshot_is_small_and_says_the_same():
    snapshot = capture([tangle(2000)], Trace(), "tangle")
    packed = json.loads(json.dumps(pack(snapshot)))
    plain = snapshot.to_dict()
    assert len(json.dumps(packed)) < 0.25 * len(json.dumps(plain))
    for field in ("id", "kind", "operation", "uses", "formulas"):
        assert entries(packed["nodes"][field], len(plain["nodes"])) == [node[field] for node in plain["nodes"]]
    names = entries(packed["nodes"]["id"], len(plain["nodes"]))
    assert [names[i] for i in packed["edges"]["source"]] == [edge["source"] for edge in plain["edges"]]
    norms = entries(packed["nodes"]["value"]["norm"], len(plain["nodes"]))
    np.testing.assert_allclose(norms, [node["value"]["norm"] for node in plain["nodes"]], rtol=1e-4)


def test_large_graphs_are_outlined_and_packed(monkeypatch):
    for module in ("summary", "capture", "gradients"):
        monkeypatch.setattr(f"tinygrad_lab.viz.describe.{module}.LARGE", 50)
    monkeypatch.setattr("tinygrad_lab.viz.write.html.LARGE", 50)
    x = tl.Value(np.arange(20.0), name="x")
    y = x
    for _ in range(60):
        y = np.tanh(y) + 0.5
    snapshot = np.sum(y).graph().snapshot
    node = snapshot.by_id["tanh"]
    assert (node.value.minimum, node.value.value) == (0.0, None)
    assert np.isclose(node.gradient.norm, node.gradient.rms * np.sqrt(20))
    assert '"packed"' in page(snapshot)
    assert summary.outline(np.zeros(3)).dead
    assert summary.outline(np.array([1.0, np.nan])).nan == 1
