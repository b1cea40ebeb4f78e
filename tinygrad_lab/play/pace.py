"""When the next frame is due: as often as neither training nor wire suffer from it."""

from __future__ import annotations

import time

MOST_A_SECOND = 15.0
MOST_BYTES = 180_000.0  # a second, to all tabs together
DUTY = 0.04  # of the time may go into making frames
SETTLE = 0.25  # seconds without a change, after which a picture that stands still is made fine


class Pace:
    """Says when a frame is due, from what the last one cost."""

    def __init__(self) -> None:
        self.due = 0.0

    def wait(self) -> float:
        """Return the seconds until the next frame is due, 0 if it is."""
        return max(0.0, self.due - time.perf_counter())

    def sent(self, seconds: float, size: int, tabs: int) -> None:
        """Note what a frame has cost.

        Arguments:
            seconds: to make it.
            size: its bytes.
            tabs: how many it went to.
        """
        pause = max(1 / MOST_A_SECOND, seconds / DUTY, size * tabs / MOST_BYTES)
        self.due = time.perf_counter() + min(pause, 5.0)
