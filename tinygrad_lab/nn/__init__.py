"""Modules: layers with parameters, activations, losses, and how parameters start."""

from __future__ import annotations

from tinygrad_lab.nn import init
from tinygrad_lab.nn.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from tinygrad_lab.nn.conv import Conv1D
from tinygrad_lab.nn.function import Function
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
from tinygrad_lab.nn.module import Module, Sequential

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "LOSSES",
    "BCELoss",
    "BCEWithLogitsLoss",
    "Conv1D",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "Function",
    "HuberLoss",
    "Identity",
    "L1Loss",
    "LeakyReLU",
    "Linear",
    "Loss",
    "MSELoss",
    "Module",
    "NLLLoss",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "init",
]
