"""Check other libraries' derivatives: `python -m tests.testing.others [--write] [--only JAX] [FORMULA ...]`.

PyTorch, JAX, autograd and MyGrad, as far as they are installed, with `tinygrad_lab.testing.check_gradients`, on the
functions and arguments of `tests/testing/elsewhere/`. What it finds is judged by mpmath, and shown by a program of
three lines that is run. `--write` makes docs/other_libraries.md. Takes half an hour on two quiet processors.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tests.testing.elsewhere import confirm, page
from tests.testing.elsewhere.libraries import LIBRARIES, Library
from tests.testing.elsewhere.mathematics import FORMULAS
from tinygrad_lab.testing import check_gradients

FORWARD = {1: "forward", 2: "forward over reverse"}
SAME = 1e-9  # relative: where a library's function has another value, its derivative is not judged


def examined(library: Library, name: str) -> dict[str, Any]:
    """Return what the checker finds about one function, judged."""
    formula, text, namespace = FORMULAS[name], library.functions[name], library.namespace()
    adapter = library.adapter(eval(text, namespace), name)
    result: dict[str, Any] = {"name": name, "points": 0, "undefined": 0, "other_value": 0, "undecided": 0}
    result["findings"] = []
    for args in formula.points:
        arrays = tuple(np.array(arg, float) for arg in args)
        wanted, found = confirm.value(formula.reference, args), _value(adapter, arrays)
        if wanted is None or not np.isfinite(found):
            result["undefined"] += 1
            continue
        if abs(found - float(wanted)) > SAME * abs(float(wanted)) + 1e-12:
            result["other_value"] += 1
            continue
        result["points"] += 1
        try:
            report = check_gradients(adapter, *arrays, order=library.orders, raise_exception=False)
        except (RuntimeError, TypeError):  # there is no second derivative
            report = check_gradients(adapter, *arrays, raise_exception=False)
        result["undecided"] += report.outcome == "undecided"
        if report.outcome != "fail":
            seen = judged(library, name, args, 1)
            alone = [finding for finding in seen if finding["verdict"] in (confirm.WRONG, confirm.ROUGH)]
            result["findings"] += [finding | {"by": "mpmath"} for finding in alone]
        else:
            order = 2 if report.text.startswith("gradient of ") else 1
            result["findings"] += findings(library, name, args, order, report.text)
    return result


def _value(adapter: Any, arrays: tuple[Any, ...]) -> float:
    try:
        (result,) = adapter.value(list(arrays), tuple)
    except Exception:  # outside of its domain
        return float("nan")
    return float(result)


def findings(library: Library, name: str, args: tuple[Any, ...], order: int, text: str) -> list[dict[str, Any]]:
    """Return the derivatives of a point that mpmath does not confirm, or the alarm itself if there is none."""
    way = FORWARD[order] if "forward mode" in text and library.forward else order
    found = judged(library, name, args, way, SAME) or tied(library, name, args)
    return found or [{"order": order, "args": args, "where": [], "verdict": "alarm", "by": "checker", "text": text}]


def judged(
    library: Library, name: str, args: tuple[Any, ...], order: int | str, close: float = confirm.CLOSE
) -> list[dict[str, Any]]:
    """Return the derivatives of a point that mpmath does not confirm up to a relative error."""
    reference, found = FORMULAS[name].reference, []
    for where, number in derivatives(library, name, args, order):
        verdict, truth = confirm.judged(reference, args, where, number, close)
        if verdict != confirm.RIGHT and not (verdict == confirm.CONVENTION and _between(number, truth)):
            finding = {"order": order, "args": args, "where": where, "found": number, "truth": truth.digits}
            found.append(finding | {"verdict": verdict, "by": "checker"})
    return found


def tied(library: Library, name: str, args: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return whether equal elements, moved together, contradict the sum of their derivatives."""
    places = [(i, *j) for i, arg in enumerate(args) for j in np.ndindex(np.shape(arg))]
    numbers = [float(np.asarray(args[place[0]])[place[1:]]) for place in places]
    gradient = [number for _, number in derivatives(library, name, args, 1)]
    for number in set(numbers):
        tie = [i for i, other in enumerate(numbers) if other == number]
        truth = confirm.together(FORMULAS[name].reference, args, [places[i] for i in tie]) if len(tie) > 1 else None
        total = sum(gradient[i] for i in tie)
        if truth is not None and not _between(total, truth):
            where = [places[i] for i in tie]
            finding = {"order": 1, "args": args, "where": where, "found": total, "truth": truth.digits, "by": "checker"}
            return [finding | {"verdict": confirm.CONVENTION, "tie": True}]
    return []


def _between(number: float, truth: Any) -> bool:
    low, high = sorted(truth)
    return bool(low - 1e-9 <= number <= high + 1e-9)


def derivatives(library: Library, name: str, args: tuple[Any, ...], order: int | str) -> list[tuple[Any, float]]:
    """Return a library's first or second derivatives, in forward mode if `order` says so, each with its place."""
    namespace, text, found = library.namespace(), library.functions[name], []
    forward = order in FORWARD.values()
    for position in range(len(args)):
        if order in (1, FORWARD[1]):
            gradient = ran(library, namespace, text, args, (position,), forward)
            found += [(((position, *i),), float(gradient[i])) for i in np.ndindex(gradient.shape)]
            continue
        for second in range(position + 1):
            derivative = ran(library, namespace, text, args, (position, second), forward)
            n = np.ndim(args[position])
            for i in np.ndindex(derivative.shape):
                found.append((((position, *i[:n]), (second, *i[n:])), float(derivative[i])))
    return found


def ran(
    library: Library,
    namespace: Any,
    text: str,
    args: tuple[Any, ...],
    positions: tuple[int, ...],
    forward: bool = False,
) -> Any:
    """Return what a program of `Library.program` prints, as an array."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return np.asarray(page.evaluated(library, namespace, text, args, positions, forward), float)
        except Exception:
            return np.full([n for position in positions for n in np.shape(args[position])], np.nan)


def looked_at(job: tuple[int, tuple[str, ...]]) -> dict[str, Any]:
    """Examine one library: the work of a process."""
    number, names = job
    library = LIBRARIES[number]
    warnings.simplefilter("ignore")
    confirm.mp.dps = confirm.DIGITS
    chosen = [name for name in library.functions if not names or name in names]
    results = []
    with np.errstate(all="ignore"):
        for name in chosen:
            try:
                results.append(examined(library, name))
            except Exception as error:
                results.append({"name": name, "points": 0, "findings": [], "error": f"{type(error).__name__}: {error}"})
                print(f"{library.title} {name}: {results[-1]['error']}", flush=True)
            kinds = [finding["verdict"] for finding in results[-1]["findings"]]
            counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
            print(f"{library.title} {name}: {results[-1]['points']} points {counts or ''}", flush=True)
    return {"title": library.title, "version": library.version, "results": results}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="FORMULA", help="some of elsewhere/mathematics.py; all unless given"
    )
    parser.add_argument("--only", help="one library, by its title")
    parser.add_argument("--write", action="store_true", help="make the page in docs/")
    parser.add_argument("--results", metavar="FILE", help="keep what was found in a file, or read it from there")
    parser.add_argument("--processes", type=int, default=2, help="how many libraries at a time (default: 2)")
    options = parser.parse_args()
    jobs = [
        (number, tuple(options.names))
        for number, library in enumerate(LIBRARIES)
        if importlib.util.find_spec(library.package) and options.only in (None, library.title)
    ]
    kept = Path(options.results) if options.results else None
    if kept is not None and kept.exists():
        found = json.loads(kept.read_text(encoding="utf-8"))
    else:
        with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
            found = pool.map(looked_at, jobs, chunksize=1)
    if kept is not None:
        kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.write:
        page.write(found)
