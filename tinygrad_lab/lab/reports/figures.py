"""The shape of published figures: a report has parts, each a table, a row a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Options = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One published figure.

    Arguments:
        down, across: where it stands in its table; no `across` in a list.
        options: of the run that repeats it, beside those of its part.
        published: the figure, or None where there is none.
    """

    down: str
    across: str
    options: Options
    published: float | None


@dataclass(frozen=True)
class Part:
    """One table of a report.

    Arguments:
        title: what it is about.
        options: those of all its runs.
        rows: its figures.
        measure: what is compared: "epochs", "loss" or "accuracy".
        words: what a reader should know, one sentence each.
        ordered: whether the order of the figures was a result of the report.
        order: the columns from the least to the most, as the report found them, to be looked for in every row.
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
        shown: the options of the runs that are shown in full, by name.
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
