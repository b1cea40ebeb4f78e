"""A picture of the network that a run trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.lab.running import Run
from tinygrad_lab.viz import Graph, draw

_MOST = 1000  # points at most that a picture's numbers are computed from


def network(run: Run, **options: Any) -> Graph:
    """Return a picture of a run's model and loss, on its data.

    Arguments:
        run: a model, its loss and its data.
        options: those of `draw`.
    """

    def network(x: Any, target: Any) -> Any:
        return run.experiment.loss(run.model(x), target)

    with np.errstate(all="ignore"):  # a model whose training diverged
        x, y = run.experiment.arrays(run.dataset.take(slice(_MOST)))
        return draw(network, x, y, **options)
