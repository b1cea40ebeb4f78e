"""Decides what a column of labels means: classes or quantities."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.numerals import MISSING, is_decorated, is_number
from tinygrad_lab.typing import NDArray

MOST_CLASSES = 100
MOST_NUMBERS = 20  # different whole numbers; with more, they count as quantities

_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,14})(\.0*)?")  # a leading zero, as in 007, makes it a name


def interpret(
    texts: Sequence[str],
    where: Callable[[int], str],
    column: str,
    task: str = "auto",
    classes: tuple[str, ...] | None = None,
) -> tuple[NDArray, tuple[str, ...]]:
    """Return classes as positions in a list of names, and that list; or quantities, and an empty list.

    Arguments:
        texts: the labels.
        where: tells where the label of a row is, for error texts.
        column: tells where all of them are.
        task: "classification", "regression" or "auto".
        classes: the allowed names; () for quantities, None for any.

    Raises:
        LabError: a label is invalid, or there is nothing to learn.

    Example:
        >>> interpret(["pear", "apple", "pear"], str, "column 1")
        (array([1, 0, 1]), ('apple', 'pear'))
        >>> interpret(["1.5", "2"], str, "column 1")
        (array([1.5, 2. ]), ())
    """
    distinct = list(dict.fromkeys(texts))  # few, where labels are classes
    if classes:
        return _among(texts, distinct, where, classes), classes
    if task == "regression" or classes == ():
        return _quantities(texts, distinct, where), ()
    numeric = {text: is_number(text) and math.isfinite(float(text)) for text in distinct}
    if task == "auto" and all(numeric.values()):
        whole = all(float(text).is_integer() for text in distinct)
        if not whole or len({float(text) for text in distinct}) > MOST_NUMBERS:
            return _quantities(texts, distinct, where), ()
    if task == "auto" and all(numeric[text] or is_decorated(text) for text in distinct) and not all(numeric.values()):
        text = next(text for text in distinct if not numeric[text])
        raise _error(
            f"{where(texts.index(text))}: label must be a plain number, got {_shown(text)}; write it without units "
            f"and thousands separators, or make all of them names of classes with --task classification"
        )
    for text in distinct:
        _check_name(text, numeric, task, lambda text: where(texts.index(text)))
    return _classes(texts, distinct, all(numeric.values()), column)


def _quantities(texts: Sequence[str], distinct: Sequence[str], where: Callable[[int], str]) -> NDArray:
    for text in distinct:
        if not is_number(text) or not math.isfinite(float(text)):
            place = where(texts.index(text))
            raise _error(f"{place}: label must be a finite number, got {_shown(text)}; correct or remove the row")
    return np.array(list(map(float, texts)))


def _check_name(text: str, numeric: dict[str, bool], task: str, where: Callable[[str], str]) -> None:
    if any(numeric.values()) and task == "auto" and not numeric[text]:
        raise _error(
            f"{where(text)}: label must be a number like the others, got {_shown(text)}; "
            f"correct it, or make all of them names of classes with --task classification"
        )
    if text.lower() in MISSING:
        raise _error(f"{where(text)}: label must be the name of a class, got {_shown(text)}; fill it in")


def _classes(
    texts: Sequence[str], distinct: Sequence[str], numeric: bool, column: str
) -> tuple[NDArray, tuple[str, ...]]:
    meaning = {text: text for text in distinct}
    if numeric and all(map(_WHOLE.fullmatch, distinct)):
        meaning = {text: str(int(float(text))) for text in distinct}
    names = sorted(set(meaning.values()), key=lambda name: (float(name) if numeric else 0.0, name))
    if len(names) < 2:
        raise _error(f"{column}: has only one class, {names[0]}, so there is nothing to learn; add rows of another")
    if len(names) > MOST_CLASSES:
        raise _error(
            f"{column}: has {len(names)} classes in {len(texts)} rows, but at most {MOST_CLASSES} are allowed; "
            f"if they are quantities, add --task regression"
        )
    return _positions(texts, meaning, names), tuple(names)


def _among(
    texts: Sequence[str], distinct: Sequence[str], where: Callable[[int], str], classes: tuple[str, ...]
) -> NDArray:
    meaning = {text: text for text in distinct}
    if all(map(_WHOLE.fullmatch, classes)):
        meaning = {text: str(int(float(text))) if _WHOLE.fullmatch(text) else text for text in distinct}
    for text in distinct:
        if meaning[text] not in classes:
            place, known = where(texts.index(text)), ", ".join(classes[:12])
            raise _error(f"{place}: label must be one of {known}, got {_shown(text)}; correct it")
    return _positions(texts, meaning, classes)


def _positions(texts: Sequence[str], meaning: dict[str, str], names: Sequence[str]) -> NDArray:
    order = {name: position for position, name in enumerate(names)}
    place = {text: order[name] for text, name in meaning.items()}
    return np.fromiter(map(place.__getitem__, texts), dtype=np.int64, count=len(texts))


def _shown(text: str) -> str:
    return repr(text) if text else "an empty cell"


def _error(problem: str) -> LabError:
    return LabError(f"data: {problem}")
