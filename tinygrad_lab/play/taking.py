"""What you can take away from a page: a run's folder, command line and link, its network as a program, and a graph."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import folder
from tinygrad_lab.lab.place import Place
from tinygrad_lab.play import code, settings, why
from tinygrad_lab.play.arguments import whole

if TYPE_CHECKING:
    from tinygrad_lab.play.session import Session


def export(session: Session) -> dict[str, Any]:
    """Write the selected run's folder and report, as `train` does, and return its path."""
    session.rest()
    if session.source.model is not None:
        raise LabError(
            "play: only networks of the lab are saved as a folder, not models of your own; take its Python code"
        )
    run = session.lane.finished()
    with Place.claim(run.dataset.name) as place:
        folder.begin(run, place)
        written = folder.finish(run, place)
    return {"path": str(written.path), "problems": list(written.problems), **repeat(session)}


def repeat(session: Session) -> dict[str, Any]:
    """Return the link of the selected run, the command line that repeats it, and whether it does so exactly."""
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
    session.rest()
    session.lane.complete_epoch()
    return code.program(session.lane.run, session.source.model)


def explain(session: Session, part: str, point: int, theme: str = "auto") -> str:
    """Return the page that explains one output: the graph of one sample."""
    lane = session.lane
    dataset = getattr(lane.run.parts, part, None) if part in ("training", "validation", "test") else None
    if dataset is None:
        raise LabError(f"play: part must be training, validation or test, got {str(part)[:20]!r}; reload the page")
    number = whole("point", point, 0, len(dataset.x) - 1)
    if theme not in ("auto", "light", "dark"):
        raise LabError(f"play: theme must be auto, light or dark, got {str(theme)[:20]!r}; reload the page")
    moment = None if session.shown is None else lane.moments.nearest(session.shown)
    if moment is None:
        return why.page(lane.run.experiment, dataset.take([number]), theme)
    with moment.back() as experiment:
        return why.page(experiment, dataset.take([number]), theme)
