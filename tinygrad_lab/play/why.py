"""Why this output? The graph of a single sample, as the page that steps through its back-propagation."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import viz
from tinygrad_lab.lab.build import Experiment
from tinygrad_lab.lab.data import Dataset


def page(experiment: Experiment, dataset: Dataset, theme: Any = "auto") -> str:
    """Return the page of a sample: forward, backward, and the update that it alone would make.

    Arguments:
        experiment: the network with its loss and optimizer.
        dataset: of one point.
        theme: "light", "dark" or "auto".
    """

    def sample(x: Any, target: Any) -> Any:
        return experiment.loss(model(x), target)

    model = experiment.model
    training = model.training
    model.eval()
    try:
        with np.errstate(all="ignore"):
            x, y = experiment.arrays(dataset)
            return viz.draw(sample, x, y, optimizer=experiment.optimizer).page(theme)
    finally:
        model.train(training)
