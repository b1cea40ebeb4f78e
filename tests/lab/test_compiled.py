"""A compiled training gives the numbers of the loop, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_lab import nn, optim
from tinygrad_lab.lab import compiled
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.objectives import OBJECTIVES
from tinygrad_lab.lab.running import prepare

CONFIGS = [
    *({"activation": name} for name in nn.ACTIVATIONS),
    *({"loss": name} for name in OBJECTIVES),
    *({"optimizer": name, "lr": 0.01} for name in optim.OPTIMIZERS),
    {"momentum": 0.9, "dampening": 0.9},
    {"conv": "4:2", "activation": "relu"},
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
    one, two = prepare(config), prepare(config).train()
    assert compiled.train(one)
    assert one.history.columns() == two.history.columns() or not np.isfinite(two.history.loss[-1])
    np.testing.assert_array_equal(one.history.loss, two.history.loss)
    assert one.history.stopped_by == two.history.stopped_by
    for name, array in two.model.state_dict().items():
        np.testing.assert_array_equal(one.model.state_dict()[name], array, err_msg=name)
    assert one.figures() == two.figures() or not np.isfinite(two.history.loss[-1])


@pytest.mark.parametrize("options", [{"batch_size": 4}, {"validation_fraction": 0.3}])
def test_other_trainings_are_left_to_the_loop(options):
    run = prepare(Config(epochs=5, **options))
    before = run.model.state_dict()
    assert not compiled.train(run)
    assert run.history.epochs == 0
    for name, array in run.model.state_dict().items():
        np.testing.assert_array_equal(before[name], array)


def test_a_schedule_is_followed_or_left_to_the_loop():
    config = Config(epochs=200, schedule="warmup:10+cosine", hidden=(2,))
    run, loop = prepare(config), prepare(config).train()
    if not compiled.train(run):
        run.train()
    np.testing.assert_array_equal(run.history.loss, loop.history.loss)
