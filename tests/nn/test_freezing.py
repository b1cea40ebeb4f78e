"""Frozen parameters are still parameters: saved, copied, counted; but nobody's gradient."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import tree
from tinygrad_lab.errors import GraphError

X = np.random.default_rng(0).normal(size=(4, 2))


def build():
    return tl.nn.Sequential(tl.nn.Linear(2, 3), tl.nn.Tanh(), tl.nn.Linear(3, 1))


@pytest.mark.parametrize(
    "freeze",
    [
        lambda m: m[0].requires_grad_(False),
        lambda m: [p.requires_grad_(False) for p in m[0].parameters()],
        lambda m: [setattr(p, "requires_grad", False) for p in m[0].parameters()],
    ],
)
def test_a_frozen_layer_is_saved_and_not_trained(freeze):
    model = build()
    names, before = list(model.state_dict()), model.state_dict()
    freeze(model)
    assert list(model.state_dict()) == names
    assert len(model.parameters()) == 4
    optimizer = tl.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        np.sum(model(X) ** 2).backward()
        optimizer.step()
    for name, array in model.state_dict().items():
        assert np.array_equal(array, before[name]) == name.startswith("0.")
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert list(twin.state_dict()) == names
        assert [p.requires_grad for p in twin.parameters()] == [False, False, True, True]
    other = build()
    other.load_state_dict(model.state_dict())
    model.requires_grad_()
    np.sum(model(X)).backward()
    assert all(p.grad is not None for p in model.parameters())


def test_transforms_leave_frozen_parameters_out():
    model = build()
    model[0].requires_grad_(False)
    assert len(tree.flatten(model)[0]) == 2
    gradient = tl.grad(lambda model: np.sum(model(X) ** 2))(model)
    assert gradient[0].weight is model[0].weight
    np.sum(model(X) ** 2).backward()
    np.testing.assert_allclose(gradient[2].weight.data, model[2].weight.grad)
    assert len(gradient.state_dict()) == 4


def test_nothing_is_recorded_behind_frozen_layers():
    model = build().requires_grad_(False)
    assert not model(X).requires_grad


def test_constants_and_results_are_no_parameters_still():
    class Model(tl.nn.Module):
        def __init__(self):
            self.constant = tl.Value(1.0, requires_grad=False)
            self.weight = tl.Value(2.0)

        def forward(self, x):
            with tl.no_grad():
                self.seen = self.weight * x
            self.result = self.weight * x * self.constant
            return self.result

    model = Model()
    model(3.0)
    assert list(model.state_dict()) == ["weight"]
    with pytest.raises(GraphError, match=r"requires_grad_: only leaves .* this is the result of multiply"):
        model.result.requires_grad_(False)
    assert model.constant.requires_grad_() is model.constant
    assert list(model.state_dict()) == ["constant", "weight"]
