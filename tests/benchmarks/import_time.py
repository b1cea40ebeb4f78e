"""What `import tinygrad_lab` costs beyond NumPy, in fresh interpreters, and what a first gradient costs beyond that."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from harness import Row, table

ROUNDS = 15
STATEMENTS = ("import numpy", "import tinygrad_lab")
FIRST_GRADIENTS = {
    "import numpy, numpy.random": "import numpy, numpy.random",
    "first gradient of a function": """
import numpy as np, tinygrad_lab as tl
tl.grad(lambda x: np.sum(np.tanh(x)))(np.ones(3))
""",
    "first gradient of a network": """
import numpy as np, tinygrad_lab as tl
model = tl.nn.Sequential(tl.nn.Linear(2, 4), tl.nn.Sigmoid(), tl.nn.Linear(4, 1))
tl.nn.MSELoss()(model(np.ones((10, 2))), np.ones((10, 1))).backward()
""",
}


def seconds(programs: Sequence[str] = STATEMENTS) -> list[float]:
    """Return the shortest time of each program, with compiled code at hand, as after any first run."""
    times: list[list[float]] = [[] for _ in programs]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(1 + ROUNDS):
            for program, column in zip(programs, times, strict=True):
                start = _of_processor()
                subprocess.run([sys.executable, "-c", program], check=True, env=environment)
                column.append(_of_processor() - start)
    return [min(column[1:]) for column in times]  # whatever else runs can only add to it


def _of_processor() -> float:
    """Return the processor's time in processes that ended: waiting for others that run makes no difference to it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(with_torch: bool) -> str:
    programs = {name: name for name in STATEMENTS} | FIRST_GRADIENTS
    times = {name: 1e6 * shortest for name, shortest in zip(programs, seconds([*programs.values()]), strict=True)}
    numpy, package = (times[name] for name in STATEMENTS)
    rows = [Row(name, shortest, shortest / numpy) for name, shortest in times.items()]
    rows.insert(len(STATEMENTS), Row("difference", package - numpy, (package - numpy) / numpy))
    return table("Import", "difference ≤ 30,000 µs", rows)
