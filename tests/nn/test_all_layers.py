"""What holds for every layer: second orders, float32, states, copies; each layer is built once, in `LAYERS`."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab import nn, tree
from tinygrad_lab.errors import OperationError

X1, X2, X3, SEQUENCE = (3, 4, 6), (2, 4, 5, 4), (2, 2, 3, 2, 3), (3, 2, 4)

LAYERS = {
    "Linear": (lambda **o: nn.Linear(6, 3, **o), X1),
    "Conv1D": (lambda **o: nn.Conv1D(4, 2, 3, stride=2, padding=1, padding_mode="reflect", **o), X1),
    "Conv2D": (lambda **o: nn.Conv2D(4, 2, 3, padding="same", **o), X2),
    "ConvTranspose1D": (lambda **o: nn.ConvTranspose1D(4, 2, 3, stride=2, **o), X1),
    "ConvTranspose2D": (lambda **o: nn.ConvTranspose2D(4, 2, 2, padding=1, **o), X2),
    "Conv3D": (lambda **o: nn.Conv3D(2, 2, 2, padding=(1, 0, 0), **o), X3),
    "ConvTranspose3D": (lambda **o: nn.ConvTranspose3D(2, 2, 2, **o), X3),
    "BatchNorm3D": (lambda **o: nn.BatchNorm3D(2, **o), X3),
    "InstanceNorm1D": (lambda **o: nn.InstanceNorm1D(4, affine=True, track_running_stats=True, **o), X1),
    "InstanceNorm2D": (lambda **o: nn.InstanceNorm2D(4, affine=True, **o), X2),
    "InstanceNorm3D": (lambda **o: nn.InstanceNorm3D(2, affine=True, **o), X3),
    "Bilinear": (lambda **o: _Twice(nn.Bilinear(6, 6, 3, **o)), X1),
    "BatchNorm1D": (lambda **o: nn.BatchNorm1D(4, **o), X1),
    "BatchNorm2D": (lambda **o: nn.BatchNorm2D(4, **o), X2),
    "LayerNorm": (lambda **o: nn.LayerNorm((4, 6), **o), X1),
    "GroupNorm": (lambda **o: nn.GroupNorm(2, 4, **o), X1),
    "RMSNorm": (lambda **o: nn.RMSNorm(6, **o), X1),
    "PReLU": (lambda **o: nn.PReLU(4, **o), X1),
    "RNN": (lambda **o: nn.RNN(4, 3, bidirectional=True, **o), SEQUENCE),
    "LSTM": (lambda **o: nn.LSTM(4, 3, num_layers=2, **o), SEQUENCE),
    "GRU": (lambda **o: nn.GRU(4, 3, batch_first=True, **o), SEQUENCE),
    "RNNCell": (lambda **o: nn.RNNCell(4, 3, **o), (2, 4)),
    "LSTMCell": (lambda **o: nn.LSTMCell(4, 3, **o), (2, 4)),
    "GRUCell": (lambda **o: nn.GRUCell(4, 3, **o), (2, 4)),
    "LearnedEncoding": (lambda **o: nn.LearnedEncoding(5, 6, **o), X1),
    "TransformerEncoderLayer": (lambda **o: nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, **o), SEQUENCE),
    "TransformerDecoderLayer": (
        lambda **o: _Twice(nn.TransformerDecoderLayer(4, 2, 5, dropout=0.0, norm_first=True, **o)),
        SEQUENCE,
    ),
    "Transformer": (lambda **o: _Twice(nn.Transformer(2, 1, 1, 2, 3, dropout=0.0, **o)), (2, 1, 2)),
    "MultiheadAttention": (lambda **o: _SelfAttention(**o), SEQUENCE),
}


TRANSFORMERS = {name for name in LAYERS if name.startswith("Transformer")}


class _Twice(nn.Module):
    """A layer of two inputs, which gets one array as both."""

    def __init__(self, layer):
        self.layer = layer

    def forward(self, x):
        return self.layer(x, x)


class _SelfAttention(nn.Module):
    def __init__(self, **options):
        self.attention = nn.MultiheadAttention(4, 2, **options)

    def forward(self, x):
        return self.attention(x, x, x, is_causal=True)


def build(name, dtype=np.float64, seed=0):
    make, shape = LAYERS[name]
    options = {"dtype": dtype}
    if "rng" in inspect.signature(nn.LAYERS[name]).parameters:
        options["rng"] = np.random.default_rng(seed)
    x = np.random.default_rng(seed).normal(size=shape).astype(dtype)
    return make(**options), x


def outputs(layer, x):
    return [leaf for leaf in tree.flatten(layer(x))[0] if leaf is not None]


def test_every_layer_with_parameters_is_here():
    with_parameters = {name for name, kind in nn.LAYERS.items() if "dtype" in inspect.signature(kind).parameters}
    assert with_parameters - {"Embedding"} == set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_of_two_orders_are_right(name):
    layer, x = build(name)
    leaves, rebuild = tree.flatten(layer)

    def call(x, *parameters):
        return outputs(rebuild(list(parameters)), x)

    check_gradients(call, x, *(p.data for p in leaves), rtol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_float32_stays_float32(name):
    layer, x = build(name, np.float32)
    found = outputs(layer, tl.Value(x))
    sum(np.sum(y) for y in found).backward()
    assert {y.dtype for y in found} | {p.grad.dtype for p in layer.parameters()} == {np.dtype(np.float32)}
    assert {b.data.dtype for _, b in layer.named_buffers()} <= {np.dtype(np.float32), np.dtype(int)}


@pytest.mark.parametrize("name", LAYERS)
def test_states_and_copies_compute_the_same(name):
    layer, x = build(name)
    other, _ = build(name, seed=1)
    outputs(layer, x)  # moves running statistics, where there are any
    other.load_state_dict(layer.state_dict())
    layer.eval(), other.eval()
    for twin in (other, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        for mine, theirs in zip(outputs(layer, x), outputs(twin, x), strict=True):
            np.testing.assert_array_equal(mine.data, theirs.data)


@pytest.mark.parametrize("name", sorted(set(LAYERS) - {"MultiheadAttention", "Bilinear", *TRANSFORMERS}))
def test_a_shape_that_does_not_fit_names_the_layer(name):
    layer, x = build(name)
    with pytest.raises(OperationError, match=rf'^{name} at "0": .* must .*got'):
        nn.Sequential(layer)(np.ones((*x.shape[:-2], 3, 9, 9))[0, 0])


def test_batch_normalisation_keeps_statistics_and_uses_them_in_evaluation():
    layer, rng = nn.BatchNorm1D(3), np.random.default_rng(0)
    for _ in range(300):
        layer(rng.normal([1, 2, 3], [0.1, 1, 2], size=(64, 3)))
    np.testing.assert_allclose(layer.running_mean.data, [1, 2, 3], atol=0.2)
    np.testing.assert_allclose(np.sqrt(layer.running_var.data), [0.1, 1, 2], rtol=0.1)
    assert layer.num_batches_tracked.data == 300
    before = layer.state_dict()
    assert layer.eval()(np.ones((1, 3))).shape == (1, 3)
    for key, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[key])
    with pytest.raises(OperationError, match=r"BatchNorm1D: input of .* has only one value for each channel"):
        layer.train()(np.ones((1, 3)))


def test_transforms_move_the_statistics_of_the_module_itself():
    layer, x = nn.BatchNorm1D(2), np.arange(6.0).reshape(3, 2)
    tl.grad(lambda layer: np.sum(layer(x) ** 2))(layer)
    np.testing.assert_allclose(layer.running_mean.data, 0.1 * x.mean(0))


def test_sequences_without_a_batch_and_states_that_are_given():
    layer, x = build("GRU")
    first = np.random.default_rng(1).normal(size=(1, 3, 3))
    whole, last = layer(x, first)
    for i in range(len(x)):
        alone, end = layer(x[i], first[:, i])
        np.testing.assert_allclose(alone.data, whole.data[i])
        np.testing.assert_allclose(end.data, last.data[:, i])
    with pytest.raises(OperationError, match=r"GRU: hx must be \(1, 3, 3\), got \[\(1, 3, 2\)\]; leave it out"):
        layer(x, first[..., :2])


def test_dropout_between_recurrent_layers_only_in_training():
    layer = nn.LSTM(2, 8, num_layers=2, dropout=0.5, rng=np.random.default_rng(0))
    x = np.ones((3, 1, 2))
    assert not np.array_equal(layer(x)[0].data, layer(x)[0].data)
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].data, layer(x)[0].data)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.Sequential(nn.ReLU), r"Sequential: layers must be modules, got the class ReLU; write ReLU\(\)"),
        (lambda: nn.Sequential([nn.ReLU()]), r"given one by one, got a list; write Sequential\(\*layers\)"),
        (lambda: nn.ModuleList([np.tanh]), "ModuleList: layers must be modules, got ufunc; nn.Lambda"),
        (lambda: nn.MultiheadAttention(5, 2), "num_heads must divide embed_dim, got 2 for 5"),
        (lambda: nn.RNN(2, 3, nonlinearity="step"), "RNN: nonlinearity must be one of tanh, relu, got 'step'"),
        (lambda: nn.LSTM(2, 3, dropout=1), r"LSTM: dropout must be in \[0, 1\), got 1"),
        (lambda: nn.GroupNorm(3, 4), "GroupNorm: num_groups must divide num_channels, got 3 for 4"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), "Embedding: padding_idx must be one of the 3 rows, got 3"),
        (lambda: nn.Conv2D(2, 2, (3, 3, 3)), r"Conv2D: kernel_size must be one number, or 2 numbers, got \(3, 3, 3\)"),
        (lambda: nn.Conv2D(2, 2, 3, padding_mode="mirror"), "padding_mode must be one of zeros, reflect, replicate"),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="tan"), "activation must be one of relu, gelu, got 'tan'"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(make, text):
    with pytest.raises((ValueError, TypeError), match=text):
        make()


def test_layers_of_a_stack_drop_different_elements():
    layer = nn.TransformerEncoderLayer(4, 2, 5, dropout=0.5, rng=np.random.default_rng(0))
    first, second = nn.TransformerEncoder(layer, 2).layers
    assert first.dropout.rng is second.dropout.rng is layer.dropout.rng
    assert first.linear1.weight is not second.linear1.weight
    np.testing.assert_array_equal(first.linear1.weight.data, second.linear1.weight.data)
