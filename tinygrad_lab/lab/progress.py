"""What a run shows on the screen: a bar or log lines while it trains, tables when it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tinygrad_lab.extras import extra
from tinygrad_lab.lab.report import figures, setting, test_table
from tinygrad_lab.lab.running import Run
from tinygrad_lab.lab.training import Callback, History

_INTERVAL = 0.1  # seconds between two pictures of the bar
_ROWS, _COLUMNS = 25, 7  # of the test table on the screen


@contextmanager
def bar(epochs: int, stream: TextIO) -> Iterator[Callback]:
    """Give a callback that shows epochs, loss, accuracy and the time left as a bar on a terminal."""
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
    # No thread draws the bar: the loop does, so that nothing competes with it.
    with Progress(*columns, console=Console(file=stream), auto_refresh=False) as progress:
        task = progress.add_task("", total=epochs, figures="")
        due = 0.0

        def show(history: History) -> None:
            nonlocal due
            if history.stopped_by is not None or time.perf_counter() >= due:
                text = f"loss {history.loss[-1]:.4g}  accuracy {history.accuracy[-1]:.4g}"
                progress.update(task, completed=history.epochs, refresh=True, figures=text)
                due = time.perf_counter() + _INTERVAL

        yield show


@contextmanager
def lines(every: int, stream: TextIO) -> Iterator[Callback]:
    """Give a callback that prints a line for every so many epochs, and for the last one."""

    def show(history: History) -> None:
        if history.epochs % every == 0 or history.epochs == 1 or history.stopped_by is not None:
            loss, accuracy = history.loss[-1], history.accuracy[-1]
            print(f"epoch {history.epochs:>7}  loss {loss:<12.6g}  accuracy {accuracy:.4f}", file=stream, flush=True)

    yield show


def summary(run: Run, out: Path, stream: TextIO) -> None:
    """Print configuration, final figures and test table."""
    with extra("lab"):
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

    console = Console(file=stream, highlight=False)
    overview = Table("", "", show_header=False, title="Configuration and result", title_justify="left")
    for name, value in setting(run):
        overview.add_row(name, escape(value))
    overview.add_section()
    for name, value in figures(run):
        overview.add_row(f"[bold]{name}[/bold]", f"[bold]{escape(value)}[/bold]")
    header, rows, total = test_table(run, _ROWS)
    features = run.dataset.x.shape[1]
    shown = range(len(header)) if len(header) <= _COLUMNS else (*range(_COLUMNS - 2), features, len(header) - 1)
    points = Table(title="Test table", title_justify="left")
    for column in shown:
        points.add_column(escape(header[column]), justify="right")
    for row in rows:
        points.add_row(*(escape(row[column]) for column in shown), style=None if row[-1] == row[features] else "red")
    console.print(overview, points, sep="\n")
    if total > len(rows) or len(shown) < len(header):
        console.print(f"{len(rows)} of {total} points, {len(shown)} of {len(header)} columns: predictions.csv has all")
    for note in run.notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", soft_wrap=True)
    console.print(f"wrote {escape(str(out / 'report.html'))}", soft_wrap=True)
