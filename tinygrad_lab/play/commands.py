"""The commands that a page may send, by name. Arguments are checked before anything changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.play import settings
from tinygrad_lab.play.arguments import number, whole
from tinygrad_lab.play.lane import Lane
from tinygrad_lab.play.state import MOST_RUNS
from tinygrad_lab.play.taking import explain, export, program, repeat

if TYPE_CHECKING:
    from tinygrad_lab.play.session import Session

_SPEEDS = (1.0, 10_000.0)


def play(session: Session, to: int | None = None) -> None:
    """Train, up to an epoch if one is given."""
    session.goal = None if to is None else whole("to", to, 1, settings.MOST_EPOCHS)
    session.shown = None
    session.playing = not all(lane.stopped for lane in session.lanes)
    if session.goal is not None and session.goal <= session.lane.epoch:
        session.playing, session.goal = False, None
    session.fresh()


def pause(session: Session) -> None:
    """Pause the training."""
    session.rest()


def step(session: Session) -> None:
    """Make one update of every run."""
    session.rest()
    session.shown = None
    for lane in session.lanes:
        lane.step()


def epoch(session: Session) -> None:
    """Train every run up to its next evaluation."""
    session.rest()
    session.shown = None
    for lane in session.lanes:
        lane.go_through_epoch()


def reset(session: Session) -> None:
    """Restart all runs from the same weights."""
    session.shown = None
    for lane in session.lanes:
        lane.restart()
    session.fresh()


def speed(session: Session, epochs: float | None) -> None:
    """Set the most epochs a second; None for as fast as possible."""
    session.speed = None if epochs is None else number("speed", epochs, *_SPEEDS)
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
            raise LabError(f"play: {name} cannot be changed here; {lane.owner}")
    shared = {name: value for name, value in values.items() if name in _SHARED}
    others = [other for other in session.lanes if other is not lane]
    lane.change(settings.checked(lane.config, values))
    for other in others:
        other.change(settings.checked(other.config, shared))
    if others and lane.epoch == 1:  # runs beside each other start together
        for other in others:
            other.restart()
    if anew:
        for each in session.lanes:
            each.restart()
    session.shown = None
    session.fresh()


_SHARED = frozenset({"data", "points", "noise", "validation_fraction", "seed"})


def look(session: Session, epoch: int | None) -> None:
    """Pause and look back at an epoch; None for the present."""
    if epoch is None:
        session.shown = None
    else:
        session.shown = whole("epoch", epoch, 1, settings.MOST_EPOCHS)
        session.rest()
    session.fresh()


def select(session: Session, lane: int) -> None:
    """Show the network of another run."""
    session.selected = whole("lane", lane, 0, len(session.lanes) - 1)
    session.fresh()


def add(session: Session) -> None:
    """Add a run with the settings of the selected one; all restart from the same weights."""
    if len(session.lanes) >= MOST_RUNS:
        raise LabError(f"play: there are already {MOST_RUNS} runs, the most there can be; remove one")
    lane = session.lane
    session.lanes.append(Lane(lane.begin, lane.config, fixed=lane.fixed))
    session.playing = False
    session.selected = len(session.lanes) - 1
    reset(session)


def remove(session: Session, lane: int) -> None:
    """Remove a run; the last one stays."""
    position = whole("lane", lane, 0, len(session.lanes) - 1)
    if len(session.lanes) == 1:
        raise LabError("play: the last run cannot be removed; reset it instead")
    del session.lanes[position]
    session.selected = min(session.selected, len(session.lanes) - 1)
    session.fresh()


def axes(session: Session, across: int, up: int) -> None:
    """Draw the maps over two other features."""
    most = len(session.lane.run.dataset.features) - 1
    session.axes = whole("across", across, 0, most), whole("up", up, 0, most)
    session.fresh()


def link(session: Session, text: str) -> None:
    """Apply the settings in a link to a single run, and train to the link's epoch."""
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
    session.over, session.playing = True, False
    session.tell('{"type": "bye"}')


COMMANDS: dict[str, Callable[..., Any]] = {
    command.__name__: command
    for command in (
        play, pause, step, epoch, reset, speed, change, look, select, add, remove, axes, link, stop,
        export, repeat, program, explain,
    )
}  # fmt: skip
