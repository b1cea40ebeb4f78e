"""The compiled mathematics against NumPy, over all exponents: `python tests/compiler/numba_mathematics.py [MILLIONS]`.

Prints, for every function, the largest distance in ulp to the true value and to NumPy's, and nanoseconds a number.
Run it with NUMBA_CPU_NAME=generic as well: without fused multiplication and addition, other roundings happen.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from scipy import special

from tinygrad_lab.compiler.numba import error_function, exponentials, logarithms, trigonometric
from tinygrad_lab.compiler.numba.memory import address_of, loader, storer

# What is compared with what, and where the function is interesting.
FUNCTIONS: dict[str, tuple[Any, Any, float, float]] = {
    "exp": (exponentials.exp, np.exp, -760, 760),
    "exp2": (exponentials.exp2, np.exp2, -1100, 1100),
    "expm1": (exponentials.expm1, np.expm1, -50, 750),
    "tanh": (exponentials.tanh, np.tanh, -25, 25),
    "sinh": (exponentials.sinh, np.sinh, -720, 720),
    "cosh": (exponentials.cosh, np.cosh, -720, 720),
    "log": (logarithms.log, np.log, 0, 4),
    "log2": (logarithms.log2, np.log2, 0, 4),
    "log10": (logarithms.log10, np.log10, 0, 4),
    "log1p": (logarithms.log1p, np.log1p, -1, 3),
    "sin": (trigonometric.sin, np.sin, -100, 100),
    "cos": (trigonometric.cos, np.cos, -100, 100),
    "tan": (trigonometric.tan, np.tan, -100, 100),
    "arctan": (trigonometric.arctan, np.arctan, -5, 5),
    "arcsin": (trigonometric.arcsin, np.arcsin, -1, 1),
    "arccos": (trigonometric.arccos, np.arccos, -1, 1),
    "erf": (error_function.erf, special.erf, -6, 6),
}
ANGLES = ("sin", "cos", "tan")
LIMITS = (0, 5e-324, 1e-310, 2.0**-1022, 2.0**-54, 2.0**-28, 0.5, 1, 2, 710, 745.2, 1e6, 1.7976931348623157e308, np.inf)


def samples(name: str, size: int, rng: np.random.Generator) -> Any:
    """Numbers of every exponent and sign, many where the function is interesting, and its limits."""
    low, high = FUNCTIONS[name][2:]
    anywhere = rng.integers(0, 2**64, size, dtype=np.uint64).view(np.float64)
    scaled = np.exp2(rng.uniform(-60, 20, size)) * rng.choice([-1, 1], size)
    limits = np.array([sign * x for x in LIMITS for sign in (1, -1)] + [np.nan])
    x = np.concatenate([anywhere, scaled, rng.uniform(low, high, size), limits])
    if name not in ANGLES:
        return x
    multiples = rng.integers(-1_000_000, 1_000_000, size) * (np.pi / 2)  # the hardest: nearly a multiple of π/2
    return np.concatenate([x, multiples])


@functools.cache
def over(function: Any, lanes: int = 8) -> Callable[[Any, Any], None]:
    """The function over arrays, a vector at a time, as programs use it."""
    load, store = loader("float64", lanes), storer("float64", lanes)

    @numba.njit(error_model="numpy")
    def loop(x: Any, y: Any) -> None:
        n = x.size // lanes * lanes
        for i in range(0, n, lanes):
            store(address_of(y) + 8 * i, function(load(address_of(x) + 8 * i)))
        for i in range(n, x.size):
            y[i] = function(x[i])

    return loop


def distances(name: str, x: Any) -> tuple[float, float]:
    """The largest distances in ulp to extended precision (erf has none) and to NumPy; inf where kinds differ."""
    function, reference = FUNCTIONS[name][:2]
    y = np.empty_like(x)
    over(function)(x, y)
    with np.errstate(all="ignore"):
        theirs = reference(x)
        true = theirs if name == "erf" else reference(x.astype(np.longdouble))
        ulp = np.spacing(np.abs(theirs))
        same = (y == theirs) | (np.isnan(y) & np.isnan(theirs))
        from_true = np.where(same & ~np.isfinite(y), 0, np.abs((y - true) / ulp).astype(float))
        from_theirs = np.where(same, 0, np.abs(y - theirs) / ulp)
    wrong_kind = (np.isfinite(y) != np.isfinite(theirs)) | ((np.signbit(y) != np.signbit(theirs)) & ~np.isnan(theirs))
    from_theirs[wrong_kind] = np.inf
    return float(np.max(from_true)), float(np.max(from_theirs))


def nanoseconds(call: Callable[[], Any], size: int) -> float:
    times = []
    for _ in range(50):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times) / size * 1e9


def main() -> None:
    size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 1_000_000
    print("| function | ulp from the true value | from NumPy | ns | NumPy, ns |\n|---|---:|---:|---:|---:|")
    for name, (function, reference, low, high) in FUNCTIONS.items():
        x = samples(name, size, np.random.default_rng(0))
        true, theirs = distances(name, x)
        x = np.random.default_rng(0).uniform(low, high, 10_000)
        y, loop = np.empty_like(x), over(function)
        with np.errstate(all="ignore"):
            times = [nanoseconds(lambda loop=loop, x=x, y=y: loop(x, y), x.size)]
            times += [nanoseconds(lambda f=reference, x=x, y=y: f(x, y), x.size)]
        print(f"| {name} | {true:.2f} | {theirs:.0f} | {times[0]:.2f} | {times[1]:.2f} |")


if __name__ == "__main__":
    main()
