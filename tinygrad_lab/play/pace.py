"""When to send the next frame: as often as possible without slowing the training or flooding the connection."""

from __future__ import annotations

import time

MOST_A_SECOND = 15.0
MOST_BYTES = 180_000.0  # bytes a second, to all tabs together
DUTY = 0.04  # share of the time that frames may take
SETTLE = 0.25  # seconds without a change, after which a finer picture is sent


class Pace:
    """Says when a frame is due, judging by what the last one cost."""

    def __init__(self) -> None:
        self.due = 0.0

    def wait(self) -> float:
        """Return the seconds until the next frame is due, 0 if it is."""
        return max(0.0, self.due - time.perf_counter())

    def sent(self, seconds: float, size: int, tabs: int) -> None:
        """Note what a frame has cost.

        Arguments:
            seconds: the time that it took to make.
            size: its bytes.
            tabs: the number of tabs that it went to.
        """
        pause = max(1 / MOST_A_SECOND, seconds / DUTY, size * tabs / MOST_BYTES)
        self.due = time.perf_counter() + min(pause, 5.0)
