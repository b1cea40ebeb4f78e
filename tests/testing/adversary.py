"""Count wrong gradients found and right ones called wrong: `python -m tests.testing.adversary wrong|right --help`.

What is wrong is in `planted/`, what is right and awkward in `awkward.py`. Every test draws as many examples as tests do
by default. With `--others` the checkers of PyTorch, JAX and autograd look at what they can take, on the inputs that
somebody would choose for a test.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter

import hypothesis
import numpy as np

from tests.testing.awkward import AWKWARD
from tests.testing.checkers import CHECKERS, looked_at
from tests.testing.planted import everything
from tests.testing.planted.planting import Shaped
from tests.testing.visiting import visited
from tinygrad_lab.errors import GradientError, VacuousTestError
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.decorated import Options
from tinygrad_lab.testing.examples import calls_with_arrays, check_call, run
from tinygrad_lab.testing.profiles import Profile, running

POINTS = 3  # at so many the other checkers look


def calls(function, drawn):
    if isinstance(drawn, tuple) and not isinstance(drawn, Shaped):
        return calls_with_arrays(function, drawn)
    strategy = drawn.strategy if isinstance(drawn, Shaped) else drawn
    return strategy.map(lambda args: Call(function, args))


def wrong(options):
    began, first = time.process_time(), options.seed
    chosen = [planted for planted in everything() if options.only in f"{planted.kind}: {planted.name}"]
    titles = ["tinygrad_lab", *(name for name in CHECKERS if options.others and name != "tinygrad_lab")]
    found, asked = Counter(), Counter()
    for planted in chosen:
        for title in titles:
            looks = range(first, first + (options.seeds if title == "tinygrad_lab" else POINTS))
            if title == titles[0]:
                seen = [noticed(planted, seed, options.examples) for seed in looks]
            else:
                seen = [other(title, planted, seed) for seed in looks]
            if None in seen:
                continue  # it cannot look at such functions
            asked[planted.kind, title] += 1
            found[planted.kind, title] += sum(seen) / len(seen)
            if title == titles[0] and not all(seen):
                print(f"MISSED {seen.count(False)} of {len(seen)}: {planted.kind}: {planted.name}", flush=True)
    print(f"\n| planted, {options.seeds} tests of each | | {' | '.join(titles)} |\n|---|---:|{'---:|' * len(titles)}")
    for kind in dict.fromkeys(planted.kind for planted in chosen):
        shares = [share(found[kind, title], asked[kind, title]) for title in titles]
        print(f"| {kind} | {asked[kind, titles[0]]} | {' | '.join(shares)} |")
    sums = [[sum(part[kind, of] for kind, of in part if of == title) for part in (found, asked)] for title in titles]
    every = [share(*both) for both in sums]
    print(f"| all that each can look at | {len(chosen)} | {' | '.join(every)} |")
    spent = (time.process_time() - began) / options.seeds / len(chosen)
    print(f"\nSeeds from {first}, {spent:.2f} s a test{' with what the others take' * options.others}.")


def share(count, total):
    return f"{count / total:.0%}" if total else "—"


def other(title, planted, seed):
    inputs = planted.inputs(np.random.default_rng(seed))
    return looked_at(title, planted, inputs) if inputs else None


def noticed(planted, seed, examples):
    """Whether a gradient test fails, in whatever way people would see."""
    try:
        function = planted.make()
        with running(Profile(examples, shrink=False)):
            run("planted", calls(function, planted.drawn), options=Options(seed=seed, second=True))
    except hypothesis.errors.HypothesisException:
        raise
    except Exception:
        return True
    return False


def right(options):
    total, began = Counter(), time.process_time()
    for number, (name, (function, drawn)) in enumerate(AWKWARD.items()):
        if options.only not in name:
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

        visited(calls(function, drawn), options.seeds * options.examples, 1000 * options.seed + number, visit)
        if mine["inconclusive"] > 0.05 * mine["elements"]:
            print(f"{name}: {dict(mine)}", flush=True)
        total += mine
    print(
        f"{dict(total)}: {1e4 * total['alarms'] / total['examples']:.1f} alarms in 10,000 examples, "
        f"{total['inconclusive'] / total['elements']:.2%} of elements inconclusive, "
        f"{1e3 * (time.process_time() - began) / total['examples']:.1f} ms an example"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["wrong", "right"])
    parser.add_argument("--seeds", type=int, default=4, help="tests of each")
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--examples", type=int, default=25)
    parser.add_argument("--only", default="", help="those whose name has this in it")
    parser.add_argument("--others", action="store_true", help="the checkers of other libraries as well")
    hypothesis.settings.register_profile("measured", database=None)
    hypothesis.settings.load_profile("measured")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        chosen = parser.parse_args()
        {"wrong": wrong, "right": right}[chosen.what](chosen)
