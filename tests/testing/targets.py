"""Measure the toolkit's promises over the whole registry; run by hand: `python -m tests.testing.targets --help`.

false-alarms   draws calls of every operation and counts right gradients that are called wrong, and what stays open.
mutants        plants every wrong rule in every operation and counts those that the operation's test notices.
pairs          falsifies the finished gradients of every operation, and counts what the checks notice.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter

import hypothesis
import numpy as np

from tests.rules.cases import OPERATIONS, calls_of
from tests.testing.falsified import falsehoods
from tests.testing.visiting import visited
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import GradientError, VacuousTestError
from tinygrad_lab.testing.examples import check_call, run
from tinygrad_lab.testing.mutants import CONTRACT
from tinygrad_lab.testing.mutants import mutants as mutants_of
from tinygrad_lab.testing.planting import Watched, planted
from tinygrad_lab.testing.profiles import Profile, running


def chosen(names):
    return [op for op in OPERATIONS if not names or op.name in names or op.family in names]


def drawn(op, examples, visit):
    """Call `visit` on examples of an operation's calls."""
    visited(calls_of(op), examples, hash_of(op), visit)


seed = 0  # of the draws, as the command line says


def hash_of(op):
    return sum(map(ord, f"{op.family}.{op.name}")) + 100_000 * seed


def false_alarms(ops, examples, order):
    total, began = Counter(), time.process_time()
    for op in ops:
        found = Counter()

        def visit(call, op=op, found=found):
            found["examples"] += 1
            try:
                report = check_call(call, order)
            except Exception as error:
                found["alarms"] += 1
                if found["alarms"] <= 2:
                    print(f"ALARM {op.family}.{op.name}: {error}\n  {call!r}\n", flush=True)
                return
            found["elements"] += sum(findings.status.size for findings in report.findings)
            found["inconclusive"] += report.count("inconclusive")
            found["overflow"] += report.count("overflow")

        start = time.process_time()
        drawn(op, examples, visit)
        spent = (time.process_time() - start) / max(found["examples"], 1)
        if found["inconclusive"] > 0.05 * found["elements"] or spent > 0.015:
            print(f"{op.family}.{op.name}: {dict(found)}, {1e3 * spent:.1f} ms an example", flush=True)
        total += found
    spent = (time.process_time() - began) / total["examples"]
    print(
        f"{dict(total)}: {1e4 * total['alarms'] / total['examples']:.2f} false alarms in 10,000 examples, "
        f"{total['inconclusive'] / max(total['elements'], 1):.2%} of elements inconclusive, "
        f"{total['overflow'] / max(total['elements'], 1):.2%} overflow, "
        f"{1e3 * spent:.1f} ms an example"
    )


def mutants(ops, examples, order):
    total = Counter()
    for op in ops:
        with running(Profile(examples, shrink=False)):
            try:
                run(op.name, calls_of(op), order)
            except Exception as error:
                print(f"RED BEFORE {op.family}.{op.name}: {error}", flush=True)
                total["red before"] += 1
                continue
            for mutant in mutants_of(op):
                group = "hygiene" if mutant.name in CONTRACT else "values"
                acted = Watched(mutant)
                total[group] += 1
                with planted(op, mutant._replace(wrong=acted.wrong)):
                    try:
                        run(op.name, calls_of(op), order)
                    except VacuousTestError as error:
                        print(f"VACUOUS {op.family}.{op.name} argument {mutant.argument}: {mutant.name}: {error}")
                    except Exception as error:
                        total[f"{group} killed"] += 1
                        total[f"by {type(error).__name__}"] += 1
                        continue
                if not acted.differed:
                    total[f"{group} the same"] += 1
                kind = "SURVIVOR" if acted.differed else "THE SAME"
                print(f"{kind} {op.family}.{op.name} argument {mutant.argument}: {mutant.name}", flush=True)
    print(dict(total))
    for group in ("values", "hygiene"):
        count = total[group] - total[f"{group} the same"]
        same = total[f"{group} the same"]
        print(f"{group}: {total[f'{group} killed']} of {count} killed, besides {same} that act like the right rule")


def pairs(ops, examples, order):
    total = Counter()
    for op in ops:
        missed = dict.fromkeys(falsehoods, True)

        def visit(call, missed=missed):
            with np.errstate(all="ignore"):
                results = tree.flatten(call.function(*call.args, **call.kwargs))[0]
            if any(np.asarray(plain(result)).dtype.kind not in "fc" for result in results):
                return  # a pair has a cotangent for every result
            for name, falsified in falsehoods.items():
                if missed[name]:
                    try:
                        adapter = falsified(call)
                        check_call(call._replace(function=adapter, kwargs={}))
                    except (GradientError, ValueError):
                        missed[name] = False

        drawn(op, examples, visit)
        total.update("killed" if not survived else f"survived: {name}" for name, survived in missed.items())
        for name, survived in missed.items():
            if survived:
                print(f"SURVIVOR {op.family}.{op.name}: {name}", flush=True)
    print(dict(total))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["false-alarms", "mutants", "pairs"])
    parser.add_argument("operations", nargs="*", help="names or families; all unless given")
    parser.add_argument("--examples", type=int, default=200, help="for each operation")
    parser.add_argument("--order", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    options = parser.parse_intermixed_args()
    seed = options.seed
    warnings.simplefilter("error")
    hypothesis.settings.register_profile("measured", derandomize=True, database=None)
    hypothesis.settings.load_profile("measured")
    measure = {"false-alarms": false_alarms, "mutants": mutants, "pairs": pairs}[options.what]
    measure(chosen(options.operations), options.examples, options.order)
