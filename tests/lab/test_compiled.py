"""A compiled training gives the numbers of the loop, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_lab import nn, optim
from tinygrad_lab.errors import CompileError
from tinygrad_lab.lab import steps
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.objectives import OBJECTIVES
from tinygrad_lab.lab.running import prepare
from tinygrad_lab.lab.sweeps import working

pytestmark = pytest.mark.slow

CONFIGS = [
    *({"activation": name} for name in nn.ACTIVATIONS),
    *({"loss": name} for name in OBJECTIVES),
    *({"optimizer": name, "lr": 0.01} for name in optim.OPTIMIZERS),
    {"momentum": 0.9, "dampening": 0.9},
    {"conv": "4:2", "activation": "relu"},
    {"dropout": 0.3},
    {"data": "linear", "points": 30, "legacy_rng": True, "bias": False, "init": "rand", "reduction": "sum"},
    {"until": "accuracy=1 and loss<0.3", "epochs": 4000},
    {"until": "loss<0.5"},
    {"epochs": 1},
    {"epochs": 2, "hidden": ()},
    {"task": "regression", "standardize": True},
    {"loss": "mse", "output": "none", "activation": "none", "lr": 10.0, "epochs": 500},
]


@pytest.mark.parametrize("options", CONFIGS, ids=str)
def test_the_same_numbers(options):
    config = Config(**{"hidden": (3,), "epochs": 150, "lr": 0.3} | options)
    one, two = prepare(config).train(compile="numpy"), prepare(config).train()
    # Of plain arrays, cross-entropy takes classes by their places; a program multiplies by zeros and ones.
    rounding = {"rtol": 1e-11 if config.loss == "cross_entropy" else 0, "atol": 0}
    np.testing.assert_allclose(one.history.loss, two.history.loss, **rounding)
    assert one.history.accuracy == two.history.accuracy
    assert (one.history.epochs, one.history.stopped_by) == (two.history.epochs, two.history.stopped_by)
    for name, array in two.model.state_dict().items():
        np.testing.assert_allclose(one.model.state_dict()[name], array, err_msg=name, **rounding)


def test_what_cannot_be_compiled_is_trained_all_the_same(monkeypatch):
    def refuse(*_, **__):
        raise CompileError("no; not this one")

    monkeypatch.setattr(steps, "compile", refuse)
    config = Config(epochs=2500, hidden=(2,), until="loss<0.69")
    left = working.work(config, lambda epoch: False)
    assert left["loss"] == prepare(config).train().history.loss[-1]


def test_one_program_serves_all_rates_and_seeds():
    def program(**options):
        run = prepare(Config(hidden=(2,), epochs=5, activation="sigmoid", **options))
        training = run.training(compile="numpy")
        for _ in range(2):
            training.evaluate()
        return training.steps.step.source

    assert program(lr=0.125) == program(lr=0.25, seed=3)
    assert program(lr=0.125) != program(lr=0.125, momentum=0.5)


def test_a_compiled_training_can_be_looked_at_as_often_as_is_wanted():
    seen = []
    prepare(Config(epochs=60, hidden=(2,))).train([lambda h: seen.append(h.epochs)], "numpy", every=15)
    assert {15, 30, 45, 60} <= set(seen)
