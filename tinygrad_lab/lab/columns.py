"""How the columns of a table become numbers: as they are, as categories, with empty cells filled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Arguments:
        name: its header.
        categories: the texts that become a column of 0 and 1 each; None for a column of numbers.
        fill: what stands for an empty cell, a number or a category; None if there must be none.
    """

    name: str
    categories: tuple[str, ...] | None = None
    fill: float | str | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns of numbers that it becomes."""
        if self.categories is None:
            return (self.name,)
        return tuple(f"{self.name}={category}" for category in self.categories)


@dataclass(frozen=True)
class Columns:
    """The columns of a table that a network sees, in their order.

    Arguments:
        columns: those columns.
        names: whether the file has a header with their names; without, they are found by their position.
    """

    columns: tuple[Column, ...]
    names: bool = True

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all columns of numbers."""
        return tuple(feature for column in self.columns for feature in column.features)

    def to_dict(self) -> dict[str, Any]:
        """Return the columns as JSON has them; `Columns.from_dict` is the way back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, about: dict[str, Any]) -> Columns:
        """Return the columns that `to_dict` described."""
        columns = (
            Column(one["name"], one["categories"] and tuple(one["categories"]), one["fill"]) for one in about["columns"]
        )
        return cls(tuple(columns), about["names"])
