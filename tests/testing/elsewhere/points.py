"""Where `others.py` looks at functions: arguments of many sizes, close to the ends of domains, and drawn."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

SIZES = (0.0, 1e-10, 1e-8, 1e-6, 1e-3, 0.1, 0.5, 1.0, 2.0, 3.0, 6.0, 10.0, 30.0, 100.0, 300.0)
DRAWN = 14


def line(low: float = -np.inf, high: float = np.inf, *special: float) -> list[float]:
    """Return numbers in an open interval: of many sizes, close to its ends, and drawn."""
    rng = np.random.default_rng(0)
    sizes = [s for size in SIZES for s in ((size, -size) if size else (size,))]
    ends = [
        end + side * gap for end in (low, high) if np.isfinite(end) for gap in (1e-10, 1e-6, 1e-2) for side in (1, -1)
    ]
    drawn = [float(f"{x:.3g}") for x in (*rng.normal(size=DRAWN // 2) * 3, *rng.normal(size=DRAWN // 2) * 0.7)]
    return list(dict.fromkeys(x for x in [*sizes, *ends, *drawn, *special] if low < x < high))


def singly(*args: float) -> list[tuple[Any, ...]]:
    return [(x,) for x in line(*args)]


def pairs(first: list[float], second: list[float], *special: tuple[float, float]) -> list[tuple[Any, ...]]:
    """Return pairs of numbers: all of a few, and drawn ones."""
    rng = np.random.default_rng(0)
    few = [[x for x in numbers if x in (0, 0.5, 1, -1, 2)] for numbers in (first, second)]
    drawn = [(float(rng.choice(first)), float(rng.choice(second))) for _ in range(DRAWN)]
    return list(dict.fromkeys([*itertools.product(*few), *drawn, *special]))


def vectors(positive: bool = False, ties: bool = True) -> list[tuple[Any, ...]]:
    """Return vectors: drawn, with zeros, with equal elements, of equal elements, far apart."""
    rng = np.random.default_rng(0)
    drawn = [[float(f"{x:.3g}") for x in rng.normal(size=n) * scale] for n in (2, 3, 4) for scale in (0.1, 1, 10)]
    zeros = [[0.0, 1.0, 2.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0], [1.5, 0.0, -2.0]]
    equal = [[1.0, 1.0, 1.0], [2.0, 2.0, -1.0], [3.0, 1.0, 3.0], [-0.5, -0.5]]
    apart = [[1e-8, 1.0, 2.0], [100.0, 0.0, -100.0], [1e-8, -1e-8, 2e-8], [1.0, 1.0 + 1e-9, 0.0], [800.0, 801.0, 0.5]]
    found = [*drawn, *zeros, *(equal if ties else []), *apart]
    return [([abs(x) if positive else x for x in xs],) for xs in found]


def matrices(symmetric: bool = False, definite: bool = False) -> list[tuple[Any, ...]]:
    """Return square matrices: drawn, singular, diagonal, with equal singular values."""
    rng = np.random.default_rng(0)
    found = []
    for n in (2, 3):
        for _ in range(4):
            a = np.round(rng.normal(size=(n, n)) * 2, 2)
            a = a + a.T if symmetric or definite else a
            found.append(np.round(a @ a.T + np.eye(n), 2) if definite else a)
    special = [np.eye(2), np.diag([1.0, 2.0]), np.diag([1.0, 1.0, 3.0]), np.array([[1.0, 1e-7], [1e-7, 1.0]])]
    singular = [
        np.ones((2, 2)),
        np.zeros((2, 2)),
        np.diag([1.0, 0.0]),
        np.diag([2.0, 0.0, 0.0]),
        np.array([[1.0, 2], [2, 4]]),
    ]
    return [(a.tolist(),) for a in [*found, *special, *([] if definite else singular)]]
