"""A page that watches a run trained elsewhere, as by `train --live`, and may pause it."""

from __future__ import annotations

import math
import signal
import time
from typing import Any, NoReturn

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.interrupt import interruptible
from tinygrad_lab.lab.running import Run
from tinygrad_lab.lab.training import History
from tinygrad_lab.play.lane import Lane
from tinygrad_lab.play.moments import Moments
from tinygrad_lab.play.session import Session
from tinygrad_lab.play.settings import SETTINGS
from tinygrad_lab.play.sources import Source


class Onlooker(Session):
    """A session with one run, whose training calls `watch` after each evaluation.

    Arguments:
        run: the run, before or in its training.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(_Elsewhere(run))
        self.playing, self.speed = True, None

    def watch(self, history: History) -> None:
        """Show what is due, and wait while a page pauses the run; this is a callback for `train`."""
        lane: Any = self.lane
        lane.note()
        self.picture_is_new = True
        if self.over:
            return
        self._answer(0.0)
        self._show()
        if history.stopped_by is not None:
            self.rest()
        elif not self.playing or self.speed is not None:
            self._hold(lane)

    def _hold(self, lane: Watched) -> None:
        """Wait until the run may go on. Ctrl-C is passed on to the training."""
        due = max(self._next_epoch, time.perf_counter() - 0.1)
        with interruptible() as interrupted:
            while not self.over and not interrupted() and not lane.granted:
                if self.playing and (self.speed is None or time.perf_counter() >= due):
                    break
                self._answer(min(self._idle(), 0.05))
                self._show()
            pressed = interrupted()
        lane.granted = max(0, lane.granted - 1)
        self._next_epoch = due + (1 / self.speed if self.speed else 0.0)
        if pressed:
            signal.raise_signal(signal.SIGINT)


class Watched(Lane):
    """A run that is trained elsewhere.

    Attributes:
        granted: how many epochs it may train while it is paused.
    """

    owner = "a terminal trains it; start tinygrad-lab play to change things as they train"

    def __init__(self, run: Run) -> None:
        self.begin, self.config, self.fixed = _refuse, run.config, frozenset(SETTINGS)
        self.run, self.moments, self.changes = run, Moments(), []
        self.updates = self.granted = 0

    def note(self) -> None:
        """Remember the epoch."""
        if self.moments.wants(self.epoch):
            self.moments.keep(self.epoch, self.run.experiment)

    def step(self) -> None:
        """Let it train for one epoch."""
        self.granted += 1

    def go_through_epoch(self, deadline: float = math.inf) -> bool:
        """Let it train for one epoch."""
        self.granted += 1
        return False

    def restart(self) -> None:
        """Refuse: this run is not ours to change."""
        _refuse(self.config)

    def change(self, values: dict[str, Any]) -> None:
        """Refuse: this run is not ours to change."""
        _refuse(self.config)

    def finished(self) -> Run:
        """Refuse: the training writes the folder itself."""
        raise LabError(
            "play: the folder is written by the terminal that trains, not by the page; wait until training ends"
        )


class _Elsewhere(Source):
    def __init__(self, run: Run) -> None:
        super().__init__(run.config, _refuse, run, fixed=frozenset(SETTINGS))

    def lane(self) -> Lane:
        """Return the run that is watched."""
        assert self.run is not None
        return Watched(self.run)


def _refuse(config: Any) -> NoReturn:
    raise LabError(f"play: this run cannot be changed here; {Watched.owner}")
