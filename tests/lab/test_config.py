from __future__ import annotations

import dataclasses
import json
import re

import pytest

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config


def test_a_configuration_survives_json():
    config = Config(hidden=(3, 5), conv="4:2", batch_size=2, until="loss<1")
    assert Config(**json.loads(json.dumps(config.to_dict()))) == config


def test_every_field_is_in_the_json():
    assert set(Config().to_dict()) == {field.name for field in dataclasses.fields(Config)}


@pytest.mark.parametrize(
    ("fields", "epochs", "until"),
    [
        ({}, 10_000, "accuracy=1 and loss<0.01"),
        ({"epochs": 7}, 7, None),
        ({"until": "loss<1"}, 10_000, "loss<1"),
        ({"epochs": 7, "until": "loss<1"}, 7, "loss<1"),
    ],
)
def test_how_long_to_train(fields, epochs, until):
    config = Config(**fields)
    assert (config.limit, config.condition) == (epochs, until)


@pytest.mark.parametrize("epochs", [1, 2, 99, 100, 101, 3000, 10_000, 50_000, 800_000])
def test_about_ten_to_a_hundred_log_lines(epochs):
    interval = Config(epochs=epochs).log_interval
    assert min(10, epochs) <= epochs // interval <= 100
    assert set(str(interval)) <= {"1", "0"}
    assert Config(epochs=epochs, log_every=3).log_interval == 3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"activation": "sigmod"}, "activation must be one of celu, elu, gelu, "),
        ({"output": "tanh"}, "output must be one of sigmoid, softmax, none, got 'tanh'; check the spelling"),
        ({"init": "best"}, "init must be one of zeros, uniform, normal, rand, "),
        ({"loss": "mean"}, "loss must be one of mse, l1, huber, bce, bce_with_logits, cross_entropy, got 'mean'"),
        ({"reduction": "none"}, "reduction must be one of mean, sum, got 'none'"),
        ({"optimizer": "gd"}, "optimizer must be one of adagrad, adam, adamw, "),
        ({"hidden": (4, 0)}, "hidden must be a whole number of at least 1, got 0"),
        (
            {"points": 50},
            "the number of points of xor is fixed and cannot be set to 50; leave points out, or choose among linear, "
            "two_moons, circles, spirals, ",
        ),
        ({"noise": -1.0}, "noise must be at least 0, got -1.0; try 0.01"),
        ({"noise": 0.1, "data": "a.csv"}, "noise 0.1 is only for data that are drawn (xor, linear, "),
        ({"weight_decay": -1}, "weight_decay must be at least 0, got -1; try 0.01"),
        ({"data": "sine", "task": "classification"}, "the task of sine is regression, not classification; "),
        ({"points": 0}, "points must be a whole number of at least 1, got 0"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number of at least 1, got 1.5"),
        ({"batch_size": -1}, "batch_size must be a whole number of at least 1, got -1"),
        ({"log_every": 0}, "log_every must be a whole number of at least 1, got 0"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": 2**32, "legacy_rng": True}, "legacy_rng does not take the seed 4294967296"),
        ({"lr": 0.0}, "lr must be a positive number, got 0.0; try 0.1"),
        ({"lr": float("nan")}, "lr must be a positive number, got nan"),
        ({"lr": float("inf")}, "lr must be a positive number, got inf"),
        ({"momentum": 1.0}, "momentum must be at least 0 and less than 1, got 1.0"),
        (
            {"momentum": 0.9, "optimizer": "adam"},
            "the optimizer adam has no momentum, got 0.9; leave it out, or use rmsprop or sgd",
        ),
        (
            {"loss": "bce", "output": "none"},
            "loss bce needs the output sigmoid, got none; leave the output out; bce_with_logits",
        ),
        ({"loss": "cross_entropy", "output": "sigmoid"}, "loss cross_entropy needs the output softmax, got sigmoid"),
    ],
)
def test_what_cannot_be_meant_is_refused(fields, message):
    with pytest.raises(LabError, match=re.escape(f"config: {message}")):
        Config(**fields)
