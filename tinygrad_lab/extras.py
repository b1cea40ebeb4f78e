"""The libraries that extras install: imported where they are used; if one is missing, the error names its extra."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinygrad_lab.errors import MissingExtraError


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Surround imports of what the extra `name` installs.

    Raises:
        MissingExtraError: an import fails; the text says how to install it.

    Example:
        >>> with extra("lab"):
        ...     import no_such_library
        Traceback (most recent call last):
        ...
        tinygrad_lab.errors.MissingExtraError: lab: needs no_such_library, which cannot be imported ...
    """
    try:
        yield
    except ImportError as error:
        library = (error.name or "its libraries").partition(".")[0]
        raise MissingExtraError(
            f'{name}: needs {library}, which cannot be imported ({error}); run: pip install "tinygrad-lab[{name}]"'
        ) from error


def special() -> Any:
    """Return `scipy.special`, whose ufuncs have derivatives here.

    Raises:
        MissingExtraError: without SciPy.
    """
    with extra("scipy"):
        import scipy.special
    return scipy.special


def require(name: str, *libraries: str) -> None:
    """Import libraries of the extra `name` now, so that one that is missing is noticed before any time is spent.

    Raises:
        MissingExtraError: an import fails; the text says how to install it.

    Example:
        >>> require("lab", "json", "no_such_library")
        Traceback (most recent call last):
        ...
        tinygrad_lab.errors.MissingExtraError: lab: needs no_such_library, which cannot be imported ...
    """
    with extra(name):
        for library in libraries:
            importlib.import_module(library)
