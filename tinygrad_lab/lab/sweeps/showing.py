"""What a sweep prints: progress bars or lines while it trains, a table at the end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from tinygrad_lab.extras import extra
from tinygrad_lab.lab.sweeps.effects import effects, in_words, summary
from tinygrad_lab.lab.sweeps.running import Sweep, Watch
from tinygrad_lab.lab.sweeps.table import Panel, Table, tabulate
from tinygrad_lab.lab.sweeps.table import show as shown
from tinygrad_lab.lab.sweeps.workers import Doing
from tinygrad_lab.lab.text import visible, without_nan


@contextmanager
def bars(stream: TextIO) -> Iterator[Watch]:
    """Give a function that shows a bar for all cells, with the time left, and a bar for each worker."""
    with extra("lab"):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream), auto_refresh=False) as progress:
        overall = progress.add_task("all runs")
        tasks: list[Any] = []

        def watch(sweep: Sweep, doing: Sequence[Doing]) -> None:
            done = sum(left is not None for left in sweep.left)
            progress.update(overall, completed=done, total=len(sweep.left))
            while len(tasks) < len(doing):
                tasks.append(progress.add_task(f"worker {len(tasks) + 1}"))
            for task, one in zip(tasks, doing, strict=False):
                if one.cell is None:
                    progress.update(task, description="idle", completed=0)
                    continue
                config = sweep.cells[one.cell].config
                text = ", ".join(f"{name} {shown(sweep.row(one.cell)[name])}" for name in sweep.options)
                limit = config.limit if config is not None else 1
                progress.update(task, description=visible(text)[:48], completed=one.epoch, total=limit)
            progress.refresh()

        yield watch


@contextmanager
def lines(stream: TextIO) -> Iterator[Watch]:
    """Give a function that prints a line as each cell ends."""
    told: set[int] = set()

    def watch(sweep: Sweep, doing: Sequence[Doing]) -> None:
        new = [position for position, left in enumerate(sweep.left) if left is not None and position not in told]
        first = not told and not doing
        told.update(new)
        if first and new:
            print(f"{len(new)} of {len(sweep.left)} runs are there already", file=stream, flush=True)
            return
        for position in new:
            row = sweep.row(position)
            options = ", ".join(f"{name} {shown(row[name])}" for name in sweep.options)
            figures = f"epochs {row['epochs']:,}  loss {row.get('loss', math.nan):.6g}  {row['status']}"
            print(f"{len(told)}/{len(sweep.left)}  {visible(options)}  {figures}", file=stream, flush=True)

    yield watch


def show(sweep: Sweep, out: Path, problems: Sequence[str], stream: TextIO, measure: str | None = None) -> None:
    """Print the table and which options mattered."""
    with extra("lab"):
        from rich.console import Console
        from rich.markup import escape

    console = Console(file=stream, highlight=False)
    table = tabulate(sweep, measure)
    for panel in table.panels:
        console.print(_grid(table, panel))
    for sentence in (summary(sweep) + ".", *in_words(effects(sweep, table), table)):
        console.print(escape(visible(sentence)), soft_wrap=True)
    for problem in problems:
        console.print(f"[yellow]note:[/yellow] {escape(visible(problem))}", soft_wrap=True)
    console.print(f"wrote {escape(visible(str(out / 'report.html')))}", soft_wrap=True)


def _grid(table: Table, panel: Panel) -> Any:
    from rich.markup import escape
    from rich.table import Table as Grid

    over = " over seeds, median [lowest … highest]" if table.repeated else ""
    title = f"{table.measure}{over}" + (f": {panel.title}" if panel.title else "")
    grid = Grid(title=escape(visible(title)), title_justify="left")
    corner = f"{table.down} \\ {table.across}" if table.down and table.across else table.down or table.across or ""
    grid.add_column(corner)
    for value in panel.columns:
        grid.add_column(escape(visible(shown(value) if table.across else table.measure)), justify="right")
    for row, value in enumerate(panel.rows):
        figures = [panel.figures.get((row, column)) for column in range(len(panel.columns))]
        cells = [figure.text() if figure else "" for figure in figures]
        grid.add_row(escape(visible(shown(value) if table.down else table.measure)), *map(escape, cells))
    return grid


def as_json(sweep: Sweep, out: Path, measure: str | None = None) -> dict[str, Any]:
    """Return the rows and what mattered, ready for JSON."""
    table = tabulate(sweep, measure)
    return {"rows": without_nan(sweep.rows()), "words": in_words(effects(sweep, table), table), "out": str(out)}
