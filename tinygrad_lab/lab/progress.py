"""What a run prints: a progress bar or log lines while it trains, tables at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from tinygrad_lab.extras import extra
from tinygrad_lab.lab.folder import Written
from tinygrad_lab.lab.report import figures, setting, test_table
from tinygrad_lab.lab.running import Run
from tinygrad_lab.lab.text import visible
from tinygrad_lab.lab.training import Callback, History

_INTERVAL = 0.1  # seconds between two updates of the bar
_ROWS, _COLUMNS = 25, 7  # of the test table that are printed


@contextmanager
def bar(epochs: int, stream: TextIO) -> Iterator[list[Callback]]:
    """Give a list of one callback, which shows epochs, loss, accuracy and the time left as a bar on a terminal."""
    with extra("lab"):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("epoch"),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    # The training loop draws the bar, rather than a thread that would compete with it.
    with Progress(*columns, console=Console(file=stream), auto_refresh=False) as progress:
        task = progress.add_task("", total=epochs, figures="")
        due = 0.0

        def show(history: History) -> None:
            nonlocal due
            if history.stopped_by is not None or time.perf_counter() >= due:
                text = "  ".join(f"{name} {column[-1]:.4g}" for name, column in _shown(history))
                progress.update(task, completed=history.epochs, refresh=True, figures=text)
                due = time.perf_counter() + _INTERVAL

        yield [show]


@contextmanager
def lines(every: int, stream: TextIO) -> Iterator[list[Callback]]:
    """Give a list of one callback, which prints a line every few epochs, and one for the last."""

    def show(history: History) -> None:
        if history.epochs % every == 0 or history.epochs == 1 or history.stopped_by is not None:
            text = "  ".join(f"{name} {_figure(name, column[-1])}" for name, column in _shown(history))
            print(f"epoch {history.epochs:>7}  {text}".rstrip(), file=stream, flush=True)

    yield [show]


def _shown(history: History) -> list[tuple[str, list[float]]]:
    return [(name.replace("_", " "), column) for name, column in history.columns().items()]


def _figure(name: str, value: float) -> str:
    return f"{value:.4f}" if name.endswith("accuracy") else f"{value:<12.6g}"


def summary(run: Run, written: Written, stream: TextIO) -> None:
    """Print configuration, final figures and test table."""
    with extra("lab"):
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

    console = Console(file=stream, highlight=False)
    overview = Table("", "", show_header=False, title="Configuration and result", title_justify="left")
    for name, value in setting(run):
        overview.add_row(name, escape(visible(value)))
    overview.add_section()
    for name, value in figures(run):
        overview.add_row(f"[bold]{name}[/bold]", f"[bold]{escape(visible(value))}[/bold]")
    table = test_table(run, _ROWS, _COLUMNS)
    points = Table(title="Test table", title_justify="left")
    for name in table.header:
        points.add_column(escape(visible(name)), justify="right")
    for position, row in enumerate(table.rows):
        points.add_row(*(escape(visible(cell)) for cell in row), style="red" if position in table.wrong else None)
    console.print(overview, points, sep="\n")
    if table.total > len(table.rows) or table.columns > len(table.header):
        part = f"{len(table.rows)} of {table.total} points, {len(table.header)} of {table.columns} columns"
        console.print(f"{part}: predictions.csv has all")
    for note in (*run.notes, *written.problems):
        console.print(f"[yellow]note:[/yellow] {escape(visible(note))}", soft_wrap=True)
    report = written.path / "report.html"
    console.print(f"wrote {escape(visible(str(report if report.exists() else written.path)))}", soft_wrap=True)
