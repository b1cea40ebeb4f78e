"""One run: a configuration in, a trained model with its history and predictions out. Nothing is written or printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygrad_lab.lab import files
from tinygrad_lab.lab.build import Experiment, build, resolve
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import DATASETS, Array, Dataset, Rng
from tinygrad_lab.lab.diagnosis import dead_units
from tinygrad_lab.lab.training import Callback, History, train


@dataclass(frozen=True)
class Run:
    """What a run leaves.

    Arguments:
        config: the configuration, with every choice made.
        dataset: what was learnt.
        experiment: the trained model, with its loss and optimizer.
        history: loss and accuracy of every epoch.
        probabilities: (points, 1), the probability of class 1, or (points, classes).
        predicted: (points,), the number of the predicted class.
        notes: what a reader should know, one sentence each.
    """

    config: Config
    dataset: Dataset
    experiment: Experiment
    history: History
    probabilities: Array
    predicted: Array
    notes: tuple[str, ...]


def run(config: Config, callbacks: Sequence[Callback] = (), dataset: Dataset | None = None) -> Run:
    """Train as a configuration says.

    Data, weights and the order of batches have random streams of their own, all derived from the seed: a wider layer
    leaves the data as they were.

    Arguments:
        config: the configuration.
        callbacks: called after each evaluation with the history so far.
        dataset: the data, where they are loaded already.

    Raises:
        LabError: the data cannot be read, or the configuration does not fit them.

    Example:
        >>> result = run(Config(data="linear", points=30, epochs=5))
        >>> result.history.epochs, result.predicted.shape
        (5, (30,))
    """
    dataset = dataset or load(config)
    config = resolve(config, dataset)
    _, weights, batches = _streams(config.seed)
    experiment = build(config, dataset, np.random.RandomState(config.seed) if config.legacy_rng else weights)
    history = train(
        experiment.model,
        experiment.data,
        experiment.loss,
        experiment.optimizer,
        epochs=config.limit,
        batch_size=config.batch_size,
        until=config.until,
        callbacks=callbacks,
        rng=batches,
        threshold=experiment.threshold,
    )
    p, predicted = experiment.predict(dataset.x)
    notes = (*_how_it_ended(history), *dead_units(experiment.model, experiment.data.x))
    return Run(config, dataset, experiment, history, p, predicted, notes)


def load(config: Config) -> Dataset:
    """Return the data set that a configuration names.

    Raises:
        LabError: the file cannot be read, or is not a data set.
    """
    if config.data not in DATASETS:
        return files.read(config.data)
    x, y = DATASETS[config.data].make(config.points or 100, _streams(config.seed)[0])
    return Dataset(config.data, x, y.ravel().astype(np.int64), ("x1", "x2"), ("0", "1"))


def _streams(seed: int) -> tuple[Rng, Rng, Rng]:
    one, two, three = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
    return one, two, three


def _how_it_ended(history: History) -> list[str]:
    match history.stopped_by:
        case "diverged":
            return [f"The loss is {history.loss[-1]} at epoch {history.epochs}: the run diverged; try a smaller lr."]
        case "interrupted":
            return [f"Interrupted at epoch {history.epochs}; all figures are those of this epoch."]
    return []
