"""What describes a run completely: the options of `tinygrad-lab train`, as a dataclass."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from tinygrad_lab.errors import LabError

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "none")
INITS = ("rand", "uniform", "normal", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "zeros")
OUTPUTS = ("sigmoid", "softmax", "none")
REDUCTIONS = ("mean", "sum")
OPTIMIZERS = ("sgd", "adagrad", "rmsprop", "adam", "adamw")
WITH_MOMENTUM = ("sgd", "rmsprop")

# Each loss with the outputs it can judge; the first is the default.
LOSSES = {
    "mse": ("sigmoid", "none"),
    "l1": ("sigmoid", "none"),
    "huber": ("sigmoid", "none"),
    "bce": ("sigmoid",),
    "bce_with_logits": ("none",),
    "cross_entropy": ("softmax",),
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that determines a run: the same configuration gives the same numbers, bit for bit.

    The fields are the options of `tinygrad-lab train`, whose `--help` describes them. The defaults learn the XOR data
    to accuracy 1 in less than a second.

    Raises:
        LabError: a field has a value that cannot be meant.

    Example:
        >>> Config(hidden=(3, 3), bias=False).hidden
        (3, 3)
        >>> Config(lr=-1.0)
        Traceback (most recent call last):
        tinygrad_lab.errors.LabError: config: lr must be a positive number, got -1.0; ...
    """

    data: str = "xor"
    points: int | None = None
    hidden: tuple[int, ...] = (8, 8)
    activation: str = "tanh"
    output: str | None = None
    conv: str | None = None
    bias: bool = True
    init: str = "xavier_uniform"
    legacy_rng: bool = False
    loss: str | None = None
    reduction: str = "mean"
    optimizer: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.0
    schedule: str = "constant"
    batch_size: int | None = None
    epochs: int | None = None
    until: str | None = None
    log_every: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))  # JSON has lists
        for name, choices in _CHOICES.items():
            _check_choice(name, getattr(self, name), choices)
        for width in self.hidden:
            _check_whole("hidden", width, 1)
        for name in ("points", "epochs", "batch_size", "log_every"):
            _check_whole(name, getattr(self, name), 1)
        _check_whole("seed", self.seed, 0)
        if self.legacy_rng and self.seed >= 2**32:
            raise _error("seed must be less than 2**32 with legacy_rng", self.seed, "RandomState takes no more")
        if not (self.lr > 0 and math.isfinite(self.lr)):
            raise _error("lr must be a positive number", self.lr, "try 0.1")
        if not 0 <= self.momentum < 1:
            raise _error("momentum must be at least 0 and less than 1", self.momentum, "try 0.9")
        if self.momentum and self.optimizer not in WITH_MOMENTUM:
            raise _error(
                f"momentum must be 0 with {self.optimizer}", self.momentum, f"use {' or '.join(WITH_MOMENTUM)}"
            )
        if self.points is not None and self.data != "linear":
            raise _error(
                f"points must be left out with data {self.data}", self.points, "linear has any number of points"
            )
        if self.output is not None and self.loss is not None and self.output not in LOSSES[self.loss]:
            raise _error(
                f"output must be {' or '.join(LOSSES[self.loss])} with loss {self.loss}",
                self.output,
                "leave the output out; bce_with_logits is the cross-entropy of a plain number",
            )

    @property
    def limit(self) -> int:
        """`epochs`, or 10,000."""
        return self.epochs or 10_000

    @property
    def condition(self) -> str | None:
        """`until`; if neither it nor `epochs` says how long to train, until the data are learnt well."""
        return self.until or (None if self.epochs else "accuracy=1 and loss<0.01")

    @property
    def log_interval(self) -> int:
        """`log_every`, or the round number that makes ten to a hundred log lines."""
        return self.log_every or 10 ** max(0, math.ceil(math.log10(self.limit)) - 2)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON has them; `Config(**fields)` is the way back."""
        return asdict(self) | {"hidden": list(self.hidden)}


_CHOICES: dict[str, Collection[str]] = {
    "activation": ACTIVATIONS,
    "output": OUTPUTS,
    "init": INITS,
    "loss": LOSSES,
    "reduction": REDUCTIONS,
    "optimizer": OPTIMIZERS,
}


def _check_choice(name: str, value: str | None, choices: Collection[str]) -> None:
    if value not in choices and not (value is None and name in ("output", "loss")):
        raise _error(f"{name} must be one of {', '.join(choices)}", repr(value), "check the spelling")


def _check_whole(name: str, value: int | None, least: int) -> None:
    if value is not None and (not isinstance(value, int) or value < least):
        raise _error(f"{name} must be a whole number of at least {least}", repr(value), "correct it")


def _error(rule: str, value: object, advice: str) -> LabError:
    return LabError(f"config: {rule}, got {value}; {advice}")
