"""Attention against its definition, and what masks mean."""

from __future__ import annotations

import numpy as np
import pytest

from tests.rules.numeric import check_gradients
from tinygrad_lab import functional as F
from tinygrad_lab.errors import OperationError


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


Q, K, V = normal(2, 3, 4), normal(2, 5, 4, seed=1), normal(2, 5, 2, seed=2)
SEEN = np.array([[1, 0, 1, 0, 0], [0, 1, 0, 0, 1], [1, 1, 1, 1, 1]], bool)


def defined(q, k, v, added=0.0):
    scores = q @ np.swapaxes(k, -1, -2) / 2 + added
    weights = np.exp(scores)
    return weights / weights.sum(-1, keepdims=True) @ v


def test_attention_is_its_definition():
    attention = F.scaled_dot_product_attention
    np.testing.assert_allclose(attention(Q, K, V), defined(Q, K, V), atol=1e-14)
    added = normal(3, 5, seed=3)
    np.testing.assert_allclose(attention(Q, K, V, added), defined(Q, K, V, added), atol=1e-14)
    hidden = np.where(SEEN, 0, -np.inf)
    np.testing.assert_allclose(attention(Q, K, V, SEEN), defined(Q, K, V, hidden), atol=1e-14)
    causal = np.where(np.arange(5) <= np.arange(3)[:, None], 0, -np.inf)
    np.testing.assert_allclose(attention(Q, K, V, is_causal=True), defined(Q, K, V, causal), atol=1e-14)
    seen = SEEN | np.eye(3, 5, dtype=bool)
    both = np.where(seen, causal, -np.inf)
    np.testing.assert_allclose(attention(Q, K, V, seen, is_causal=True), defined(Q, K, V, both), atol=1e-14)


def test_gradients():
    check_gradients(F.scaled_dot_product_attention, Q, K, V)
    check_gradients(lambda *a: F.scaled_dot_product_attention(*a, SEEN, scale=0.3), Q, K, V)


def test_dropout_needs_a_generator_and_keeps_the_mean():
    with pytest.raises(OperationError, match=r"dropout_p=0\.5 needs an rng"):
        F.scaled_dot_product_attention(Q, K, V, dropout_p=0.5)
    rng = np.random.default_rng(0)
    mean = np.mean([F.scaled_dot_product_attention(Q, K, V, dropout_p=0.5, rng=rng) for _ in range(4000)], axis=0)
    np.testing.assert_allclose(mean, defined(Q, K, V), atol=0.1)


def test_what_does_not_fit_is_explained():
    with pytest.raises(
        OperationError, match=r"query of shape \(2, 3, 4\) and key of shape \(2, 5, 2\) .* project them to one size"
    ):
        F.scaled_dot_product_attention(Q, V, V)
