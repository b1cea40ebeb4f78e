"""Layers and losses with computed integers compile; normalisations open into their calls."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (tl.nn.Embedding(10, 4, rng=RNG), RNG.integers(0, 10, (3, 5))),
        (tl.nn.LayerNorm(6), RNG.normal(size=(5, 6))),
        (tl.nn.RMSNorm(6), RNG.normal(size=(5, 6))),
        (tl.nn.BatchNorm1D(6), RNG.normal(size=(5, 6))),
        (tl.nn.LSTM(6, 4, rng=RNG), RNG.normal(size=(3, 7, 6))),
        (tl.nn.Conv2D(3, 4, 3, padding=1, rng=RNG), RNG.normal(size=(2, 3, 8, 8))),
        (tl.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, rng=RNG), RNG.normal(size=(2, 5, 8))),
    ],
    ids=lambda x: type(x).__name__,
)
def test_layers_and_their_gradients(layer, x):
    def loss(layer, x):
        out = layer(x)
        return np.sum((out[0] if isinstance(out, tuple) else out) ** 2)

    def value_and_gradients(x):
        layer.zero_grad()
        value = loss(layer, x)
        value.backward()
        return value.data, [p.grad for p in layer.parameters()]

    saved = layer.state_dict()
    expected = value_and_gradients(x)
    layer.load_state_dict(saved)
    actual = tl.compile(value_and_gradients, state=layer)(x)
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-12)
    for a, e in zip(actual[1], expected[1], strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-9, atol=1e-11)


def test_classes_may_be_arguments():
    x, y = RNG.normal(size=(6, 4)), RNG.integers(0, 4, 6)
    loss = tl.value_and_grad(tl.functional.cross_entropy)
    fast = tl.compile(loss)
    for targets in (y, y[::-1].copy()):
        actual, expected = fast(x, targets), loss(x, targets)
        np.testing.assert_allclose(actual[0], expected[0], rtol=1e-14)
        np.testing.assert_allclose(actual[1], expected[1], rtol=1e-13)
    assert len(fast.programs) == 1


def test_buffers_of_a_batch_normalisation_are_state():
    one, two = tl.nn.BatchNorm1D(3), tl.nn.BatchNorm1D(3)
    fast = tl.compile(lambda x: one(x), state=one)
    for _ in range(4):
        x = RNG.normal(size=(8, 3))
        np.testing.assert_allclose(fast(x).data, two(x).data, rtol=1e-12)
    for name, array in two.state_dict().items():
        np.testing.assert_allclose(one.state_dict()[name], array, rtol=1e-12)
