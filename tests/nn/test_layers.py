from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import nn
from tinygrad_lab.errors import OperationError


def test_linear_draws_weight_and_bias_from_the_default_interval():
    layer = nn.Linear(100, 50, rng=np.random.default_rng(0))
    for parameter in (layer.weight, layer.bias):
        assert parameter.requires_grad
        assert np.max(abs(parameter.data)) <= 0.1
        assert np.std(parameter.data) == pytest.approx(0.1 / np.sqrt(3), rel=0.2)


@pytest.mark.parametrize("make", [lambda **o: nn.Linear(3, 2, **o), lambda **o: nn.Conv1D(3, 2, 4, **o)])
@pytest.mark.parametrize("rng", [np.random.default_rng, np.random.RandomState])
def test_the_same_seed_gives_the_same_layer_and_none_a_fresh_one(make, rng):
    first, second = make(rng=rng(3)).state_dict(), make(rng=rng(3)).state_dict()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
    assert not np.array_equal(make().weight.data, make().weight.data)


@pytest.mark.parametrize("make", [lambda **o: nn.Linear(3, 2, **o), lambda **o: nn.Conv1D(3, 2, 4, **o)])
def test_layers_take_an_initialiser_by_name_or_as_a_function(make):
    assert not np.any(make(init="zeros").weight.data)
    layer = make(init=lambda shape, rng, dtype: np.full(shape, 7, dtype), dtype=np.float32)
    assert np.all(layer.weight.data == 7)
    assert not np.any(layer.bias.data)
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    with pytest.raises(
        ValueError, match=r"init: name must be one of zeros, uniform, normal, rand, xavier_uniform, .*got"
    ):
        make(init="magic")


def test_layers_made_of_float32_compute_in_it():
    model = nn.Sequential(
        nn.Conv1D(1, 2, 3, dtype=np.float32), nn.ReLU(), nn.Flatten(), nn.Linear(4, 1, dtype="float32")
    )
    y = model(np.ones((5, 1, 4), np.float32))
    y.sum().backward()
    assert y.dtype == np.float32
    assert {parameter.grad.dtype for parameter in model.parameters()} == {np.dtype(np.float32)}


def test_flatten_keeps_the_batch():
    x = tl.Value(np.arange(24.0).reshape(2, 3, 4))
    y = nn.Flatten()(x)
    np.testing.assert_array_equal(y.data, x.data.reshape(2, 12))
    assert nn.Flatten()(np.zeros((5, 0, 3))).shape == (5, 0)
    assert nn.Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)
    assert nn.Flatten()(np.zeros(5)).shape == (5, 1)


def test_dropout_is_the_identity_in_evaluation():
    layer = nn.Dropout(rng=np.random.default_rng(0))
    x = tl.Value(np.ones(1000))
    assert not np.array_equal(layer(x).data, x.data)
    assert not np.array_equal(layer(x).data, layer(x).data)
    assert layer.eval()(x) is x


@pytest.mark.parametrize("p", [-0.1, 1, float("nan")])
def test_dropout_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match=r"Dropout: p must be in \[0, 1\), got"):
        nn.Dropout(p, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0, 4, 2), "Conv1D: in_channels must be positive, got 0; use 1 or more"),
        ((3, 4, 0), "Conv1D: kernel_size must be positive, got 0; use 1 or more"),
        ((3, 4, 2, 0), "Conv1D: stride must be positive, got 0"),
        ((3, 4, 2, 1, -1), "Conv1D: padding must not be negative, got -1; slice the input instead"),
        ((3, 4, 2, 1, 0, 0), "Conv1D: dilation must be positive, got 0"),
        ((3, 4, 2, 1, 0, 1, 0), "Conv1D: groups must be positive, got 0"),
        ((3, 4, 2, 1, 0, 1, 2), "Conv1D: groups must divide in_channels and out_channels, got 2 for 3 and 4; choose a"),
    ],
)
def test_convolution_refuses_impossible_sizes(arguments, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        nn.Conv1D(*arguments)


@pytest.mark.parametrize(("sizes", "name"), [((0, 3), "in_features"), ((2, -1), "out_features")])
def test_linear_refuses_sizes_that_are_not_positive(sizes, name):
    with pytest.raises(ValueError, match=f"Linear: {name} must be positive, got {min(sizes)}; use 1 or more"):
        nn.Linear(*sizes)


@pytest.mark.parametrize("delta", [0, -1, float("nan")])
def test_huber_refuses_a_delta_that_is_not_positive(delta):
    with pytest.raises(ValueError, match="HuberLoss: delta must be positive, got"):
        nn.HuberLoss(delta)


def test_apply_reaches_every_module_those_below_first():
    model, seen = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU())), []
    assert model.apply(seen.append) is model
    assert seen == [model[0], model[1][0], model[1], model]

    def zero(module):
        if isinstance(module, nn.Linear):
            module.weight.data = np.zeros_like(module.weight.data)

    assert not model.apply(zero)[0].weight.data.any()


@pytest.mark.parametrize(("layer", "shape"), [(nn.Dropout1D, (50, 4, 6)), (nn.Dropout2D, (50, 4, 2, 3))])
def test_channels_are_dropped_whole(layer, shape):
    x = tl.Value(np.ones(shape))
    y = layer(0.5, rng=np.random.default_rng(0))(x)
    np.sum(y).backward()
    by_channel = y.data.reshape(200, 6)
    assert {tuple(row) for row in by_channel} == {(0.0,) * 6, (2.0,) * 6}
    assert 70 < np.count_nonzero(by_channel[:, 0]) < 130
    np.testing.assert_array_equal(x.grad, y.data)
    assert layer(0.5, rng=np.random.default_rng(0)).eval()(x) is x
    with pytest.raises(OperationError, match=r"Dropout.D: input must be \(batch, channels, ...\)"):
        layer(0.5, rng=np.random.default_rng(0))(np.ones(3))


@pytest.mark.parametrize("kind", [tl.nn.LayerNorm, tl.nn.RMSNorm])
@pytest.mark.parametrize("shape", [6, np.int64(6), [6], (4, 6), np.array([4, 6])])
def test_what_is_normalised_may_be_one_number_or_several(kind, shape):
    x = np.random.default_rng(0).normal(size=(2, 4, 6))
    expected = kind((6,) if np.size(shape) == 1 else (4, 6))(x)
    np.testing.assert_array_equal(kind(shape)(x).data, expected.data)
