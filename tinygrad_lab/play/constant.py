"""The best constant predictor: the baseline that every run is compared with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.core import modes
from tinygrad_lab.lab.build import Experiment
from tinygrad_lab.lab.data import Dataset


@dataclass(frozen=True, eq=False)
class Constant:
    """The best that a network can do if it ignores its inputs.

    Arguments:
        loss: its loss over all points.
        words: what it predicts, in words.
    """

    loss: float
    words: str

    @classmethod
    def of(cls, experiment: Experiment, dataset: Dataset) -> Constant:
        """Find the constant output with the smallest loss; the losses are convex in it."""
        _, y = experiment.arrays(dataset)
        n = len(y)

        def loss(c: Any) -> float:
            with modes.no_grad():
                return float(experiment.loss(np.broadcast_to(c, (n, np.size(c))).copy(), y).item())

        if experiment.classwise:
            shares = np.bincount(dataset.labels, minlength=len(dataset.classes)) / n
            most = int(np.argmax(shares))
            words = f"saying {dataset.classes[most]} with {shares[most]:.4g} and so on, as often as each class occurs,"
            return cls(loss(np.log(np.maximum(shares, 1e-12))), words)
        logits = experiment.threshold == 0.0
        low, high = (-30.0, 30.0) if logits else (float(np.min(y)), float(np.max(y)))
        c = _least(loss, low, high)
        with modes.no_grad():
            said = float(np.ravel(experiment.finish(np.array([[c]])))[0])
        if dataset.classes:
            return cls(loss(c), f"saying {said:.4g} for class {dataset.classes[1]} at every point")
        return cls(loss(c), f"predicting {float(experiment.scale.quantities(np.array(said))):.4g} at every point")


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a convex function has its minimum, by golden-section search."""
    golden = (math.sqrt(5) - 1) / 2
    while high - low > 1e-7 * (1 + abs(low) + abs(high)):
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if function(a) <= function(b) else (a, high)
    return (low + high) / 2
