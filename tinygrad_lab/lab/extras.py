"""The libraries of the extra `[lab]`, which are imported where they are used."""

from __future__ import annotations

import importlib

from tinygrad_lab.errors import LabError

LIBRARIES = ("jinja2", "matplotlib", "rich", "safetensors")


def require(*libraries: str) -> None:
    """Check that libraries can be imported.

    Raises:
        LabError: one of them is missing; the text says how to install it.

    Example:
        >>> require("numpy")
    """
    for library in libraries:
        try:
            importlib.import_module(library)
        except ImportError as error:
            raise LabError(
                f'lab: {library} must be installed, got "{error}"; run: pip install "tinygrad-lab[lab]"'
            ) from error
