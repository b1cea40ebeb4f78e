"""Compare gradient checkers: `python -m tests.testing.compare [--write]`, with PyTorch, JAX and autograd installed.

Every checker gets the same functions and inputs, with its defaults, twenty seeds a cell. The table has the false alarms
on right gradients, and how many planted errors were found. `--write` puts it into docs/testing.md. Systems that are not
installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab import testing

SEEDS = 20
PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
BEGIN, END = "<!-- table: tests/testing/compare.py -->", "<!-- end of table -->"


class Case(NamedTuple):
    """A function written with any array module `xp`, its gradients if they are planted ones, and where to look."""

    name: str
    function: Any  # (xp, *arrays) -> array
    inputs: Any  # random generator -> tuple of arrays
    vjp: Any = None  # (xp, g, *arrays) -> tuple of gradients


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


# -- the checkers: each raises if it does not like a case -------------------------------------------------------------


def ours(case, arrays):
    if case.vjp is None:
        return testing.check_gradients(lambda *xs: case.function(np, *xs), *arrays)
    pair = testing.adapters.pair(lambda *xs: case.function(np, *xs), lambda g, *xs: case.vjp(np, g, *xs), "planted")
    return testing.check_gradients(pair, *arrays)


def pytorch(case, arrays):
    import torch

    def function(*xs):
        return case.function(torch, *xs)

    if case.vjp is not None:

        class Planted(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *xs):
                ctx.save_for_backward(*xs)
                return case.function(torch, *xs)

            @staticmethod
            def backward(ctx, g):
                return tuple(case.vjp(torch, g, *ctx.saved_tensors))

        function = Planted.apply
    assert torch.autograd.gradcheck(function, tuple(torch.tensor(x, requires_grad=True) for x in arrays))


def jax(case, arrays):
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def function(*xs):
        return case.function(jax.numpy, *xs)

    if case.vjp is None:
        return check_grads(function, arrays, order=1)
    planted = jax.custom_vjp(function)
    planted.defvjp(lambda *xs: (function(*xs), xs), lambda xs, g: tuple(case.vjp(jax.numpy, g, *xs)))
    return check_grads(planted, arrays, order=1, modes=["rev"])


def autograd(case, arrays):
    import autograd.numpy as anp
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def function(*xs):
        return case.function(anp, *xs)

    if case.vjp is None:
        return check_grads(function)(*arrays)
    planted = primitive(lambda *xs: case.function(np, *xs))
    makers = [lambda y, *xs, i=i: lambda g: case.vjp(anp, g, *xs)[i] for i in range(len(arrays))]
    defvjp(planted, *makers)
    return check_grads(planted, modes=["rev"], order=1)(*arrays)


CHECKERS = {"tinygrad_lab": ours, "PyTorch": pytorch, "JAX": jax, "autograd": autograd}
MODULES = {"PyTorch": "torch", "JAX": "jax", "autograd": "autograd"}


def complaints(checker, case, first):
    count = 0
    for seed in range(first, first + SEEDS):
        arrays = case.inputs(np.random.default_rng(seed))
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                checker(case, arrays)
        except Exception:
            count += 1
    return count


def table(first):
    checkers = {n: c for n, c in CHECKERS.items() if n not in MODULES or importlib.util.find_spec(MODULES[n])}
    lines = []
    for title, cases in (("False alarms on right gradients", RIGHT), ("Planted errors found", WRONG)):
        lines += [f"| {title}, of {SEEDS} | {' | '.join(checkers)} |", "|---" * (len(checkers) + 1) + "|"]
        for case in cases:
            counts = [complaints(checker, case, first) for checker in checkers.values()]
            lines.append(f"| {case.name} | {' | '.join(map(str, counts))} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/testing.md")
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    options = parser.parse_args()
    made = table(options.seed)
    print(made)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n{END}{rest.split(END)[1]}", encoding="utf-8")
