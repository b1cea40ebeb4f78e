"""What can be chosen by name stands in one table, and every row of it works."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import functional, nn, optim

X = np.array([[-2.0, -0.5], [0.25, 3.0]])


@pytest.mark.parametrize(("name", "activation"), nn.ACTIVATIONS.items())
def test_an_activation_is_its_function(name, activation):
    function = getattr(functional, name, None) or getattr(np, name)
    np.testing.assert_array_equal(activation()(X), function(X))
    assert repr(activation()).startswith(f"{activation.__name__}(")


@pytest.mark.parametrize("name", nn.LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_loss_reduces_what_it_gives_one_by_one(name, reduction):
    p = tl.Value(functional.sigmoid(X))
    t = np.array([0, 1]) if name in ("nll", "cross_entropy") else np.array([[0.0, 1.0], [1.0, 0.0]])
    each = nn.LOSSES[name](reduction="none")(p, t).data
    expected = {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]
    loss = nn.LOSSES[name](reduction=reduction)(p, t)
    np.testing.assert_allclose(loss.data, expected, rtol=1e-15)
    assert len(loss.parents) >= 1
    assert loss.op.name == nn.LOSSES[name].function.__name__  # one operation in the graph, whatever the reduction


def test_every_module_and_optimizer_is_in_its_table():
    functions = {cls for cls in vars(nn).values() if inspect.isclass(cls) and issubclass(cls, nn.Function)}
    tables = {*nn.ACTIVATIONS.values(), *nn.LOSSES.values()}
    resampling = {cls for cls in functions if "Pool" in cls.__name__} | {nn.Upsample}
    assert functions - tables - resampling == {
        nn.Function,
        nn.Loss,
        nn.Softmax,
        nn.LogSoftmax,
        nn.GLU,
    }  # not elementwise
    optimizers = {cls for cls in vars(optim).values() if inspect.isclass(cls)}
    assert optimizers - set(optim.OPTIMIZERS.values()) == {optim.Optimizer, optim.ParameterAverage}


@pytest.mark.parametrize("cls", [*nn.ACTIVATIONS.values(), *nn.LOSSES.values(), *optim.OPTIMIZERS.values()])
def test_every_class_has_formula_example_and_source(cls):
    text = inspect.getdoc(cls)
    assert "`" in text
    assert ">>> " in text
    assert "Source: " in text


def test_a_function_of_ones_own():
    class Power(nn.Function):
        function = staticmethod(np.power)

        def __init__(self, x2=2.0):
            self.x2 = x2

        def forward(self, x):
            return self.function(x, self.x2)

    module = Power(3.0)
    assert repr(module) == "Power(x2=3.0)"
    assert module(tl.Value(2.0)).item() == 8
