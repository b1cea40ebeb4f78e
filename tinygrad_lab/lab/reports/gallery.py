"""One page with every table and figure of the reports, published beside measured."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tinygrad_lab.lab import plots, report
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.reports.measuring import Measured
from tinygrad_lab.lab.reports.published import REPORTS
from tinygrad_lab.lab.running import prepare
from tinygrad_lab.lab.sweeps import plots as figures
from tinygrad_lab.lab.sweeps.table import number, tabulate

_ROWS = 10  # of a test table


def page(found: dict[str, list[Measured]]) -> str:
    """Return the gallery as a single HTML file.

    Arguments:
        found: the measured tables of some reports, by the report's name.
    """
    counter = iter(range(10_000))

    def picture(svg: str) -> Markup:
        return Markup(report.inline(svg, f"p{next(counter)}"))  # noqa: S704 our own SVG

    html = report.fill(
        "gallery.html",
        reports=[
            {
                "name": name,
                "about": REPORTS[name].about,
                "parts": [_part(measured, picture) for measured in tables],
                "runs": [_shown(title, options, picture) for title, options in REPORTS[name].shown.items()],
            }
            for name, tables in found.items()
        ],
    )
    return report.shared_letters(html)


def _part(measured: Measured, picture: Any) -> dict[str, Any]:
    rows = measured.part.rows
    across = list(dict.fromkeys(row.across for row in rows))
    cells = {(row.down, row.across): _entry(measured, position) for position, row in enumerate(rows)}
    pictures = []
    if any(left and left["curve"] for left in measured.sweep.left):
        named = _with_short_names(measured)
        pictures.append(picture(figures.curves(named, tabulate(named))))
        planes = None if measured.part.order else figures.planes(named)
        if planes is not None:
            pictures.append(picture(planes))
    return {
        "title": measured.part.title,
        "measure": measured.part.measure,
        "words": measured.words(),
        "published": any(row.published is not None for row in rows),
        "across": across if across != [""] else [],
        "down": list(dict.fromkeys(row.down for row in rows)),
        "cells": cells,
        "pictures": pictures,
    }


def _entry(measured: Measured, position: int) -> dict[str, str]:
    published, deviation = measured.part.rows[position].published, measured.deviation(position)
    return {
        "published": "" if published is None else number(published),
        "measured": measured.text(position),
        "deviation": "" if deviation is None else f"{deviation:+.1%}",
        "class": "" if deviation is None or abs(deviation) <= 0.01 else "failed",
    }


def _with_short_names(measured: Measured) -> Any:
    """Return the sweep with the runs named as in its own table."""
    sweep, rows = measured.sweep, measured.part.rows
    across = [row.across for row in rows]
    names = [f"{row.down}, {row.across}" if row.across else row.down for row in rows]
    if len(set(across)) > 1:
        options = [{row.across.split()[0]: row.across.partition(" ")[2], "row": row.down} for row in rows]
    else:
        options = [{"run": name} for name in names]
    cells = [type(cell)(option, cell.config) for cell, option in zip(sweep.cells, options, strict=True)]
    return type(sweep)(sweep.base, cells, sweep.left)


def _shown(title: str, options: Any, picture: Any) -> dict[str, Any]:
    """Return the log, the test table and the pictures of one run."""
    run = prepare(Config(**options)).train(compile="numpy")
    return {
        "title": title,
        "figures": report.figures(run),
        "setting": report.setting(run),
        "notes": run.notes,
        "log": report.log(run),
        "table": report.test_table(run, _ROWS, 6),
        "pictures": [picture(plots.prediction(run)), picture(plots.learning_curve(run.history))],
    }
