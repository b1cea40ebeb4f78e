"""What `module:name` on the command line means: an import, from the current folder as well."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from tinygrad_lab.errors import ArgumentError


def imported(name: str, example: str) -> Any:
    """Return the object that `module:name` names; the name may have dots.

    Raises:
        ArgumentError: if there is no colon in it; the text shows `example`.

    Example:
        >>> imported("math:pi", "models:build")
        3.141592653589793
    """
    module, colon, path = name.partition(":")
    if not colon or not path:
        raise ArgumentError(f"{name!r} is not of the form module:name; write it like {example}")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found
