"""The same functions, forward and backward, on arrays that are not NumPy's: Dask's, which only note what to compute."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import functional

dask = pytest.importorskip("dask.array")

X = np.random.default_rng(0).normal(size=(6, 3))
T = np.random.default_rng(1).uniform(size=(6, 3))
CLASSES = np.array([0, 1, 2, 0, 1, 2])
CALLS = {
    "linear": lambda x, t: functional.linear(x, np.ones((2, 3)), np.ones(2)),
    "conv1d": lambda x, t: functional.conv1d(np.expand_dims(x, 1), np.ones((2, 1, 2)), np.ones(2)),
    "conv2d": lambda x, t: functional.conv2d(np.reshape(x, (1, 1, 6, 3)), np.ones((2, 1, 2, 2)), np.ones(2)),
    "conv_transpose1d": lambda x, t: functional.conv_transpose1d(np.expand_dims(x, 1), np.ones((1, 2, 2)), stride=2),
    "conv_transpose2d": lambda x, t: functional.conv_transpose2d(np.reshape(x, (1, 1, 6, 3)), np.ones((1, 2, 2, 2))),
    "layer_norm": lambda x, t: functional.layer_norm(x, 3, np.ones(3), np.ones(3)),
    "rms_norm": lambda x, t: functional.rms_norm(x, 3),
    "group_norm": lambda x, t: functional.group_norm(x, 1),
    "batch_norm": lambda x, t: functional.batch_norm(x, training=True),
    "scaled_dot_product_attention": lambda x, t: functional.scaled_dot_product_attention(x, x, x),
    "interpolate": lambda x, t: functional.interpolate(np.expand_dims(x, 1), scale_factor=2, mode="linear"),
    "attention_weights": lambda x, t: functional.attention_weights(x, x, is_causal=True),
    "gelu(tanh)": lambda x, t: functional.gelu(x, "tanh"),
    "cross_entropy of classes": lambda x, t: functional.cross_entropy(x, CLASSES),
    "nll_loss": lambda x, t: functional.nll_loss(functional.log_softmax(x), CLASSES),
    "binary_cross_entropy": lambda x, t: functional.binary_cross_entropy(functional.sigmoid(x), t),
}
CALLS["pad"] = lambda x, t: functional.pad(x, (1, 2, 0, 1), value=2.0)
CALLS["unfold"] = lambda x, t: functional.unfold(np.reshape(x, (1, 1, 6, 3)), 2, padding=1)
CALLS["prelu"] = lambda x, t: functional.prelu(x, np.ones(1))
CALLS["glu"] = lambda x, t: functional.glu(x, axis=0)
CALLS["conv3d"] = lambda x, t: functional.conv3d(np.reshape(x, (1, 1, 3, 2, 3)), np.ones((1, 1, 2, 2, 2)))
CALLS["conv_transpose3d"] = lambda x, t: functional.conv_transpose3d(
    np.reshape(x, (1, 2, 3, 1, 3)), np.ones((2, 1, 2, 1, 1))
)
CALLS["instance_norm"] = lambda x, t: functional.instance_norm(np.expand_dims(x, 0))
CALLS["flatten"] = lambda x, t: functional.flatten(x)
CALLS["unflatten"] = lambda x, t: functional.unflatten(x, 0, (2, -1))
CALLS["pixel_shuffle"] = lambda x, t: functional.pixel_shuffle(np.reshape(x, (18, 1, 1)), 3)
CALLS["pixel_unshuffle"] = lambda x, t: functional.pixel_unshuffle(np.expand_dims(x, 0), 3)
CALLS["pairwise_distance"] = lambda x, t: functional.pairwise_distance(x, t)
CALLS["bilinear"] = lambda x, t: functional.bilinear(x, x, np.ones((2, 3, 3)))
ELEMENTWISE = [activation.function.__name__ for activation in tl.nn.ACTIVATIONS.values()]
for name in sorted({*ELEMENTWISE, "normal_cdf"} & set(functional.__all__)):
    CALLS[name] = lambda x, t, name=name: getattr(functional, name)(x)
for name in ("max_pool1d", "avg_pool1d", "adaptive_avg_pool1d", "adaptive_max_pool1d"):
    CALLS[name] = lambda x, t, name=name: getattr(functional, name)(np.expand_dims(x, 1), 2)
for name in ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"):
    CALLS[name] = lambda x, t, name=name: getattr(functional, name)(np.reshape(x, (1, 1, 6, 3)), 2)
for name in ("max_pool3d", "avg_pool3d", "adaptive_avg_pool3d", "adaptive_max_pool3d"):
    CALLS[name] = lambda x, t, name=name: getattr(functional, name)(np.reshape(x, (1, 1, 3, 2, 3)), 2)
for name in ("softmax", "log_softmax", "logsumexp"):
    CALLS[name] = lambda x, t, name=name: getattr(functional, name)(x)
CALLS["sigmoid_focal_loss"] = lambda x, t: functional.sigmoid_focal_loss(x, t, reduction="mean")
CALLS["normalize"] = lambda x, t: functional.normalize(x)
CALLS["cosine_similarity"] = lambda x, t: functional.cosine_similarity(x, t)
SIGNS = np.array([1.0, -1.0, 1.0, -1.0, -1.0, 1.0])
CALLS["margin_ranking_loss"] = lambda x, t: functional.margin_ranking_loss(x, x * x, t)
CALLS["multi_margin_loss"] = lambda x, t: functional.multi_margin_loss(x, CLASSES)
CALLS["cosine_embedding_loss"] = lambda x, t: functional.cosine_embedding_loss(x, t, SIGNS)
CALLS["triplet_margin_loss"] = lambda x, t: functional.triplet_margin_loss(x, t, x * x)
CALLS["gaussian_nll_loss"] = lambda x, t: functional.gaussian_nll_loss(x, t, np.exp(x))
REGRESSION = ("smooth_l1_loss", "kl_div", "mse_loss", "l1_loss", "huber_loss")
REGRESSION += ("hinge_embedding_loss", "soft_margin_loss", "poisson_nll_loss")
for name in (*REGRESSION, "binary_cross_entropy_with_logits", "cross_entropy"):
    CALLS[name] = lambda x, t, name=name: getattr(functional, name)(x, t)


# They choose rows by plain integer arrays, which Dask's arrays do not scatter.
OF_WHOLE_NUMBERS = {"ctc_loss", "embedding", "one_hot", "segment_max", "segment_mean", "segment_softmax", "segment_sum"}


def test_every_function_but_the_random_one_is_called():
    of_scipy = {"cho_solve", "expm", "solve_triangular"}  # which computes on NumPy's arrays only
    assert set(functional.__all__) - OF_WHOLE_NUMBERS - of_scipy - {"dropout"} == {
        name for name in CALLS if name in functional.__all__
    }


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_dask_arrays_stay_lazy_and_give_the_same(call):
    x, lazy = tl.Value(X), tl.Value(dask.from_array(X, chunks=(2, 3)))
    y, noted = call(x, T), call(lazy, dask.from_array(T, chunks=(2, 3)))
    np.sum(y).backward()
    np.sum(noted).backward()
    assert isinstance(noted.data, dask.Array)
    assert isinstance(lazy.grad, dask.Array)
    np.testing.assert_allclose(noted.data.compute(), y.data, rtol=1e-12)
    np.testing.assert_allclose(lazy.grad.compute(), x.grad, rtol=1e-12, atol=1e-15)
