"""Wrong gradients as people write them, as pairs of a function and its vjp; `adversary.py` counts those that are found.

Each entry makes a new adapter, for some remember what they were called with, and says what to draw.
"""

from __future__ import annotations

import itertools

import numpy as np

from tinygrad_lab.testing import Domain, adapters, strategies

REAL, POSITIVE, NONZERO, UNIT = Domain(), Domain(low=0), Domain(without=(0.0,)), Domain(0, 1)
ONE, TWO = (REAL,), (REAL, REAL)
PLANTED = {}  # name -> (what makes an adapter, domains or a strategy for the arguments)


def unbroadcast(g, x):
    g = np.sum(g, tuple(range(g.ndim - x.ndim)))
    stretched = tuple(i for i in range(x.ndim) if x.shape[i] == 1 != g.shape[i])
    return np.sum(g, stretched, keepdims=True) if stretched else g


def plant(name, function, vjp, drawn=ONE):
    PLANTED[name] = (lambda: adapters.pair(function, vjp, "planted"), drawn)


def factor(name, condition, drawn=ONE, by=1.01):
    """Plant a gradient of sin that is off by a factor under a condition."""
    plant(name, np.sin, lambda g, x: g * np.cos(x) * np.asarray(np.where(condition(x), by, 1), x.dtype), drawn)


# -- the formula -------------------------------------------------------------------------------------------------------

plant("sign forgotten in cos", np.cos, lambda g, x: g * np.sin(x))
plant("exponent kept: 3x³ for 3x²", lambda x: x**3, lambda g, x: 3 * g * x**3)
plant("1 - y for 1 - y²", np.tanh, lambda g, x: g * (1 - np.tanh(x)))
plant("1/x for 1/(1 + x)", np.log1p, lambda g, x: g / x, (POSITIVE,))
plant("eps inside the square root", np.sqrt, lambda g, x: g / (2 * np.sqrt(x + 1e-6)), (POSITIVE,))
plant("eps in the denominator", np.log, lambda g, x: g / (x + 1e-7), (POSITIVE,))
plant(
    "denominator not squared",
    np.divide,
    lambda g, a, b: (unbroadcast(g / b, a), unbroadcast(-g * a / b, b)),
    (REAL, NONZERO),
)
plant("chain rule forgotten", lambda x: np.sin(2 * x), lambda g, x: g * np.cos(2 * x))
plant("one term of a product", lambda x: x * np.exp(-x * x), lambda g, x: g * np.exp(-x * x))
plant("detached branch", lambda x: x * np.sin(x), lambda g, x: g * np.sin(x))
plant(
    "right to float32 only", np.exp, lambda g, x: (g * np.exp(x.astype(np.float32))).astype(x.dtype), (Domain(-20, 20),)
)
plant(
    "a constant with four digits",
    lambda x: np.exp(-x * x / 2) * 0.3989422804014327,
    lambda g, x: -g * x * np.exp(-x * x / 2) * 0.3989,
)
plant(
    "softmax without the sum",
    lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))),
    lambda g, x: g * (s := np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x)))) * (1 - s),
    (Domain(-20, 20),),
)
plant(
    "norm, with eps", lambda x: np.sqrt(np.sum(x * x)), lambda g, x: g * x / (np.sqrt(np.sum(x * x)) + 1e-5), (NONZERO,)
)
plant("the variance's own n - 1", lambda x: np.var(x), lambda g, x: 2 * g * (x - np.mean(x)) / max(x.size - 1, 1))
plant(
    "layer norm as if the mean were constant",
    lambda x: x - np.mean(x, -1, keepdims=True),
    lambda g, x: g * 1.0,
    strategies.tensors((2, 3)).map(lambda x: (x,)),
)
plant("clip lets everything through", lambda x: np.clip(x, -1, 1), lambda g, x: g * 1.0)
plant("g clipped to [-1, 1]", lambda x: 3 * x, lambda g, x: 3 * np.clip(g, -1, 1))
plant("abs always 1", np.abs, lambda g, x: g * 1.0)
plant(
    "product divided by its factors, 0 where that fails",
    lambda x: np.prod(x),
    lambda g, x: g * np.where(x == 0, 0, np.prod(x) / np.where(x == 0, 1, x)),
)
plant("power, divided by x", lambda x: x**2, lambda g, x: np.where(x == 0, g, 2 * g * x**2 / np.where(x == 0, 1, x)))

# -- axes, shapes, broadcasting ----------------------------------------------------------------------------------------

SQUARE = strategies.tensors((3, 3)).flatmap(lambda a: strategies.tensors((3, 3)).map(lambda b: (a, b)))
BATCHED = strategies.matmul_args()
plant("mean without 1/n", np.mean, lambda g, x: g * np.ones_like(x), strategies.tensors((2, 3)).map(lambda x: (x,)))
plant(
    "1/size for 1/length",
    lambda x: np.mean(x, -1),
    lambda g, x: np.broadcast_to(g[..., None] / x.size, x.shape) * 1.0,
    strategies.tensors((2, 3)).map(lambda x: (x,)),
)
plant(
    "transpose forgotten, which shows for square matrices only",
    np.matmul,
    lambda g, a, b: (g @ (b if b.shape[0] == b.shape[1] else b.T), a.T @ g),
    SQUARE,
)
plant("matrix product, factors' order", np.matmul, lambda g, a, b: (g @ b.T, g.T @ a), SQUARE)
plant(
    "first row in place of a broadcast sum",
    np.add,
    lambda g, a, b: (
        unbroadcast(g, a),
        g.reshape(-1, *b.shape)[0] * 1.0
        if g.size >= b.size and g.size % max(b.size, 1) == 0 and b.size
        else unbroadcast(g, b),
    ),
    TWO,
)
plant(
    "mean over a broadcast axis",
    np.multiply,
    lambda g, a, b: (unbroadcast(g * b, a), unbroadcast(g * a, b) / max(g.size // max(b.size, 1), 1)),
    TWO,
)
plant(
    "cumsum not reversed",
    lambda x: np.cumsum(x, -1),
    lambda g, x: np.cumsum(g, -1),
    strategies.tensors((2, 3)).map(lambda x: (x,)),
)
plant("sort not undone", lambda x: np.sort(x, -1), lambda g, x: g * 1.0, strategies.tensors((5,)).map(lambda x: (x,)))
plant("roll the same way", lambda x: np.roll(x, 1), lambda g, x: np.roll(g, 1))
plant(
    "flipped along another axis",
    lambda x: np.flip(x, 0),
    lambda g, x: np.flip(g, -1),
    strategies.tensors((3, 3)).map(lambda x: (x,)),
)
plant(
    "reshape in Fortran order",
    lambda x: x.reshape(3, 2),
    lambda g, x: g.reshape(2, 3, order="F"),
    strategies.tensors((2, 3)).map(lambda x: (x,)),
)
plant(
    "repeated indices assigned",
    lambda x: x[[0, 0, 1]],
    lambda g, x: np.concatenate([g[1:2], g[2:3], 0 * x[2:]]),
    strategies.tensors((4,)).map(lambda x: (x,)),
)
plant(
    "softmax over the wrong axis of a batch",
    lambda x: np.exp(x) / np.sum(np.exp(x), -1, keepdims=True),
    lambda g, x: (
        (s := np.exp(x) / np.sum(np.exp(x), -1, keepdims=True))
        * (g - np.sum(g * s, 0 if x.shape[0] == x.shape[-1] else -1, keepdims=True))
    ),
    strategies.tensors((3, 3), Domain(-20, 20)).map(lambda x: (x,)),
)
plant(
    "outer product, factors exchanged",
    lambda a, b: np.outer(a, b),
    lambda g, a, b: (g.T @ a, g @ b),
    strategies.tensors((3,)).flatmap(lambda a: strategies.tensors((3,)).map(lambda b: (a, b))),
)

# -- only now and then -------------------------------------------------------------------------------------------------

factor("for x > 50 only", lambda x: x > 50, by=0)
factor("for x < -50 only", lambda x: x < -50, by=-1)
factor("for |x| < 1e-3 only", lambda x: (np.abs(x) < 1e-3) & (x != 0))
factor("for negative numbers only", lambda x: x < 0, by=-1)
factor("at 0 only", lambda x: x == 0, by=2)
factor("for integers only", lambda x: (x == np.round(x)) & (x != 0), by=1.001)
factor("for more than 8 elements", lambda x: x.size > 8)
factor("last of more than 12", lambda x: np.arange(x.size).reshape(x.shape) > 12)
factor("for 0-d arrays", lambda x: x.ndim == 0, by=2)
factor("for one element", lambda x: x.size == 1, by=0)
factor("for four axes", lambda x: x.ndim == 4)
factor("for an axis longer than 3", lambda x: max(x.shape, default=0) > 3)
factor("for square matrices", lambda x: x.ndim == 2 and x.shape[0] == x.shape[1] > 1, by=1.001)
factor("where all are equal", lambda x: x.size > 1 and np.all(x == x.ravel()[:1]), by=2)
factor("where all are 0", lambda x: x.size > 1 and not np.any(x), by=2)
factor("where any is 0", lambda x: np.any(x == 0))
factor("in Fortran order", lambda x: x.flags.f_contiguous and not x.flags.c_contiguous, by=1.0001)
factor("for arrays that are not contiguous", lambda x: not (x.flags.c_contiguous or x.flags.f_contiguous), by=1.0001)
factor("for read-only arrays", lambda x: not x.flags.writeable, by=1.0001)
factor("in float32, by 1.0005", lambda x: x.dtype == np.float32, by=1.0005)
factor("in float64, by 1.0009", lambda x: x.dtype == np.float64, by=1.0009)
factor("for odd numbers of elements", lambda x: x.size % 2 == 1, by=1.001)
plant(
    "the same array twice",
    np.multiply,
    lambda g, a, b: (unbroadcast(g * b, a), unbroadcast(g * a, b) * (0 if a is b else 1)),
    TWO,
)
plant(
    "equal arguments",
    np.subtract,
    lambda g, a, b: (unbroadcast(g, a) * 1.0, -unbroadcast(g, b) * (2 if np.array_equal(a, b) else 1)),
    TWO,
)
plant(
    "mixed dtypes",
    np.multiply,
    lambda g, a, b: (
        unbroadcast(g * b, a).astype(a.dtype) * a.dtype.type(1 if a.dtype == b.dtype else 1.01),
        unbroadcast(g * a, b).astype(b.dtype),
    ),
    TWO,
)
plant(
    "cotangents that are not contiguous",
    lambda x: np.asarray(x.T) * 1,
    lambda g, x: g.T * x.dtype.type(1 if g.flags.c_contiguous else 1.01),
)
plant(
    "cotangents of stride 0",
    lambda x: x * 2,
    lambda g, x: 2 * g * x.dtype.type(1.01 if 0 in g.strides and g.size > 1 else 1),
)

# -- ties --------------------------------------------------------------------------------------------------------------

plant("1 to every tie", np.max, lambda g, x: g * (x == np.max(x)), strategies.tensors((4,)).map(lambda x: (x,)))
plant(
    "ties of three share by two",
    np.max,
    lambda g, x: g * (m := x == np.max(x)) / min(np.sum(m), 2),
    strategies.tensors((4,)).map(lambda x: (x,)),
)
plant(
    "maximum gives both all at a tie",
    np.maximum,
    lambda g, a, b: (unbroadcast(g * (a >= b), a), unbroadcast(g * (b >= a), b)),
    TWO,
)
plant(
    "minimum gives neither anything at a tie",
    np.minimum,
    lambda g, a, b: (unbroadcast(g * (a < b), a), unbroadcast(g * (b < a), b)),
    TWO,
)
plant(
    "hypot, NaN at the origin",
    np.hypot,
    lambda g, a, b: (unbroadcast(g * a / np.hypot(a, b), a), unbroadcast(g * b / np.hypot(a, b), b)),
    TWO,
)

# -- what happens besides ----------------------------------------------------------------------------------------------


_rng = np.random.default_rng(0)


def _remembering(make):
    return lambda: make({})


def _stale(cache):
    return adapters.pair(np.sin, lambda g, x: g * cache.setdefault(x.shape, np.cos(x)), "planted")


def _second(cache):
    calls = itertools.count()
    return adapters.pair(np.sin, lambda g, x: g * np.cos(x) * (1.001 if next(calls) % 2 else 1), "planted")


def _written(g, x):
    np.multiply(g, np.cos(x), out=g)
    return g * 1


def _saved(cache):
    def function(x):
        cache["y"] = np.exp(x)
        return cache["y"]

    def vjp(g, x):
        cache["y"] *= g  # spoils what the caller holds
        return cache["y"] * 1

    return adapters.pair(function, vjp, "planted")


PLANTED["a stale cache"] = (_remembering(_stale), ONE)
PLANTED["the second call"] = (_remembering(_second), ONE)
PLANTED["the result is overwritten"] = (_remembering(_saved), (Domain(-20, 20),))
plant("writes into the cotangent", np.sin, _written)
plant("writes into the argument, in place of a copy", lambda x: np.maximum(x, -1e9, out=x) * 1, lambda g, x: g * 1.0)
plant("gives the cotangent back", lambda x: x + 1, lambda g, x: g)
plant("wider dtype", np.sin, lambda g, x: g * np.cos(x).astype(np.longdouble))
plant("no gradient for the second argument", np.multiply, lambda g, a, b: (unbroadcast(g * b, a), None), TWO)
plant("fails on empty arrays", lambda x: x * 2, lambda g, x: 2 * g * (np.max(x) == np.max(x)))
plant("cut off to whole numbers", lambda x: x * x, lambda g, x: np.trunc(2 * x * g))
plant(
    "random",
    np.sin,
    lambda g, x: g * np.cos(x) * (1 + 1e-7 * _rng.normal(size=x.shape)).astype(x.dtype),
)
