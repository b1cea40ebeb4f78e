"""The epochs that were: a run's parameters as they were at some of its evaluations, evenly spread, never too many."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.lab.build import Experiment
from tinygrad_lab.lab.data import Array
from tinygrad_lab.optim.base import Schedule

MOST = 256
MOST_BYTES = 64_000_000


@dataclass(frozen=True, eq=False)
class Moment:
    """A run at an evaluation.

    Arguments:
        epoch: number of evaluations.
        experiment: the model and optimizer that it had then.
        model: the model's arrays by name.
        states: the optimizer's states.
        steps: how often the optimizer had stepped.
        lr: its learning rate.
    """

    epoch: int
    experiment: Experiment
    model: dict[str, Array]
    states: list[dict[str, Any]]
    steps: int
    lr: float | Schedule

    @classmethod
    def of(cls, epoch: int, experiment: Experiment) -> Moment:
        """Return a run as it is."""
        optimizer = experiment.optimizer
        states = [{name: np.copy(x)[()] for name, x in state.items()} for state in optimizer.states]
        return cls(epoch, experiment, experiment.model.state_dict(), states, optimizer.steps, optimizer.lr)

    @contextmanager
    def back(self) -> Iterator[Experiment]:
        """Surround looks at the run as it was then."""
        present = Moment.of(0, self.experiment)
        self.restore()
        try:
            yield self.experiment
        finally:
            present.restore()

    def restore(self) -> None:
        """Let the experiment be as it was."""
        optimizer = self.experiment.optimizer
        self.experiment.model.load_state_dict(self.model)
        optimizer.states, optimizer.steps, optimizer.lr = [dict(state) for state in self.states], self.steps, self.lr

    @property
    def size(self) -> int:
        """Bytes."""
        arrays = [*self.model.values(), *(x for state in self.states for x in state.values())]
        return sum(np.asarray(x).nbytes for x in arrays)


class Moments:
    """Keeps every epoch at first; whenever there are too many, every other one is dropped, and twice as few are kept.

    Example:
        >>> moments = Moments()
        >>> moments.stride, moments.epochs
        (1, [])
    """

    def __init__(self) -> None:
        self.kept: list[Moment] = []
        self.stride = 1

    @property
    def epochs(self) -> list[int]:
        """Those that can be gone back to."""
        return [moment.epoch for moment in self.kept]

    def keep(self, epoch: int, experiment: Experiment) -> None:
        """Keep an epoch, if it is one of those to be kept."""
        if (epoch - 1) % self.stride:
            return
        moment = Moment.of(epoch, experiment)
        self.kept.append(moment)
        most = max(8, min(MOST, MOST_BYTES // max(moment.size, 1)))
        if len(self.kept) > most:
            self.stride *= 2
            self.kept = [one for one in self.kept if (one.epoch - 1) % self.stride == 0]

    def drop_from(self, epoch: int) -> None:
        """Forget this epoch and all later ones."""
        self.kept = [one for one in self.kept if one.epoch < epoch]

    def nearest(self, epoch: int) -> Moment | None:
        """Return the last one at or before an epoch, or else the first."""
        position = bisect.bisect_right(self.epochs, epoch)
        return self.kept[max(position - 1, 0)] if self.kept else None
