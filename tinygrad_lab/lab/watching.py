"""Validation during a training, and the parameters with the lowest validation loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab.lab.metrics import scorer
from tinygrad_lab.lab.steps import evaluating
from tinygrad_lab.nn import Module
from tinygrad_lab.typing import NDArray

if TYPE_CHECKING:
    from tinygrad_lab.lab.training import History

Loss = Callable[[Any, Any], Any]


class Watch:
    """Validates at each epoch, and remembers the parameters with the lowest loss."""

    def __init__(
        self,
        model: Module,
        loss: Loss,
        data: tuple[NDArray, NDArray] | None,
        threshold: float | None,
        patience: int | None,
    ) -> None:
        self.model, self.loss, self.data, self.patience = model, loss, data, patience
        self.score = None if threshold is None or data is None else scorer(data[1], threshold)
        self.best, self.lowest = 0, math.inf
        self.parameters: dict[str, NDArray] | None = None

    def look_back(self, history: History) -> None:
        """Find the lowest loss in a history that continues; the parameters come with `history.kept`."""
        if self.patience is not None and history.validation_loss:
            self.best = int(np.argmin(history.validation_loss)) + 1
            self.lowest = history.validation_loss[self.best - 1]
            self.parameters = history.kept

    def __call__(self, history: History) -> None:
        """Validate, and remember the parameters if the loss is lower than ever."""
        if self.data is None:
            return
        with evaluating(self.model):
            output = self.model(self.data[0])
            loss = self.loss(output, self.data[1]).item()
        history.validation_loss.append(loss)
        if self.score is not None:
            history.validation_accuracy.append(float(self.score(output.data)))
        if self.patience is not None and loss < self.lowest:
            self.best, self.lowest = history.epochs, loss
            history.kept = self.parameters = self.model.state_dict()

    def has_had_enough(self, history: History) -> bool:
        """Return whether the loss has not fallen for too long."""
        return self.patience is not None and history.epochs - self.best >= self.patience

    def restore(self, history: History) -> None:
        """Put the best parameters back, unless they are those of the last epoch."""
        history.best = history.last = None
        if self.parameters is not None and self.best != history.epochs:
            history.best, history.last = self.best, self.model.state_dict()
            self.model.load_state_dict(self.parameters)
