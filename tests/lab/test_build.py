from __future__ import annotations

import inspect
import itertools
import re

import numpy as np
import pytest

from tinygrad_lab import nn, optim
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.build import build, resolve
from tinygrad_lab.lab.config import ACTIVATIONS, REDUCTIONS, Config
from tinygrad_lab.lab.data import Dataset
from tinygrad_lab.lab.objectives import OBJECTIVES
from tinygrad_lab.lab.training import train
from tinygrad_lab.optim import schedules

POINTS = np.random.default_rng(0).normal(size=(12, 3))
TWO = Dataset("two", POINTS, np.arange(12) % 2, ("a", "b", "c"), ("no", "yes"))
THREE = Dataset("three", POINTS, np.arange(12) % 3, ("a", "b", "c"), ("x", "y", "z"))


def make(dataset=TWO, seed=0, **fields):
    return build(resolve(Config(**fields), dataset), dataset, np.random.default_rng(seed))


def layers(experiment):
    return [type(module).__name__ for module in experiment.model]


def test_hidden_layers_each_with_its_activation():
    assert layers(make(hidden=(5, 4), activation="relu", loss="mse")) == [
        *("Linear", "ReLU", "Linear", "ReLU", "Linear", "Sigmoid")
    ]
    assert layers(make(hidden=(), loss="mse", output="none")) == ["Linear"]
    assert layers(make(hidden=(5,), activation="none", loss="mse")) == ["Linear", "Linear", "Sigmoid"]


def test_shapes_and_biases():
    shapes = [p.shape for p in make(hidden=(5, 4)).model.parameters()]
    assert shapes == [(5, 3), (5,), (4, 5), (4,), (1, 4), (1,)]
    shapes = [p.shape for p in make(hidden=(5, 4), bias=False).model.parameters()]
    assert shapes == [(5, 3), (4, 5), (1, 4)]


@pytest.mark.parametrize(("conv", "width"), [("4:2", 8), ("2:3", 2), ("4:2:2", 4), ("4:3:1:1", 12), ("1:3:2:2", 3)])
def test_a_convolution_comes_first(conv, width):
    experiment = make(conv=conv, hidden=(5,), activation="tanh")
    assert layers(experiment) == ["Conv1D", "Tanh", "Flatten", "Linear", "Tanh", "Linear"]
    assert experiment.model[3].weight.shape == (5, width)
    assert experiment.predict(POINTS)[0].shape == (12, 1)


@pytest.mark.parametrize("conv", ["4", "4:2:1:1:1", "4:x", "0:2", "4:0", "4:2:0", "-4:2", "4:2.5", ":"])
def test_what_is_no_convolution(conv):
    with pytest.raises(LabError, match=re.escape(f"conv must be FILTERS:KERNEL[:STRIDE[:PADDING]], got {conv!r}")):
        make(conv=conv)


def test_a_kernel_must_fit():
    with pytest.raises(LabError, match="a conv kernel of 4 does not fit into 3 features with padding 0"):
        make(conv="4:4")


def test_weights_come_from_the_legacy_generator_as_rows_by_columns_in_order():
    config = resolve(Config(hidden=(3, 4), bias=False, init="rand"), TWO)
    model = build(config, TWO, np.random.RandomState(7)).model
    r = np.random.RandomState(7)
    for parameter, (rows, columns) in zip(model.parameters(), [(3, 3), (3, 4), (4, 1)], strict=True):
        assert np.array_equal(parameter.data.T, r.rand(rows, columns))


@pytest.mark.parametrize(
    ("fields", "dataset", "loss", "output"),
    [
        ({}, TWO, "bce", "sigmoid"),
        ({"output": "none"}, TWO, "bce_with_logits", "none"),
        ({"output": "softmax"}, TWO, "cross_entropy", "softmax"),
        ({"loss": "mse"}, TWO, "mse", "sigmoid"),
        ({"loss": "mse", "output": "none"}, TWO, "mse", "none"),
        ({}, THREE, "cross_entropy", "softmax"),
    ],
)
def test_loss_and_output_are_chosen_together(fields, dataset, loss, output):
    config = resolve(Config(**fields), dataset)
    assert (config.loss, config.output) == (loss, output)
    assert config == resolve(config, dataset)


def test_more_than_two_classes_need_the_cross_entropy():
    with pytest.raises(LabError, match="loss must be cross_entropy for the 3 classes of three, got mse"):
        resolve(Config(loss="mse"), THREE)


@pytest.mark.parametrize("dataset", [TWO, THREE])
def test_probabilities_are_probabilities(dataset):
    p, classes = make(dataset).predict(POINTS)
    assert np.array_equal(classes, p[:, 0] >= 0.5 if dataset is TWO else np.argmax(p, axis=1))
    assert p.shape == (12, 1 if dataset is TWO else 3)
    assert ((p >= 0) & (p <= 1)).all()
    if dataset is THREE:
        np.testing.assert_allclose(p.sum(axis=1), 1)


def test_the_cross_entropy_is_finite_where_probabilities_round_to_0_and_1():
    experiment = make(hidden=(), lr=1.0)
    experiment.model[0].load_state_dict({"weight": np.full((1, 3), 1e4), "bias": np.zeros(1)})
    x, y = experiment.arrays(TWO)
    objective = experiment.loss(experiment.model(x), y)
    objective.backward()
    z = experiment.model(x).data
    expected = np.mean(np.maximum(z, 0) - z * y)  # log(1 + exp(z)) is z or 0 here, to rounding
    np.testing.assert_allclose(objective.item(), expected)
    assert np.abs(experiment.model[0].weight.grad).max() > 0


COMBINATIONS = [
    *itertools.product(ACTIVATIONS, ["bce"], ["sgd"], ["xavier_uniform"], ["mean"]),
    *itertools.product(["tanh"], OBJECTIVES, ["sgd"], ["xavier_uniform"], REDUCTIONS),
    *itertools.product(["tanh"], ["bce"], optim.OPTIMIZERS, ["xavier_uniform"], ["mean"]),
    *itertools.product(["tanh"], ["bce"], ["sgd"], nn.init.INITIALISERS, ["mean"]),
]


@pytest.mark.parametrize(("activation", "loss", "optimizer", "init", "reduction"), COMBINATIONS)
def test_every_choice_trains(activation, loss, optimizer, init, reduction):
    lr = 0.01 if reduction == "mean" else 0.001
    experiment = make(activation=activation, loss=loss, optimizer=optimizer, init=init, reduction=reduction, lr=lr)
    history = train(experiment.model, experiment.arrays(TWO), experiment.loss, experiment.optimizer, epochs=30)
    assert history.stopped_by == "epochs"
    assert history.loss[-1] <= history.loss[0]


def rates(schedule, updates, **fields):
    experiment = make(schedule=schedule, lr=0.5, epochs=updates, **fields)
    return [experiment.optimizer.rate(step) for step in range(updates)]


def test_schedules():
    assert rates("constant", 3) == [0.5] * 3
    assert rates("step:2:0.1", 5) == pytest.approx([0.5, 0.5, 0.05, 0.05, 0.005])
    assert rates("exponential:0.5", 3) == [0.5, 0.25, 0.125]
    assert rates("cosine", 2) == pytest.approx([0.5, 0.25])
    assert rates("cosine:0.1", 2) == pytest.approx([0.5, 0.3])
    assert rates("warmup:2", 4) == [0.25, 0.5, 0.5, 0.5]
    assert rates("warmup:2+exponential:0.5", 3) == [0.25, 0.25, 0.125]


@pytest.mark.parametrize("name", schedules.SCHEDULES)
def test_every_schedule_can_be_chosen(name):
    required = [
        p.name for p in inspect.signature(schedules.SCHEDULES[name]).parameters.values() if p.default is p.empty
    ]
    options = dict.fromkeys(required[1:], 2) | ({"total": 9} if "total" in required else {})
    expected = schedules.SCHEDULES[name](0.5, **options)
    text = ":".join([name, *("2" for option in required[1:] if option != "total")])
    assert rates(text, 9) == [expected(step) for step in range(9)]


def test_a_schedule_that_does_not_work_says_why():
    with pytest.raises(LabError, match=r"config: the schedule .* does not work .*pct_start must be between"):
        make(schedule="one_cycle:2")


def test_a_cosine_ends_with_the_last_update_of_the_last_batch():
    assert make(schedule="cosine", lr=0.5, epochs=10, batch_size=5).optimizer.rate(30) == pytest.approx(0)


NO_SCHEDULES = """
linear step step:x step:x:1 step:0:0.5 step:1:2:3 step:1.5:0.5 exponential:-1 exponential:inf cosine:1:2 constant:1
warmup warmup:0 warmup:5+ warmup:5+warm cosine+step:1:1
"""


@pytest.mark.parametrize("schedule", ["", *NO_SCHEDULES.split()])
def test_what_is_no_schedule(schedule):
    with pytest.raises(LabError, match=re.escape("schedule must be constant, step:STEP_SIZE[:GAMMA], ")):
        make(schedule=schedule)


def test_momentum_and_reduction_arrive():
    assert make(momentum=0.9).optimizer.momentum == 0.9
    assert make(reduction="sum").loss.reduction == "sum"
    assert isinstance(make(loss="huber").loss, nn.HuberLoss)
