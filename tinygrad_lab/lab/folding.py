"""k-fold cross-validation: each point is in the test part exactly once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import running
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.metrics import describe


def cross_validate(config: Config, k: int = 5) -> list[dict[str, float]]:
    """Train `k` times, testing each time on another k-th of the points.

    Arguments:
        config: how to train; a validation or test part that it splits off itself is split off each time.
        k: the number of parts, from 2 to the number of points.

    Returns:
        The figures on the points put aside, of each training: `accuracy`, or `mse`, `rmse` and `r2`.

    Raises:
        LabError: there are fewer than `k` points, or the configuration does not fit the data.

    Example:
        >>> [sorted(figures) for figures in cross_validate(Config(epochs=5), k=3)]
        [['accuracy'], ['accuracy'], ['accuracy']]

    Source: M. Stone, "Cross-validatory choice and assessment of statistical predictions", 1974.
    """
    dataset = running.load(config)
    n = len(dataset.x)
    if not 2 <= k <= n:
        raise LabError(f"cross_validate: k must be from 2 to {n}, the number of points, got {k}; try 5")
    order = np.random.default_rng(config.seed).permutation(n)
    found: list[dict[str, float]] = []
    for fold in range(k):
        aside = np.zeros(n, dtype=bool)
        aside[order[fold::k]] = True
        part = dataset.take(aside)
        run = running.run(replace(config), dataset=dataset.take(~aside))
        found.append(describe(part, run.experiment.predict(part.x)[1]))
    return found
