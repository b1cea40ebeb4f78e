"""The names of calls, and the lines of the user's program that they come from."""

from __future__ import annotations

import functools
import sys
from typing import Any


def name_of(function: Any) -> str:
    """Return what a function is called."""
    return str(getattr(function, "__name__", type(function).__name__))


_OWN = ("tinygrad_lab", "numpy")


def of_user(depth: int) -> bool:
    """Whether the function this many calls above belongs neither to this package nor to NumPy."""
    return str(sys._getframe(depth + 1).f_globals.get("__name__", "")).partition(".")[0] not in _OWN


def place() -> tuple[str, str]:
    """Return `file:line` of the innermost frame outside this package, and the name of the package's function called
    there.
    """
    frame, within = sys._getframe(1), ""
    while frame.f_back is not None:
        own, says_what = _kind(frame.f_globals.get("__name__", ""))
        if not own:
            break
        if says_what and not within:
            within = frame.f_code.co_name.replace("<lambda>", "")
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}", within


@functools.cache
def _kind(module: str) -> tuple[bool, bool]:
    """Whether a module is this package's or NumPy's, and whether its functions' names tell a user something."""
    first, _, rest = module.partition(".")
    return first in _OWN, first == "tinygrad_lab" and rest.partition(".")[0] not in ("core", "compiler")
