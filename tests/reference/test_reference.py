"""Layers, losses and optimizers compute what PyTorch computes; `make_reference.py` wrote the figures."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import tinygrad_lab as tl


def load(family):
    """Return the cases of a data file: (name, options, arrays by name)."""
    cases = {}
    with np.load(Path(__file__).parent / f"{family}.npz") as archive:
        for key in archive.files:
            position, name, options, array = json.loads(key)
            cases.setdefault(position, (name, options, {}))[2][array] = archive[key]
    return [pytest.param(*case, id=f"{case[0]} {json.dumps(case[1])}") for case in cases.values()]


CONVOLUTIONS, ACTIVATIONS, LOSSES, OPTIMIZERS = map(load, ("conv1d", "activations", "losses", "optimizers"))


def cotangent(shape):
    return np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape)


def assert_same(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)


def build(name, options):
    """Return the module, or the function, of that name with its options."""
    if hasattr(tl.nn, name):
        return getattr(tl.nn, name)(**options)
    return lambda x: getattr(tl.functional, name)(x, **options)


@pytest.mark.parametrize(("name", "options", "arrays"), CONVOLUTIONS)
def test_convolution(name, options, arrays):
    filters, channels, kernel_size = arrays["w"].shape
    layer = tl.nn.Conv1D(channels * options["groups"], filters, kernel_size, **options)
    layer.load_state_dict({"weight": arrays["w"]} | ({"bias": arrays["b"]} if options["bias"] else {}))
    x = tl.Value(arrays["x"])
    y = layer(x)
    y.backward(cotangent(y.shape))
    assert_same(y.data, arrays["y"])
    assert_same(x.grad, arrays["dx"])
    assert_same(layer.weight.grad, arrays["dw"])
    if options["bias"]:
        assert_same(layer.bias.grad, arrays["db"])


@pytest.mark.parametrize(("name", "options", "arrays"), ACTIVATIONS)
def test_activation(name, options, arrays):
    x = tl.Value(arrays["x"])
    y = build(name, options)(x) * 1.0
    y.backward(cotangent(y.shape))
    assert_same(y.data, arrays["y"])
    assert_same(x.grad, arrays["dx"])


@pytest.mark.parametrize(("name", "options", "arrays"), LOSSES)
def test_loss(name, options, arrays):
    x = tl.Value(arrays["x"])
    y = build(name, options)(x, arrays["t"][()])
    y.backward(cotangent(y.shape))
    assert_same(y.data, arrays["y"])
    saturated = abs(arrays["dx"]) > 1e9  # where PyTorch divides by 1e-12, rounded to float32
    np.testing.assert_allclose(x.grad[saturated], arrays["dx"][saturated], rtol=1e-8)
    assert_same(x.grad[~saturated], arrays["dx"][~saturated])


SCHEDULES = {
    "step": lambda lr: tl.optim.schedules.step(lr, 7, 0.5),
    "exponential": lambda lr: tl.optim.schedules.exponential(lr, 0.9),
    "cosine": lambda lr: tl.optim.schedules.cosine(lr, 50, 0.01),
    "linear_warmup": lambda lr: tl.optim.schedules.linear_warmup(lr, 10),
}


@pytest.mark.parametrize(("name", "options", "arrays"), OPTIMIZERS)
def test_trajectory(name, options, arrays):
    options = dict(options)
    schedule = options.pop("schedule")
    if schedule is not None:
        options["lr"] = SCHEDULES[schedule](options["lr"])
    layer = tl.nn.Linear(3, 2)
    layer.load_state_dict({"weight": arrays["w"], "bias": arrays["b"]})
    optimizer = getattr(tl.optim, name)(layer.parameters(), **options)
    path = []
    for _ in range(50):
        optimizer.zero_grad()
        np.mean((np.tanh(layer(arrays["x"])) - arrays["y"]) ** 2).backward()
        optimizer.step()
        path.append(np.concatenate([p.data.ravel() for p in layer.parameters()]))
    assert_same(path, arrays["path"])
    assert_same([optimizer.rate(step) for step in range(50)], arrays["rates"])


def options_of(cases):
    """Return what the cases cover: every option that some case of a name sets."""
    covered = {}
    for case in cases:
        name, options, _ = case.values
        covered.setdefault(name, set()).update(options)
    return covered


def parameters_of(function, without):
    return set(inspect.signature(function).parameters) - without


@pytest.mark.parametrize("kind", [tl.optim.SGD, tl.optim.Adagrad, tl.optim.RMSprop, tl.optim.Adam, tl.optim.AdamW])
def test_every_option_of_every_optimizer_has_figures(kind):
    assert parameters_of(kind, {"params"}) <= options_of(OPTIMIZERS)[kind.__name__]


def test_every_schedule_has_figures():
    assert {case.values[1]["schedule"] for case in OPTIMIZERS} == {None, *SCHEDULES}


@pytest.mark.parametrize("name", sorted(set(tl.nn.__all__) - {"Conv1D", "Dropout", "Flatten", "Linear", "Module"}))
def test_every_activation_and_loss_has_figures(name):
    if name not in ("Sequential", "init"):
        covered = options_of([*ACTIVATIONS, *LOSSES])
        assert parameters_of(getattr(tl.nn, name).__init__, {"self", "args", "kwargs"}) <= covered[name]


def test_every_option_of_the_convolution_has_figures():
    sizes = {"in_channels", "out_channels", "kernel_size", "rng", "init", "dtype"}
    assert parameters_of(tl.nn.Conv1D, sizes) == options_of(CONVOLUTIONS)["Conv1D"]
