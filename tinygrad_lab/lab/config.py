"""What describes a run completely: one table, whose rows are the fields of `Config` and the options of `train`."""

from __future__ import annotations

import inspect
import math
from dataclasses import asdict, dataclass
from typing import Any

from tinygrad_lab import nn, optim
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.data import DATASETS
from tinygrad_lab.lab.objectives import OBJECTIVES
from tinygrad_lab.lab.options import FLAG, WIDTHS, check, choice, option, real, text, whole
from tinygrad_lab.lab.schedules import USAGE

ACTIVATIONS = (*nn.ACTIVATIONS, "none")
OUTPUTS = (*sorted({o for objective in OBJECTIVES.values() for o in objective.outputs} - {"none"}), "none")
REDUCTIONS = ("mean", "sum")
WITH_MOMENTUM = tuple(
    name for name, optimizer in optim.OPTIMIZERS.items() if "momentum" in inspect.signature(optimizer).parameters
)

_POSITIVE = real("a positive number", lambda x: x > 0, "try 0.1")
_BELOW_1 = real("at least 0 and less than 1", lambda x: 0 <= x < 1, "try 0.9")


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

    # fmt: off
    data: str = option("xor", text("|".join((*DATASETS, "FILE"))), "data", "a data set of the lab, a .csv file with "
                       "header, whose last column is the label, or a .npz file with arrays x and y")
    points: int | None = option(None, whole(1), "data", "number of points of the linear data (default: 100)")

    hidden: tuple[int, ...] = option((8, 8), WIDTHS, "network", "units of each hidden layer")
    activation: str = option("tanh", choice(ACTIVATIONS), "network", "after each hidden layer")
    output: str | None = option(None, choice(OUTPUTS), "network", "after the last layer (default: what the loss wants)")
    conv: str | None = option(None, text("FILTERS:KERNEL[:STRIDE[:PADDING]]"), "network",
                              "begin with a 1-D convolution")
    bias: bool = option(True, FLAG, "network", "weights and biases, or weights only")
    init: str = option("xavier_uniform", choice(nn.init.INITIALISERS), "network", "how weights are drawn")
    legacy_rng: bool = option(False, FLAG, "network", "draw weights with NumPy's RandomState(seed)")

    loss: str | None = option(None, choice(OBJECTIVES), "training", "(default: bce, or cross_entropy for more than two "
                              "classes)")
    reduction: str = option("mean", choice(REDUCTIONS), "training", "of the loss over the points")
    optimizer: str = option("sgd", choice(optim.OPTIMIZERS), "training", "how parameters follow their gradients")
    lr: float = option(0.1, _POSITIVE, "training", "learning rate")
    momentum: float = option(0.0, _BELOW_1, "training", f"of {' and '.join(WITH_MOMENTUM)}")
    schedule: str = option("constant", text("NAME"), "training", f"of the learning rate, by update: {USAGE}")
    batch_size: int | None = option(None, whole(1), "training", "points per update (default: all)")
    epochs: int | None = option(None, whole(1), "training", "at most (default: 10000); an epoch evaluates, then "
                                "updates, and the last one only evaluates")
    until: str | None = option(None, text("COND"), "training", "stop at the first evaluation with \"loss<NUMBER\", "
                               "accuracy=NUMBER, or both joined by \"and\" (default: \"accuracy=1 and loss<0.01\", "
                               "unless --epochs is given)")
    seed: int = option(0, whole(0), "training", "same seed, same numbers")

    log_every: int | None = option(None, whole(1), "output", "epochs between log lines (default: by --epochs)")
    # fmt: on

    def __post_init__(self) -> None:
        hidden: Any = self.hidden
        if isinstance(hidden, list):  # as JSON has it
            object.__setattr__(self, "hidden", tuple(hidden))
        check(self)
        self._check_generator()
        self._check_momentum()
        self._check_points()
        self._check_output()

    def _check_generator(self) -> None:
        if self.legacy_rng and self.seed >= 2**32:
            raise _error("seed must be less than 2**32 with legacy_rng", self.seed, "RandomState takes no more")

    def _check_momentum(self) -> None:
        if self.momentum and self.optimizer not in WITH_MOMENTUM:
            rule = f"momentum must be 0 with {self.optimizer}"
            raise _error(rule, self.momentum, f"use {' or '.join(WITH_MOMENTUM)}")

    def _check_points(self) -> None:
        sized = [name for name, dataset in DATASETS.items() if dataset.sized]
        if self.points is not None and self.data not in sized:
            advice = f"{' and '.join(sized)} has any number of points"
            raise _error(f"points must be left out with data {self.data}", self.points, advice)

    def _check_output(self) -> None:
        if self.output is None or self.loss is None:
            return
        fitting = OBJECTIVES[self.loss].outputs
        if self.output not in fitting:
            raise _error(
                f"output must be {' or '.join(fitting)} with loss {self.loss}",
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


def _error(rule: str, value: object, advice: str) -> LabError:
    return LabError(f"config: {rule}, got {value}; {advice}")
