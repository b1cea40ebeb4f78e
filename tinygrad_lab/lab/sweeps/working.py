"""Trains one cell of a sweep, from its configuration to its figures, as plain data that processes can exchange."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad_lab.errors import CompileError, TinygradError
from tinygrad_lab.lab import running
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import DATASETS, Dataset
from tinygrad_lab.lab.training import Callback, History
from tinygrad_lab.typing import NDArray

STATUS = {
    "until": "reached",
    "epochs": "finished",
    "patience": "stopped",
    "diverged": "diverged",
    "interrupted": "interrupted",
}
_LONG = 2000  # epochs, from which on compiling pays
_CURVE = 120  # points of a learning curve that are kept
_SIDE = 32  # cells a side of the plane of decisions that is kept
_POINTS = 300  # points whose predictions are kept


class Stopped(KeyboardInterrupt):
    """Raised in a cell that the sweep gives up."""


def work(config: Config, beat: Callable[[int], bool]) -> dict[str, Any]:
    """Train one cell.

    Arguments:
        config: its configuration.
        beat: called with the number of each epoch; returns True to stop.

    Returns:
        Figures by name; `status`, `seconds` and `notes`; the learning `curve`, and for points in a plane the `plane`
        of decisions.

    Raises:
        Stopped: `beat` returned True.
    """

    def report(history: History) -> None:
        if beat(history.epochs):
            raise Stopped

    try:
        run = _trained(config, report)
    except (TinygradError, MemoryError) as error:
        return refused(str(error) or "it does not fit into memory")
    return outcome(run)


def _trained(config: Config, report: Callback) -> running.Run:
    """Train, compiled if that pays: to NumPy, which gives the same numbers bit for bit."""
    if config.limit >= _LONG:
        try:
            return running.prepare(config, _data(config)).train([report], compile=config.compile or "numpy")
        except CompileError:  # what cannot be compiled is trained eagerly
            pass
    return running.prepare(config, _data(config)).train([report], compile=False)


def outcome(run: running.Run) -> dict[str, Any]:
    """Return the outcome of a run in a sweep as plain data: see `work`."""
    history = run.history
    said: dict[str, Any] = {"epochs": history.epochs, **run.figures()}
    said |= {"status": STATUS[str(history.stopped_by)], "seconds": round(history.seconds, 3)}
    said["notes"] = [*run.notes, *_plateau(history)]
    evenly = np.linspace(0, history.epochs - 1, _CURVE), np.geomspace(1, history.epochs, _CURVE) - 1
    kept = np.unique(np.concatenate(evenly).round().astype(int))  # for linear and logarithmic axes
    said["curve"] = {name: np.array(column)[kept].tolist() for name, column in history.columns().items()}
    said["curve"]["epoch"] = (kept + 1).tolist()
    return said | _plane(run)


def refused(problem: str, status: str = "refused") -> dict[str, Any]:
    """Return the outcome of a cell that could not be trained."""
    return {"epochs": 0, "loss": math.nan, "status": status, "seconds": 0.0, "notes": [problem], "curve": {}}


_READING = ("data", "task", "label", "delimiter", "header", "impute")  # the options that say how a file is read


@lru_cache(maxsize=4)
def _file(*options: Any) -> Dataset:
    return running.load(Config(**dict(zip(_READING, options, strict=True))))


def _data(config: Config) -> Dataset | None:
    """Return the data of a file, which each process reads only once."""
    if config.data in DATASETS:
        return None
    return _file(*(getattr(config, name) for name in _READING))


def _plateau(history: History) -> list[str]:
    """Return a note if the loss has hardly moved in the second half of a run that missed its condition."""
    half = history.loss[history.epochs // 2 :]
    if history.stopped_by not in ("epochs", "patience") or len(half) < 50 or not half[0] > 0:
        return []
    if history.accuracy and history.final("accuracy") == 1:
        return []
    moved = (max(half) - min(half)) / half[0]
    return [f"Plateau: the loss stays at {half[-1]:.4g}."] if moved < 0.01 else []


def _plane(run: running.Run) -> dict[str, Any]:
    """Return points and the decisions around them, for a small picture."""
    data = run.dataset
    if data.x.shape[1] != 2 or not data.classes or run.history.stopped_by == "diverged":
        return {}
    chosen = np.unique(np.linspace(0, len(data.x) - 1, _POINTS).astype(int))
    x = data.x[chosen]
    low, high = limits(x)
    first, second = np.meshgrid(*(np.linspace(a, b, _SIDE) for a, b in zip(low, high, strict=True)))
    _, decided = run.experiment.predict(np.stack([first.ravel(), second.ravel()], axis=1))
    return {
        "plane": {
            "x": x.tolist(),
            "truth": data.labels[chosen].tolist(),
            "predicted": run.predicted[chosen].tolist(),
            "decided": decided.tolist(),
            "classes": list(data.classes),
        }
    }


def limits(x: NDArray) -> tuple[NDArray, NDArray]:
    """Return the corners of a plane around points."""
    extent = np.ptp(x, axis=0)
    margin = np.where(extent > 0, 0.06 * extent, 1.0)
    return x.min(axis=0) - margin, x.max(axis=0) + margin
