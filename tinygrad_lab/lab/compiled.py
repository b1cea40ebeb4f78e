"""Full-batch trainings as a compiled program: the same numbers as the loop in `training`, bit for bit, in less time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.compiler import compile
from tinygrad_lab.errors import TinygradError
from tinygrad_lab.lab.running import Run
from tinygrad_lab.lab.stopping import Until
from tinygrad_lab.lab.training import Callback, History

_FIRST, _MOST = 64, 4096  # epochs in one go, at first and at most
_SECONDS = 0.3  # that they should take


def train(run: Run, callback: Callback = lambda history: None) -> bool:
    """Train a run that has not begun, as `Run.train` does.

    Arguments:
        run: a run without history.
        callback: called with the history after some epochs.

    Returns:
        Whether it was trained. Where the training is not of full batches, or cannot be compiled, the run is as it was.
    """
    if run.config.batch_size is not None or run.config.patience is not None or run.parts.validation is not None:
        return False
    program = _Program(run)
    before = program.snapshot()
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            program.train(callback)
    except TinygradError:
        program.restore(before)
        run.history = History()
        return False
    return True


class _Program:
    """The compiled step of a run: it evaluates, then updates."""

    def __init__(self, run: Run) -> None:
        self.run, self.until = run, Until(run.config.until) if run.config.until else None
        x, y = run.data
        model, loss, optimizer = run.model, run.experiment.loss, run.experiment.optimizer
        right = _counter(y, run.experiment.threshold, run.experiment.classwise)

        def step() -> tuple[Any, Any]:
            optimizer.zero_grad()
            output = model(x)
            objective = loss(output, y)
            count = right(output.data)
            objective.backward()
            optimizer.step()
            return objective, count

        self.step = compile(step, state=(model, optimizer))
        self.points = len(y)

    def snapshot(self) -> Any:
        return self.run.model.state_dict(), self.run.experiment.optimizer.state_dict()

    def restore(self, before: Any) -> None:
        self.run.model.load_state_dict(before[0])
        self.run.experiment.optimizer.load_state_dict(before[1])

    def ends(self, result: tuple[Any, Any]) -> Any:
        """Return whether a result of the step is the last one."""
        loss, count = result
        over = np.logical_not(np.isfinite(loss))
        if self.until is None:
            return over
        met = [
            condition.holds(loss if condition.on_loss else count / self.points, condition.value)
            for condition in self.until.conditions
        ]
        for one in met[1:]:
            met[0] = np.logical_and(met[0], one)
        return np.logical_or(over, met[0])

    def train(self, callback: Callback) -> None:
        history, limit, chunk = self.run.history, self.run.config.limit, _FIRST
        start = time.perf_counter()
        while history.stopped_by is None:
            began = time.perf_counter()
            before, wanted = self.snapshot(), min(chunk, limit - history.epochs)
            calls, (losses, counts) = self.step.repeat(wanted, until=self.ends)
            history.loss += losses.tolist()
            if self.run.experiment.threshold is not None:
                history.accuracy += [count / self.points for count in counts.tolist()]
            history.seconds = time.perf_counter() - start
            history.stopped_by = self._reason(history, limit)
            if history.stopped_by is not None:  # the last epoch only evaluates: take its update back
                self.restore(before)
                if calls > 1:
                    self.step.repeat(int(calls) - 1)
            callback(history)
            if time.perf_counter() - began < _SECONDS:
                chunk = min(2 * chunk, _MOST)

    def _reason(self, history: History, limit: int) -> Any:
        loss, accuracy = history.loss[-1], history.accuracy[-1] if history.accuracy else 0.0
        if not np.isfinite(loss):
            return "diverged"
        if self.until is not None and self.until(loss, accuracy):
            return "until"
        return "epochs" if history.epochs == limit else None


def _counter(y: Any, threshold: float | None, classwise: bool) -> Callable[[Any], Any]:
    """Return a function of the outputs that counts the points whose class is predicted."""
    if threshold is None:
        return lambda output: np.sum(output[:, 0]) * 0.0  # quantities are not counted
    if classwise:
        return lambda output: np.sum(np.argmax(output, axis=1) == y)
    positive = y >= 0.5
    return lambda output: np.sum((output >= threshold) == positive)
