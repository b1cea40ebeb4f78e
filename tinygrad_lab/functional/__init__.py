"""Functions of arrays or Values: activations, normalisations, losses and layers without parameters of their own."""

from __future__ import annotations

from tinygrad_lab.functional.activations import (
    celu,
    elu,
    glu,
    leaky_relu,
    logsigmoid,
    mish,
    relu,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    tanhshrink,
)
from tinygrad_lab.functional.attention import attention_weights, scaled_dot_product_attention
from tinygrad_lab.functional.binary import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    sigmoid_focal_loss,
)
from tinygrad_lab.functional.classification import cross_entropy, nll_loss
from tinygrad_lab.functional.convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from tinygrad_lab.functional.gaussian import gelu, normal_cdf
from tinygrad_lab.functional.layers import dropout, linear
from tinygrad_lab.functional.losses import huber_loss, kl_div, l1_loss, mse_loss, smooth_l1_loss
from tinygrad_lab.functional.matrices import cho_solve, expm, solve_triangular
from tinygrad_lab.functional.normalisation import log_softmax, logsumexp, softmax
from tinygrad_lab.functional.padding import pad, unfold
from tinygrad_lab.functional.piecewise import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    prelu,
    relu6,
    softshrink,
)
from tinygrad_lab.functional.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from tinygrad_lab.functional.resampling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    interpolate,
)
from tinygrad_lab.functional.similarity import cosine_similarity
from tinygrad_lab.functional.standardisation import batch_norm, group_norm, layer_norm, rms_norm
from tinygrad_lab.functional.tokens import (
    embedding,
    one_hot,
    segment_max,
    segment_mean,
    segment_softmax,
    segment_sum,
)

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "attention_weights",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cho_solve",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "expm",
    "gelu",
    "glu",
    "group_norm",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "huber_loss",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "logsumexp",
    "max_pool1d",
    "max_pool2d",
    "mish",
    "mse_loss",
    "nll_loss",
    "normal_cdf",
    "one_hot",
    "pad",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "scaled_dot_product_attention",
    "segment_max",
    "segment_mean",
    "segment_softmax",
    "segment_sum",
    "selu",
    "sigmoid",
    "sigmoid_focal_loss",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "softshrink",
    "softsign",
    "solve_triangular",
    "tanhshrink",
    "unfold",
]
