"""Suites that others wrote, run on this package: `python -m tests.outside numpy|torch|calls [...]`, in minutes.

`numpy [module ...]`: NumPy's own tests, each call made again with Values. `torch [operation ...]`: PyTorch's samples of
arguments for its operations, with its values, gradients and second derivatives; needs PyTorch, expecttest and
Hypothesis. `calls [--seed N] [--count N] [function ...]`: calls drawn at random from NumPy's signatures.
"""

import argparse
import importlib
import sys
from collections import Counter

from tests.outside.deliberate import reason


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.outside", description=__doc__)
    parser.add_argument("suite", choices=("numpy", "torch", "calls"))
    parser.add_argument("which", nargs="*", help="modules, operations or functions; all without")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=40, help="calls of each function")
    options = parser.parse_args()
    suite = importlib.import_module(f"tests.outside.{options.suite}_suite")
    more = {"seed": options.seed, "count": options.count} if options.suite == "calls" else {}
    counts, rows = suite.run(*([options.which] if options.which else []), **more)
    return report(counts, rows)


def report(counts, rows):
    """Print the counts, the differences that are meant, and those that are not; return 1 if there are any."""
    print("\n" + ", ".join(f"{n} {name}" for name, n in counts.most_common() if not name.startswith("of ")))
    meant = Counter(why for row in rows if (why := reason(row)))
    print(f"\nMeant: {sum(meant.values())}")
    for why, n in meant.most_common():
        print(f"  {n:5} {why}")
    others = [row for row in rows if not reason(row)]
    print(f"\nNot meant: {len(others)}")
    shown = Counter()
    for row in others:
        key = row["kind"], row["name"]
        shown[key] += 1
        if shown[key] <= 2:
            print(f"  {row['kind']}: {row['name']} {row['call']} {row['where']}")
            print(f"      there: {row['numpy']}\n      here:  {row['mine']}")
    return bool(others)


if __name__ == "__main__":
    sys.exit(main())
