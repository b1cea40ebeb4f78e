"""Count wrong gradients found and right ones called wrong: `python -m tests.testing.adversary wrong|right [--seeds 5]`.

What is wrong is in `errors_planted.py`, what is right and awkward in `awkward.py`. Every test draws as many examples as
tests do by default.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter

import hypothesis

from tests.testing.awkward import AWKWARD
from tests.testing.errors_planted import PLANTED
from tests.testing.visiting import visited
from tinygrad_lab.errors import GradientError, VacuousTestError
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.decorated import Options
from tinygrad_lab.testing.examples import calls_with_arrays, check_call, run
from tinygrad_lab.testing.profiles import Profile, running


def calls(function, drawn):
    if isinstance(drawn, tuple):
        return calls_with_arrays(function, drawn)
    return drawn.map(lambda args: Call(function, args))


def wrong(seeds, examples, only):
    found, began = Counter(), time.process_time()
    for name, (make, drawn) in PLANTED.items():
        if only not in name:
            continue
        for seed in range(seeds):
            try:
                with running(Profile(examples, shrink=False)):
                    run(name, calls(make(), drawn), options=Options(seed=seed))
            except (GradientError, VacuousTestError, ArithmeticError, ValueError):
                found[name] += 1
        if found[name] < seeds:
            print(f"MISSED {seeds - found[name]} of {seeds}: {name}", flush=True)
    names = [name for name in PLANTED if only in name]
    spent = (time.process_time() - began) / seeds / len(names)
    print(f"{found.total()} of {seeds * len(names)} found, {len(names)} errors, {spent:.2f} s a test")


def right(seeds, examples, only):
    total, began = Counter(), time.process_time()
    for number, (name, (function, drawn)) in enumerate(AWKWARD.items()):
        if only not in name:
            continue
        mine = Counter()

        def visit(call, name=name, mine=mine):
            mine["examples"] += 1
            try:
                report = check_call(call)
            except (GradientError, VacuousTestError) as error:
                mine["alarms"] += isinstance(error, GradientError) and not isinstance(error, VacuousTestError)
                if mine["alarms"] == 1:
                    print(f"ALARM {name}: {error}\n  {call!r}\n", flush=True)
                return
            mine["elements"] += sum(part.status.size for part in report.findings)
            mine["inconclusive"] += report.count("inconclusive")
            mine["overflow"] += report.count("overflow")

        visited(calls(function, drawn), seeds * examples, number, visit)
        if mine["inconclusive"] > 0.05 * mine["elements"]:
            print(f"{name}: {dict(mine)}", flush=True)
        total += mine
    print(
        f"{dict(total)}: {1e4 * total['alarms'] / total['examples']:.1f} alarms in 10,000 examples, "
        f"{total['inconclusive'] / total['elements']:.2%} of elements inconclusive, "
        f"{total['overflow'] / max(total['elements'], 1):.2%} overflow, "
        f"{1e3 * (time.process_time() - began) / total['examples']:.1f} ms an example"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["wrong", "right"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=25)
    parser.add_argument("--only", default="", help="those whose name has this in it")
    options = parser.parse_args()
    hypothesis.settings.register_profile("measured", database=None)
    hypothesis.settings.load_profile("measured")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        {"wrong": wrong, "right": right}[options.what](options.seeds, options.examples, options.only)
