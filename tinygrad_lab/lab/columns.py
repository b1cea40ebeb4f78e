"""How the columns of a table become numbers: as they are, as categories, with empty cells filled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Arguments:
        name: its header.
        categories: texts that become a column of 0 and 1 each; None for a column of numbers.
        fill: the number or category for empty cells; None if there must not be any.
    """

    name: str
    categories: tuple[str, ...] | None = None
    fill: float | str | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the numeric columns that it becomes."""
        if self.categories is None:
            return (self.name,)
        return tuple(f"{self.name}={category}" for category in self.categories)


@dataclass(frozen=True)
class Columns:
    """The columns of a table that a network sees, in order.

    Arguments:
        columns: the columns.
        names: whether the file has a header; without one, columns are found by position.
    """

    columns: tuple[Column, ...]
    names: bool = True

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all numeric columns."""
        return tuple(feature for column in self.columns for feature in column.features)

    def to_dict(self) -> dict[str, Any]:
        """Return the columns as plain data for JSON; `Columns.from_dict` reads it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, about: dict[str, Any]) -> Columns:
        """Return the columns that `to_dict` described."""
        columns = (
            Column(one["name"], one["categories"] and tuple(one["categories"]), one["fill"]) for one in about["columns"]
        )
        return cls(tuple(columns), about["names"])
