"""What `import tinygrad_lab` costs beyond NumPy, in fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from harness import Row, table

ROUNDS = 11
STATEMENTS = ("import numpy", "import tinygrad_lab")


def seconds() -> list[float]:
    """Return the shortest time of each statement, with compiled code at hand, as after any first run."""
    times: list[list[float]] = [[] for _ in STATEMENTS]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(1 + ROUNDS):
            for statement, column in zip(STATEMENTS, times, strict=True):
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
                column.append(time.perf_counter() - start)
    return [min(column[1:]) for column in times]  # whatever else runs can only add to it


def run(with_torch: bool) -> str:
    statements = STATEMENTS
    numpy, package = (1e6 * shortest for shortest in seconds())
    rows = [
        Row(statements[0], numpy, 1.0),
        Row(statements[1], package, package / numpy),
        Row("difference", package - numpy, (package - numpy) / numpy),
    ]
    return table("Import", "difference ≤ 30,000 µs", rows)
