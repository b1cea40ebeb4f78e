"""Layers, losses and optimizers compute what PyTorch computes; `make_reference.py` wrote the figures."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import tree


def load(family):
    """Return the cases of a data file: (name, options, arrays by name)."""
    cases = {}
    with np.load(Path(__file__).parent / f"{family}.npz") as archive:
        for key in archive.files:
            position, name, options, array = json.loads(key)
            cases.setdefault(position, (name, options, {}))[2][array] = archive[key]
    return [pytest.param(*case, id=f"{case[0]} {json.dumps(case[1])}") for case in cases.values()]


CONVOLUTIONS, ACTIVATIONS, LOSSES, LOSSES_OF_SEVERAL, LAYERS, OPTIMIZERS = map(
    load, ("conv1d", "activations", "losses", "losses_of_several", "layers", "optimizers")
)


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


def tuples(x):
    return tuple(x) if isinstance(x, list) else x


def under(prefix, arrays):
    return {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}


@pytest.mark.parametrize(("name", "options", "arrays"), LAYERS)
def test_layer(name, options, arrays):
    arguments, options, call = options
    module = getattr(tl.nn, name)(*map(tuples, arguments), **{key: tuples(x) for key, x in options.items()})
    module.load_state_dict(under("state.", arrays))
    inputs = [tl.Value(x) if x.dtype.kind == "f" else x for x in under("x", arrays).values()]
    outputs = [leaf for leaf in tree.flatten(module(*inputs, **call))[0] if leaf is not None]
    for y, expected in zip(outputs, under("y", arrays).values(), strict=True):
        assert_same(y.data, expected)
    sum(np.sum(y * cotangent(y.shape)) for y in outputs).backward()
    for position, expected in under("dx", arrays).items():
        assert_same(inputs[int(position)].grad, expected)
    for path, parameter in module.named_parameters():
        assert_same(parameter.grad, arrays[f"d{path}"])
    for path, buffer in module.named_buffers():
        assert_same(buffer.data, arrays[f"after.{path}"])


@pytest.mark.parametrize(("name", "options", "arrays"), ACTIVATIONS)
def test_activation(name, options, arrays):
    x = tl.Value(arrays["x"])
    y = build(name, options)(x) * 1.0
    y.backward(cotangent(y.shape))
    assert_same(y.data, arrays["y"])
    # PyTorch's derivative of Hardsigmoid is 1/6 rounded to float32.
    np.testing.assert_allclose(x.grad, arrays["dx"], rtol=1e-7 if name == "Hardsigmoid" else 1e-10, atol=1e-10)


@pytest.mark.parametrize(("name", "options", "arrays"), LOSSES)
def test_loss(name, options, arrays):
    x = tl.Value(arrays["x"])
    y = build(name, options)(x, arrays["t"][()])
    y.backward(cotangent(y.shape))
    assert_same(y.data, arrays["y"])
    saturated = abs(arrays["dx"]) > 1e9  # where PyTorch divides by 1e-12, rounded to float32
    np.testing.assert_allclose(x.grad[saturated], arrays["dx"][saturated], rtol=1e-8)
    assert_same(x.grad[~saturated], arrays["dx"][~saturated])


@pytest.mark.parametrize(("name", "options", "arrays"), LOSSES_OF_SEVERAL)
def test_loss_of_several(name, options, arrays):
    inputs = [tl.Value(x) for x in under("x", arrays).values()]
    y = build(name, options)(*inputs, *under("t", arrays).values())
    y.backward(cotangent(y.shape))
    assert_same(y.data, arrays["y"])
    for x, expected in zip(inputs, under("dx", arrays).values(), strict=True):
        assert_same(x.grad, expected)


SCHEDULES = {
    "step": lambda lr: tl.optim.schedules.step(lr, 7, 0.5),
    "exponential": lambda lr: tl.optim.schedules.exponential(lr, 0.9),
    "cosine": lambda lr: tl.optim.schedules.cosine(lr, 50, 0.01),
    "linear_warmup": lambda lr: tl.optim.schedules.linear_warmup(lr, 10),
    "one_cycle": lambda lr: tl.optim.schedules.one_cycle(lr, 60, 0.4),
    "warm_restarts": lambda lr: tl.optim.schedules.warm_restarts(lr, 5, 2, 0.01),
    "polynomial": lambda lr: tl.optim.schedules.polynomial(lr, 30, 1.5),
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


@pytest.mark.parametrize("kind", [kind for kind in tl.optim.OPTIMIZERS.values() if kind is not tl.optim.Lion])
def test_every_option_of_every_optimizer_has_figures(kind):
    assert parameters_of(kind, {"params"}) <= options_of(OPTIMIZERS)[kind.__name__]


def test_every_schedule_has_figures():
    assert {case.values[1]["schedule"] for case in OPTIMIZERS} == {None, *SCHEDULES}
    assert set(tl.optim.schedules.SCHEDULES) - {"constant"} == set(SCHEDULES) - {"linear_warmup"}


@pytest.mark.parametrize("name", [*tl.nn.ACTIVATIONS, *(name for name in tl.nn.LOSSES if name != "ctc")])
def test_every_activation_and_loss_has_figures(name):
    kind = {**tl.nn.ACTIVATIONS, **tl.nn.LOSSES}[name]
    covered = options_of([*ACTIVATIONS, *LOSSES, *LOSSES_OF_SEVERAL])
    ours = {"axis"} if name == "cross_entropy" else set()  # PyTorch's classes are along axis 1
    assert parameters_of(kind.__init__, {"self", "args", "kwargs"}) - ours <= covered[kind.__name__]


CONTAINERS = {"Lambda", "Sequential", "ModuleList", "ModuleDict", "TransformerEncoder", "TransformerDecoder"}
NOT_OF_PYTORCH = {"SinusoidalEncoding", "LearnedEncoding"}
RANDOM = {"Dropout", "Dropout1D", "Dropout2D"}


def layers_of_pytorch():
    return sorted(set(tl.nn.LAYERS) - CONTAINERS - NOT_OF_PYTORCH - RANDOM)


def with_other_axes(name):
    """One, two and three axes share their code, so that figures for each serve all."""
    stem = name[:-2] if name[-2:] in ("1D", "2D", "3D") else ""
    return {name, *(f"{stem}{n}D" for n in (1, 2, 3) if stem)}


@pytest.mark.parametrize("name", layers_of_pytorch())
def test_every_option_of_every_layer_has_figures(name):
    options = {"dropout"}  # random
    for case in LAYERS:
        if case.values[0] in with_other_axes(name):
            arguments, keywords, _ = case.values[1]
            required = list(inspect.signature(getattr(tl.nn, name)).parameters)[: len(arguments)]
            options |= {*required, *keywords}
    for other, covered in options_of([*CONVOLUTIONS, *ACTIVATIONS]).items():
        options |= covered if other in with_other_axes(name) else set()
    assert parameters_of(getattr(tl.nn, name), {"rng", "init", "dtype"}) <= options
