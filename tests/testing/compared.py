"""What `compare.py` counts: right gradients over wide ranges, and wrong ones made of them, beside the right ones."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np

import tinygrad_lab as tl
from tests.testing.checkers import CHECKERS, Case, all_of_ours, complains
from tinygrad_lab.testing.mutants import COTANGENTS, RESULTS

WIDE = (-6, 3)  # powers of ten
USUAL = (-1, 0.3)


def sizes(*shapes, positive=False, most=np.inf, least=0.0):
    """Return what draws arrays whose elements have sizes between two powers of ten."""

    def draw(powers, rng):
        signs = [1 if positive else rng.choice([-1, 1], shape) for shape in shapes]
        drawn = [10 ** rng.uniform(*powers, shape) for shape in shapes]
        return tuple(sign * np.clip(x, least, most) for sign, x in zip(signs, drawn, strict=True))

    return draw


ONE, TWO = sizes((3,)), sizes((3,), (3,))
FUNCTIONS = {
    "exp": (lambda xp, x: xp.exp(x), sizes((3,), most=50)),
    "log": (lambda xp, x: xp.log(x), sizes((3,), positive=True)),
    "sqrt": (lambda xp, x: xp.sqrt(x), sizes((3,), positive=True)),
    "sin": (lambda xp, x: xp.sin(x), ONE),
    "cos": (lambda xp, x: xp.cos(x), ONE),
    "tan": (lambda xp, x: xp.tan(x), sizes((3,), most=1.2)),
    "arctan": (lambda xp, x: xp.arctan(x), ONE),
    "arcsin": (lambda xp, x: xp.arcsin(x), sizes((3,), most=0.99)),
    "sinh": (lambda xp, x: xp.sinh(x), sizes((3,), most=50)),
    "cosh": (lambda xp, x: xp.cosh(x), sizes((3,), most=50)),
    "tanh": (lambda xp, x: xp.tanh(x), ONE),
    "log1p": (lambda xp, x: xp.log1p(x), sizes((3,), positive=True)),
    "expm1": (lambda xp, x: xp.expm1(x), sizes((3,), most=50)),
    "square": (lambda xp, x: xp.square(x), ONE),
    "reciprocal": (lambda xp, x: 1 / x, ONE),
    "abs": (lambda xp, x: xp.abs(x), ONE),
    "cube": (lambda xp, x: x**3, ONE),
    "x log x": (lambda xp, x: x * xp.log(x), sizes((3,), positive=True)),
    "sigmoid": (lambda xp, x: 1 / (1 + xp.exp(-x)), sizes((3,), most=50)),
    "add": (lambda xp, a, b: a + b, TWO),
    "multiply": (lambda xp, a, b: a * b, TWO),
    "divide": (lambda xp, a, b: a / b, TWO),
    "maximum": (lambda xp, a, b: xp.maximum(a, b), TWO),
    "length": (lambda xp, a, b: xp.sqrt(a * a + b * b), TWO),
    "matmul": (lambda xp, a, b: xp.matmul(a, b), sizes((2, 3), (3, 2))),
    "sum": (lambda xp, x: xp.sum(x), sizes((2, 3))),
    "prod": (lambda xp, x: xp.prod(x), ONE),
    "max": (lambda xp, x: xp.amax(x), sizes((4,))),
    "log of a sum": (lambda xp, x: xp.log(xp.sum(xp.exp(x))), sizes((3,), most=50)),
    "softmax": (lambda xp, x: xp.exp(x) / xp.sum(xp.exp(x)), sizes((3,), most=50)),
}
MISTAKES = {
    **{name: (lambda c, change=change: change(c), None) for name, change in RESULTS.items()},
    **{name: (None, change) for name, change in COTANGENTS.items()},
}


def right(function, g, *arrays):
    return tuple(np.array(c) for c in tl.vjp(lambda *xs: function(np, *xs), *arrays)[1](np.array(g)))


def mistaken(function, mistake):
    """Return a vjp that makes a mistake in the gradient of the first argument; none without one."""
    result, cotangent = MISTAKES.get(mistake, (None, None))

    def vjp(xp, g, *arrays):
        found = right(function, cotangent(g) if cotangent else g, *arrays)
        others = right(function, g, *arrays)[1:]
        first = np.array(result(found[0]) if result else found[0])
        return (first.reshape(arrays[0].shape), *others)

    return vjp


def false_alarms(first, seeds):
    """Return how often each checker calls right gradients wrong, and how many there were."""
    found = Counter()
    for name, (function, draw) in FUNCTIONS.items():
        for seed in range(first, first + seeds):
            arrays = draw(WIDE, np.random.default_rng(seed))
            for title, checker in CHECKERS.items():
                found[title] += complains(checker, Case(name, function, draw), arrays)
    return found, seeds * len(FUNCTIONS)


def mistakes(first, seeds, names, powers):
    """Return how many wrong gradients each checker finds, and how many there were.

    Found is what is called wrong where the right gradient, computed in the same way, is not.
    """
    found, total = Counter(), 0
    for name, (function, draw) in FUNCTIONS.items():
        for seed in range(first, first + seeds):
            arrays = draw(powers, np.random.default_rng(seed))
            planted = [Case(mistake, function, draw, mistaken(function, mistake), True) for mistake in names]
            planted = [case for case in planted if differs(case, function, arrays)]
            total += len(planted)
            for title, checker in CHECKERS.items():
                if not complains(checker, Case(name, function, draw, mistaken(function, ""), True), arrays):
                    found[title] += sum(complains(checker, case, arrays) for case in planted)
    return found, total


def differs(case, function, arrays):
    """Whether a mistake is one for these arguments: the transpose of a vector is none."""
    rng = np.random.default_rng(0)
    g = rng.uniform(-2, 2, np.shape(function(np, *arrays)))
    wrong, correct = case.vjp(np, g, *arrays)[0], right(function, g, *arrays)[0]
    return bool(np.max(np.abs(wrong - correct)) > 1e-6 * np.max(np.abs(correct)))


def seconds(order, repeats=30):
    """Return what a point of `multiply` costs each checker, the least of several times; ours makes all its checks."""
    function, draw = FUNCTIONS["multiply"]
    case, arrays = Case("multiply", function, draw), draw(USUAL, np.random.default_rng(0))
    checkers = {**CHECKERS, "tinygrad_lab": all_of_ours}
    least = dict.fromkeys(checkers, np.inf)
    for checker in checkers.values():
        checker(case, arrays, order)
    for _ in range(repeats):
        for title, checker in checkers.items():
            began = time.process_time()  # what others do on the machine does not count
            checker(case, arrays, order)
            least[title] = min(least[title], time.process_time() - began)
    return least


def summary(first, seeds):
    """Return the rows of the table, a text for each checker."""
    rows = {}
    alarms, points = false_alarms(first, seeds)
    rows[f"false alarms, {len(FUNCTIONS)} functions over nine powers of ten, {points:,} points"] = _shares(
        alarms, points
    )
    for title, names, fewer in (
        ("off by 1.001", ["factor 1.001"], 2),
        (f"{len(MISTAKES)} kinds of mistakes", list(MISTAKES), 10),
    ):
        for where, powers in (("elements near 1", USUAL), ("over nine powers of ten", WIDE)):
            found, total = mistakes(first, max(1, seeds // fewer), names, powers)
            rows[f"found: {title}, {where}, {total:,} points"] = _shares(found, total)
    once, twice = seconds(1), seconds(2)
    rows["a point of `multiply`, order 1 / 2"] = {
        title: f"{1e3 * once[title]:.1f} / {1e3 * twice[title]:.1f} ms" for title in CHECKERS
    }
    return rows


def _shares(counts, total):
    return {title: f"{counts[title] / total:.1%}" for title in CHECKERS}
