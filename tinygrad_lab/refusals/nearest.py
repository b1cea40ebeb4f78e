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


def meant(given: object, known: Iterable[str], otherwise: str) -> str:
    """Return what to do about a name that is none of those known, in whatever case: ask for the one that was meant.

    Example:
        >>> meant("bgfs", ["BFGS", "CG"], "L-BFGS-B is usual")
        "did you mean 'BFGS'?"
        >>> meant("walk", ["BFGS", "CG"], "L-BFGS-B is usual")
        'L-BFGS-B is usual'
    """
    spelt = {name.lower(): name for name in known}
    near = nearest(given.lower(), spelt, 0.6) if isinstance(given, str) else []
    return f"did you mean {spelt[near[0]]!r}?" if near else otherwise


def none_of(known: Iterable[str], given: object, otherwise: str) -> str:
    """Return the end of an error about a choice by name: which names there are, what was given, and what to do.

    Example:
        >>> "RNN: nonlinearity " + none_of(["tanh", "relu"], "tahn", "tanh is usual")
        "RNN: nonlinearity must be one of tanh, relu, got 'tahn'; did you mean 'tanh'?"
    """
    names = list(known)
    return f"must be one of {', '.join(names)}, got {given!r}; {meant(given, names, otherwise)}"
