"""What can be chosen by name stands in one table, and every row of it works."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

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
    t = np.array([0, 1]) if name in ("nll", "cross_entropy", "multi_margin") else np.array([[0.0, 1.0], [1.0, 0.0]])
    others = {"cosine_embedding": (1 - X, np.array([1, -1])), "triplet_margin": (t, 1 - t)}
    others |= dict.fromkeys(("margin_ranking", "gaussian_nll"), (t, 1 + t))
    inputs = others.get(name, (t,))
    if name == "ctc":
        p, inputs = np.log(p)[:, None] * np.ones((2, 1)), (np.array([[1], [0]]), np.array([2, 1]), np.array([1, 0]))
    each = nn.LOSSES[name](reduction="none")(p, *inputs).data
    expected = {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]
    loss = nn.LOSSES[name](reduction=reduction)(p, *inputs)
    np.testing.assert_allclose(loss.data, expected, rtol=1e-15)
    assert len(loss.parents) >= 1
    if nn.LOSSES[name].__module__ == "tinygrad_lab.nn.losses":
        assert loss.op.name == nn.LOSSES[name].function.__name__  # one operation, whatever the reduction


def defined(package):
    """Return the public classes and functions that the files of a package define."""
    files = [
        importlib.import_module(f"{package.__name__}.{file.name}") for file in pkgutil.iter_modules(package.__path__)
    ]
    return {
        thing
        for file in files
        for name, thing in vars(file).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == file.__name__
    }


def test_what_the_files_define_is_in_the_tables():
    tables = {*nn.LAYERS.values(), *nn.ACTIVATIONS.values(), *nn.LOSSES.values()}
    modules = {kind for kind in defined(nn) if inspect.isclass(kind) and issubclass(kind, nn.Module)}
    assert modules - tables == {nn.Module, nn.Function, nn.Activation, nn.Loss, nn.cells.Recurrent}
    kinds = {kind for kind in defined(optim) if inspect.isclass(kind) and issubclass(kind, optim.Optimizer)}
    assert kinds - {optim.Optimizer} == set(optim.OPTIMIZERS.values())
    functions = {thing for thing in vars(optim.schedules).values() if inspect.isfunction(thing)}
    schedules = {thing for thing in functions if thing.__annotations__.get("return") == "Schedule"}
    assert schedules - {optim.schedules.linear_warmup} == set(optim.schedules.SCHEDULES.values())
    initialisers = {
        thing
        for thing in vars(nn.init).values()
        if inspect.isfunction(thing) and [*inspect.signature(thing).parameters][:3] == ["shape", "rng", "dtype"]
    }
    assert {getattr(thing, "func", thing) for thing in nn.init.INITIALISERS.values()} <= initialisers


def test_every_layer_can_be_imported_by_name_and_is_documented():
    for table in (nn.LAYERS, nn.ACTIVATIONS, nn.LOSSES):
        for kind in table.values():
            assert kind.__name__ in nn.__all__
            assert getattr(nn, kind.__name__) is kind
            assert ">>> " in inspect.getdoc(kind)


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
