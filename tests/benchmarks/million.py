"""A scalar graph of a million operations: time must grow linearly, and nothing may recurse."""

from __future__ import annotations

import gc
import time

from harness import Row, table

import tinygrad_lab as tl


def seconds(operations: int) -> float:
    """Build, sweep and free a chain of scalar operations."""
    gc.collect()
    start = time.perf_counter()
    x = tl.Value(1.0)
    y = x
    for _ in range(operations // 2):
        y = y * 0.999999 + 1e-6
    y.backward()
    del y
    return time.perf_counter() - start


def run(with_torch: bool) -> str:
    rows: list[Row] = []
    for operations in (10_000, 100_000, 1_000_000):
        each = min(seconds(operations) for _ in range(3)) / operations * 1e6
        rows.append(Row(f"{operations:,} operations", each, each / rows[0].microseconds if rows else 1.0))
    return table("A scalar graph: built, swept and freed (µs an operation)", "linear: the ratio stays near 1", rows)
