"""Compositions of functions that are singular somewhere, drawn at random, each with a twin in eighty digits.

`python tests/rules/compositions.py 5000` tries as many, and prints the derivatives that are wrong: neither the limit of
the derivatives beside the point nor NaN.
"""

import collections
import sys
import warnings

import numpy as np
from mpmath import mp, mpf

import tinygrad_lab as tl

NONE = mp.nan


def power(x, p):
    if (x < 0 and p != int(p)) or (x == 0 and p < 0):
        return NONE
    return x**p


def logarithm(x):
    return mp.log(x) if x > 0 else NONE


def mixed(function, *others):
    return lambda x: function(np.stack([x, *(factor * x for factor in others)]))


ONE = {
    "sqrt": (np.sqrt, lambda x: power(x, mpf(1) / 2)),
    "cbrt": (np.cbrt, lambda x: mp.sign(x) * mp.cbrt(abs(x))),
    "square": (np.square, lambda x: x * x),
    "reciprocal": (np.reciprocal, lambda x: 1 / x if x else NONE),
    "log": (np.log, logarithm),
    "log1p": (np.log1p, lambda x: logarithm(1 + x)),
    "exp": (np.exp, mp.exp),
    "sin": (np.sin, mp.sin),
    "abs": (np.abs, abs),
    "hypot(., 0)": (lambda x: np.hypot(x, 0.0), abs),
    "hypot(., 1)": (lambda x: np.hypot(x, 1.0), lambda x: mp.sqrt(x * x + 1)),
    "norm": (mixed(np.linalg.norm, 2), lambda x: mp.sqrt(5) * abs(x)),
    "3-norm": (mixed(lambda v: np.linalg.norm(v, 3), 1), lambda x: mp.cbrt(2) * abs(x)),
    "std": (mixed(np.std, -1), abs),
    "maximum": (lambda x: np.maximum(x, np.sqrt(np.abs(x)) - 99), lambda x: x),
    "max": (mixed(np.max, 1), lambda x: x),
    "second": (lambda x: np.stack([np.sqrt(np.abs(x)), x])[1], lambda x: x),  # what is not taken may be steep
    "where": (lambda x: np.where(x > -9, x, np.log(x)), lambda x: x),
    "plus 0": (lambda x: x + 0 * np.cbrt(x), lambda x: x),
}
for p in (0, 1, 2, 3, 0.5, 1.5, 2.5, -1, -2, -0.5):
    ONE[f"** {p}"] = (lambda x, p=p: x**p, lambda x, p=p: power(x, p))
    ONE[f"** array {p}"] = (lambda x, p=p: x ** np.array(float(p)), lambda x, p=p: power(x, p))
TWO = {
    "*": (np.multiply, lambda a, b: a * b),
    "+": (np.add, lambda a, b: a + b),
    "/": (np.divide, lambda a, b: a / b if b else NONE),
    "**": (np.power, power),
    "hypot": (np.hypot, mp.hypot),
}
LEAVES = {
    "x": (lambda x: x, lambda x: x),
    "-x": (lambda x: -x, lambda x: -x),
    "x - 1": (lambda x: x - 1, lambda x: x - 1),
    "x + 1": (lambda x: x + 1, lambda x: x + 1),
}
KINKS = ("abs", "hypot", "norm", "std", "max")
POINTS = (0.0, 1.0, -1.0)


def draw(rng, depth):
    """Return the text of an expression, the function it stands for, and its twin."""
    kind = rng.random() if depth else 1.0
    if kind < 0.65:
        name = str(rng.choice(list(ONE)))
        text, f, exact = draw(rng, depth - 1)
        outer, twin = ONE[name]
        return f"{name}({text})", lambda x: outer(f(x)), lambda x: twin(exact(x))
    if kind < 0.95:
        name = str(rng.choice(list(TWO)))
        (left, f, exact), (right, g, other) = draw(rng, depth - 1), draw(rng, depth - 1)
        outer, twin = TWO[name]
        return f"({left}) {name} ({right})", lambda x: outer(f(x), g(x)), lambda x: twin(exact(x), other(x))
    name = str(rng.choice(list(LEAVES)))
    return name, *LEAVES[name]


def beside(exact, order, point, side):
    """Return derivatives ever nearer to a point on one side of it, or [] where the function has no values."""
    weights = {1: (0, -1, 0, 1, 0), 2: (0, 1, -2, 1, 0), 3: (-1, 2, 0, -2, 1)}[order]
    scale, found = 1 if order == 2 else 2, []
    for k in (5, 8, 11):
        near, step = mpf(point) + side * mpf(10) ** -k, mpf(10) ** (-k - 8)
        values = [exact(near + i * step) for i in (-2, -1, 0, 1, 2)]
        if not all(mp.isfinite(value) and mp.im(value) == 0 for value in values):
            return []
        found.append(sum(w * v for w, v in zip(weights, values, strict=True)) / (scale * step**order))
    return found


def limit(found):
    """Return what a sequence tends to, plus or minus infinity included, or None if that cannot be told."""
    first, second, third = found
    if abs(third) < mpf(10) ** -9:
        return 0.0
    if abs(third - second) <= abs(second - first) / 2 or abs(third - second) <= abs(third) * mpf(10) ** -9:
        return float(third)
    return float(mp.sign(third)) * np.inf if abs(third) > abs(second) > abs(first) else None


def derivative(function, order, x):
    for _ in range(order):
        function = tl.grad(function)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return float(function(np.float64(x)))


def verdict(text, function, exact, order, point):
    """Return "right", "NaN", "untold" (the reference does not know), or the figures that show that it is wrong."""
    got = derivative(function, order, point)
    if np.isnan(got):
        return "NaN"
    with mp.workdps(80):
        sides = [beside(exact, order, point, side) for side in (1, -1)]
        limits = [limit(found) for found in sides if found]
    if not limits or None in limits or (len(limits) == 1 and any(kink in text for kink in KINKS)):
        return "untold"  # among them the ends of a domain with a kink just there: its slope is that of the other side
    low, high = min(limits), max(limits)
    same = low == high or np.isclose(low, high, 1e-4, 1e-4)
    right = np.isclose(got, low, 1e-3, 1e-2) if same else got in limits or low <= got <= high
    return "right" if right else f"order {order} at {point}: {got}, limits {limits}"


def verdicts(seed, count):
    """Yield, for so many expressions that have a value at a point, text and verdict for each order."""
    rng = np.random.default_rng(seed)
    while count:
        text, function, exact = draw(rng, 3)
        for point in POINTS:
            with np.errstate(all="ignore"):
                if np.isnan(derivative(function, 0, point)):
                    continue
            count -= 1
            for order in (1, 2, 3):
                yield text, verdict(text, function, exact, order, point)
            if not count:
                break


if __name__ == "__main__":
    known = ("right", "NaN", "untold")
    counts = collections.Counter()
    for text, found in verdicts(int(sys.argv[2]) if len(sys.argv) > 2 else 0, int(sys.argv[1])):
        counts[found if found in known else "wrong"] += 1
        if found not in known:
            print(text, "|", found)
    print(dict(counts))
