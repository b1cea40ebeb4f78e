"""What `import tinygrad_lab` costs beyond NumPy, in fresh interpreters."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from harness import Row, table

ROUNDS = 11


def seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def run(with_torch: bool) -> str:
    statements = ("import numpy", "import tinygrad_lab")
    times: dict[str, list[float]] = {statement: [] for statement in statements}
    for _ in range(ROUNDS):
        for statement in statements:
            times[statement].append(seconds(statement))
    numpy, package = (statistics.median(times[statement]) * 1e6 for statement in statements)
    rows = [
        Row(statements[0], numpy, 1.0),
        Row(statements[1], package, package / numpy),
        Row("difference", package - numpy, (package - numpy) / numpy),
    ]
    return table("Import", "difference ≤ 30,000 µs", rows)
