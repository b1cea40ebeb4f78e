"""Right functions that are awkward to check: kinks, steps, cancellation, loops, decompositions, values near poles."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.testing import Domain, adapters, strategies

REAL, POSITIVE, NONZERO, UNIT = Domain(), Domain(low=0), Domain(without=(0.0,)), Domain(0, 1)
ONE, SMALL = (REAL,), (Domain(-20, 20),)
VECTOR = strategies.tensors((5,)).map(lambda x: (x,))
BATCH = strategies.tensors((2, 3), Domain(-20, 20)).map(lambda x: (x,))
SYMMETRIC = strategies.tensors((3, 3), Domain(matrices="positive definite")).map(lambda x: (x,))


def newton(x):
    y = 1 + x
    for _ in range(12):
        y = (y + x / y) / 2
    return y


def recurrent(x):
    h = 0 * x
    for _ in range(10):
        h = np.tanh(0.9 * h + x)
    return h


def attention(x):
    s = x @ np.swapaxes(x, -1, -2) / np.sqrt(x.shape[-1])
    e = np.exp(s - np.max(s, -1, keepdims=True))
    return e / np.sum(e, -1, keepdims=True) @ x


AWKWARD = {
    "a constant": (lambda x: x * 0 + 1, ONE),
    "steps": (lambda x: x + np.floor(x), ONE),
    "a saw": (lambda x: x - np.floor(x), ONE),
    "x |x|": (lambda x: x * np.abs(x), ONE),
    "sqrt(x²)": (lambda x: np.sqrt(x * x), (NONZERO,)),
    "sign(x) log(1 + |x|)": (lambda x: np.sign(x) * np.log1p(np.abs(x)), (NONZERO,)),  # at 0 its gradient is wrong
    "sinc": (np.sinc, ONE),
    "x to the x": (lambda x: x**x, (Domain(0, 20),)),
    "log cosh": (lambda x: np.logaddexp(x, -x), ONE),
    "log(1 - exp(-x))": (lambda x: np.log(-np.expm1(-x)), (POSITIVE,)),
    "a polynomial near its roots": (lambda x: ((((x - 5) * x + 10) * x - 10) * x + 5) * x - 1, ONE),
    "tan": (np.tan, SMALL),
    "1/x": (lambda x: 1 / x, (NONZERO,)),
    "the branch not taken is NaN": (lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0), ONE),
    "triangle": (lambda x: np.maximum(0, 1 - np.abs(x)), ONE),
    "smooth step": (lambda x: (t := np.clip(x, 0, 1)) * t * (3 - 2 * t), ONE),
    "largest two": (lambda x: np.sum(np.sort(x)[-2:]), VECTOR),
    "trimmed mean": (lambda x: np.mean(np.sort(x)[1:-1]), VECTOR),
    "range over deviation": (lambda x: (np.max(x) - np.min(x)) / (np.std(x) + 1e-3), VECTOR),
    "standardised": (lambda x: (x - np.mean(x)) / (np.std(x) + 1e-8), VECTOR),
    "norm": (np.linalg.norm, VECTOR),
    "hinge squared": (lambda x: np.maximum(0, 1 - x) ** 2, ONE),
    "Newton's square root": (newton, (Domain(0, 50),)),
    "a recurrent cell": (recurrent, SMALL),
    "attention": (attention, BATCH),
    "log determinant": (lambda a: np.linalg.slogdet(a)[1], SYMMETRIC),
    "inverse": (np.linalg.inv, SYMMETRIC),
    "trace of a cube": (lambda a: np.trace(a @ a @ a), SYMMETRIC),
    "a telescoping sum": (lambda x: np.sum(np.diff(x)), VECTOR),
    "1e8 added and taken off": (lambda x: (x + 1e8) - 1e8, ONE),
    "angle": (lambda x: np.arctan2(np.sin(x), np.cos(x)), SMALL),
    "distances of all pairs": (lambda x: np.sqrt(np.sum((x[:, None] - x[None]) ** 2, -1) + 1e-9), BATCH),
    "a pair, relu": (adapters.pair(lambda x: np.maximum(x, 0), lambda g, x: g * (x > 0), "relu"), ONE),
    "a pair, written in place on copies": (
        adapters.pair(lambda x: np.multiply(y := x.copy(), 2, out=y), lambda g, x: 2 * g, "doubled"), ONE,
    ),
    "a pair that takes no longdoubles": (
        adapters.pair(lambda x: np.sin(x.astype(np.float64)), lambda g, x: (g * np.cos(x)).astype(x.dtype), "s"), ONE,
    ),
}  # fmt: skip
