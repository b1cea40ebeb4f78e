"""Functions of arrays or Values: activations, normalisations, losses and layers without parameters of their own."""

from __future__ import annotations

from tinygrad_lab.functional.activations import (
    elu,
    gelu,
    leaky_relu,
    normal_cdf,
    relu,
    sigmoid,
    silu,
    softplus,
)
from tinygrad_lab.functional.attention import scaled_dot_product_attention
from tinygrad_lab.functional.convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from tinygrad_lab.functional.layers import dropout, linear
from tinygrad_lab.functional.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
)
from tinygrad_lab.functional.normalisation import log_softmax, logsumexp, softmax
from tinygrad_lab.functional.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from tinygrad_lab.functional.resampling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    interpolate,
)
from tinygrad_lab.functional.standardisation import batch_norm, group_norm, layer_norm, rms_norm

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "group_norm",
    "huber_loss",
    "interpolate",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "normal_cdf",
    "relu",
    "rms_norm",
    "scaled_dot_product_attention",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
]
