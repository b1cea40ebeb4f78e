"""One run on a page: it trains one update at a time, takes new settings on the way, and remembers past epochs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tinygrad_lab.lab.checkpoints import one_step_back
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.running import Run
from tinygrad_lab.lab.training import History, Training
from tinygrad_lab.play.moments import Moments, holders

ENDLESS = 1_000_000_000

# Options that can change while a run goes on; a change of any other restarts it.
AS_IT_GOES = frozenset(
    {"lr", "schedule", "optimizer", "momentum", "dampening", "weight_decay", "batch_size", "activation", "noise"}
)

Begin = Callable[[Config], Run]


@dataclass(frozen=True)
class Change:
    """A setting that was changed during a run, from this epoch on."""

    epoch: int
    name: str
    before: Any
    after: Any


class Lane:
    """A run that is trained step by step.

    Arguments:
        begin: makes the run before its first epoch from a configuration.
        config: the configuration asked for.
        run: an earlier run to go on with.
        fixed: options that cannot be changed here.

    Attributes:
        config: what is asked for now.
        run: the model with its data and history.
        changes: what was changed since the first epoch.
        moments: the epochs that were.
        updates: how many were made since the last evaluation.
        owner: why some options cannot be changed, and what to do.
    """

    owner = "it came with the model; start the playground with another"

    def __init__(
        self, begin: Begin, config: Config, run: Run | None = None, fixed: frozenset[str] = frozenset()
    ) -> None:
        self.begin, self.config, self.fixed = begin, config, fixed
        self.updates = 0
        self._pending: Iterator[None] | None = None
        if run is None:
            self.restart()
        else:
            run.config = endless(run.config)
            self._take(run, Moments(), [])

    @property
    def history(self) -> History:
        """The figures measured so far."""
        return self.run.history

    @property
    def epoch(self) -> int:
        """The number of evaluations so far."""
        return self.run.history.epochs

    @property
    def stopped(self) -> bool:
        """Whether training cannot go on: the loss is not finite, or the schedule has ended."""
        return self.history.stopped_by is not None

    def restart(self) -> None:
        """Restart from the same weights and in the same order of batches."""
        self._take(self.begin(endless(self.config)), Moments(), [])

    def change(self, values: dict[str, Any]) -> None:
        """Apply new settings: to the run as it is if possible, else from its start.

        Raises:
            LabError: a value is invalid; nothing has changed then.
        """
        values = {name: value for name, value in values.items() if value != getattr(self.config, name)}
        config = replace(self.config, **values)
        if not values:
            return
        run = self.begin(endless(config))
        if set(values) <= AS_IT_GOES and (self.epoch > 1 or self.updates):
            self.complete_epoch()
            self.changes += [Change(self.epoch, name, getattr(self.config, name), x) for name, x in values.items()]
            self._go_on_as(run, config)
        else:
            self._take(run, Moments(), [])
        self.config = config

    def step(self) -> None:
        """Make one update; after the last of an epoch, evaluate."""
        if self.stopped:
            return
        if self._pending is None:
            self._pending = self.training.updates()
        next(self._pending, None)
        self.updates += 1
        if self.updates >= self._batches:
            self._evaluate()

    def complete_epoch(self) -> None:
        """If some updates of an epoch have been made, make the rest of them."""
        while self.updates and not self.stopped:
            self.step()

    def go_through_epoch(self, deadline: float = math.inf) -> bool:
        """Make updates until the next evaluation or the deadline; return whether the evaluation was reached."""
        if self.stopped:
            return True
        if self._pending is None:
            self._pending = self.training.updates()
        for _ in self._pending:
            self.updates += 1
            if self.updates < self._batches and time.perf_counter() > deadline:
                return False
        self._evaluate()
        return True

    def finished(self) -> Run:
        """Return the run as `train` would leave it after as many epochs."""
        self.complete_epoch()
        run = self.begin(self.repeatable)
        run.experiment, run.batches, run.history = self.run.experiment, self.run.batches, replace(self.history)
        run.history.stopped_by = self.history.stopped_by or "epochs"
        return run

    @property
    def repeatable(self) -> Config:
        """The configuration that trains for as many epochs as this run has."""
        return replace(self.config, epochs=self.epoch, until=None, patience=None)

    def _take(self, run: Run, moments: Moments, changes: list[Change]) -> None:
        self.run, self.moments, self.changes = run, moments, changes
        self.training: Training = run.training()
        points, size = len(run.dataset.x), run.config.batch_size
        self._batches = -(-points // size) if size else 1
        self._evaluate()

    def _evaluate(self) -> None:
        self._pending, self.updates = None, 0
        self.training.evaluate()
        epoch = len(self.run.history.loss)
        if self.moments.wants(epoch):
            self.moments.keep(epoch, self.run.experiment)

    def _go_on_as(self, run: Run, config: Config) -> None:
        """Give a new run the parameters and whatever else has been learnt, and evaluate it at this epoch."""
        old = self.run
        for one, known in zip(holders(run.model), holders(old.model), strict=True):
            one.data = known.data
        if (config.optimizer, config.momentum, config.dampening) == (
            self.config.optimizer, self.config.momentum, self.config.dampening,
        ):  # fmt: skip
            mine, its = run.experiment.optimizer, old.experiment.optimizer
            mine.states, mine.steps = its.states, its.steps
        run.batches, run.history = old.batches, old.history
        one_step_back(run)
        self.moments.drop_from(self.epoch + 1)
        self._take(run, self.moments, self.changes)


def endless(config: Config) -> Config:
    """Return a configuration without a stopping condition; a schedule keeps the length it was made for."""
    epochs = ENDLESS if config.schedule == "constant" else config.limit
    return replace(config, epochs=epochs, until=None, patience=None)
