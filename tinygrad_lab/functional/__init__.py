"""Functions of arrays or Values: activations, normalisations, losses and layers without parameters of their own.

A line below is all that a new one needs beside its code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_lab import refusals
from tinygrad_lab.functional.activations import celu as celu
from tinygrad_lab.functional.activations import elu as elu
from tinygrad_lab.functional.activations import glu as glu
from tinygrad_lab.functional.activations import leaky_relu as leaky_relu
from tinygrad_lab.functional.activations import logsigmoid as logsigmoid
from tinygrad_lab.functional.activations import mish as mish
from tinygrad_lab.functional.activations import relu as relu
from tinygrad_lab.functional.activations import selu as selu
from tinygrad_lab.functional.activations import sigmoid as sigmoid
from tinygrad_lab.functional.activations import silu as silu
from tinygrad_lab.functional.activations import softplus as softplus
from tinygrad_lab.functional.activations import softsign as softsign
from tinygrad_lab.functional.activations import tanhshrink as tanhshrink
from tinygrad_lab.functional.alignments import ctc_loss as ctc_loss
from tinygrad_lab.functional.attention import attention_weights as attention_weights
from tinygrad_lab.functional.attention import scaled_dot_product_attention as scaled_dot_product_attention
from tinygrad_lab.functional.binary import binary_cross_entropy as binary_cross_entropy
from tinygrad_lab.functional.binary import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from tinygrad_lab.functional.binary import sigmoid_focal_loss as sigmoid_focal_loss
from tinygrad_lab.functional.channels import batch_norm as batch_norm
from tinygrad_lab.functional.channels import group_norm as group_norm
from tinygrad_lab.functional.channels import instance_norm as instance_norm
from tinygrad_lab.functional.classification import cross_entropy as cross_entropy
from tinygrad_lab.functional.classification import nll_loss as nll_loss
from tinygrad_lab.functional.convolution import conv1d as conv1d
from tinygrad_lab.functional.convolution import conv2d as conv2d
from tinygrad_lab.functional.convolution import conv_transpose1d as conv_transpose1d
from tinygrad_lab.functional.convolution import conv_transpose2d as conv_transpose2d
from tinygrad_lab.functional.gaussian import gelu as gelu
from tinygrad_lab.functional.gaussian import normal_cdf as normal_cdf
from tinygrad_lab.functional.layers import bilinear as bilinear
from tinygrad_lab.functional.layers import dropout as dropout
from tinygrad_lab.functional.layers import linear as linear
from tinygrad_lab.functional.likelihoods import gaussian_nll_loss as gaussian_nll_loss
from tinygrad_lab.functional.likelihoods import poisson_nll_loss as poisson_nll_loss
from tinygrad_lab.functional.losses import huber_loss as huber_loss
from tinygrad_lab.functional.losses import kl_div as kl_div
from tinygrad_lab.functional.losses import l1_loss as l1_loss
from tinygrad_lab.functional.losses import mse_loss as mse_loss
from tinygrad_lab.functional.losses import smooth_l1_loss as smooth_l1_loss
from tinygrad_lab.functional.margins import cosine_embedding_loss as cosine_embedding_loss
from tinygrad_lab.functional.margins import hinge_embedding_loss as hinge_embedding_loss
from tinygrad_lab.functional.margins import margin_ranking_loss as margin_ranking_loss
from tinygrad_lab.functional.margins import multi_margin_loss as multi_margin_loss
from tinygrad_lab.functional.margins import soft_margin_loss as soft_margin_loss
from tinygrad_lab.functional.margins import triplet_margin_loss as triplet_margin_loss
from tinygrad_lab.functional.matrices import cho_solve as cho_solve
from tinygrad_lab.functional.matrices import expm as expm
from tinygrad_lab.functional.matrices import solve_triangular as solve_triangular
from tinygrad_lab.functional.normalisation import layer_norm as layer_norm
from tinygrad_lab.functional.normalisation import rms_norm as rms_norm
from tinygrad_lab.functional.padding import pad as pad
from tinygrad_lab.functional.padding import unfold as unfold
from tinygrad_lab.functional.piecewise import hardshrink as hardshrink
from tinygrad_lab.functional.piecewise import hardsigmoid as hardsigmoid
from tinygrad_lab.functional.piecewise import hardswish as hardswish
from tinygrad_lab.functional.piecewise import hardtanh as hardtanh
from tinygrad_lab.functional.piecewise import prelu as prelu
from tinygrad_lab.functional.piecewise import relu6 as relu6
from tinygrad_lab.functional.piecewise import softshrink as softshrink
from tinygrad_lab.functional.pooling import avg_pool1d as avg_pool1d
from tinygrad_lab.functional.pooling import avg_pool2d as avg_pool2d
from tinygrad_lab.functional.pooling import max_pool1d as max_pool1d
from tinygrad_lab.functional.pooling import max_pool2d as max_pool2d
from tinygrad_lab.functional.resampling import adaptive_avg_pool1d as adaptive_avg_pool1d
from tinygrad_lab.functional.resampling import adaptive_avg_pool2d as adaptive_avg_pool2d
from tinygrad_lab.functional.resampling import adaptive_max_pool1d as adaptive_max_pool1d
from tinygrad_lab.functional.resampling import adaptive_max_pool2d as adaptive_max_pool2d
from tinygrad_lab.functional.resampling import interpolate as interpolate
from tinygrad_lab.functional.shapes import flatten as flatten
from tinygrad_lab.functional.shapes import pixel_shuffle as pixel_shuffle
from tinygrad_lab.functional.shapes import pixel_unshuffle as pixel_unshuffle
from tinygrad_lab.functional.shapes import unflatten as unflatten
from tinygrad_lab.functional.similarity import cosine_similarity as cosine_similarity
from tinygrad_lab.functional.similarity import normalize as normalize
from tinygrad_lab.functional.similarity import pairwise_distance as pairwise_distance
from tinygrad_lab.functional.softmaxes import log_softmax as log_softmax
from tinygrad_lab.functional.softmaxes import logsumexp as logsumexp
from tinygrad_lab.functional.softmaxes import softmax as softmax
from tinygrad_lab.functional.tokens import embedding as embedding
from tinygrad_lab.functional.tokens import one_hot as one_hot
from tinygrad_lab.functional.tokens import segment_max as segment_max
from tinygrad_lab.functional.tokens import segment_mean as segment_mean
from tinygrad_lab.functional.tokens import segment_softmax as segment_softmax
from tinygrad_lab.functional.tokens import segment_sum as segment_sum
from tinygrad_lab.functional.volumes import adaptive_avg_pool3d as adaptive_avg_pool3d
from tinygrad_lab.functional.volumes import adaptive_max_pool3d as adaptive_max_pool3d
from tinygrad_lab.functional.volumes import avg_pool3d as avg_pool3d
from tinygrad_lab.functional.volumes import conv3d as conv3d
from tinygrad_lab.functional.volumes import conv_transpose3d as conv_transpose3d
from tinygrad_lab.functional.volumes import max_pool3d as max_pool3d

__all__ = sorted(name for name, thing in vars().items() if callable(thing))

if not TYPE_CHECKING:
    __getattr__ = refusals.names.of_package(__name__, lambda: __all__)
