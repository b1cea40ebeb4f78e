"""Optimizers, learning-rate schedules and gradient clipping."""

from __future__ import annotations

from tinygrad_lab.optim import schedules
from tinygrad_lab.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from tinygrad_lab.optim.averaging import ParameterAverage
from tinygrad_lab.optim.base import Optimizer
from tinygrad_lab.optim.clipping import clip_grad_norm, clip_grad_value
from tinygrad_lab.optim.minimize import minimize
from tinygrad_lab.optim.moments import Lion, NAdam, RAdam
from tinygrad_lab.optim.sgd import SGD

# By the name that the lab, the docs and the tests know them by.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    optimizer.__name__.lower(): optimizer for optimizer in (SGD, Adagrad, RMSprop, Adam, AdamW, NAdam, RAdam, Lion)
}

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Lion",
    "NAdam",
    "Optimizer",
    "ParameterAverage",
    "RAdam",
    "RMSprop",
    "clip_grad_norm",
    "clip_grad_value",
    "minimize",
    "schedules",
]
