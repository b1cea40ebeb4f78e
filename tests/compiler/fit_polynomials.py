"""Fit the polynomials of the compiled mathematics: `python tests/compiler/fit_polynomials.py [NAME ...]`, needs mpmath.

Each is the polynomial of its powers whose largest weighted error is smallest (Lawson's reweighted least squares, 1961),
in 300 bits; then its coefficients are rounded to doubles, one after another, and the rest is fitted again to what the
rounding left. Printed: the coefficients, and log2 of the largest error before and after rounding.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath as mp
import numpy as np

mp.mp.prec = 300
Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Target:
    """A function, an interval, how much an error weighs, and the powers to use."""

    function: Function
    low: Any
    high: Any
    terms: int
    weight: Function = field(default=lambda x: mp.mpf(1))
    single: bool = False  # whether coefficients are float32


def smallest_error(
    f: Function, powers: Sequence[int], target: Target, points: int = 150, rounds: int = 25
) -> list[Any]:
    low, high = mp.mpf(target.low), mp.mpf(target.high)
    xs = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / points) for i in range(points)]
    rows = [[target.weight(x) * x**p for p in powers] for x in xs]
    values = [target.weight(x) * f(x) for x in xs]
    emphasis, best = [mp.mpf(1)] * points, (mp.inf, [])
    for _ in range(25):
        n = len(powers)
        matrix, right = mp.matrix(n, n), mp.matrix(n, 1)
        for row, value, e in zip(rows, values, emphasis, strict=True):
            for i in range(n):
                right[i] += e * row[i] * value
                for j in range(n):
                    matrix[i, j] += e * row[i] * row[j]
        solved = mp.lu_solve(matrix, right)
        c = [solved[i] for i in range(n)]
        errors = [abs(v - mp.fdot(c, row)) for v, row in zip(values, rows, strict=True)]
        largest = max(errors)
        best = min(best, (largest, c), key=lambda pair: pair[0])
        total = mp.fsum(e * error for e, error in zip(emphasis, errors, strict=True))
        emphasis = [max(e * error / total, mp.mpf(10) ** -30) for e, error in zip(emphasis, errors, strict=True)]
    return best[1]


def fit(target: Target, refits: int = 3) -> tuple[list[float], Any, Any]:
    powers, left, rounded = list(range(target.terms)), target.function, []
    c = smallest_error(left, powers, target)
    low, high = mp.mpf(target.low), mp.mpf(target.high)
    grid = [low + (high - low) * mp.mpf(i) / 1000 for i in range(1001)]
    before = max(abs(target.weight(x) * (left(x) - mp.fdot(c, [x**p for p in powers]))) for x in grid)
    while powers:
        nearest, power, c = float(np.float32(c[0]) if target.single else c[0]), powers.pop(0), c[1:]
        rounded.append(nearest)
        left = lambda x, f=left, a=nearest, p=power: f(x) - mp.mpf(a) * x**p
        if powers and len(rounded) <= refits:
            c = smallest_error(left, powers, target)
    after = max(abs(target.weight(x) * left(x)) for x in grid)
    return rounded, mp.log(before, 2), mp.log(after, 2)


def removed(function: Function, *series: Any) -> Function:
    """`function`, whose quotient is 0/0 at 0, with the beginning of its series there."""
    return lambda x: mp.fsum(a * x**p for p, a in enumerate(series)) if abs(x) < mp.mpf(10) ** -25 else function(x)


ROOT = mp.sqrt
HALF_LOG2 = mp.log(2) / 2 * mp.mpf("1.0005")
S = ((ROOT(2) - 1) / (ROOT(2) + 1)) ** 2 * mp.mpf("1.001")
QUARTER = (mp.pi / 4 * mp.mpf("1.001")) ** 2
EIGHTH = (ROOT(2) - 1) ** 2 * mp.mpf("1.001")
HALF, THIRD, SIXTH = mp.mpf(1) / 2, mp.mpf(1) / 3, mp.mpf(1) / 6


def itself(z: Any) -> Any:
    return z


def of_root(f: Function) -> Function:
    return lambda z: f(ROOT(z))


def from_middle(u: Any) -> Any:
    return 3 * (1 + u) / (1 - u)


TARGETS = {
    # exp(r) = 1 + r + r² EXP(r), |r| <= log(2) / 2
    "EXP": Target(
        removed(lambda r: (mp.exp(r) - 1 - r) / r**2, HALF, SIXTH), -HALF_LOG2, HALF_LOG2, 10, lambda r: r**2
    ),
    # the same, to the relative accuracy of exp(r) - 1
    "EXPM1": Target(removed(lambda r: (mp.exp(r) - 1 - r) / r**2, HALF, SIXTH), -HALF_LOG2, HALF_LOG2, 11, lambda r: r),
    # 2^r = 1 + r EXP2(r), |r| <= 1/2
    "EXP2": Target(
        removed(lambda r: (mp.power(2, r) - 1) / r, mp.log(2), mp.log(2) ** 2 / 2), -0.5005, 0.5005, 12, lambda r: r
    ),
    # log((1+s)/(1-s)) = 2s + s³ LOG(s²), |s| <= (√2-1)/(√2+1)
    "LOG": Target(
        removed(of_root(lambda s: (mp.log((1 + s) / (1 - s)) / s - 2) / s**2), 2 * THIRD, mp.mpf(2) / 5),
        0,
        S,
        7,
        itself,
    ),
    # sin r = r + r³ SIN(r²) and cos r = 1 - r²/2 + r⁴ COS(r²), |r| <= pi/4
    "SIN": Target(
        removed(of_root(lambda r: (mp.sin(r) / r - 1) / r**2), -SIXTH, mp.mpf(1) / 120), 0, QUARTER, 6, itself
    ),
    "COS": Target(
        removed(of_root(lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4), mp.mpf(1) / 24, -mp.mpf(1) / 720),
        0,
        QUARTER,
        6,
        lambda z: z**2,
    ),
    # arctan z = z + z³ ARCTAN(z²), |z| <= tan(pi/8)
    "ARCTAN": Target(
        removed(of_root(lambda t: (mp.atan(t) / t - 1) / t**2), -THIRD, mp.mpf(1) / 5), 0, EIGHTH, 12, itself
    ),
    # arcsin z = z + z³ ARCSIN(z²), |z| <= 1/2
    "ARCSIN": Target(
        removed(of_root(lambda t: (mp.asin(t) / t - 1) / t**2), SIXTH, mp.mpf(3) / 40), 0, 0.2501, 13, itself
    ),
    # In float32: the same as above, with fewer terms, and tanh x = x + x³ TANH(x²), |x| <= 0.6
    "EXP_SINGLE": Target(
        removed(lambda r: (mp.exp(r) - 1 - r) / r**2, HALF, SIXTH), -HALF_LOG2, HALF_LOG2, 5, lambda r: r**2, True
    ),
    "LOG_SINGLE": Target(
        removed(of_root(lambda s: (mp.log((1 + s) / (1 - s)) / s - 2) / s**2), 2 * THIRD, mp.mpf(2) / 5),
        0,
        S,
        3,
        itself,
        True,
    ),
    "SIN_SINGLE": Target(
        removed(of_root(lambda r: (mp.sin(r) / r - 1) / r**2), -SIXTH, mp.mpf(1) / 120), 0, QUARTER, 3, itself, True
    ),
    "COS_SINGLE": Target(
        removed(of_root(lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4), mp.mpf(1) / 24, -mp.mpf(1) / 720),
        0,
        QUARTER,
        3,
        lambda z: z**2,
        True,
    ),
    "TANH_SINGLE": Target(
        removed(of_root(lambda x: (mp.tanh(x) / x - 1) / x**2), -THIRD, mp.mpf(2) / 15), 0, 0.361, 5, itself, True
    ),
    # erf x = x + x ERF(x²), |x| <= 1
    "ERF": Target(
        removed(of_root(lambda x: mp.erf(x) / x - 1), 2 / ROOT(mp.pi) - 1, -2 * THIRD / ROOT(mp.pi)), 0, 1, 13
    ),
    # 1 - erf a = exp(-a²) ERFCX((a-3)/(a+3)), 1 <= a <= 6
    "ERFCX": Target(
        lambda u: mp.exp(from_middle(u) ** 2) * mp.erfc(from_middle(u)),
        -HALF,
        THIRD,
        12,
        lambda u: mp.exp(-(from_middle(u) ** 2)) / mp.erf(from_middle(u)),
    ),
}


def main() -> None:
    for name in sys.argv[1:] or TARGETS:
        coefficients, before, after = fit(TARGETS[name])
        print(f"{name} = (  # error 2^{mp.nstr(before, 5)}, rounded 2^{mp.nstr(after, 5)}")
        print("".join(f"    {c!r},\n" for c in coefficients) + ")")


if __name__ == "__main__":
    main()
