"""Optimizers, learning-rate schedules, gradient clipping. Besides its code, a new one needs only a line below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_lab import refusals
from tinygrad_lab.optim import schedules as schedules
from tinygrad_lab.optim.adaptive import Adagrad as Adagrad
from tinygrad_lab.optim.adaptive import RMSprop as RMSprop
from tinygrad_lab.optim.averaging import ParameterAverage as ParameterAverage
from tinygrad_lab.optim.base import Optimizer as Optimizer
from tinygrad_lab.optim.clipping import clip_grad_norm as clip_grad_norm
from tinygrad_lab.optim.clipping import clip_grad_value as clip_grad_value
from tinygrad_lab.optim.minimize import minimize as minimize
from tinygrad_lab.optim.moments import Adam as Adam
from tinygrad_lab.optim.moments import AdamW as AdamW
from tinygrad_lab.optim.moments import Lion as Lion
from tinygrad_lab.optim.moments import NAdam as NAdam
from tinygrad_lab.optim.moments import RAdam as RAdam
from tinygrad_lab.optim.sgd import SGD as SGD

#: By the name that the lab, the reference and the tests know them by.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    name.lower(): kind
    for name, kind in sorted(vars().items(), key=lambda item: item[0].lower())
    if isinstance(kind, type) and issubclass(kind, Optimizer) and kind is not Optimizer
}

__all__ = [
    *("OPTIMIZERS", "Optimizer", "ParameterAverage", "clip_grad_norm", "clip_grad_value", "minimize", "schedules"),
    *(kind.__name__ for kind in OPTIMIZERS.values()),
]

if not TYPE_CHECKING:
    __getattr__ = refusals.names.of_package(__name__, lambda: __all__)
