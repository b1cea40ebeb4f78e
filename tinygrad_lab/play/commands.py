"""What a page may ask for, by name. Arguments come from outside: each is checked before anything changes."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import folder
from tinygrad_lab.lab.data import DATASETS, Dataset
from tinygrad_lab.lab.place import Place
from tinygrad_lab.play import code, settings, why
from tinygrad_lab.play.lane import Lane
from tinygrad_lab.play.looking import sample
from tinygrad_lab.viz.describe.summary import jsonable

if TYPE_CHECKING:
    from tinygrad_lab.play.session import Session

MOST_RUNS = 4
MOST_SHOWN = 400  # points of each part
_SPEEDS = (1.0, 10_000.0)


def play(session: Session, to: int | None = None) -> None:
    """Train, up to an epoch if one is given."""
    session.goal = None if to is None else _whole("to", to, 1, settings.MOST_EPOCHS)
    session.shown = None
    session.playing = not all(lane.stopped for lane in session.lanes)
    if session.goal is not None and session.goal <= session.lane.epoch:
        session.playing, session.goal = False, None
    session.fresh()


def pause(session: Session) -> None:
    """Stop for a while."""
    session.playing, session.goal = False, None
    session.fresh()


def step(session: Session) -> None:
    """Make one update of every run."""
    pause(session)
    session.shown = None
    for lane in session.lanes:
        lane.step()


def epoch(session: Session) -> None:
    """Go on to the next evaluation of every run."""
    pause(session)
    session.shown = None
    for lane in session.lanes:
        lane.go_through_epoch()


def reset(session: Session) -> None:
    """Begin all runs anew, from the same weights."""
    session.shown = None
    for lane in session.lanes:
        lane.restart()
    session.fresh()


def speed(session: Session, epochs: float | None) -> None:
    """Set how many epochs a second there are at most; None for as many as can be."""
    session.speed = None if epochs is None else _number("speed", epochs, *_SPEEDS)
    session.state_is_new = True


def change(session: Session, values: dict[str, Any], anew: bool = False) -> None:
    """Change settings of the selected run, and those of the data for all of them."""
    if not isinstance(values, dict):
        raise LabError(f"play: values must be settings by name, got {type(values).__name__}; reload the page")
    if "data" in values:
        values = values | {"data": session.source.data_called(values["data"])}
    lane = session.lane
    for name in values:
        if name in lane.fixed and values[name] != getattr(lane.config, name):
            raise LabError(f"play: {name} must stay, got another; it belongs to the model that was given")
    shared = {name: value for name, value in values.items() if name in _SHARED}
    others = [other for other in session.lanes if other is not lane]
    lane.change(settings.checked(lane.config, values))
    for other in others:
        other.change(settings.checked(other.config, shared))
    if others and lane.epoch == 1:  # they start together
        for other in others:
            other.restart()
    if anew:
        for each in session.lanes:
            each.restart()
    session.shown = None
    session.fresh()


_SHARED = frozenset({"data", "points", "noise", "validation_fraction", "seed"})


def look(session: Session, epoch: int | None) -> None:
    """Look back at an epoch, at rest; None for the present."""
    if epoch is None:
        session.shown = None
    else:
        session.shown = _whole("epoch", epoch, 1, settings.MOST_EPOCHS)
        session.playing, session.goal = False, None
    session.fresh()


def select(session: Session, lane: int) -> None:
    """Show the network of another run."""
    session.selected = _whole("lane", lane, 0, len(session.lanes) - 1)
    session.fresh()


def add(session: Session) -> None:
    """Put a run beside the selected one, with its settings; all begin anew, from the same weights."""
    if len(session.lanes) >= MOST_RUNS:
        raise LabError(f"play: runs must be at most {MOST_RUNS}, got one more; remove one")
    lane = session.lane
    session.playing = False
    session.lanes.append(Lane(lane.begin, lane.config, fixed=lane.fixed))
    session.selected = len(session.lanes) - 1
    reset(session)


def remove(session: Session, lane: int) -> None:
    """Take a run away; the last one stays."""
    number = _whole("lane", lane, 0, len(session.lanes) - 1)
    if len(session.lanes) == 1:
        raise LabError("play: runs must be at least one, got none; reset this one")
    del session.lanes[number]
    session.selected = min(session.selected, len(session.lanes) - 1)
    session.fresh()


def axes(session: Session, across: int, up: int) -> None:
    """Let maps go over two other features."""
    most = len(session.lane.run.dataset.features) - 1
    session.axes = _whole("across", across, 0, most), _whole("up", up, 0, most)
    session.fresh()


def link(session: Session, text: str) -> None:
    """Set everything as a link says, with one run, and train to its epoch."""
    values, epochs = settings.read_link(str(text))
    fixed = session.lane.fixed
    values = {name: value for name, value in values.items() if name not in fixed}
    if "data" in values:
        values["data"] = session.source.data_called(values["data"])
    lane = session.lane
    begun = Lane(lane.begin, replace(lane.config, **settings.checked(lane.config, values)), fixed=fixed)
    session.lanes, session.selected = [begun], 0
    session.axes, session.shown = (0, 1), None
    session.playing, session.goal = False, None
    session.fresh()
    if epochs is not None:
        play(session, epochs)


def stop(session: Session) -> None:
    """End the playground."""
    session.over = True


# -- what a page takes with it -----------------------------------------------------------------------------------------


def export(session: Session) -> dict[str, Any]:
    """Write the selected run's folder and report, as `train` does, and return where."""
    pause(session)
    if session.source.model is not None:
        raise LabError("play: folder must be of a network of the lab, got a model of your own; take its Python code")
    run = session.lane.finished()
    with Place.claim(run.dataset.name) as place:
        folder.begin(run, place)
        written = folder.finish(run, place)
    return {"path": str(written.path), "problems": list(written.problems), **repeat(session)}


def repeat(session: Session) -> dict[str, Any]:
    """Return the command line that repeats the selected run, whether it does, and the link."""
    lane = session.lane
    words = settings.command(lane.repeatable)
    named = replace(lane.config, data=session.source.name_of(lane.config.data))
    return {
        "command": shlex.join(words),
        "exact": not lane.changes and lane.config.schedule == "constant" and session.source.model is None,
        "changes": [vars(change) for change in lane.changes],
        "link": settings.link(named, lane.epoch),
    }


def program(session: Session) -> str:
    """Return the selected run's network as a Python program."""
    pause(session)
    return code.program(session.lane.finished(), session.source.model)


def explain(session: Session, part: str, point: int, theme: str = "auto") -> str:
    """Return the page that explains an output: the graph of one sample."""
    lane = session.lane
    dataset = getattr(lane.run.parts, part, None) if part in ("training", "validation", "test") else None
    if dataset is None:
        raise LabError(f"play: part must be training, validation or test, got {str(part)[:20]!r}; reload the page")
    number = _whole("point", point, 0, len(dataset.x) - 1)
    if theme not in ("auto", "light", "dark"):
        raise LabError(f"play: theme must be auto, light or dark, got {str(theme)[:20]!r}; reload the page")
    moment = None if session.shown is None else lane.moments.nearest(session.shown)
    if moment is None:
        return why.page(lane.run.experiment, dataset.take([number]), theme)
    with moment.back() as experiment:
        return why.page(experiment, dataset.take([number]), theme)


# -- the state of a page -----------------------------------------------------------------------------------------------


def state_message(session: Session) -> str:
    """Return all that a page shows beside frames, as JSON."""
    return json.dumps(jsonable({"type": "state", **state(session)}), separators=(",", ":"))


def state(session: Session) -> dict[str, Any]:
    """Return all that a page shows beside frames."""
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


# -- arguments from outside --------------------------------------------------------------------------------------------


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise LabError(f"play: {name} must be a whole number from {low} to {high}, got {str(value)[:40]}; correct it")
    return value


def _number(name: str, value: Any, low: float, high: float) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not low <= value <= high:
        raise LabError(f"play: {name} must be a number from {low:g} to {high:g}, got {str(value)[:40]}; correct it")
    return float(value)


COMMANDS: dict[str, Callable[..., Any]] = {
    command.__name__: command
    for command in (
        play, pause, step, epoch, reset, speed, change, look, select, add, remove, axes, link, stop,
        export, repeat, program, explain,
    )
}  # fmt: skip
