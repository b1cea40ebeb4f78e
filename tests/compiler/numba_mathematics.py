"""The compiled mathematics against NumPy over all bit patterns: `python tests/compiler/numba_mathematics.py [--write]`.

Gives, for every function, the largest distance in ulp to the true value and to NumPy's, and nanoseconds a number, and
writes that into docs/compile.md if asked. The true value is that in extended precision; of the numbers farthest from
it, and of those farthest from SciPy's erf, that of mpmath. Run it with NUMBA_CPU_NAME=generic as well: without fused
multiplication and addition, other roundings happen.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath as mp
import numba
import numpy as np
from scipy import special

from tinygrad_lab.compiler.numba import error_function, exponentials, logarithms, single, trigonometric
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
SINGLE: dict[str, tuple[Any, Any, float, float]] = {
    f"{name}, float32": (getattr(single, f"{name}_single"), *FUNCTIONS[name][1:])
    for name in ("exp", "log", "log1p", "tanh", "sin", "cos")
}
ANGLES = ("sin", "cos", "tan")
WORST = 300  # numbers that mpmath looks at
IN_MPMATH = {"arctan": mp.atan, "arcsin": mp.asin, "arccos": mp.acos, "log2": lambda x: mp.log(x, 2)}
PAGE = Path(__file__).parents[2] / "docs" / "compile.md"
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
def over(function: Any, lanes: int = 8, dtype: str = "float64") -> Callable[[Any, Any], None]:
    """The function over arrays, a vector at a time, as programs use it."""
    load, store, size = loader(dtype, lanes), storer(dtype, lanes), np.dtype(dtype).itemsize

    @numba.njit(error_model="numpy")
    def loop(x: Any, y: Any) -> None:
        n = x.size // lanes * lanes
        for i in range(0, n, lanes):
            store(address_of(y) + size * i, function(load(address_of(x) + size * i)))
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


def single_distances(name: str, x: Any) -> tuple[float, float]:
    """The same for float32, whose true values float64 knows."""
    function, reference = SINGLE[name][:2]
    y = np.empty_like(x)
    over(function, 16, "float32")(x, y)
    with np.errstate(all="ignore"):
        true, theirs = reference(x.astype(np.float64)), reference(x)
        nearest = true.astype(np.float32)
        ulp = np.spacing(np.abs(nearest)).astype(float)
        found = []
        for other in (true, theirs):
            same = (y == other.astype(np.float32)) | (np.isnan(y) & np.isnan(other))
            found.append(np.where(same, 0, np.abs(y.astype(float) - other) / ulp))
    wrong_kind = (np.isfinite(y) != np.isfinite(nearest)) | ((np.signbit(y) != np.signbit(nearest)) & ~np.isnan(y))
    found[0][wrong_kind] = np.inf
    return float(np.max(found[0])), float(np.max(found[1]))


def confirmed(name: str, x: Any) -> float:
    """The largest distance in ulp to mpmath's value, of the numbers that seem to be farthest from the true value."""
    function, reference = FUNCTIONS[name][:2]
    y = np.empty_like(x)
    over(function)(x, y)
    with np.errstate(all="ignore"):
        true = reference(x if name == "erf" else x.astype(np.longdouble))
        off = np.abs((y - true) / np.spacing(np.abs(y))).astype(float)
    off[~np.isfinite(off)] = 0
    compute, most = IN_MPMATH.get(name) or getattr(mp, name, None) or (lambda v: mp.power(2, v)), 0.0
    for i in np.argsort(off)[-WORST:]:
        with mp.workprec(1200):  # an angle may be as large as 2^1024
            most = max(most, float(abs(mp.mpf(float(y[i])) - compute(mp.mpf(float(x[i])))) / np.spacing(abs(y[i]))))
    return most


def nanoseconds(call: Callable[[], Any], size: int) -> float:
    times = []
    for _ in range(50):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times) / size * 1e9


def table(size: int) -> str:
    rng = np.random.default_rng(0)
    rows = ["| function | ulp from the true value | from NumPy | ns | NumPy, ns |", "|---|---:|---:|---:|---:|"]
    for name, (function, reference, low, high) in (FUNCTIONS | SINGLE).items():
        in_single = name in SINGLE
        x = samples(name.removesuffix(", float32"), size, rng)
        if in_single:
            anywhere = rng.integers(0, 2**32, size, dtype=np.uint32).view(np.float32)
            x = np.concatenate([anywhere, x.astype(np.float32)])
        true, theirs = single_distances(name, x) if in_single else distances(name, x)
        true = true if in_single else confirmed(name, x)
        dtype = "float32" if in_single else "float64"
        x = rng.uniform(low, high, 10_000).astype(dtype)
        y, loop = np.empty_like(x), over(function, 16 if in_single else 8, dtype)
        with np.errstate(all="ignore"):
            times = [nanoseconds(lambda loop=loop, x=x, y=y: loop(x, y), x.size)]
            times += [nanoseconds(lambda f=reference, x=x, y=y: f(x, y), x.size)]
        rows.append(f"| {name} | {true:.2f} | {theirs:.0f} | {times[0]:.2f} | {times[1]:.2f} |")
        print(rows[-1], flush=True)
    return "\n".join(rows)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--millions", type=float, default=1, help="numbers of each kind, for each function")
    reader.add_argument("--write", action="store_true", help="write the table into the page")
    asked = reader.parse_args()
    with np.errstate(all="ignore"):
        made = table(int(asked.millions * 1e6))
    if asked.write:
        before, mark, rest = PAGE.read_text(encoding="utf-8").partition("<!-- mathematics -->\n")
        after = rest.partition("\n<!-- end of mathematics -->")[1:]
        PAGE.write_text(before + mark + made + "".join(after), encoding="utf-8")


if __name__ == "__main__":
    main()
