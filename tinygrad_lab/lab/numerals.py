"""Numbers as they are written in tables, with a decimal point or comma, and texts that only look like numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

MISSING = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?"))  # in lower case

_WITH_COMMA = re.compile(r"\s*[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?\s*")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_DECORATED = re.compile(r"[+-]?[$€£]?\s?(\d{1,3}([,.' ]\d{3})+|\d+)([.,]\d+)?\s?[%$€£]?")


def is_number(text: str) -> bool:
    """Return whether a text is a number, as tables write them."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python reads 1_000 as a number, but nothing else does


def has_decimal_comma(text: str) -> bool:
    """Return whether a text is a number with a decimal comma, or a whole number."""
    return _WITH_COMMA.fullmatch(text) is not None


def is_decorated(text: str) -> bool:
    """Return whether a text is a number with thousands separators, a currency or a per cent sign.

    Example:
        >>> [is_decorated(text) for text in ("1,500", "1.500,25", "10 %", "$3", "2020-01-02", "a1")]
        [True, True, True, True, False, False]
    """
    return _DECORATED.fullmatch(text) is not None


def with_points(cells: Sequence[str], separated_by_commas: bool) -> Sequence[str]:
    """Return a column with decimal points if all of its numbers have decimal commas.

    Arguments:
        cells: all rows, including one that may be a header.
        separated_by_commas: whether commas separate cells as well: then 1,500 may mean 1500 too, and a column that has
            only such numbers stays as it is.

    Example:
        >>> with_points(["size", "1,5", "", "20"], False)
        ['size', '1.5', '', '20']
        >>> with_points(["size", "1,500", "2,000"], True)
        ['size', '1,500', '2,000']
    """
    commas = [cell for cell in cells if "," in cell]
    if not commas or (separated_by_commas and all(map(_GROUPED.fullmatch, commas))):
        return cells
    if not all(cell.lower() in MISSING or has_decimal_comma(cell) for cell in cells[1:] or cells):
        return cells
    return [cell.replace(",", ".") if has_decimal_comma(cell) else cell for cell in cells]
