"""NumPy's own test modules, in which each call of a covered function is made again with Values: a plugin of pytest.

`python -m tests.outside numpy` runs it in a process of its own for each module. In the modules, `np`, its submodules
and functions are replaced by stand-ins: a stand-in compares the call, then makes it as written.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import types
from collections import Counter
from pathlib import Path

import numpy as np

from tests.outside.comparing import compare
from tinygrad_lab.core.registry import OPS

MODULES = (
    *(f"numpy.lib.tests.test_{name}" for name in (
        "arraypad", "arraysetops", "function_base", "histograms", "index_tricks", "nanfunctions", "polynomial",
        "shape_base", "stride_tricks", "twodim_base", "type_check", "ufunclike",
    )),
    *(f"numpy._core.tests.test_{name}" for name in (
        "einsum", "function_base", "half", "item_selection", "numeric", "shape_base", "umath_complex", "ufunc", "umath",
    )),
    "numpy.linalg.tests.test_linalg", "numpy.fft.tests.test_helper", "numpy.fft.tests.test_pocketfft",
)  # fmt: skip
MOST = 300  # calls of one function that are compared in one module
SUBMODULES = ("linalg", "fft", "lib", "stride_tricks")
MAKERS = {
    "array",
    "asarray",
    "asanyarray",
    "ascontiguousarray",
    "asfortranarray",
    "require",
}  # the way to leave a graph

counts: Counter[str] = Counter()
found: list[dict[str, str]] = []
seen: set[str] = set()
busy = False


def run(modules=MODULES, limit=300):
    """Run the modules, each in its own process; return the counts, and what differs."""
    total, rows = Counter(), []
    for module in modules:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.outside.numpy_suite", "-p", "no:cacheprovider"]
        command += ["-W", "ignore", "-o", "addopts=", "--continue-on-collection-errors", "--pyargs", module]
        command += ["-k", "not huge and not large"]  # of gigabytes
        try:
            shown = subprocess.run(
                command, capture_output=True, text=True, timeout=limit, check=False,
                env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            ).stdout  # fmt: skip
        except subprocess.TimeoutExpired:
            print(f"{module}: no end after {limit} s")
            continue
        told = [line for line in shown.splitlines() if line.startswith('{"counts"')]
        if not told:
            print(f"{module}: ended without a report:", *shown.splitlines()[-3:], sep="\n  ")
            continue
        report = json.loads(told[-1])
        total.update(report["counts"])
        rows += report["found"]
        print(f"{module}: {report['counts'].get('calls', 0)} calls, {len(report['found'])} differences", flush=True)
    return total, rows


def pytest_collection_modifyitems(items):
    """Put stand-ins into the test modules."""
    for module in {item.module for item in items}:
        for name, x in list(vars(module).items()):
            if isinstance(x, types.ModuleType) and (x is np or x.__name__ in ("numpy.linalg", "numpy.fft")):
                setattr(module, name, StandIn(x))
            elif callable(x) and not isinstance(x, type) and name not in MAKERS and _is_covered(x):
                setattr(module, name, _compared(x))


def pytest_unconfigure():
    """Print the report as the last line."""
    print()
    print(json.dumps({"counts": counts, "found": found}))


class StandIn(types.ModuleType):
    """A module whose covered functions are compared."""

    def __init__(self, module):
        super().__init__(module.__name__)
        self.__dict__["_module"] = module

    def __getattr__(self, name):
        x = getattr(self._module, name)
        if isinstance(x, types.ModuleType) and name in SUBMODULES:
            return StandIn(x)
        return _compared(x) if name not in MAKERS and _is_covered(x) else x


class UfuncStandIn:
    """A ufunc that is compared, as are its methods."""

    def __init__(self, ufunc):
        self._ufunc = ufunc

    def __call__(self, *args, **kwargs):
        return _call(self._ufunc, self._ufunc, args, kwargs)

    def __getattr__(self, name):
        x = getattr(self._ufunc, name)
        if name in ("reduce", "accumulate", "reduceat", "outer"):
            return functools.partial(lambda *args, **kwargs: _call(x, self._ufunc, args, kwargs))
        return x


def _is_covered(x):
    try:
        return x in OPS
    except TypeError:  # it cannot be hashed
        return False


@functools.cache
def _compared(function):
    if isinstance(function, np.ufunc):
        return UfuncStandIn(function)

    @functools.wraps(function)
    def call(*args, **kwargs):
        return _call(function, function, args, kwargs)

    return call


def _call(function, named, args, kwargs):
    """Compare a call, unless it is one that was compared, or is made inside of another one; then make it."""
    global busy
    if not busy and kwargs.get("out") is None and "like" not in kwargs:
        busy = True
        try:
            _look(function, named, args, kwargs)
        finally:
            busy = False
    return function(*args, **kwargs)


def _look(function, named, args, kwargs):
    name = named.__name__ if named is function else f"{named.__name__}.{function.__name__}"
    key = f"{name} {_told(args)} {_told(kwargs)}"
    if key in seen or counts[f"of {name}"] >= MOST:
        return
    seen.add(key)
    counts[f"of {name}"] += 1
    if (difference := compare(function, args, kwargs, counts)) is not None:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        found.append(row(name, args, kwargs, difference, test))


def row(name, args, kwargs, difference, where=""):
    """Return a difference as texts."""
    return {
        "kind": difference.kind, "name": name, "call": f"{_told(args)} {_told(kwargs)}", "where": where,
        "numpy": _told(difference.numpy), "mine": _told(difference.mine),
    }  # fmt: skip


def _told(x):
    try:
        return " ".join(repr(x).split())[:300]
    except Exception:  # tests make objects that cannot be shown
        return object.__repr__(x)
