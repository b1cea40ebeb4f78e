"""What happens to memory that arrays have freed, and when Python looks for objects that nobody uses."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tinygrad_lab.errors import ArgumentError

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST_MMAP_THRESHOLD = 1 << 25  # more, glibc refuses


def reuse_memory(megabytes: int = 1024) -> bool:
    """Let the C library keep the memory that arrays free for later arrays, instead of giving it back to the system.

    A training step makes and frees the same big arrays again and again. glibc returns their pages to the system, which
    hands out new ones, zeroed, at a cost that is often above that of the arithmetic: a step through a layer
    normalisation of 4 MB took 14 ms, and 5 ms after this call. It holds for the whole process, so a library does
    not do it unasked; the command line does.

    Arguments:
        megabytes: how much free memory the process may keep at most. Single arrays above 32 MB go back all the same.

    Returns:
        Whether the C library has such a setting; glibc, the usual one on Linux, does.

    Raises:
        ArgumentError: if `megabytes` is no whole number from 0.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.reuse_memory(512) in (True, False)
        True
    """
    if not isinstance(megabytes, int) or megabytes < 0:
        raise ArgumentError(f"reuse_memory: megabytes must be a whole number from 0, got {megabytes!r}; 1024 is usual")
    if not sys.platform.startswith("linux"):
        return False
    setting = getattr(ctypes.CDLL(None), "mallopt", None)
    if setting is None:
        return False
    kept = min(megabytes << 20, 2**31 - 1)
    return bool(setting(_TRIM_THRESHOLD, kept) and setting(_MMAP_THRESHOLD, min(kept, _LARGEST_MMAP_THRESHOLD)))


@contextmanager
def without_collecting() -> Iterator[None]:
    """Keep Python's cyclic collector still: it would visit a million new objects again and again, and all of them stay.

    Example:
        >>> with without_collecting():
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
