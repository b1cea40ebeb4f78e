"""Turns Ctrl-C into a question that a loop asks between two steps, instead of an exception in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether Ctrl-C was pressed or the process was asked to end; a second time, it ends.

    A terminal that closes (SIGHUP) and `kill` (SIGTERM) ask politely, as Ctrl-C does. The answer is always no outside
    the main thread, which signals do not reach, and a signal that is ignored stays so, as in a background job.

    Example:
        >>> with interruptible() as interrupted:
        ...     interrupted()
        False
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    previous = {number: signal.getsignal(number) for number in _SIGNALS}
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        for other in previous:
            if signal.getsignal(other) is note:
                signal.signal(other, _end)

    for number, handler in previous.items():
        if handler is not signal.SIG_IGN and handler is not None:
            signal.signal(number, note)
    try:
        yield lambda: pressed
    finally:
        for number, handler in previous.items():
            if handler is not None:
                signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
