"""The folder of a sweep: outcomes, and the table, figures and report made of them."""

from __future__ import annotations

import csv
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import report
from tinygrad_lab.lab.folder import write as write_run
from tinygrad_lab.lab.place import Place, check, reason
from tinygrad_lab.lab.running import run
from tinygrad_lab.lab.sweeps import plots
from tinygrad_lab.lab.sweeps.effects import effects, failures, in_words, summary
from tinygrad_lab.lab.sweeps.running import STORE, Sweep
from tinygrad_lab.lab.sweeps.table import Table, tabulate
from tinygrad_lab.lab.sweeps.table import show as shown
from tinygrad_lab.refusals.wording import with_class

_ROWS = 500  # rows of the report's list of failures


class Folder(Place):
    """A sweep's folder, new or from before, locked by this process."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return a sweep's folder; outcomes in it are used again.

        Raises:
            LabError: the folder has other content, or another process is writing there.
        """
        try:
            if not (path / STORE).exists():
                check(path)
                path.mkdir(parents=True, exist_ok=True)
                (path / STORE).touch()
            return cls.reopen(path)
        except OSError as error:
            raise LabError(f"out: {path} cannot be made ({reason(error)}); choose another --out") from error

    @property
    def store(self) -> Path:
        """The file that keeps outcomes."""
        return self.path / STORE

    def finish(self, sweep: Sweep, measure: str | None = None) -> list[str]:
        """Write results.csv, the figures and the report; return what could not be drawn, one sentence each.

        Raises:
            LabError: the disk is full; outcomes are kept.
        """
        try:
            self.put("sweep.json", json.dumps(about(sweep), indent=2) + "\n")
            self.put("results.csv", results(sweep))
            return write(sweep, self, measure)
        except OSError as error:
            raise LabError(
                f"out: {self.path} cannot be written to ({reason(error)}); finished cells are in {self.store}: "
                f"free some disk space and run the same command again"
            ) from error


def results(sweep: Sweep) -> str:
    """Return the rows of all finished cells as CSV."""
    rows = sweep.rows()
    header = list(dict.fromkeys(name for row in rows for name in row))
    header = [name for name in header if name not in ("status", "seconds")] + ["status", "seconds"] * bool(rows)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    for row in rows:
        writer.writerow([shown(row[n]) if isinstance(row.get(n), tuple) else row.get(n, "") for n in header])
    return file.getvalue()


def about(sweep: Sweep) -> dict[str, Any]:
    """Return the options of a sweep as plain data for JSON."""
    values = {name: list(dict.fromkeys(cell.options.get(name) for cell in sweep.cells)) for name in sweep.options}
    return {"base": sweep.base.to_dict(), "values": values, "cells": len(sweep.cells)}


def write(sweep: Sweep, place: Place, measure: str | None = None) -> list[str]:
    """Write figures and report into a folder; return what could not be drawn."""
    table = tabulate(sweep, measure)
    drawn: dict[str, str] = {}
    problems: list[str] = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        draws: dict[str, Callable[[], str | None]] = {
            "curves": lambda: plots.curves(sweep, table),
            "planes": lambda: plots.planes(sweep),
        }
        for name, draw in draws.items():
            try:
                picture = draw()
            except Exception as error:  # Matplotlib may fail on a user's numbers; the sweep matters more
                problems.append(f"{name}.svg could not be drawn: {with_class(error)}")
            else:
                if picture is not None:
                    drawn[name] = picture
                    place.put(f"{name}.svg", picture)
    place.put("report.html", page(sweep, table, drawn, problems))
    return problems


def page(sweep: Sweep, table: Table, drawn: dict[str, str], problems: list[str]) -> str:
    """Return the report as a single HTML file."""
    from markupsafe import Markup

    found = effects(sweep, table)
    fixed = {name: value for name, value in sweep.base.to_dict().items() if name not in sweep.options}
    usual = type(sweep.base)().to_dict()
    listed = failures(sweep)
    return report.fill(
        "sweep.html",
        title=f"{sweep.base.data}: " + (f"sweep over {', '.join(sweep.options)}" if sweep.options else "one run"),
        summary=summary(sweep),
        words=in_words(found, table),
        effects=found,
        table=table,
        show=shown,
        failures=listed[:_ROWS],
        more_failures=max(0, len(listed) - _ROWS),
        fixed=[(name, shown(tuple(v) if isinstance(v, list) else v)) for name, v in fixed.items() if v != usual[name]],
        pictures={name: Markup(report.inline(svg, name)) for name, svg in drawn.items()},  # noqa: S704 our own SVG
        problems=problems,
    )


def write_runs(sweep: Sweep, folder: Path) -> None:
    """Train every cell again, with the same numbers, and write its folder: 1, 2, … in the order of the rows.

    Raises:
        LabError: a folder cannot be written.
    """
    for position, (cell, left) in enumerate(zip(sweep.cells, sweep.left, strict=True), 1):
        target = folder / str(position)
        if cell.config is not None and left and left["status"] != "refused" and not target.exists():
            write_run(run(cell.config), target)
