"""The threads that do the blocks of a long loop; the compiled code lets go of Python's lock meanwhile."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(cores() - 1, 1), "tinygrad-lab")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a fork takes no threads along


def on_all_cores(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> None:
    """Call a function with each of these arguments, in any order, on this thread and on others."""
    next_call = itertools.count()

    def work() -> None:
        while (i := next(next_call)) < len(calls):  # a step of a count is indivisible
            function(*calls[i])

    others = [_pool().submit(work) for _ in range(min(cores(), len(calls)) - 1)]
    try:
        work()
    finally:  # nothing may be freed while others compute
        for other in others:
            other.result()
