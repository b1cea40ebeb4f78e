"""Which options mattered: the main effects over the grid, and the failures, in words."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tinygrad_lab.lab.sweeps.running import Sweep
from tinygrad_lab.lab.sweeps.table import Table, failure, number, show


@dataclass(frozen=True)
class Effect:
    """How much of the differences between runs goes with one option.

    Arguments:
        option: its name.
        share: its share of the variance of the measure (of its logarithm, if all values are positive), from 0 to 1.
        groups: for each value of the option, the median of the measure over all other options, and how many runs failed
            of how many.
    """

    option: str
    share: float
    groups: list[tuple[Any, float, int, int]]


def effects(sweep: Sweep, table: Table) -> list[Effect]:
    """Return the effect of every option that varies, the largest first.

    A run that did not reach its condition counts with all its epochs; one that diverged is left out of the variance.
    """
    measured = {
        position: value
        for position, left in enumerate(sweep.left)
        if left is not None and left["status"] not in ("refused", "died", "diverged")
        if math.isfinite(value := float(left.get(table.measure, math.nan)))
    }
    if measured and min(measured.values()) > 0:
        measured = {position: math.log(value) for position, value in measured.items()}
    found = [_effect(sweep, name, measured, table) for name in sweep.options]
    return sorted(found, key=lambda effect: -effect.share)


def _effect(sweep: Sweep, name: str, measured: dict[int, float], table: Table) -> Effect:
    groups: dict[Any, list[int]] = {}
    for position, left in enumerate(sweep.left):
        if left is not None:
            groups.setdefault(sweep.value(position, name), []).append(position)
    everything = list(measured.values())
    total = statistics.pvariance(everything) * len(everything) if everything else 0.0
    mean = statistics.fmean(everything) if everything else 0.0
    between = 0.0
    lines: list[tuple[Any, float, int, int]] = []
    for value, positions in groups.items():
        inside = [measured[position] for position in positions if position in measured]
        if inside:
            between += len(inside) * (statistics.fmean(inside) - mean) ** 2
        raw = [float((sweep.left[p] or {})[table.measure]) for p in positions if p in measured]
        failed = sum(1 for position in positions if failure(sweep, position))
        lines.append((value, statistics.median(raw) if raw else math.nan, failed, len(positions)))
    return Effect(name, between / total if total > 0 else 0.0, lines)


def in_words(found: list[Effect], table: Table) -> list[str]:
    """Describe which option mattered how much, one sentence each."""
    said: list[str] = []
    for position, effect in enumerate(found):
        finite = [group for group in effect.groups if math.isfinite(group[1])]
        if not finite:
            continue
        best, worst = min(finite, key=lambda group: group[1]), max(finite, key=lambda group: group[1])
        how = f"{effect.option} goes along with {effect.share:.0%} of the differences in {table.measure}"
        if position == 0 and len(found) > 1 and effect.share >= max(0.02, found[1].share + 0.005):
            how = f"{effect.option} mattered most: it goes along with {effect.share:.0%} of the differences"
        if best[1] == worst[1]:
            said.append(f"{how}; the median {table.measure} is {number(best[1])} for every value.")
            continue
        ends = f"median {table.measure} {number(best[1])} at {show(best[0])}, {number(worst[1])} at {show(worst[0])}"
        said.append(f"{how}: {ends}.")
        failing = [f"{failed} of {runs} at {show(value)}" for value, _, failed, runs in effect.groups if failed]
        if failing and len(failing) < len(effect.groups):
            said.append(f"Runs failed by {effect.option}: {', '.join(failing)}.")
    return said


def failures(sweep: Sweep) -> list[tuple[str, str]]:
    """Return for each cell that failed, or has a note, its options and what there is to say."""
    found: list[tuple[str, str]] = []
    for position, left in enumerate(sweep.left):
        if left is None:
            continue
        how = failure(sweep, position)
        said = [f"{how.capitalize()}."] if how and not (left["notes"] and how != "not reached") else []
        said += left["notes"]
        if said:
            where = ", ".join(f"{name} {show(sweep.value(position, name))}" for name in sweep.options)
            found.append((where, " ".join(said)))
    return found


def summary(sweep: Sweep) -> str:
    """Describe how many runs ended in which way."""
    counts = Counter(left["status"] for left in sweep.left if left is not None)
    missing = sum(left is None for left in sweep.left)
    parts = [f"{count} {status}" for status, count in counts.most_common()]
    runs = f"{len(sweep.left)} run{'s' if len(sweep.left) > 1 else ''}"
    return f"{runs}: {', '.join(parts)}" + (f", {missing} not yet trained" if missing else "")
