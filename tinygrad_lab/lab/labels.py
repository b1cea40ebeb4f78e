"""What a column of labels means: classes, or quantities."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.data import Array
from tinygrad_lab.lab.tables import MISSING, is_number

MOST_CLASSES = 100
MOST_NUMBERS = 20  # different whole numbers beyond which they are taken for quantities

_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,14})(\.0*)?")  # with a leading zero, as in 007, it is a name


def interpret(
    texts: Sequence[str],
    where: Callable[[int], str],
    column: str,
    task: str = "auto",
    classes: tuple[str, ...] | None = None,
) -> tuple[Array, tuple[str, ...]]:
    """Return classes as positions among their sorted names, and those; or quantities, and no names.

    Arguments:
        texts: the labels.
        where: says where the label of a row is, for errors.
        column: where all of them are.
        task: "classification", "regression" or "auto".
        classes: what the names must be among; () for quantities, None for whatever there is.

    Raises:
        LabError: a label is none of its kind, or there is nothing to learn.

    Example:
        >>> interpret(["pear", "apple", "pear"], str, "column 1")
        (array([1, 0, 1]), ('apple', 'pear'))
        >>> interpret(["1.5", "2"], str, "column 1")
        (array([1.5, 2. ]), ())
    """
    if classes:
        return _among(texts, where, classes), classes
    if task == "regression" or classes == ():
        return _quantities(texts, where), ()
    numeric = [is_number(text) and math.isfinite(float(text)) for text in texts]
    if task == "auto" and all(numeric):
        whole = all(float(text).is_integer() for text in texts)
        if not whole or len({float(text) for text in texts}) > MOST_NUMBERS:
            return _quantities(texts, where), ()
    _check_names(texts, numeric, where, task)
    return _classes(texts, all(numeric), column)


def _quantities(texts: Sequence[str], where: Callable[[int], str]) -> Array:
    for row, text in enumerate(texts):
        if not is_number(text) or not math.isfinite(float(text)):
            raise _error(f"{where(row)}: label must be a finite number, got {_shown(text)}; correct or remove the row")
    return np.array(list(map(float, texts)))


def _check_names(texts: Sequence[str], numeric: list[bool], where: Callable[[int], str], task: str) -> None:
    mixed = any(numeric) and task == "auto"
    for row, text in enumerate(texts):
        if mixed and not numeric[row]:
            raise _error(
                f"{where(row)}: label must be a number like the others, got {_shown(text)}; "
                f"or name all of them classes with --task classification"
            )
        if text.lower() in MISSING:
            raise _error(f"{where(row)}: label must be the name of a class, got {_shown(text)}; fill it in")


def _classes(texts: Sequence[str], numeric: bool, column: str) -> tuple[Array, tuple[str, ...]]:
    values: list[int] | list[str] | list[float] = list(texts)
    if numeric and all(_WHOLE.fullmatch(text) for text in texts):
        values = [int(float(text)) for text in texts]
    order, labels = np.unique(values, return_inverse=True)
    names = sorted(order, key=float) if numeric else list(order)
    if names != list(order):  # numbers as text, in the order of the numbers
        place = {name: position for position, name in enumerate(names)}
        labels = np.array([place[name] for name in order])[labels]
    if len(names) < 2:
        raise _error(f"{column}: must hold at least two classes, got only {names[0]}; there is nothing to learn")
    if len(names) > MOST_CLASSES:
        raise _error(
            f"{column}: must hold at most {MOST_CLASSES} classes, got {len(names)} in {len(texts)} rows; "
            f"numbers are quantities with --task regression"
        )
    return labels.ravel(), tuple(str(name) for name in names)


def _among(texts: Sequence[str], where: Callable[[int], str], classes: tuple[str, ...]) -> Array:
    place = {name: position for position, name in enumerate(classes)}
    if all(_WHOLE.fullmatch(name) for name in classes):
        texts = [str(int(float(text))) if _WHOLE.fullmatch(text) else text for text in texts]
    for row, text in enumerate(texts):
        if text not in place:
            raise _error(
                f"{where(row)}: label must be one of {', '.join(classes[:12])}, got {_shown(text)}; correct it"
            )
    return np.array([place[text] for text in texts], dtype=np.int64)


def _shown(text: str) -> str:
    return repr(text) if text else "an empty cell"


def _error(problem: str) -> LabError:
    return LabError(f"data: {problem}")
