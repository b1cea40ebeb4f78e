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

__all__ = [
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
    "huber_loss",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
    "mse_loss",
    "nll_loss",
    "normal_cdf",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
]
