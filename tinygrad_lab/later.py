"""Tables that are not whole yet: some rows stand in modules that are imported when somebody asks for them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, MutableMapping
from types import FunctionType
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Table(MutableMapping[K, V]):
    """A table of functions, read like a dict. Who reads it whole, or asks in vain for one row, has the rest imported.

    Python's import system keeps the books: a module is imported once, other threads wait for it, and one that is being
    imported is not begun again.

    Attributes:
        here: the rows written so far; what is called often looks here first.

    Example:
        >>> prices = Table()
        >>> prices["bread"] = 3
        >>> prices.here, prices
        ({'bread': 3}, <Table of 1>)
    """

    def __init__(self) -> None:
        self.here: dict[K, V] = {}
        self._later: dict[str, str] = {}

    def later(self, module: str, library: str = "") -> None:
        """Say that a module writes more rows when it is imported.

        Arguments:
            module: its full name.
            library: whose functions it writes rows of; they wait until that has been imported. Without it they are
                functions of the module's own, which nobody can ask for before.
        """
        self._later[module] = library

    def __getitem__(self, key: K) -> V:
        self._look_for(key)
        return self.here[key]

    def _look_for(self, key: K) -> None:
        if key not in self.here:  # what C has made, such as a ufunc, may not know its library: it may be anybody's
            self._load(str(key.__module__ or "").partition(".")[0] if isinstance(key, FunctionType) else "")

    def _load(self, whose: str | None = None) -> None:
        """Import what writes rows of a library's functions; without one, all that is left."""
        for module, library in list(self._later.items()):
            wanted = whose is None or (library and library.startswith(whose))
            if wanted and (not library or library in sys.modules):
                importlib.import_module(module)

    def __setitem__(self, key: K, row: V) -> None:
        self.here[key] = row

    def __delitem__(self, key: K) -> None:
        self._look_for(key)
        del self.here[key]

    def __iter__(self) -> Iterator[K]:
        self._load()
        return iter(self.here)

    def __len__(self) -> int:
        self._load()
        return len(self.here)

    def __repr__(self) -> str:
        return f"<Table of {len(self)}>"
