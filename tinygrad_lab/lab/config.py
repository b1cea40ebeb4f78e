"""The configuration of a run: one table, whose rows are the fields of `Config` and the options of `train`."""

from __future__ import annotations

import inspect
import math
import os
from dataclasses import asdict, dataclass
from typing import Any

from tinygrad_lab import nn, optim
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.data import DATASETS
from tinygrad_lab.lab.objectives import OBJECTIVES
from tinygrad_lab.lab.options import FLAG, WIDTHS, by_name, check, check_names, choice, option, real, text, whole
from tinygrad_lab.lab.schedules import USAGE

ACTIVATIONS = (*nn.ACTIVATIONS, "none")
OUTPUTS = (*sorted({o for objective in OBJECTIVES.values() for o in objective.outputs} - {"none"}), "none")
REDUCTIONS = ("mean", "sum")
WITH_MOMENTUM = tuple(
    name for name, optimizer in optim.OPTIMIZERS.items() if "momentum" in inspect.signature(optimizer).parameters
)

CHANGEABLE = ("epochs", "until", "patience", "log_every")  # when a run is resumed

_POSITIVE = real("a positive number", lambda x: x > 0, "try 0.1")
_AT_LEAST_0 = real("at least 0", lambda x: x >= 0, "try 0.01")
_SHARE = real("more than 0 and less than 1", lambda x: 0 < x < 1, "try 0.2")
_BELOW_1 = real("at least 0 and less than 1", lambda x: 0 <= x < 1, "try 0.9")


@by_name
@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that determines a run: the same configuration gives the same numbers, bit for bit.

    The fields are the options of `tinygrad-lab train`, whose `--help` describes them. The defaults learn the XOR data
    to accuracy 1 in less than a second.

    Raises:
        LabError: a field has an invalid value.

    Example:
        >>> Config(hidden=(3, 3), bias=False).hidden
        (3, 3)
        >>> Config(lr=-1.0)
        Traceback (most recent call last):
        tinygrad_lab.errors.LabError: config: lr must be a positive number, got -1.0; ...
    """

    # fmt: off
    data: str = option("xor", text("|".join((*DATASETS, "FILE"))), "data", "a data set of the lab, a .csv or "
                       ".parquet file, whose last column is the label, or a .npz file with arrays x and y")
    task: str = option("auto", choice(("auto", "classification", "regression")), "data", "whether labels are classes "
                       "or quantities; auto: classes, if they are text or few whole numbers")
    points: int | None = option(None, whole(1), "data", "number of points to draw (default: 100)")
    noise: float | None = option(None, _AT_LEAST_0, "data", "standard deviation of the noise added to drawn points "
                                 "(default: by data set)")
    label: str | None = option(None, text("NAME"), "data", "the column of a file to predict (default: the last)")
    delimiter: str | None = option(None, text("C"), "data", "between the cells of a .csv file (default: found)")
    header: bool | None = option(None, FLAG, "data", "whether a .csv file begins with names (default: if text is "
                                 "above numbers)")
    impute: str | None = option(None, choice(("mean", "median")), "data",
                                "fill empty cells (default: they are an error)")
    standardize: bool = option(False, FLAG, "data", "scale features and quantities to mean 0 and deviation 1")
    test: str | None = option(None, text("FILE"), "data", "a file of points to test the trained network on")
    test_fraction: float | None = option(None, _SHARE, "data", "or the share of the points to put aside for it")
    validation: str | None = option(None, text("FILE"), "data", "a file of points to validate on during training")
    validation_fraction: float | None = option(None, _SHARE, "data", "or the share of the points to put aside for it")

    hidden: tuple[int, ...] = option((8, 8), WIDTHS, "network", "units of each hidden layer")
    activation: str = option("tanh", choice(ACTIVATIONS), "network", "activation after each hidden layer")
    output: str | None = option(None, choice(OUTPUTS), "network", "after the last layer (default: what the loss needs)")
    conv: str | None = option(None, text("FILTERS:KERNEL[:STRIDE[:PADDING]]"), "network",
                              "begin with a 1-D convolution")
    dropout: float = option(0.0, _BELOW_1, "network", "share of each hidden layer's units that each update drops")
    bias: bool = option(True, FLAG, "network", "weights and biases, or weights only")
    init: str = option("xavier_uniform", choice(nn.init.INITIALISERS), "network", "how weights are drawn")
    legacy_rng: bool = option(False, FLAG, "network", "draw weights with NumPy's RandomState(seed)")

    loss: str | None = option(None, choice(OBJECTIVES), "training", "(default: bce, or cross_entropy for more than two "
                              "classes)")
    reduction: str = option("mean", choice(REDUCTIONS), "training", "of the loss over the points")
    optimizer: str = option("sgd", choice(optim.OPTIMIZERS), "training", "the optimizer")
    lr: float = option(0.1, _POSITIVE, "training", "learning rate")
    momentum: float = option(0.0, _BELOW_1, "training", f"of {' and '.join(WITH_MOMENTUM)}")
    dampening: float = option(0.0, _BELOW_1, "training", "of sgd with momentum: each step adds 1 - F of the gradient")
    weight_decay: float | None = option(None, _AT_LEAST_0, "training", "pull each weight towards 0 by this share "
                                        "(default: the optimizer's, 0.01 for adamw, else 0)")
    schedule: str = option("constant", text("NAME"), "training", f"of the learning rate, by update: {USAGE}")
    batch_size: int | None = option(None, whole(1), "training", "points per update (default: all)")
    epochs: int | None = option(None, whole(1), "training", "at most (default: 10000); an epoch evaluates, then "
                                "updates, and the last one only evaluates")
    until: str | None = option(None, text("COND"), "training", "stop at the first evaluation with \"loss<NUMBER\", "
                               "accuracy=NUMBER, or both joined by \"and\" (default: \"accuracy=1 and loss<0.01\", "
                               "unless --epochs is given)")
    patience: int | None = option(None, whole(1), "training", "stop when the loss on the validation points has not "
                                  "fallen for so many epochs, and keep the best parameters")
    seed: int = option(0, whole(0), "training", "same seed, same numbers")
    compile: bool = option(False, FLAG, "training", "train with a compiled step: by Numba where it is installed, else "
                           "NumPy; sums may round otherwise")

    log_every: int | None = option(None, whole(1), "output", "epochs between log lines (default: by --epochs)")
    # fmt: on

    def __post_init__(self) -> None:
        hidden: Any = self.hidden
        if isinstance(hidden, list):  # as JSON has it
            object.__setattr__(self, "hidden", tuple(hidden))
        for name in ("data", "test", "validation"):
            if isinstance(getattr(self, name), os.PathLike):
                object.__setattr__(self, name, os.fspath(getattr(self, name)))
        check(self)
        self._check_generator()
        self._check_momentum()
        self._check_points()
        self._check_output()
        self._check_parts()

    def _check_generator(self) -> None:
        if self.legacy_rng and self.seed >= 2**32:
            raise _error(
                f"legacy_rng does not take the seed {self.seed}", "choose one below 2**32, as RandomState needs"
            )

    def _check_momentum(self) -> None:
        if self.momentum and self.optimizer not in WITH_MOMENTUM:
            problem = f"the optimizer {self.optimizer} has no momentum, got {self.momentum}"
            raise _error(problem, f"leave it out, or use {' or '.join(WITH_MOMENTUM)}")
        if self.dampening and not (self.momentum and self.optimizer == "sgd"):
            raise _error(f"dampening {self.dampening} works only with sgd and a momentum", "add --momentum 0.9")

    def _check_points(self) -> None:
        sized = [name for name, dataset in DATASETS.items() if dataset.sized]
        if self.points is not None and self.data not in sized:
            problem = f"the number of points of {self.data} is fixed and cannot be set to {self.points}"
            raise _error(problem, f"leave points out, or choose among {', '.join(sized)}")
        if self.noise is not None and self.data not in DATASETS:
            problem = f"noise {self.noise} is only for data that are drawn ({', '.join(DATASETS)}), not for {self.data}"
            raise _error(problem, "leave it out")
        if self.task == "classification" and self.data in DATASETS and not DATASETS[self.data].classes:
            raise _error(f"the task of {self.data} is regression, not {self.task}", "leave the task out")

    def _check_output(self) -> None:
        if self.output is None or self.loss is None:
            return
        fitting = OBJECTIVES[self.loss].outputs
        if self.output not in fitting:
            raise _error(
                f"loss {self.loss} needs the output {' or '.join(fitting)}, got {self.output}",
                "leave the output out; bce_with_logits is the cross-entropy of a plain number",
            )

    def _check_parts(self) -> None:
        for name in ("test", "validation"):
            path, share = getattr(self, name), getattr(self, f"{name}_fraction")
            if path is not None and share is not None:
                raise _error(f"{name} {path} and {name}_fraction {share} do not go together", "leave one of them out")
        if self.patience is not None and self.validation is None and self.validation_fraction is None:
            raise _error(
                f"patience {self.patience} needs validation points, and there are none", "add --validation-fraction 0.2"
            )

    @property
    def limit(self) -> int:
        """`epochs`, or 10,000."""
        return self.epochs or 10_000

    @property
    def condition(self) -> str | None:
        """`until`; if neither it nor `epochs` says how long to train, a condition for having learnt the data well."""
        return self.until or (None if self.epochs else "accuracy=1 and loss<0.01")

    @property
    def log_interval(self) -> int:
        """`log_every`, or the power of ten that gives ten to a hundred log lines."""
        return self.log_every or 10 ** max(0, math.ceil(math.log10(self.limit)) - 2)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data for JSON; `Config(**fields)` reads it."""
        return asdict(self) | {"hidden": list(self.hidden)}

    @classmethod
    def from_dict(cls, given: Any, where: str = "config") -> Config:
        """Return the configuration that `to_dict` described, or one with some of its fields.

        Raises:
            LabError: this is not a configuration; the text names the field, and `where` it comes from.
        """
        if not isinstance(given, dict):
            raise LabError(
                f"{where}: must be a JSON object of options, got {type(given).__name__}; see config.json of a run"
            )
        check_names(where, given, cls)
        return cls(**given)


def _error(problem: str, advice: str) -> LabError:
    return LabError(f"config: {problem}; {advice}")
