"""Reads your own data, and says exactly what is wrong with it: which file, which row, which column."""

from __future__ import annotations

import math
import statistics
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.columns import Column, Columns
from tinygrad_lab.lab.data import Dataset
from tinygrad_lab.lab.labels import interpret
from tinygrad_lab.lab.numerals import MISSING, is_decorated, is_number
from tinygrad_lab.lab.tables import Table, read_csv, read_parquet
from tinygrad_lab.refusals.wording import one_line
from tinygrad_lab.typing import NDArray

MOST_CATEGORIES = 100


def read(
    path: str | Path,
    *,
    task: str = "auto",
    label: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    impute: str | None = None,
    like: Dataset | None = None,
) -> Dataset:
    r"""Read a data set from a file.

    Arguments:
        path: a `.csv` or `.parquet` file, whose columns of numbers are features and whose columns of text become a
            feature per category; or a `.npz` file with an array `x` of shape (points, features) and an array `y` of
            shape (points,) or (points, 1).
        task: "classification", "regression", or "auto": labels are classes if they are text or few whole numbers.
        label: the name of the column to predict, the last one by default.
        delimiter: between the cells of a `.csv` file, found by itself by default.
        header: whether a `.csv` file begins with names; by default it does if text stands over numbers.
        impute: "mean" or "median" for empty cells of numbers, and the most frequent text for others; by default
            they are refused.
        like: a data set with the same columns and classes, such as the one that was trained on.

    Raises:
        LabError: the file cannot be read, or its content is not a data set; the text names row and column.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "fruit.csv")
        ...     _ = path.write_text("weight,length,kind\n150,7,apple\n120,18,banana\n")
        ...     fruit = read(path)
        >>> fruit.x.tolist(), fruit.labels.tolist(), fruit.features, fruit.classes
        ([[150.0, 7.0], [120.0, 18.0]], [0, 1], ('weight', 'length'), ('apple', 'banana'))
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".npz":
            return _read_npz(path, task, like)
        table = _read_table(path, delimiter, header)
    except OSError as error:
        raise _error(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    target = table.column(label or (like.target if like and table.named else table.names[-1]))
    columns = _columns(table, target, impute) if like is None else columns_like(like)
    x = matrix(table, columns, target)
    labels, classes = interpret(table.cells[target], lambda row: table.where(row, target),
                                f"{path}, {table.called(target)}", task, like.classes if like else None)  # fmt: skip
    name = table.names[target] if table.named else "label"
    return Dataset(path.stem, x, labels, columns.features, classes, name, columns)


def read_points(
    path: str | Path, like: Dataset, delimiter: str | None = None, header: bool | None = None
) -> tuple[Table, NDArray]:
    """Read points to predict: the features of a data set, with or without labels.

    Returns:
        The table as it is, and its features as numbers, (points, features).

    Raises:
        LabError: the file cannot be read, or lacks a column.
    """
    try:
        table = _read_table(Path(path), delimiter, header, alone=True)
    except OSError as error:
        raise _error(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    columns = columns_like(like)
    target = len(columns.columns) if len(table.names) == len(columns.columns) + 1 else None
    if table.named and like.target in table.names:
        target = table.column(like.target)
    return table, matrix(table, columns, target)


def _read_table(path: Path, delimiter: str | None, header: bool | None, alone: bool = False) -> Table:
    match path.suffix.lower():
        case ".csv" | ".tsv":
            return read_csv(path, delimiter, header, alone)
        case ".parquet":
            return read_parquet(path, alone)
    got = path.suffix or "no extension"
    raise _error(f"{path}: must be a .csv, .parquet or .npz file, got {got}; or use xor or linear")


# -- features --------------------------------------------------------------------------------------------------------


def columns_like(dataset: Dataset) -> Columns:
    """Return the columns that a file must have to fit a data set."""
    return dataset.columns or Columns(tuple(Column(name) for name in dataset.features), names=False)


def _columns(table: Table, target: int, impute: str | None) -> Columns:
    """Decide the kind of each column: numbers if there is any number in it, else categories."""
    found: list[Column] = []
    for position, name in enumerate(table.names):
        if position == target:
            continue
        if table.numbers(position) is not None:
            found.append(Column(name, fill=_fill(table, position, impute)))
            continue
        present = [cell for cell in table.cells[position] if cell.lower() not in MISSING]
        if not present or any(map(is_number, present)) or all(map(is_decorated, present)):
            found.append(Column(name, fill=_fill(table, position, impute)))
            continue
        categories = tuple(sorted(set(present)))
        if len(categories) > MOST_CATEGORIES:
            raise _error(
                f"{table.path}, {table.called(position)}: has {len(categories)} categories, but at most "
                f"{MOST_CATEGORIES} are allowed; remove the column"
            )
        found.append(Column(name, categories, Counter(present).most_common(1)[0][0] if impute else None))
    return Columns(tuple(found), table.named)


def _fill(table: Table, position: int, impute: str | None) -> float | None:
    """Return the number for empty cells of a column."""
    if impute is None:
        return None
    present = [float(cell) for cell in table.cells[position] if cell.lower() not in MISSING and is_number(cell)]
    present = [number for number in present if math.isfinite(number)]
    if not present:
        raise _error(f"{table.path}, {table.called(position)}: has only empty cells; remove the column")
    return statistics.median(present) if impute == "median" else math.fsum(number / len(present) for number in present)


def matrix(table: Table, columns: Columns, target: int | None = None) -> NDArray:
    """Return the features of a table as numbers, (rows, features).

    Arguments:
        table: the cells.
        columns: the columns to use, and how they become numbers.
        target: the position of the labels, if there are any.

    Raises:
        LabError: a column is missing, or a cell cannot be read.
    """
    positions = _positions(table, columns, target)
    parts: list[NDArray] = []
    for column, position in zip(columns.columns, positions, strict=True):
        if column.categories is None:
            parts.append(_numbers(table, position, column)[:, np.newaxis])
        else:
            parts.append(_one_hot(table, position, column, column.categories))
    return np.concatenate(parts, axis=1)


def _positions(table: Table, columns: Columns, target: int | None) -> list[int]:
    wanted = [column.name for column in columns.columns]
    if table.named and (columns.names or set(wanted) <= set(table.names)):
        return [table.column(name) for name in wanted]
    others = [position for position in range(len(table.names)) if position != target]
    if len(others) != len(wanted):
        shown = ", ".join(wanted[:8]) + (", …" if len(wanted) > 8 else "")
        raise _error(
            f"{table.path}: has {len(others)} columns of features, but the network takes {len(wanted)} ({shown}); "
            f"add or remove columns"
        )
    return others


def _numbers(table: Table, position: int, column: Column) -> NDArray:
    numbers = table.numbers(position)
    if numbers is not None:
        return numbers
    cells = table.cells[position]
    return np.array([_number(table, row, position, cell, column) for row, cell in enumerate(cells)])


def _number(table: Table, row: int, position: int, cell: str, column: Column) -> float:
    if column.fill is not None and cell.lower() in MISSING:
        return float(column.fill)
    if is_number(cell) and math.isfinite(float(cell)):
        return float(cell)
    got = repr(cell) if cell else "an empty cell"
    advice = "correct or remove the row" + (", or use --impute mean" if cell.lower() in MISSING else "")
    if is_decorated(cell):
        advice = "write it without separators of thousands and units"
    raise _error(f"{table.where(row, position)}: must be a finite number, got {got}; {advice}")


def _one_hot(table: Table, position: int, column: Column, categories: tuple[str, ...]) -> NDArray:
    numbers = {category: number for number, category in enumerate(categories)}
    found = np.empty(len(table.lines), dtype=np.int64)
    for row, cell in enumerate(table.cells[position]):
        known = str(column.fill) if column.fill is not None and cell.lower() in MISSING else cell
        number = numbers.get(known)
        if number is None:
            got = repr(cell) if cell else "an empty cell"
            shown = ", ".join(categories[:8]) + (", …" if len(categories) > 8 else "")
            raise _error(f"{table.where(row, position)}: must be one of {shown}, got {got}; correct or remove the row")
        found[row] = number
    return np.eye(len(categories))[found]


# -- NPZ -------------------------------------------------------------------------------------------------------------


def _read_npz(path: Path, task: str, like: Dataset | None) -> Dataset:
    x, y = _arrays(path)
    if x.ndim != 2 or x.dtype.kind not in "biuf" or 0 in x.shape:
        raise _error(
            f"{path}, array x: must be numbers of shape (points, features), got {x.dtype} of {x.shape}; reshape it"
        )
    if y.shape not in {(len(x),), (len(x), 1)}:
        raise _error(f"{path}, array y: must have shape ({len(x)},), one label per row of x, got {y.shape}; reshape it")
    if like is not None and x.shape[1] != len(like.features):
        raise _error(
            f"{path}, array x: has {x.shape[1]} columns, but the network takes {len(like.features)}; correct the file"
        )
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        row, column = bad[0]
        raise _error(
            f"{path}, array x, row {row}, column {column}: must be a finite number, got {x[row, column]}; "
            f"correct or remove the row"
        )
    texts = [str(label) for label in y.ravel().tolist()]
    labels, classes = interpret(
        texts, lambda row: f"{path}, array y, row {row}", f"{path}, array y", task, like.classes if like else None
    )
    features = tuple(f"x{i + 1}" for i in range(x.shape[1]))
    return Dataset(path.stem, x.astype(np.float64), labels, features, classes)


def _arrays(path: Path) -> tuple[NDArray, NDArray]:
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise zipfile.BadZipFile("another kind of file")
            file.seek(0)
            arrays = np.load(file, allow_pickle=False)
            if not {"x", "y"} <= set(arrays.files):
                raise _error(
                    f"{path}: needs arrays x and y, but holds {', '.join(arrays.files) or 'none'}; "
                    f"write it with np.savez(path, x=x, y=y)"
                )
            return arrays["x"], arrays["y"]
    except (LabError, FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except Exception as error:  # a damaged file may raise anything, even for a header that claims terabytes
        told = one_line(error)
        raise _error(f"{path}: cannot be read ({told}); write it with np.savez, without Python objects") from error


def _error(problem: str) -> LabError:
    return LabError(f"data: {problem}")
