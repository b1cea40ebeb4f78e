"""Reading a user's own data, and saying precisely what is wrong with it: which file, which row, which column."""

from __future__ import annotations

import csv
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.data import Array, Dataset

_MOST_CLASSES = 100

Row = tuple[int, list[str]]  # the line in the file, as an editor counts it, and the cells


def read(path: str | Path) -> Dataset:
    r"""Read a data set from a file.

    Arguments:
        path: a `.csv` file with a header, whose last column is the label and whose others are numbers; or a `.npz` file
            with an array `x` of shape (points, features) and an array `y` of shape (points,) or (points, 1).
            Labels are integers, or names.

    Raises:
        LabError: the file cannot be read, or its content is not a data set with at least two classes.

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
    readers = {".csv": _read_csv, ".npz": _read_npz}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _error(f"{path}: must be a .csv or .npz file, got {path.suffix or 'no extension'}; or use xor or linear")
    try:
        return reader(path)
    except OSError as error:
        raise _error(f"{path}: must be a readable file, got {error.strerror or error}; check the path") from error


# -- CSV -------------------------------------------------------------------------------------------------------------


def _read_csv(path: Path) -> Dataset:
    header, rows = _rows(path)
    names = _header(path, header, rows)
    for line, cells in rows:
        if len(cells) != len(names):
            raise _error(
                f"{path}, row {line}: must have {len(names)} columns like the header, got {len(cells)}; correct the row"
            )
    x = np.array(
        [[_number(path, line, cells, column, names) for column in range(len(names) - 1)] for line, cells in rows]
    )
    where = [f"{path}, row {line}, column {len(names)} ({names[-1]})" for line, _ in rows]
    labels, classes = _classes(
        [cells[-1].strip() for _, cells in rows], where, f"{path}, column {len(names)} ({names[-1]})"
    )
    return Dataset(path.stem, x, labels, tuple(names[:-1]), classes)


def _rows(path: Path) -> tuple[Row, list[Row]]:
    """Return the header and the rows that are not blank."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _error(f"{path}: must be comma-separated values in UTF-8, got {error}; export it again") from error
    if len(rows) < 2:
        raise _error(
            f"{path}: must have a header and at least one row, got {'nothing' if not rows else 'one row'}; add data"
        )
    return rows[0], rows[1:]


def _header(path: Path, header: Row, rows: list[Row]) -> list[str]:
    line, cells = header
    names = [cell.strip() for cell in cells]
    if all(_is_number(name) for name in names):
        raise _error(
            f"{path}, row {line}: must be a header of column names, got numbers; add a line such as x1,x2,label"
        )
    if len(names) < 2:
        raise _error(
            f"{path}, row {line}: must name at least one feature and the label, got one column; separate by commas"
        )
    return names


def _number(path: Path, line: int, cells: list[str], column: int, names: list[str]) -> float:
    cell = cells[column].strip()
    if _is_number(cell) and math.isfinite(float(cell)):
        return float(cell)
    got = repr(cell) if cell else "an empty cell"
    raise _error(
        f"{path}, row {line}, column {column + 1} ({names[column]}): must be a finite number, got {got}; "
        f"correct or remove the row"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python reads 1_000 as a number; nobody else does


# -- NPZ -------------------------------------------------------------------------------------------------------------


def _read_npz(path: Path) -> Dataset:
    x, y = _arrays(path)
    if x.ndim != 2 or x.dtype.kind not in "biuf" or 0 in x.shape:
        raise _error(
            f"{path}, array x: must be numbers of shape (points, features), got {x.dtype} of {x.shape}; reshape it"
        )
    if y.shape not in {(len(x),), (len(x), 1)}:
        raise _error(f"{path}, array y: must have shape ({len(x)},), one label per row of x, got {y.shape}; reshape it")
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        row, column = bad[0]
        raise _error(
            f"{path}, array x, row {row}, column {column}: must be a finite number, got {x[row, column]}; "
            f"correct or remove the row"
        )
    y = y.ravel()
    where = [f"{path}, array y, row {row}" for row in range(len(y))]
    labels, classes = _classes([str(label) for label in y], where, f"{path}, array y")
    return Dataset(path.stem, x.astype(np.float64), labels, tuple(f"x{i + 1}" for i in range(x.shape[1])), classes)


def _arrays(path: Path) -> tuple[Array, Array]:
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise zipfile.BadZipFile("another kind of file")
            file.seek(0)
            arrays = np.load(file, allow_pickle=False)
            if not {"x", "y"} <= set(arrays.files):
                raise _error(
                    f"{path}: must hold arrays x and y, got {', '.join(arrays.files) or 'none'}; "
                    f"write it with np.savez(path, x=x, y=y)"
                )
            return arrays["x"], arrays["y"]
    except LabError:
        raise
    except (ValueError, zipfile.BadZipFile) as error:
        raise _error(f"{path}: must be written by np.savez, without objects, got {error}; write it again") from error


# -- labels ----------------------------------------------------------------------------------------------------------


def _classes(texts: Sequence[str], where: Sequence[str], column: str) -> tuple[Array, tuple[str, ...]]:
    """Return each label's position among the sorted classes, and the names of the classes."""
    numeric = [_is_number(text) for text in texts]
    if any(numeric):
        for text, is_number, place in zip(texts, numeric, where, strict=True):
            if not is_number or not float(text).is_integer():
                got = repr(text) if text else "an empty cell"
                raise _error(f"{place}: label must be an integer like the others, got {got}; the lab learns classes")
        values: list[int] | list[str] = [int(float(text)) for text in texts]
    else:
        if "" in texts:
            raise _error(f"{where[texts.index('')]}: label must be the name of a class, got an empty cell; fill it in")
        values = list(texts)
    names, labels = np.unique(values, return_inverse=True)
    if len(names) < 2:
        raise _error(f"{column}: must hold at least two classes, got only {names[0]}; there is nothing to learn")
    if len(names) > _MOST_CLASSES:
        raise _error(
            f"{column}: must hold at most {_MOST_CLASSES} classes, got {len(names)} in {len(texts)} rows; "
            f"the lab learns classes, not quantities"
        )
    return labels.ravel(), tuple(str(name) for name in names)


def _error(problem: str) -> LabError:
    return LabError(f"data: {problem}")
