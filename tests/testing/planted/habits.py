"""What a rule does besides: it remembers, writes, hands out memory, or returns something else."""

import itertools

import numpy as np

from tests.testing.planted.planting import (
    FOUR,
    INVERTIBLE,
    MODEST,
    NONZERO,
    POSITIVE,
    TWO,
    planting,
    shaped,
    unbroadcast,
)

plant = planting("habit")
noise = np.random.default_rng(0)


def written(g, x):
    np.multiply(g, np.cos(x), out=g)
    return g * 1


def stale():
    cache = {}
    return np.sin, lambda g, x: g * cache.setdefault(x.shape, np.cos(x))


def second():
    calls = itertools.count()
    return np.sin, lambda g, x: g * np.cos(x) * (1.001 if next(calls) % 2 else 1)


def overwritten():
    cache = {}

    def function(x):
        cache["y"] = np.exp(x)
        return cache["y"]

    def vjp(g, x):
        cache["y"] *= g  # spoils what the caller holds
        return cache["y"] * 1

    return function, vjp


plant.remembering("a stale cache", stale)
plant.remembering("the second call", second)
plant.remembering("the result is overwritten", overwritten, (MODEST,))
plant("random", np.sin, lambda g, x: g * np.cos(x) * (1 + 1e-7 * noise.normal(size=x.shape)).astype(x.dtype))
plant("writes into the cotangent", np.sin, written)
plant(
    "writes into the argument, in place of a copy",
    lambda x: np.maximum(x, -1000000000.0, out=x) * 1,
    lambda g, x: g * 1.0,
)
plant("gives the cotangent back", lambda x: x + 1, lambda g, x: g)
plant("wider dtype", np.sin, lambda g, x: g * np.cos(x).astype(np.longdouble))
plant("no gradient for the second argument", np.multiply, lambda g, a, b: (unbroadcast(g * b, a), None), TWO)
plant("fails on empty arrays", lambda x: x * 2, lambda g, x: 2 * g * (np.max(x) == np.max(x)))
plant("cut off to whole numbers", lambda x: x * x, lambda g, x: np.trunc(2 * x * g))
plant("writes into x in backward, no change", np.sin, lambda g, x: g * np.cos(np.add(x, 0, out=x)))
plant("writes into g, no change", np.sin, lambda g, x: np.multiply(g, 1, out=g) * np.cos(x))


def _acc():
    acc = {}

    def v(g, x):
        acc[x.shape] = acc.get(x.shape, 0) + g * np.cos(x)
        return np.array(acc[x.shape], x.dtype)

    return (np.sin, v)


plant.remembering("accumulates over calls", _acc)


def by_call(factor):
    """Return what makes a sine whose gradient is off by a factor of the number of the call, from 1."""

    def make():
        calls = itertools.count(1)
        return np.sin, lambda g, x: g * np.cos(x) * np.asarray(factor(next(calls)), x.dtype)

    return make


plant.remembering("every fifth call by 1.001", by_call(lambda n: 1.001 if n % 5 == 0 else 1))
plant.remembering("wrong after 60 calls", by_call(lambda n: 1.01 if n > 60 else 1))


def _bybytes():
    s = {}
    return (np.sin, lambda g, x: g * s.setdefault((x.shape, float(x.sum())), np.cos(x)).astype(x.dtype))


plant.remembering("cache keyed by the sum", _bybytes)
plant("raises on empties", np.sin, lambda g, x: g * np.cos(x) + 0 * x.ravel()[0])
plant("raises on 0-d", lambda x: x * 2, lambda g, x: 2 * g + 0 * len(x))
plant("returns a view of g", lambda x: x + 1, lambda g, x: g[...])
plant("returns the argument itself", lambda x: x * x / 2, lambda g, x: x if np.all(g == 1) else g * x)
plant("returns a list", lambda x: x * 2, lambda g, x: (2 * g).tolist())
plant("wrong shape for one element", lambda x: x * 2, lambda g, x: (2 * g).reshape(()) if x.size == 1 else 2 * g)
plant("integers out", lambda x: x * 2, lambda g, x: np.rint(2 * g).astype(int))
plant("float32 out for float64", np.sin, lambda g, x: (g * np.cos(x)).astype(np.float32))
plant(
    "noise of 1e-9",
    np.sin,
    lambda g, x: g * np.cos(x) * (1 + 1e-09 * np.random.default_rng().normal(size=x.shape)).astype(x.dtype),
)


def _buffer():
    kept = {}

    def vjp(g, x):
        out = kept.setdefault((x.shape, x.dtype.str), np.empty(x.shape, x.dtype))
        np.multiply(g, np.cos(x), out=out)
        return out

    return (np.sin, vjp)


plant.remembering("hands out one buffer again and again", _buffer)


def _value_buffer():
    kept = {}

    def function(x):
        return np.sin(x, out=kept.setdefault((x.shape, x.dtype.str), np.empty(x.shape, x.dtype)))

    return (function, lambda g, x: g * np.cos(x))


plant.remembering("the function hands out one buffer again and again", _value_buffer)


def _moving():
    state = {"mean": 0.0}

    def vjp(g, x):
        state["mean"] = 0.9 * state["mean"] + 0.1 * float(np.mean(np.abs(g))) if g.size else 0
        return g * np.cos(x) / x.dtype.type(max(1, state["mean"]))

    return (np.sin, vjp)


plant.remembering("scaled by a running mean of cotangents", _moving)


def _first():
    seen = []

    def vjp(g, x):
        seen.append(1)
        return g * np.cos(x) * x.dtype.type(1.01 if len(seen) == 1 else 1)

    return (np.sin, vjp)


def _alternate():
    seen = []

    def function(x):
        seen.append(1)
        return np.sin(x)

    return (function, lambda g, x: g * np.cos(x) * x.dtype.type(1.01 if len(seen) % 3 == 0 else 1))


plant.remembering("every third call of the function", _alternate)
plant(
    "x moved and put back", lambda x: x * x, lambda g, x: (np.add(x, 1, out=x), np.subtract(x, 1, out=x), 2 * g * x)[2]
)
plant(
    "sorts its argument in place",
    lambda x: np.max(x),
    lambda g, x: (m := (x == np.max(x))) * g / np.sum(m) + 0 * (x.sort() or 0),
    FOUR,
)
plant(
    "one gradient for both, the same array", lambda a, b: a + b, lambda g, a, b: ((c := (g * 1)), c), shaped((3,), (3,))
)
plant(
    "a part of the other's memory",
    lambda a, b: a[:2] * 1 + b,
    lambda g, a, b: ((c := np.concatenate([g, 0 * a[:1]])), c[:2]),
    shaped((3,), (2,)),
)
plant("the argument's memory, scaled", lambda x: x * x / 2, lambda g, x: np.multiply(g, x, out=x))
plant("a view of the cotangent, reversed", lambda x: x[::-1] * 1, lambda g, x: g[::-1], shaped((4,)))
plant("a transposed view of the cotangent", lambda x: x.T * 1, lambda g, x: g.T, shaped((2, 3)))
plant("raises for one element", lambda x: x * 2, lambda g, x: 2 * g if x.size != 1 else np.linalg.inv(np.zeros((1, 1))))
plant("returns a tuple too long", lambda x: x * 2, lambda g, x: (2 * g, None))
plant("returns a matrix", lambda x: x * 2, lambda g, x: np.asmatrix(2 * g), shaped((2, 3)))
plant(
    "returns a masked array",
    lambda x: np.sqrt(np.abs(x)),
    lambda g, x: np.ma.masked_invalid(g * np.sign(x) / (2 * np.sqrt(np.abs(x)))),
    (NONZERO,),
)
plant("returns complex numbers", lambda x: x * 2, lambda g, x: 2 * g + 0j)
plant("returns an object array", lambda x: x * 2, lambda g, x: (2 * g).astype(object))
plant(
    "warns and gives zeros", np.sqrt, lambda g, x: g * (0.5 / np.sqrt(x) if np.all(x > 0.001) else 0 * x), (POSITIVE,)
)
plant(
    "catches errors, gives g",
    np.linalg.inv,
    lambda g, a: -(i := np.linalg.inv(a)).T @ g @ i.T if np.linalg.cond(a.astype(float)) < 5 else g * 1,
    shaped((3, 3), domain=INVERTIBLE),
)
