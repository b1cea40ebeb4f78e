"""The name that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], alike: float) -> list[str]:
    """Return the known name most like a word, or nothing if none is so much alike, from 0 for anything to 1.

    Example:
        >>> nearest("tan_h", ["sin", "tanh"], 0.6)
        ['tanh']
    """
    import difflib  # for the few who need it: at start-up it would cost everybody two milliseconds

    return difflib.get_close_matches(word, known, n=1, cutoff=alike)
