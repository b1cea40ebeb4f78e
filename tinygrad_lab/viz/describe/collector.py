"""The garbage collector, held still while large descriptions are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held() -> Iterator[None]:
    """Keep Python's cyclic collector still: it would visit a million new objects again and again, and all of them stay.

    Example:
        >>> import gc
        >>> with held():
        ...     gc.isenabled()
        False
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
