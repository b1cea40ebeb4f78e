"""What a run leaves in its folder: first the results of the training, then pictures and a report."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.extras import extra
from tinygrad_lab.lab import checkpoints, plots, report
from tinygrad_lab.lab.interrupt import interruptible
from tinygrad_lab.lab.place import Place, reason
from tinygrad_lab.lab.running import Run, settled
from tinygrad_lab.lab.schema import describe
from tinygrad_lab.refusals.wording import with_class

Put = Callable[[str, str | bytes], None]


@dataclass(frozen=True)
class Written:
    """Where a run was written.

    Arguments:
        path: its folder.
        problems: what is missing there and why, one sentence each.
    """

    path: Path
    problems: tuple[str, ...] = ()


def write(run: Run, out: str | Path | None = None) -> Path:
    """Write report, pictures, tables, configuration and parameters.

    Arguments:
        run: a run after its training.
        out: a new or empty folder; None for the next free `runs/name-1`, `runs/name-2`, ….

    Returns:
        The folder.

    Raises:
        LabError: `out` has content, or nothing can be written there.
        MissingExtraError: a library of the extra `[lab]` is missing.
    """
    with Place.claim(run.dataset.name, None if out is None else Path(out)) as place:
        begin(run, place)
        return finish(run, place).path


def begin(run: Run, place: Place) -> None:
    """Write the configuration first, so that a run that is killed at any later moment can be resumed.

    Raises:
        LabError: it cannot be written.
    """
    try:
        place.put("config.json", json.dumps(settled(run.config).to_dict(), indent=2) + "\n")
        place.put("data.json", json.dumps(describe(run), indent=2) + "\n")
    except OSError as error:
        raise LabError(f"out: {place.path} cannot be written to ({reason(error)}); choose another --out") from error


def finish(run: Run, place: Place) -> Written:
    """Write everything that a run leaves; history and parameters come before the pictures.

    Raises:
        LabError: the folder cannot be written to; the text names where history and parameters are instead.
        KeyboardInterrupt: Ctrl-C during the pictures, or a second one before.
    """
    try:
        with interruptible():
            _results(run, place.put)
    except OSError as error:
        raise _elsewhere(run, place, error) from error
    try:
        problems = _pictures(run, place.put)
    except OSError as error:
        return Written(place.path, (f"{place.path} has no report: {reason(error)}; the run itself is there.",))
    return Written(place.path, problems)


def _results(run: Run, put: Put) -> None:
    with extra("lab"):
        from safetensors.numpy import save

    put(checkpoints.NAME, checkpoints.pack(run))
    put("model.safetensors", save(run.model.state_dict()))
    columns = run.history.columns()
    put("history.csv", _csv(("epoch", *columns), zip(range(1, run.history.epochs + 1), *columns.values(), strict=True)))
    put("predictions.csv", _csv(*report.predictions(run)))


def _pictures(run: Run, put: Put) -> tuple[str, ...]:
    """Write the pictures that can be drawn, and the report; return what went wrong."""
    drawn: dict[str, str] = {}
    problems: list[str] = []
    parts = {"validation": run.parts.validation, "test": run.parts.test}
    draws: dict[str, Callable[[], str]] = {
        "learning_curve": lambda: plots.learning_curve(run.history),
        "prediction": lambda: plots.prediction(run),
    } | {f"prediction_{name}": partial(plots.prediction, run, part) for name, part in parts.items() if part is not None}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a font may lack a user's letters, an axis may have no extent
        for name, draw in draws.items():
            try:
                drawn[name] = draw()
            except Exception as error:  # Matplotlib may fail on a user's numbers; the run matters more
                problems.append(f"{name}.svg could not be drawn: {with_class(error)}")
            else:
                put(f"{name}.svg", drawn[name])
        put("report.html", report.render(run, drawn, problems))
    return tuple(problems)


def _elsewhere(run: Run, place: Place, error: OSError) -> LabError:
    """Save history and parameters in a temporary folder, and return the error that names it."""
    problem = f"out: {place.path} cannot be written to ({reason(error)})"
    try:
        rescue = Place(Path(tempfile.mkdtemp(prefix="tinygrad-lab-")))
        begin(replace(run), rescue)
        _results(run, rescue.put)
    except (OSError, LabError):
        return LabError(f"{problem}, and neither can a temporary folder; free some disk space and train again")
    return LabError(f"{problem}; history and parameters are in {rescue.path}")


def _csv(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()
