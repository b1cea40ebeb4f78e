"""Compiled programs as pictures."""

from __future__ import annotations

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import viz


def test_a_program_draws_with_its_loops_as_frames():
    def energy(w, h):
        h, made = tl.scan(lambda h, _: (np.tanh(h @ w), np.sum(h)), h, length=4)
        return np.sum(h * h) + np.sum(made)

    fast = tl.compile(tl.grad(energy))
    fast(np.eye(3), np.ones(3))
    graph = viz.draw(fast.program)
    snapshot = graph.snapshot
    assert snapshot.title == "energy"
    assert {group.kind for group in snapshot.groups} == {"loop"}
    assert all("× 4" in group.name for group in snapshot.groups)
    ids = [node.id for node in snapshot.nodes]
    assert len(set(ids)) == len(ids)
    assert all(ids.index(edge.source) < ids.index(edge.target) for edge in snapshot.edges)
    assert set(snapshot.outputs) <= set(ids)
    assert "tanh" in viz.draw(fast.program, level="op").svg()
    assert "energy" in graph.svg()


def test_a_step_shows_parameters_and_what_becomes_of_them():
    w = tl.Value([3.0, 4.0], name="w")
    optimizer = tl.optim.SGD([w], lr=0.1)

    @tl.compile(state=(w, optimizer))
    def step():
        optimizer.zero_grad()
        loss = np.sum(w * w)
        loss.backward()
        optimizer.step()
        return loss

    step()
    kinds = {node.name: node.kind for node in viz.draw(step.program).snapshot.nodes}
    assert kinds["w"] == "input"
    assert kinds["new_w"] == kinds["loss"] == kinds["g_w"] == "output"
