"""Compare gradient checkers: `python -m tests.testing.compare [--seed N] [--write]`, beside PyTorch, JAX and autograd.

Every checker gets the same functions and inputs, with its defaults, twenty seeds a cell. The tables have the false
alarms on right gradients, how many planted errors were found, and what a point costs. `--write` puts them into
docs/testing.md. Systems that are not installed are left out. Takes some minutes.
"""

from __future__ import annotations

import argparse
import importlib.metadata
from pathlib import Path

import numpy as np

from tests.testing.checkers import CHECKERS, MODULES, Case, complains
from tests.testing.compared import summary

SEEDS = 20
PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
BEGIN, END = "<!-- table: tests/testing/compare.py -->", "<!-- end of table -->"


def uniform(*shapes, low=-2.0, high=2.0, dtype=np.float64):
    return lambda rng: tuple(rng.uniform(low, high, shape).astype(dtype) for shape in shapes)


def near_zero(rng):
    return (10 ** rng.uniform(-9, -6, 3),)


def ties(rng):
    x = rng.integers(-2, 2, 6) / 1.0
    x[rng.permutation(6)[:2]] = 2.0
    return (x,)


def at_zero(rng):
    return (np.where(rng.random(4) < 0.5, 0.0, rng.uniform(-2, 2, 4)) * np.array([0, 1, 1, 1]),)


def close_to_zero(rng):
    return (rng.uniform(-1e-7, 1e-7, 4),)


RIGHT = [
    Case("`sqrt` near 0", lambda xp, x: xp.sqrt(x), near_zero),
    Case("`log` near 0", lambda xp, x: xp.log(x), near_zero),
    Case("ReLU at 0", lambda xp, x: relu(xp, x), at_zero),
    Case("ReLU near 0", lambda xp, x: relu(xp, x), close_to_zero),
    Case("`max` with ties", lambda xp, x: xp.amax(x), ties),
    Case("float32 sigmoid", lambda xp, x: 1 / (1 + xp.exp(-x)), uniform((3,), dtype=np.float32)),
    Case("float32 matmul", lambda xp, a, b: a @ b, uniform((2, 3), (3, 2), dtype=np.float32)),
    Case("matmul", lambda xp, a, b: a @ b, uniform((2, 3), (3, 2))),
    Case("`tanh`", lambda xp, x: xp.tanh(x), uniform((3,))),
]
WRONG = [
    Case("off by 1.001", lambda xp, x: x * x, uniform((3,)), lambda xp, g, x: (2.002 * x * g,)),
    Case(
        "off by 1.001, second argument",
        lambda xp, a, b: a * b,
        uniform((3,), (3,)),
        lambda xp, g, a, b: (g * b, 1.001 * g * a),
    ),
    Case(
        "one row in place of a broadcast sum",
        lambda xp, a, b: a * b,
        uniform((2, 3), (3,)),
        lambda xp, g, a, b: (g * b, (g * a)[0]),
    ),
    Case("`abs(g)` for `g`", lambda xp, x: xp.sin(x), uniform((3,)), lambda xp, g, x: (xp.abs(g) * xp.cos(x),)),
    Case("`g * g` for `g`", lambda xp, x: xp.sin(x), uniform((3,)), lambda xp, g, x: (g * g * xp.cos(x),)),
    Case("sign, inputs near 1e-8", lambda xp, x: x * x, near_zero, lambda xp, g, x: (-2 * x * g,)),
    Case("off by 2, inputs near 1e-8", lambda xp, x: x * x, near_zero, lambda xp, g, x: (4 * x * g,)),
    Case(
        "1 to every tie",
        lambda xp, x: xp.amax(x),
        ties,
        lambda xp, g, x: (g * (x == xp.amax(x)),),
    ),
]


def relu(xp, x):
    return xp.clip(x, 0, None) if xp.__name__ == "torch" else xp.where(x > 0, x, 0 * x)


def versions():
    return ", ".join(f"{title} {importlib.metadata.version(MODULES[title])}" for title in CHECKERS if title in MODULES)


def table(first):
    lines = [f"| | {' | '.join(CHECKERS)} |", "|---" + "|---:" * len(CHECKERS) + "|"]
    for row, cells in summary(first, SEEDS).items():
        lines.append(f"| {row} | {' | '.join(cells[title] for title in CHECKERS)} |")
        print(lines[-1], flush=True)
    lines.append("")
    for title, cases in (("False alarms on right gradients", RIGHT), ("Planted errors found", WRONG)):
        lines += [f"| {title}, of {SEEDS} | {' | '.join(CHECKERS)} |", "|---" * (len(CHECKERS) + 1) + "|"]
        for case in cases:
            counts = [complaints(checker, case, first) for checker in CHECKERS.values()]
            lines.append(f"| {case.name} | {' | '.join(map(str, counts))} |")
        lines.append("")
    return "\n".join(lines)


def complaints(checker, case, first):
    return sum(complains(checker, case, case.inputs(np.random.default_rng(first + seed))) for seed in range(SEEDS))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/testing.md")
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    options = parser.parse_args()
    made = f"Seeds from {options.seed}, {versions()}.\n\n{table(options.seed)}"
    print(made)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n{END}{rest.split(END)[1]}", encoding="utf-8")
