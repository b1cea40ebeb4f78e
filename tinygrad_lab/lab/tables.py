"""Tables in all their variety: cells as text, with or without a header, separated by commas, semicolons or tabs."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.extras import extra
from tinygrad_lab.lab.numerals import MISSING, has_decimal_comma, is_number, with_points
from tinygrad_lab.memory import without_collecting
from tinygrad_lab.refusals.nearest import meant
from tinygrad_lab.refusals.wording import first_line
from tinygrad_lab.typing import NDArray

_DELIMITERS = ",;\t|"
_SAMPLE = 50  # lines that are looked at to find delimiter and header

_DELIMITER_TOLD = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # a first line that tells Excel the delimiter

Row = tuple[int, list[str]]  # the line in the file, as an editor counts it, and the cells


@dataclass(frozen=True)
class Table:
    """Cells by column.

    Arguments:
        path: the file.
        names: the header, or made-up names.
        cells: for each column its texts, stripped.
        lines: the line of each row in the file, as an editor counts it.
        named: whether the file has a header.
    """

    path: Path
    names: tuple[str, ...]
    cells: tuple[Sequence[str], ...]
    lines: Sequence[int]
    named: bool
    _numbers: dict[int, NDArray | None] = field(default_factory=dict, repr=False)

    def numbers(self, position: int) -> NDArray | None:
        """Return a column as numbers; None if a cell is empty, not a number, or not finite."""
        if position not in self._numbers:
            cells = self.cells[position]
            found: NDArray | None = None
            with suppress(ValueError):
                found = np.array(list(map(float, cells)))
                if not np.isfinite(found).all() or "_" in "".join(cells):
                    found = None
            self._numbers[position] = found
        return self._numbers[position]

    def where(self, row: int, column: int) -> str:
        """Describe where a cell is, for an error text."""
        return f"{self.path}, row {self.lines[row]}, {self.called(column)}"

    def called(self, column: int) -> str:
        """Describe a column, for an error text."""
        return f"column {column + 1} ({self.names[column]})"

    def column(self, name: str) -> int:
        """Return the position of the column with this name.

        Raises:
            LabError: there is none, or several.
        """
        found = [position for position, other in enumerate(self.names) if other == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise LabError(f"data: {self.path}: {len(found)} columns are called {name!r}; rename the others")
        shown = ", ".join(self.names[:12]) + (", …" if len(self.names) > 12 else "")
        advice = meant(name, self.names, f"the columns are {shown}")
        raise LabError(f"data: {self.path}: there is no column {name!r}; {advice}")


def read_csv(path: Path, delimiter: str | None = None, header: bool | None = None, alone: bool = False) -> Table:
    """Read a text file of cells.

    Arguments:
        path: the file, in UTF-8.
        delimiter: the character between cells; None to find it.
        header: whether the first row has the columns' names; None to find out.
        alone: whether a single column is enough.

    Raises:
        LabError: the file is not such a table; the text names the row.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise LabError(f"data: delimiter must be one character, got {delimiter!r}; leave it out to find it")
    try:
        with without_collecting(), path.open(newline="", encoding="utf-8-sig") as file:
            sample = list(islice(file, _SAMPLE))
            file.seek(0)
            told = _DELIMITER_TOLD.fullmatch(sample[0]) if sample else None
            delimiter = delimiter or (told[1] if told else _delimiter(sample))
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            rows = [(reader.line_num, cells) for cells in reader if any(cells)]
    except UnicodeDecodeError as error:
        raise LabError(f"data: {path}: is not text in UTF-8 ({error}); export it again") from error
    except csv.Error as error:
        raise LabError(
            f"data: {path}, row {_first_line_at_fault(path, delimiter)}: cannot be read ({error}); check the quotes "
            f"and correct the row"
        ) from error
    with without_collecting():
        return _table(path, rows[1:] if told else rows, header, alone, delimiter)


def _first_line_at_fault(path: Path, delimiter: str | None) -> int:
    """Return the line where the first row begins that cannot be read."""
    last = 0
    with path.open(newline="", encoding="utf-8-sig") as file, suppress(csv.Error):
        reader = csv.reader(file, delimiter=delimiter or ",", strict=True)
        for _ in reader:
            last = reader.line_num
    return last + 1


def read_parquet(path: Path, alone: bool = False) -> Table:
    """Read a Parquet file.

    Arguments:
        path: the file.
        alone: whether a single column is enough.

    Raises:
        LabError: it is not a Parquet file, has no rows, or has columns of lists.
        MissingExtraError: PyArrow is missing.
    """
    with extra("parquet"):
        import pyarrow
        from pyarrow import parquet
    try:
        read = parquet.read_table(path)
    except pyarrow.ArrowException as error:
        told = first_line(error)
        raise LabError(f"data: {path}: is not a Parquet file ({told}); write it again") from error
    if not read.num_rows:
        raise LabError(f"data: {path}: has no rows; add data")
    _check_width(path, read.num_columns, alone)
    for name, kind in zip(read.column_names, read.schema.types, strict=True):
        if pyarrow.types.is_nested(kind):
            raise LabError(f"data: {path}, column {name}: holds {kind} instead of numbers or texts; flatten it")
    cells = tuple(["" if cell is None else str(cell).strip() for cell in column.to_pylist()] for column in read.columns)
    return Table(path, tuple(read.column_names), cells, range(1, read.num_rows + 1), True)


def _check_width(path: Path, width: int, alone: bool) -> None:
    if width < 2 and not alone:
        raise LabError(
            f"data: {path}: has only one column, but features and a label are needed; "
            f"separate by commas, or name the --delimiter"
        )


def _delimiter(sample: list[str]) -> str:
    """Return the delimiter that gives the most columns, the same number on each line, with no other delimiter left in
    cells.
    """

    def columns(delimiter: str) -> tuple[bool, bool, int]:
        rows = [cells for cells in csv.reader(sample, delimiter=delimiter) if any(map(str.strip, cells))]
        counts = [len(cells) for cells in rows]
        others = set(_DELIMITERS) - {delimiter}
        odd = [cell for cells in rows for cell in cells if not others.isdisjoint(cell)]
        return len(set(counts)) == 1 and counts[0] > 1, all(map(has_decimal_comma, odd)), max(counts, default=0)

    return max(_DELIMITERS, key=columns)


def _table(path: Path, rows: list[Row], header: bool | None, alone: bool, delimiter: str) -> Table:
    rows = [row for row in rows if any(map(str.strip, row[1]))] if _has_blanks(rows) else rows
    if not rows:
        raise LabError(f"data: {path}: is empty; add a header and rows")
    width = len(rows[0][1])
    like = "the header" if header or not all(map(is_number, rows[0][1])) else "the first row"
    for line, cells in rows:
        if len(cells) != width:
            raise LabError(
                f"data: {path}, row {line}: has {len(cells)} columns, but {like} has {width}; correct the row"
            )
    _check_width(path, width, alone)
    columns = tuple(_tidy(list(column), delimiter) for column in zip(*(cells for _, cells in rows), strict=True))
    lines = [line for line, _ in rows]
    named = _has_header(columns) if header is None else header
    if not named:
        names = (*(f"x{position + 1}" for position in range(width - 1)), "label")
        return Table(path, names, columns, lines, False)
    if len(rows) < 2:
        raise LabError(f"data: {path}: has a header, but no rows; add data")
    columns = tuple(column for position, column in enumerate(columns) if not _counts_rows_or_nothing(column, position))
    return Table(path, tuple(column[0] for column in columns), tuple(c[1:] for c in columns), lines[1:], True)


def _counts_rows_or_nothing(column: Sequence[str], position: int) -> bool:
    """Return whether a column without a name can be dropped: it is empty, or the first one and numbers the rows."""
    if column[0]:
        return False
    cells = column[1:]
    return not any(cells) or (position == 0 and all(map(str.isdecimal, cells)) and len(set(cells)) == len(cells))


def _tidy(cells: Sequence[str], delimiter: str) -> Sequence[str]:
    """Return cells stripped and with decimal points; a column that is tidy already costs next to nothing."""
    together = "".join(cells)
    if together and together.split() != [together]:
        cells = list(map(str.strip, cells))
    return with_points(cells, delimiter == ",") if "," in together else cells


def _is_numeric(cells: Sequence[str]) -> bool:
    """Return whether all cells are numbers or missing."""
    return all(cell.lower() in MISSING or is_number(cell) for cell in cells) and any(map(is_number, cells))


def _has_blanks(rows: list[Row]) -> bool:
    """Return whether a row may be blank: its first cell is empty or begins with a space."""
    return any(cells[0][:1].isspace() or not cells[0] for _, cells in rows)


def _has_header(columns: Sequence[Sequence[str]]) -> bool:
    """Return whether the first cells are names: text above numbers or, if all is text, cells found nowhere below."""
    if len(columns[0]) == 1:
        return not any(is_number(cell) for (cell,) in columns)
    numeric = [column for column in columns if _is_numeric(column[1:_SAMPLE])]
    if numeric:
        return any(not is_number(column[0]) and column[0].lower() not in MISSING for column in numeric)
    return not any(column[0] in column[1:] for column in columns)
