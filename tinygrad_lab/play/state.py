"""What a page shows beside the frames: settings, choices and points."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab.lab.data import DATASETS, Dataset
from tinygrad_lab.play import settings
from tinygrad_lab.play.lane import Lane
from tinygrad_lab.play.looking import sample
from tinygrad_lab.play.taking import repeat
from tinygrad_lab.viz.describe.summary import jsonable

if TYPE_CHECKING:
    from tinygrad_lab.play.session import Session

MOST_RUNS = 4
MOST_SHOWN = 400  # points of each part at most


def message(session: Session) -> str:
    """Return the state as JSON."""
    return json.dumps(jsonable({"type": "state", **state(session)}), separators=(",", ":"))


def state(session: Session) -> dict[str, Any]:
    """Return everything that a page shows beside the frames."""
    lane = session.lane
    schema = lane.run.dataset
    return {
        "playing": session.playing,
        "speed": session.speed,
        "goal": session.goal,
        "shown": session.shown,
        "selected": session.selected,
        "most_runs": MOST_RUNS,
        "lanes": [_lane(session, one) for one in session.lanes],
        "fixed": sorted(lane.fixed),
        "watching": "lr" in lane.fixed,
        "choices": settings.choices() | {"data": session.source.datasets},
        "sized": lane.config.data in DATASETS and DATASETS[lane.config.data].sized,
        "drawn": lane.config.data in DATASETS,
        "noise": DATASETS[lane.config.data].noise if lane.config.data in DATASETS else None,
        "features": list(schema.features),
        "classes": list(schema.classes),
        "target": schema.target,
        "outputs": "classes" if lane.run.experiment.classwise else "one",
        "loss": lane.run.config.loss,
        **_points(session, lane),
        **repeat(session),
    }


def _lane(session: Session, lane: Lane) -> dict[str, Any]:
    values = {name: getattr(lane.config, name) for name in settings.SETTINGS}
    values["data"] = session.source.name_of(lane.config.data)
    return {"settings": values, "changes": [vars(change) for change in lane.changes]}


def _points(session: Session, lane: Lane) -> dict[str, Any]:
    plane = session.plane(lane)
    parts = {
        name: _part(dataset, plane.axes)
        for name in ("training", "validation", "test")
        if (dataset := getattr(lane.run.parts, name)) is not None
    }
    labels = lane.run.dataset.labels
    span = [float(labels.min()), float(labels.max())] if not lane.run.dataset.classes else None
    return {"axes": plane.axes, "low": plane.low, "high": plane.high, "points": parts, "span": span}


def _part(dataset: Dataset, axes: tuple[int, ...]) -> dict[str, Any]:
    n = len(dataset.x)
    shown = sample(n)
    shown = shown[np.unique(np.linspace(0, len(shown) - 1, min(len(shown), MOST_SHOWN)).astype(int))]
    return {
        "count": n,
        "at": shown.tolist(),
        "x": dataset.x[np.ix_(shown, axes)].tolist(),
        "labels": dataset.labels[shown].tolist(),
    }
