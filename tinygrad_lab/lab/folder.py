"""The folder that a run leaves: written beside its place and moved there when complete, so it is whole or absent."""

from __future__ import annotations

import csv
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.extras import extra
from tinygrad_lab.lab import plots, report
from tinygrad_lab.lab.running import Run


def free(name: str) -> Path:
    """Return the first of `runs/name-1`, `runs/name-2`, … that does not exist.

    Example:
        >>> free("such a name is not taken").name
        'such a name is not taken-1'
    """
    return next(path for n in count(1) if not (path := Path("runs", f"{name}-{n}")).exists())


def check(out: Path) -> None:
    """Check that a run can be written to `out`, before it costs any time.

    Raises:
        LabError: `out` exists and is not an empty folder, or its place cannot be written to.
    """
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise LabError(f"out: {out} must be new or an empty folder, got one with content; choose another --out")
    except OSError as error:
        raise LabError(f"out: {out} must be readable, got {error.strerror}; choose another --out") from error
    place = next(path for path in (out.absolute(), *out.absolute().parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise LabError(f"out: {place} must be a folder that can be written to, got none; choose another --out")


def write(run: Run, out: str | Path | None = None) -> Path:
    """Write report, pictures, tables, configuration and parameters.

    Arguments:
        run: a finished run.
        out: a folder that is new or empty; None means `free(...)`, and the next one if another run is faster.

    Returns:
        The folder.

    Raises:
        LabError: `out` has content.
        MissingExtraError: a library of the extra `[lab]` is missing.
        OSError: the disk refuses.
    """
    target = free(run.dataset.name) if out is None else Path(out)
    check(target)
    place = target if target.exists() else target.parent
    place.mkdir(parents=True, exist_ok=True)
    draft = place / f".tinygrad-lab-{uuid.uuid4().hex}"
    draft.mkdir()
    try:
        _fill(run, draft)
        if out is None:
            return _publish(run.dataset.name, draft)
        if target.exists():  # it stays the folder it is, which may be a link or another disk
            for path in draft.iterdir():
                path.rename(target / path.name)
            draft.rmdir()
        else:
            draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def _publish(name: str, draft: Path) -> Path:
    while True:
        target = free(name)
        try:
            return draft.rename(target)
        except OSError:
            if not target.exists():
                raise


def _fill(run: Run, folder: Path) -> None:
    with extra("lab"):
        from safetensors.numpy import save

    curve, prediction = plots.learning_curve(run.history), plots.prediction(run)
    (folder / "learning_curve.svg").write_text(curve, encoding="utf-8")
    (folder / "prediction.svg").write_text(prediction, encoding="utf-8")
    (folder / "report.html").write_text(report.render(run, curve, prediction), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(run.config.to_dict(), indent=2) + "\n", encoding="utf-8")
    epochs = range(1, run.history.epochs + 1)
    history = zip(epochs, run.history.loss, run.history.accuracy, strict=True)
    _write_csv(folder / "history.csv", ("epoch", "loss", "accuracy"), history)
    _write_csv(folder / "predictions.csv", *report.predictions(run))
    (folder / "model.safetensors").write_bytes(save(run.experiment.model.state_dict()))


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
