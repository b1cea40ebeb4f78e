"""Write `docs/dask.md`: what runs lazily on Dask's arrays, and what is refused, tried for every operation.

Run `python docs/make_dask.py`. Each operation gets the calls of its tests; it runs on Dask if one of them stays lazy,
forward and backward, and gives NumPy's numbers.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from textwrap import shorten

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import dask  # noqa: E402
import dask.array as da  # noqa: E402
from make_operations import public_name  # noqa: E402

from tests.devices.derivatives import assert_alike, derivatives, narrow  # noqa: E402
from tests.rules.cases import DRAWN, LISTED, OPERATIONS, calls_of  # noqa: E402
from tinygrad_lab.errors import TinygradError  # noqa: E402

PAGE = ROOT / "docs" / "dask.md"


def lazy(array):
    """Return a Dask array of two chunks along each axis."""
    array = np.asarray(array)
    return da.from_array(array, chunks=tuple(max(1, -(-size // 2)) for size in array.shape))


def tried(call, order):
    """Return whether a call gives on Dask what it gives on NumPy, and else why it does not."""
    expected = derivatives(call.function, call.args, call.kwargs, order=order)
    try:
        found = derivatives(call.function, call.args, call.kwargs, lazy, order=order)
        assert_alike(dask.compute(*found, scheduler="synchronous"), expected)
    except TinygradError as error:
        return False, str(error)
    except Exception as error:
        return False, f"not refused: {type(error).__name__}: {error}"
    return True, ""


def calls(op):
    """Return some calls of an operation, always the same."""
    chosen = list(LISTED.get(op.function, []))[:4]
    if op in DRAWN:
        quick = settings(max_examples=4, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                         suppress_health_check=list(HealthCheck))  # fmt: skip
        quick(given(st.data())(lambda data: chosen.append(data.draw(calls_of(op)))))()
    return [call for call in chosen if narrow(map(np.asarray, call.args)) and all(map(np.size, call.args))]


def rows(operations):
    """Return for each operation its name, whether it runs at first and at second order, and why not."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for op in operations:
            try:
                chosen = calls(op)
            except TinygradError:  # tried with layers only
                continue
            if not chosen:
                continue
            outcomes = [tried(call, 1) for call in chosen]
            second = [tried(call, 2)[0] for call, (good, _) in zip(chosen, outcomes, strict=True) if good]
            reasons = [why for good, why in outcomes if not good]
            yield op, [good for good, _ in outcomes], second, reasons


def named(op):
    """Return an operation's name on the page: that of NumPy's function, or of the step that it is made of."""
    return f"`{public_name(op)}`"


def sections(operations):
    """Return what the page says of operations that run in all calls, in some, and in none."""
    works, partly, not_at_all = [], [], []
    for op, first, second, reasons in rows(operations):
        name = named(op)
        if all(first) and all(second):
            works.append(name)
        elif any(first):
            said = reasons[0] if reasons else "second order: as its first rule's operations"
            partly.append(f"| {name} | {sum(first)} of {len(first)} | {_short(said)} |")
        else:
            not_at_all.append(f"| {name} | {_short(reasons[0])} |")
    return works, partly, not_at_all


def page():
    """Return the page."""
    works, partly, not_at_all = sections(OPERATIONS)
    return "\n".join([
        "# What runs on Dask", "",
        "`python docs/make_dask.py` writes this page. It runs every operation with the calls of its tests on Dask "
        "arrays of two chunks along each axis, forward and backward. An operation that Dask lacks raises an error that "
        "names it: compute first, use `rechunk`, or work on each partition with `tl.cluster.backward`, where all "
        "is plain NumPy.", "",
        f"{len(works)} operations run lazily in all calls that were tried, {len(partly)} in some, {len(not_at_all)} in "
        f"none.", "",
        "## Not on Dask", "", "| operation | error |", "|---|---|", *not_at_all, "", "## In some calls", "",
        "| operation | calls that run | error of another |", "|---|---|---|", *partly, "",
        "## In all calls", "", ", ".join(works) + ".", "",
    ])  # fmt: skip


def _short(text):
    line = next(iter(text.splitlines()), "").replace("|", "\\|")
    return shorten(line, 200, placeholder=" …")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
