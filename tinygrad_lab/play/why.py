"""Why this output? The graph of one sample, as a page that steps through its backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import viz
from tinygrad_lab.lab.build import Experiment
from tinygrad_lab.lab.data import Dataset
from tinygrad_lab.nn.evaluation import in_evaluation_mode


def page(experiment: Experiment, dataset: Dataset, theme: Any = "auto") -> str:
    """Return the page for one sample: forward, backward, and the update that it alone would make.

    Arguments:
        experiment: the network with its loss and optimizer.
        dataset: a single point.
        theme: "light", "dark" or "auto".
    """

    def sample(x: Any, target: Any) -> Any:
        return experiment.loss(experiment.model(x), target)

    with in_evaluation_mode(experiment.model), np.errstate(all="ignore"):
        x, y = experiment.arrays(dataset)
        return viz.draw(sample, x, y, optimizer=experiment.optimizer).page(theme)
