"""How a run shows itself in a notebook: its curves, its figures, and its configuration to open."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from tinygrad_lab.errors import TinygradError
from tinygrad_lab.lab.report import figures, setting
from tinygrad_lab.lab.running import Run
from tinygrad_lab.viz.write.notebook import curves

_STYLE = "display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start;font-size:90%"


def page(run: Run) -> str:
    """Return a run as a piece of HTML without a script, some kilobytes of it.

    Arguments:
        run: before, during or after its training; if its data cannot be read any more, that is said instead of figures.
    """
    try:
        tables, notes = _tables(run), [*run.notes]
    except TinygradError as error:
        tables, notes = "", [str(error)]
    parts = [curves(run.history.columns())] * bool(run.history.loss) + [tables] * bool(tables)
    title = f"<div><b>{escape(run.schema.name)}</b>: {escape(_state(run))}</div>"
    said = "".join(f"<div>{escape(note)}</div>" for note in notes)
    return f'<div>{title}{said}<div style="{_STYLE}">{"".join(f"<div>{part}</div>" for part in parts)}</div></div>'


def _tables(run: Run) -> str:
    measured = _table(figures(run)) if run.history.loss else ""
    return f"{measured}<details><summary>configuration</summary>{_table(setting(run))}</details>"


def _state(run: Run) -> str:
    if not run.history.loss:
        return "not trained yet"
    return f"{run.history.epochs:,} epochs" + ("" if run.history.stopped_by else " so far")


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = (
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table>{''.join(cells)}</table>"
