"""One run: a configuration goes in, a trained model with its history comes out. Nothing is written or printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import files
from tinygrad_lab.lab.build import Experiment, build, resolve
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import DATASETS, Data, Dataset, split
from tinygrad_lab.lab.diagnosis import dead_units, how_it_went
from tinygrad_lab.lab.metrics import describe
from tinygrad_lab.lab.steps import in_one_go
from tinygrad_lab.lab.training import Callback, History, Training, train
from tinygrad_lab.nn import Module
from tinygrad_lab.typing import NDArray, NumPyRng


@dataclass(frozen=True)
class Parts:
    """The training points of a run, and its validation and test points if there are any."""

    training: Dataset
    validation: Dataset | None = None
    test: Dataset | None = None


@dataclass
class Run:
    """A model and its training, as a configuration describes them.

    Arguments:
        config: the configuration, with every choice made.
        schema: a data set without points, which has the names of columns and classes.
        experiment: the model, with its loss and optimizer.
        batches: draws the order of the points.
        find: returns the data when they are first needed.
        history: loss and accuracy of every epoch.
    """

    config: Config
    schema: Dataset = field(repr=False)
    experiment: Experiment = field(repr=False)
    batches: NumPyRng = field(repr=False)
    find: Callable[[], Parts] = field(repr=False)
    history: History = field(default_factory=History)

    @cached_property
    def parts(self) -> Parts:
        """The data in parts."""
        return self.find()

    @property
    def dataset(self) -> Dataset:
        """The points that the run learns from."""
        return self.parts.training

    @property
    def model(self) -> Module:
        """The network."""
        return self.experiment.model

    @property
    def data(self) -> Data:
        """Inputs and targets in the shapes that the model and its loss take."""
        return self.experiment.arrays(self.dataset)

    def train(
        self, callbacks: Sequence[Callback] = (), compile: bool | str | None = None, every: int | None = None
    ) -> Run:
        """Continue training from the end of the history, and return the run.

        Arguments:
            callbacks: called with the history after each evaluation, or after many of them with a compiled step.
            compile: whether to use a compiled step: True, False or a backend's name; None for what the configuration
                says.
            every: epochs between two calls at most, with a compiled step.
        """
        for name in ("_said", "notes"):
            vars(self).pop(name, None)
        train(callbacks=callbacks, **self._setting(compile, every))
        return self

    def training(self, compile: bool | str | None = None) -> Training:
        """Return the training as an object that makes one update at a time."""
        return Training(**self._setting(compile))

    def _setting(self, compile: bool | str | None, every: int | None = None) -> dict[str, Any]:
        config, watched = self.config, self.parts.validation
        return {
            "model": self.model,
            "data": self.data,
            "loss": self.experiment.loss,
            "optimizer": self.experiment.optimizer,
            "epochs": config.limit,
            "batch_size": config.batch_size,
            "until": config.until,
            "rng": self.batches,
            "threshold": self.experiment.threshold,
            "validation": None if watched is None else self.experiment.arrays(watched),
            "patience": config.patience,
            "history": self.history,
            "compile": config.compile if compile is None else compile,
            "every": in_one_go(math.gcd(config.log_interval, every or 0), self.dataset.x.size),
        }

    def predict(self, x: Any) -> NDArray:
        """Return the predicted labels of new points, under the names that the data use, or the predicted quantities.

        Arguments:
            x: (points, features), with the features in the order of `dataset.features`, and not scaled.

        Raises:
            LabError: the shape does not fit.

        Example:
            >>> run(Config()).predict([[0.0, 0.0], [0.0, 1.0]])
            array(['0', '1'], dtype='<U1')
        """
        _, predicted = self.experiment.predict(self._inputs(x))
        return np.array(self.schema.classes)[predicted] if self.schema.classes else predicted

    def predict_proba(self, x: Any) -> NDArray:
        """Return the probability of each class, (points, classes).

        Raises:
            LabError: the shape does not fit, or quantities are predicted.
        """
        if not self.schema.classes:
            raise LabError("predict_proba: only classes have probabilities, and the labels are quantities; use predict")
        p, _ = self.experiment.predict(self._inputs(x))
        return p if self.experiment.classwise else np.concatenate([1 - p, p], axis=1)

    def _inputs(self, x: Any) -> NDArray:
        try:
            x = np.asarray(x, dtype=np.float64)
        except (ValueError, TypeError) as error:
            raise LabError(f"predict: x must be numbers, one row for each point ({error}); correct it") from error
        features = self.schema.features
        if x.ndim != 2 or x.shape[1] != len(features):
            shown = ", ".join(features[:8]) + (", …" if len(features) > 8 else "")
            raise LabError(f"predict: x must be (points, {len(features)}), got {x.shape}; the columns are {shown}")
        return x

    @cached_property
    def _said(self) -> tuple[NDArray, NDArray]:
        return self.experiment.predict(self.dataset.x)

    @property
    def probabilities(self) -> NDArray:
        """(points, 1), the probability of class 1 or the quantity, or (points, classes)."""
        return self._said[0]

    @property
    def predicted(self) -> NDArray:
        """(points,), the number of the predicted class, or the quantity."""
        return self._said[1]

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know, one sentence each."""
        return (*how_it_went(self.history), *dead_units(self.model, self.data.x))

    def figures(self) -> dict[str, float]:
        """Return the final figures by name, for each part of the data, with the present parameters."""
        found = {name: self.history.final(name) for name in self.history.columns() if name.endswith("loss")}
        for prefix, part in (("", self.dataset), ("validation_", self.parts.validation), ("test_", self.parts.test)):
            if part is not None and len(part.x):
                said = self._said if part is self.dataset else self.experiment.predict(part.x)
                found |= {f"{prefix}{name}": figure for name, figure in describe(part, said[1]).items()}
        return found

    def _repr_html_(self) -> str:
        from tinygrad_lab.lab.notebook import page  # only notebooks call this

        return page(self)


def run(config: Config, callbacks: Sequence[Callback] = (), dataset: Dataset | None = None) -> Run:
    """Train as a configuration describes.

    Data, weights and the order of batches have random streams of their own, all derived from the seed: a wider layer
    leaves the data as they were.

    Arguments:
        config: the configuration.
        callbacks: called after each evaluation with the history so far.
        dataset: the data, if they have been loaded already.

    Raises:
        LabError: the data cannot be read, or the configuration does not fit them.

    Example:
        >>> result = run(Config(data="linear", points=30, epochs=5))
        >>> result.history.epochs, result.predicted.shape
        (5, (30,))
    """
    return prepare(config, dataset).train(callbacks)


def prepare(config: Config, dataset: Dataset | None = None, model: Module | None = None) -> Run:
    """Return the run before its first epoch.

    Arguments:
        config: the configuration.
        dataset: the data, if they have been loaded already.
        model: a network of your own, instead of the one that the configuration describes.

    Raises:
        LabError: the data cannot be read, or the configuration does not fit them.
    """
    if not isinstance(config, Config):
        raise LabError(f"run: config must be a Config, got {type(config).__name__}; write Config(epochs=100)")
    dataset = dataset or load(config)
    parts = divide(config, dataset)
    config = resolve(config, dataset)
    _, weights, batches, _ = _streams(config.seed)
    rng = np.random.RandomState(config.seed) if config.legacy_rng else weights
    experiment = build(config, parts.training, rng, model=model)
    return Run(config, dataset.take(slice(0)), experiment, batches, lambda: parts)


def load(config: Config) -> Dataset:
    """Return the data set that a configuration names.

    With `legacy_rng`, points that are drawn come from the same `RandomState(seed)`, after the weights.

    Raises:
        LabError: the file cannot be read, or is not a data set.
    """
    if config.data not in DATASETS:
        return _read(config, config.data)
    rng: NumPyRng = _streams(config.seed)[0]
    name, source = config.data, DATASETS[config.data]
    features, classes = source.features, () if config.task == "regression" else source.classes
    if config.legacy_rng and source.sized:
        empty = Dataset(name, np.empty((0, len(features))), np.empty(0, dtype=int), features, classes)
        rng = np.random.RandomState(config.seed)
        build(resolve(config, empty), empty, rng)
    x, y = source.make(config.points or 100, rng, source.noise if config.noise is None else config.noise)
    return Dataset(name, x, y.ravel().astype(np.int64 if classes else np.float64), features, classes)


def divide(config: Config, dataset: Dataset) -> Parts:
    """Split the points as the configuration says.

    Raises:
        LabError: a file of points cannot be read, or has other columns.
    """
    rng = _streams(config.seed)[3]
    parts: dict[str, Dataset | None] = {}
    for name in ("test", "validation"):
        path, share = getattr(config, name), getattr(config, f"{name}_fraction")
        parts[name] = None
        if path is not None:
            parts[name] = _read(config, path, dataset)
        elif share is not None:
            dataset, parts[name] = split(dataset, share, rng)
    return Parts(dataset, **parts)


def _read(config: Config, path: str, like: Dataset | None = None) -> Dataset:
    return files.read(
        path,
        task=config.task,
        label=config.label,
        delimiter=config.delimiter,
        header=config.header,
        impute=config.impute,
        like=like,
    )


def settled(config: Config) -> Config:
    """Return the configuration with absolute paths, which are right in any working directory."""
    paths = {"data": config.data, "test": config.test, "validation": config.validation}
    absolute: dict[str, Any] = {
        name: str(Path(path).absolute()) for name, path in paths.items() if path is not None and path not in DATASETS
    }
    return replace(config, **absolute)


def _streams(seed: int) -> tuple[NumPyRng, NumPyRng, NumPyRng, NumPyRng]:
    one, two, three, four = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(4))
    return one, two, three, four
