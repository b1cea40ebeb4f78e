"""Normalisations against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab import functional as F
from tinygrad_lab.errors import OperationError


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(2, 3, size=shape)


X, W, B = normal(3, 4, 5), normal(4, seed=1), normal(4, seed=2)


def over(x, axis, eps=1e-5):
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps)


def test_each_is_its_definition():
    np.testing.assert_allclose(F.layer_norm(X, 5), over(X, -1), atol=1e-13)
    np.testing.assert_allclose(F.layer_norm(X, (4, 5), X[0], X[1]), over(X, (1, 2)) * X[0] + X[1], atol=1e-13)
    np.testing.assert_allclose(F.rms_norm(X, 5, eps=0), X / np.sqrt((X * X).mean(-1, keepdims=True)), atol=1e-13)
    np.testing.assert_allclose(F.group_norm(X, 4), over(X, -1), atol=1e-13)
    np.testing.assert_allclose(F.group_norm(X, 1), over(X, (1, 2)), atol=1e-13)
    trained = over(X, (0, 2)) * W[:, None] + B[:, None]
    np.testing.assert_allclose(F.batch_norm(X, weight=W, bias=B, training=True), trained, atol=1e-13)
    known = (X - B[:, None]) / np.sqrt(W[:, None] ** 2 + 1e-5)
    np.testing.assert_allclose(F.batch_norm(X, B, W**2), known, atol=1e-13)


@pytest.mark.parametrize(
    "call",
    [
        lambda x, w, b: F.layer_norm(np.swapaxes(x, 1, 2), 4, w, b),
        lambda x, w, b: F.layer_norm(x, (4, 5), np.outer(w, b[[0, 1, 2, 3, 0]])),
        lambda x, w, b: F.rms_norm(np.swapaxes(x, 1, 2), 4, w),
        lambda x, w, b: F.group_norm(x, 2, w, b),
        lambda x, w, b: F.batch_norm(x, weight=w, bias=b, training=True),
        lambda x, w, b: F.batch_norm(x, b, w * w, w, b),
    ],
)
def test_gradients(call):
    check_gradients(lambda *arrays: 1.0 * call(*arrays), X, W, B)


def test_constant_input_gives_zeros_and_finite_gradients():
    x = tl.Value(np.full((2, 3), 7.0))
    y = F.layer_norm(x, 3)
    y.backward(np.array([[1.0, 2, 3], [0, 0, 1]]))
    np.testing.assert_array_equal(y.data, 0)
    assert np.all(np.isfinite(x.grad))


def test_float32_stays_float32():
    x, w = tl.Value(X.astype(np.float32)), tl.Value(W.astype(np.float32))
    for y in (F.layer_norm(x, 5), F.rms_norm(x, 5), F.group_norm(x, 2, w, w), F.batch_norm(x, w, w * w, w, w)):
        assert y.dtype == np.float32


def test_what_does_not_fit_is_explained():
    with pytest.raises(OperationError, match=r"layer_norm: input must be \(..., 4\), got \(3, 4, 5\)"):
        F.layer_norm(X, 4)
    with pytest.raises(OperationError, match=r"group_norm: input must be .* that 3 divides, got \(3, 4, 5\)"):
        F.group_norm(X, 3)
    with pytest.raises(OperationError, match=r"batch_norm: input of .* has only one value for each channel"):
        F.batch_norm(np.ones((1, 4)), training=True)
