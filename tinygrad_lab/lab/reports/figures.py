"""The structure of published figures: a report has parts, a part is a table, and a row of it is a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Options = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One published figure.

    Arguments:
        down, across: its place in its table; `across` is empty in a list.
        options: the options of the run that repeats it, beside those of its part.
        published: the figure, or None if none was published.
    """

    down: str
    across: str
    options: Options
    published: float | None


@dataclass(frozen=True)
class Part:
    """One table of a report.

    Arguments:
        title: its subject.
        options: the options of all its runs.
        rows: its figures.
        measure: what the figures are: "epochs", "loss" or "accuracy".
        words: what a reader should know, one sentence each.
        ordered: whether the report found an order in its figures.
        order: the columns from the least to the greatest, as the report found them; checked in each row.
    """

    title: str
    options: Options
    rows: Sequence[Row]
    measure: str = "epochs"
    words: Sequence[str] = ()
    ordered: bool = False
    order: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """One report.

    Arguments:
        about: its subject.
        parts: its tables.
        shown: the options of the runs to show in full, by name.
    """

    about: str
    parts: Sequence[Part]
    shown: dict[str, Options] = field(default_factory=dict)


def listed(*rows: tuple[str, Options, float | None]) -> list[Row]:
    """Return a list: a label, the options of its run and the figure for each row."""
    return [Row(label, "", options, published) for label, options, published in rows]


def grid(
    option: str, values: Sequence[Any], published: Sequence[Sequence[float | None]], **more: Sequence[Any]
) -> list[Row]:
    """Return a table with a row for each seed and a column for each value of an option."""
    names = more.get("names", [str(value) for value in values])
    return [
        Row(f"seed {seed}", f"{option} {name}", {"seed": seed, option: value}, figure)
        for seed, row in enumerate(published)
        for name, value, figure in zip(names, values, row, strict=True)
    ]


def draws(option: str, values: Sequence[Any], names: Sequence[str] = ()) -> list[Row]:
    """Return a table with a row for each of nine draws of the weights and points, and a column for each value."""
    return [
        Row(f"{init}, seed {seed}", f"{option} {name}", {"init": init, "seed": seed, option: value}, None)
        for init in ("rand", "normal", "xavier_uniform")
        for seed in range(3)
        for name, value in zip(names or values, values, strict=True)
    ]
