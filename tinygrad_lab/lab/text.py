"""Texts and numbers made fit for a terminal and for JSON."""

from __future__ import annotations

import math
from typing import Any


def visible(text: str) -> str:
    r"""Return a text with control characters written out, so that none of them reaches a terminal.

    Example:
        >>> visible("\x1b[31mred\n")
        '\\x1b[31mred\\n'
    """
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def without_nan(x: Any) -> Any:
    """Return nested figures with None in place of NaN and infinities, which JSON does not have.

    Example:
        >>> without_nan({"loss": [0.5, math.inf], "epochs": 3})
        {'loss': [0.5, None], 'epochs': 3}
    """
    if isinstance(x, dict):
        return {name: without_nan(part) for name, part in x.items()}
    if isinstance(x, list):
        return [without_nan(part) for part in x]
    return None if isinstance(x, float) and not math.isfinite(x) else x
