"""Every operation and many random programs, with their gradients, by every backend that is installed, against eager.

    python tests/compiler/sweep.py [--backend numpy numba jax] [--programs 200] [OPERATION ...]

It prints what differs and how, and ends with 1 if anything did. Some minutes for each backend.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
import time
import warnings
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.compiler.test_operations import FEW, REFUSED, differences, gradients_of
from tests.rules.cases import OPERATIONS, calls_of
from tinygrad_lab.errors import CompileError
from tinygrad_lab.testing.programs import programs

TOGETHER = 8  # calls that are compiled at once: each compilation has a price of its own
# In units of the last place of the largest element, or of 1: small results are differences of larger ones. Elsewhere
# matrices are decomposed, and sums added, in other orders.
ROUNDING = {"numpy": 1000, "numba": 4000, "jax": 10_000}


def drawn(strategy: Any, many: int) -> list[Any]:
    """Return examples of a strategy, the same in every run."""
    made: list[Any] = []

    @settings(max_examples=many, deadline=None, **FEW)
    @given(st.data())
    def draw(data: Any) -> None:
        made.append(data.draw(strategy))

    draw()
    return made


def together(calls: list[Any], backend: str) -> list[tuple[str, Any]]:
    """Compile calls as one function; return those that differ, or fail, with what was found."""
    functions = [gradients_of(call) for call in calls]

    def run(*groups: Any) -> list[Any]:
        return [function(*group) for function, group in zip(functions, groups, strict=True)]

    groups = [tuple(call.args) for call in calls]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = run(*groups)
        try:
            actual = tl.compile(run, backend=backend)(*groups)
        except Exception as error:  # whatever a backend raises is what is looked for
            if len(calls) > 1:
                return [found for call in calls for found in together([call], backend)]
            return [(_sentence(error), calls[0])]
    found = zip(calls, actual, expected, strict=True)
    return [(text, call) for call, a, e in found if (text := differences(a, e, ROUNDING[backend], 1))]


def _sentence(error: Exception) -> str:
    kind = "refused" if isinstance(error, CompileError) else type(error).__name__
    return f"{kind}: {re.sub(r' at [^ ;]*:[0-9]+', '', str(error)).splitlines()[0][:200]}"


def sweep(kind: str, named: list[tuple[str, Any]], backend: str) -> int:
    """Compare named calls, print what differs or is refused, and return how many of the names differ."""
    start, differ, refused = time.perf_counter(), set[str](), set[str]()
    for i in range(0, len(named), TOGETHER):
        part = named[i : i + TOGETHER]
        names = {id(call): name for name, call in part}
        for text, call in together([call for _, call in part], backend):
            (refused if text.startswith("refused") else differ).add(names[id(call)])
            print(f"  {names[id(call)]}: {text}", flush=True)
    seconds = time.perf_counter() - start
    many = len({name for name, _ in named})
    print(f"{backend}: {many} {kind}, {len(differ)} differ, {len(refused)} are refused ({seconds:.0f} s)", flush=True)
    return len(differ)


def main() -> int:
    """Run what the command line asks for."""
    reader = argparse.ArgumentParser(description=__doc__)
    installed = [name for name in ("numpy", "numba", "jax") if importlib.util.find_spec(name)]
    reader.add_argument("--backend", nargs="+", default=installed, choices=installed)
    reader.add_argument("--programs", type=int, default=200)
    reader.add_argument("--calls", type=int, default=2, help="calls of each operation")
    reader.add_argument("operations", nargs="*")
    asked = reader.parse_args()
    chosen = [op for op in OPERATIONS if op.name not in REFUSED and op.name in (asked.operations or [op.name])]
    calls = [(f"{op.family}.{op.name}", call) for op in chosen for call in drawn(calls_of(op), asked.calls)]
    made = [] if asked.operations else [(f"program {i}", p) for i, p in enumerate(drawn(programs(), asked.programs))]
    misses = 0
    for backend in asked.backend:
        misses += sweep("operations", calls, backend) + sweep("random programs", made, backend)
    return int(misses > 0)


if __name__ == "__main__":
    sys.exit(main())
