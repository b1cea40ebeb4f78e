"""A picture of the network that a run trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.lab.build import Experiment
from tinygrad_lab.viz import Graph, draw


def network(experiment: Experiment, **options: Any) -> Graph:
    """Return a picture of an experiment's model and loss, on its data.

    Arguments:
        experiment: a model, its loss and its data.
        options: those of `draw`.
    """

    def network(x: Any, target: Any) -> Any:
        return experiment.loss(experiment.model(x), target)

    with np.errstate(all="ignore"):  # a model whose training diverged
        return draw(network, experiment.data.x, experiment.data.y, **options)
