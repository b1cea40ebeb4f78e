"""Modules: layers with parameters, activations, losses, and how parameters start."""

from __future__ import annotations

from tinygrad_lab.nn import init
from tinygrad_lab.nn.activations import (
    ACTIVATIONS,
    CELU,
    ELU,
    GELU,
    SELU,
    Identity,
    LeakyReLU,
    LogSigmoid,
    Mish,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from tinygrad_lab.nn.attention import MultiheadAttention, TransformerEncoderLayer
from tinygrad_lab.nn.buffer import Buffer
from tinygrad_lab.nn.cells import GRUCell, LSTMCell, RNNCell
from tinygrad_lab.nn.containers import ModuleDict, ModuleList, Sequential
from tinygrad_lab.nn.conv import Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D
from tinygrad_lab.nn.embedding import Embedding, LearnedEncoding, SinusoidalEncoding
from tinygrad_lab.nn.function import Function, Lambda
from tinygrad_lab.nn.gates import GLU, LogSoftmax, PReLU, Softmax
from tinygrad_lab.nn.layers import Dropout, Flatten, Linear
from tinygrad_lab.nn.losses import (
    LOSSES,
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    L1Loss,
    Loss,
    MSELoss,
    NLLLoss,
)
from tinygrad_lab.nn.module import Module
from tinygrad_lab.nn.normalisation import BatchNorm1D, BatchNorm2D, GroupNorm, LayerNorm, RMSNorm
from tinygrad_lab.nn.piecewise import Hardshrink, Hardsigmoid, Hardswish, Hardtanh, ReLU6, Softshrink
from tinygrad_lab.nn.pooling import (
    AdaptiveAvgPool1D,
    AdaptiveAvgPool2D,
    AdaptiveMaxPool1D,
    AdaptiveMaxPool2D,
    AvgPool1D,
    AvgPool2D,
    MaxPool1D,
    MaxPool2D,
    Upsample,
)
from tinygrad_lab.nn.recurrent import GRU, LSTM, RNN

__all__ = [
    "ACTIVATIONS",
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "LOSSES",
    "LSTM",
    "RNN",
    "SELU",
    "AdaptiveAvgPool1D",
    "AdaptiveAvgPool2D",
    "AdaptiveMaxPool1D",
    "AdaptiveMaxPool2D",
    "AvgPool1D",
    "AvgPool2D",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1D",
    "BatchNorm2D",
    "Buffer",
    "Conv1D",
    "Conv2D",
    "ConvTranspose1D",
    "ConvTranspose2D",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "Function",
    "GRUCell",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "L1Loss",
    "LSTMCell",
    "Lambda",
    "LayerNorm",
    "LeakyReLU",
    "LearnedEncoding",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "Loss",
    "MSELoss",
    "MaxPool1D",
    "MaxPool2D",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss",
    "PReLU",
    "RMSNorm",
    "RNNCell",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SinusoidalEncoding",
    "Softmax",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "TransformerEncoderLayer",
    "Upsample",
    "init",
]
