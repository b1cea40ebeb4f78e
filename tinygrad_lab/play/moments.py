"""Past epochs of a run: its parameters at some of its evaluations, evenly spread, and never too many."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.lab.build import Experiment
from tinygrad_lab.nn import Module
from tinygrad_lab.optim.base import Schedule

MOST = 256
MOST_BYTES = 64_000_000


def holders(model: Module) -> list[Any]:
    """Return the parameters and buffers that hold a model's arrays."""
    return [held for _, held in (*model.named_parameters(), *model.named_buffers())]


@dataclass(frozen=True, eq=False)
class Moment:
    """A run at one of its evaluations.

    Arguments:
        epoch: the number of evaluations.
        experiment: its model and optimizer.
        held: the model's parameters and buffers.
        arrays: what these held then.
        states: the optimizer's states then.
        steps: the optimizer's steps then.
        lr: its learning rate then.
    """

    epoch: int
    experiment: Experiment
    held: list[Any]
    arrays: list[Any]
    states: list[dict[str, Any]]
    steps: int
    lr: float | Schedule

    @classmethod
    def of(cls, epoch: int, experiment: Experiment, held: list[Any]) -> Moment:
        """Return a run as it is now."""
        optimizer = experiment.optimizer
        states = [{name: _copy(x) for name, x in state.items()} for state in optimizer.states]
        arrays = [_copy(one.data) for one in held]
        return cls(epoch, experiment, held, arrays, states, optimizer.steps, optimizer.lr)

    @contextmanager
    def back(self) -> Iterator[Experiment]:
        """Bring this moment back inside a `with` block."""
        present = Moment.of(0, self.experiment, self.held)
        self.restore()
        try:
            yield self.experiment
        finally:
            present.restore()

    def restore(self) -> None:
        """Bring this moment back for good."""
        optimizer = self.experiment.optimizer
        for one, array in zip(self.held, self.arrays, strict=True):
            one.data = _copy(array)
        optimizer.states, optimizer.steps, optimizer.lr = [dict(state) for state in self.states], self.steps, self.lr

    @property
    def size(self) -> int:
        """The bytes of its arrays."""
        arrays = [*self.arrays, *(x for state in self.states for x in state.values())]
        return sum(getattr(x, "nbytes", 8) for x in arrays)


def _copy(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


class Moments:
    """Keeps every epoch at first; whenever there are too many, drops every other one, and keeps only half as many
    later.

    Example:
        >>> moments = Moments()
        >>> moments.stride, moments.epochs
        (1, [])
    """

    def __init__(self) -> None:
        self.kept: list[Moment] = []
        self.stride = 1
        self._held: tuple[Experiment | None, list[Any]] = None, []

    @property
    def epochs(self) -> list[int]:
        """The epochs that are kept."""
        return [moment.epoch for moment in self.kept]

    def wants(self, epoch: int) -> bool:
        """Return whether an epoch is to be kept."""
        return not self.kept or epoch - self.kept[-1].epoch >= self.stride

    def keep(self, epoch: int, experiment: Experiment) -> None:
        """Keep an epoch."""
        if self._held[0] is not experiment:  # its modules are gone through once
            self._held = experiment, holders(experiment.model)
        self.kept.append(Moment.of(epoch, experiment, self._held[1]))
        if len(self.kept) > 8 and len(self.kept) > min(MOST, MOST_BYTES // max(self.kept[-1].size, 1)):
            self.stride *= 2
            self.kept = self.kept[::2]

    def drop_from(self, epoch: int) -> None:
        """Forget this epoch and all later ones."""
        self.kept = [one for one in self.kept if one.epoch < epoch]

    def nearest(self, epoch: int) -> Moment | None:
        """Return the last moment at or before an epoch, or else the first."""
        position = bisect.bisect_right(self.epochs, epoch)
        return self.kept[max(position - 1, 0)] if self.kept else None
