"""Measures the published figures again: each run of the reports is a cell of one sweep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.reports.figures import Part, Row
from tinygrad_lab.lab.reports.published import REPORTS
from tinygrad_lab.lab.sweeps.grid import Cell
from tinygrad_lab.lab.sweeps.running import Sweep, Watch, run
from tinygrad_lab.lab.sweeps.table import number

_LONG = 20_000  # epochs, from which on machine code saves more time than it takes to compile


@dataclass(frozen=True)
class Measured:
    """One table of a report, measured.

    Arguments:
        part: the table.
        sweep: its runs, in the order of its rows; their only option is called `run`.
    """

    part: Part
    sweep: Sweep

    def figure(self, position: int) -> float:
        """Return the measured figure of a row."""
        left = self.sweep.left[position]
        return math.nan if left is None else float(left.get(self.part.measure, math.nan))

    def text(self, position: int) -> str:
        """Return a figure as text."""
        left = self.sweep.left[position]
        if left is None:
            return "not yet"
        if left["status"] in ("refused", "died", "diverged"):
            return str(left["status"])
        figure = self.figure(position)
        return f"{figure:.6g}" if self.part.measure == "loss" else number(figure)

    def deviation(self, position: int) -> float | None:
        """Return the relative deviation of the measured from the published figure; None if either is missing."""
        published, figure = self.part.rows[position].published, self.figure(position)
        return None if published is None or not math.isfinite(figure) else (figure - published) / published

    def words(self) -> list[str]:
        """Describe how the figures compare, and what a reader should know."""
        off = [abs(d) for position in range(len(self.part.rows)) if (d := self.deviation(position)) is not None]
        said = [f"{sum(d <= 0.01 for d in off)} of {len(off)} figures are within 1 % of the published."] if off else []
        if self.part.ordered:
            published = sorted(range(len(self.part.rows)), key=lambda i: self.part.rows[i].published or math.inf)
            measured = sorted(published, key=self.figure)
            names = " < ".join(self.part.rows[i].down for i in measured)
            same = published == measured
            said.append("The published order comes out." if same else f"The published order does not: {names}.")
        if self.part.order:
            said.append(self._how_often())
        return [*said, *self.part.words]

    def _how_often(self) -> str:
        """Describe in how many rows the columns come in the published order."""
        rows: dict[str, dict[str, float]] = {}
        for position, row in enumerate(self.part.rows):
            rows.setdefault(row.down, {})[row.across] = self.figure(position)
        ordered = [
            down for down, figures in rows.items() if all(figures[a] < figures[b] for a, b in pairwise(self.part.order))
        ]
        where = f" ({'; '.join(ordered)})" if ordered else ""
        order = " < ".join(self.part.order)
        return f"The published order, {order}, came out in {len(ordered)} of {len(rows)} draws{where}."


def measure(
    names: Sequence[str], workers: int | None, store: Path | None, watch: Watch, compile: bool = False
) -> dict[str, list[Measured]]:
    """Train all runs of some reports, and return their tables.

    Arguments:
        names: keys of `REPORTS`.
        workers: how many processes; one for each core by default.
        store: a file that keeps finished runs.
        watch: called several times a second.
        compile: whether to train long runs with compiled steps, by Numba if it is installed, whose sums differ in the
            last digits.
    """
    parts = [(name, part) for name in names for part in REPORTS[name].parts]
    cells = [_cell(name, part, row, compile) for name, part in parts for row in part.rows]
    order = sorted(range(len(cells)), key=lambda i: -_length(cells[i]))  # the longest first: none is left at the end
    done = run(Config(), [cells[i] for i in order], workers, store, watch)
    left: list[Any] = [None] * len(cells)
    for i, one in zip(order, done.left, strict=True):
        left[i] = one
    found: dict[str, list[Measured]] = {name: [] for name in names}
    first = 0
    for name, part in parts:
        last = first + len(part.rows)
        found[name].append(Measured(part, Sweep(Config(), cells[first:last], left[first:last], done.interrupted)))
        first = last
    return found


def _cell(name: str, part: Part, row: Row, compile: bool) -> Cell:
    config = Config(**part.options | row.options)
    where = f"{row.down}, {row.across}" if row.across else row.down
    return Cell({"run": f"{name}: {part.title}: {where}"}, replace(config, compile=compile and config.limit >= _LONG))


def _length(cell: Cell) -> float:
    config = cell.config
    return 0.0 if config is None else config.limit / config.lr / (10 if config.optimizer == "adam" else 1)
