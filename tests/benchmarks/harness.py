"""Interleaved timing: every contender runs in every round, so that a machine that slows down slows them all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Step = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One line of a benchmark's table."""

    contender: str
    microseconds: float
    ratio: float


def compare(contenders: dict[str, Step], *, rounds: int = 15, round_seconds: float = 0.05) -> list[Row]:
    """Return a row per contender: the median time of a step, and its ratio to the first contender's median."""
    batches = {name: _batch_size(step, round_seconds) for name, step in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, step in contenders.items():
            gc.collect()
            start = time.perf_counter()
            for _ in range(batches[name]):
                step()
            times[name].append((time.perf_counter() - start) / batches[name] * 1e6)
    medians = {name: statistics.median(figures) for name, figures in times.items()}
    base = medians[next(iter(medians))]
    return [Row(name, median, median / base) for name, median in medians.items()]


def _batch_size(step: Step, seconds: float) -> int:
    """How many steps take about `seconds`; the trial run also warms caches up."""
    step()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds / 2:
        step()
        steps += 1
    return max(1, 2 * steps)


def table(title: str, target: str, rows: Sequence[Row]) -> str:
    """Format rows as a Markdown table under a heading that states the target."""
    lines = [f"### {title}", "", f"Target: {target}.", "", "| contender | µs a step | ratio |", "|---|---:|---:|"]
    lines += [f"| {row.contender} | {row.microseconds:,.1f} | {row.ratio:.2f} |" for row in rows]
    return "\n".join(lines)
