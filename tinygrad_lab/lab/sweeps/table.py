"""The table of a sweep, as in lab reports: one option across, one down, and a panel for each value of the others."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.sweeps.running import Sweep
from tinygrad_lab.refusals.nearest import meant

FAILED = ("diverged", "refused", "died")


@dataclass(frozen=True)
class Figure:
    """The runs in one place of a table, taken together.

    Arguments:
        numbers: the cells of the sweep.
        values: the measure of those that succeeded.
        failures: the number that failed, by the way they failed.
    """

    numbers: list[int]
    values: list[float]
    failures: dict[str, int]

    @property
    def median(self) -> float:
        """The median of the values; NaN if there are none."""
        return statistics.median(self.values) if self.values else math.nan

    def text(self) -> str:
        """Return median, spread and failures as a short text."""
        words = [number(self.median)] if self.values else []
        if len(self.values) > 1 and min(self.values) < max(self.values):
            words.append(f"[{number(min(self.values))} … {number(max(self.values))}]")
        if self.failures:
            failed = ", ".join(
                f"{count if len(self.numbers) > 1 else ''} {how}".strip() for how, count in self.failures.items()
            )
            words.append(f"({failed})" if words else failed)
        return " ".join(words) or "—"


@dataclass(frozen=True)
class Panel:
    """One table.

    Arguments:
        title: the options that are the same in all of it, as text.
        rows, columns: the values of the options down and across.
        figures: the figure at each (row, column).
    """

    title: str
    rows: list[Any]
    columns: list[Any]
    figures: dict[tuple[int, int], Figure]


@dataclass(frozen=True)
class Table:
    """The table of a sweep.

    Arguments:
        measure: what the figures are: "epochs", or a name such as "loss".
        down, across: the options of rows and columns; None without one.
        panels: a panel for each combination of the other options.
        repeated: whether several seeds share a place.
    """

    measure: str
    down: str | None
    across: str | None
    panels: list[Panel]
    repeated: bool


def measure_of(sweep: Sweep) -> str:
    """Return what a sweep compares: the epochs that it takes to reach a condition, or else the loss.

    That is the validation loss if every run was watched with points put aside: who learnt its points by heart has the
    lowest loss on these.
    """
    if {cell.config.until for cell in sweep.cells if cell.config is not None} != {None}:
        return "epochs"
    trained = [left for left in sweep.left if left is not None and left["status"] not in ("refused", "died")]
    return "validation_loss" if trained and all("validation_loss" in left for left in trained) else "loss"


def tabulate(sweep: Sweep, measure: str | None = None) -> Table:
    """Return the table; its rows and columns are the two options with the most values.

    Seeds are repetitions, of which median, spread and failures are shown, unless only one other option varies: then
    they are the rows.

    Arguments:
        sweep: the sweep, with the cells that have ended.
        measure: "epochs" or the name of a figure; chosen by `measure_of` without it.

    Raises:
        LabError: there is no such figure.
    """
    known = dict.fromkeys(name for row in sweep.rows() for name in row if name not in sweep.options)
    if measure is not None and known and measure not in known:
        advice = meant(measure, known, f"choose among {', '.join(known)}")
        raise LabError(f"show: there is no figure {measure!r}; {advice}, the finished cells are kept")
    measure = measure or measure_of(sweep)
    values = {name: sweep.values(name) for name in sweep.options}
    others = sorted((name for name in values if name != "seed"), key=lambda name: -len(values[name]))
    repeated = "seed" in values and len(others) >= 2
    shown = others if repeated or "seed" not in values else [*others, "seed"]
    across, down = ([*shown[:2], None, None])[:2]
    if down is None or across == "seed":
        across, down = down, across
    rest = [name for name in shown if name not in (across, down)]
    panels: dict[tuple[Any, ...], dict[tuple[int, int], list[int]]] = {}
    for cell_number in range(len(sweep.cells)):
        row = {name: sweep.value(cell_number, name) for name in sweep.options}
        place = (
            values[down].index(row[down]) if down else 0,
            values[across].index(row[across]) if across else 0,
        )
        panels.setdefault(tuple(row[name] for name in rest), {}).setdefault(place, []).append(cell_number)
    return Table(
        measure,
        down,
        across,
        [
            Panel(
                ", ".join(f"{name} {show(value)}" for name, value in zip(rest, chosen, strict=True)),
                values[down] if down else [None],
                values[across] if across else [None],
                {place: figure(sweep, numbers, measure) for place, numbers in places.items()},
            )
            for chosen, places in panels.items()
        ],
        repeated,
    )


def figure(sweep: Sweep, numbers: Sequence[int], measure: str) -> Figure:
    """Return the figure for some cells."""
    values: list[float] = []
    failures: dict[str, int] = {}
    for position in numbers:
        left = sweep.left[position]
        if left is None:
            continue
        how = failure(sweep, position)
        if how:
            failures[how] = failures.get(how, 0) + 1
        if how in ("", "not reached"):  # which counts with all its epochs
            values.append(float(left.get(measure, math.nan)))
    return Figure(list(numbers), [value for value in values if math.isfinite(value)], failures)


def failure(sweep: Sweep, number: int) -> str:
    """Describe briefly how a cell failed; an empty text if it did not."""
    left, config = sweep.left[number], sweep.cells[number].config
    if left is None:
        return ""
    if left["status"] in FAILED:
        return str(left["status"])
    return "not reached" if config is not None and config.until and left["status"] != "reached" else ""


def show(value: Any) -> str:
    """Return the value of an option, as people write it."""
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def number(value: float) -> str:
    """Return a measured number, as people write it."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 or float(value).is_integer() else f"{value:.4g}"
