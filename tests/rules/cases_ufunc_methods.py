"""Calls of the methods of ufuncs: those that are a function of their own, those folded by halves, and one by one."""

from __future__ import annotations

import functools

import numpy as np

from tests.rules.drawing import written

X = np.array([[1.5, -2.0, 3.0], [0.5, 5.0, -1.5], [0.75, 2.5, 1.0]])
UPSTREAM = {"where": X > 0, "initial": 0.25}


def on(ufunc, method, *arrays, args=(), **kwargs):
    """Return a call of a ufunc's method under a name that tells which."""

    def call(*arrays):
        return getattr(ufunc, method)(*arrays, *args, **kwargs)

    call.__name__ = f"{ufunc.__name__}.{method}({', '.join([*map(repr, args), *kwargs])})"
    return call, *arrays


reduce, accumulate, reduceat, outer = (
    functools.partial(lambda method, ufunc, *arrays, **kwargs: on(ufunc, method, *arrays, **kwargs), method)
    for method in ("reduce", "accumulate", "reduceat", "outer")
)
written(  # `arctan2` along columns: with AVX-512 NumPy (2.5 too) takes only the last number of a contiguous row
    np.ufunc.reduce,
    reduce(np.add, X), reduce(np.multiply, X, axis=None), reduce(np.maximum, X, axis=(0, 1), keepdims=True),
    reduce(np.minimum, X, args=(1,)), reduce(np.subtract, X), reduce(np.divide, X, axis=-1, keepdims=True),
    reduce(np.logaddexp, X, axis=1), reduce(np.logaddexp, X, axis=None), reduce(np.logaddexp, X, **UPSTREAM),
    reduce(np.fmax, X), reduce(np.hypot, X, axis=(1, 0)), reduce(np.arctan2, X, axis=0), reduce(np.add, X, **UPSTREAM),
    reduce(np.maximum, X, **UPSTREAM), reduce(np.logaddexp, X, axis=0, dtype=np.longdouble),
    reduce(np.logaddexp, X[:0], initial=0.5), reduce(np.logaddexp, X[0], initial=0.5), reduce(np.divide, X[:1]),
)  # fmt: skip
written(
    np.ufunc.accumulate,
    accumulate(np.add, X), accumulate(np.multiply, X, axis=1), accumulate(np.maximum, X, axis=-1),
    accumulate(np.logaddexp, X), accumulate(np.subtract, X, args=(1,)), accumulate(np.divide, X),
    accumulate(np.logaddexp, X, dtype=np.longdouble), accumulate(np.fmin, X[:1]),
)  # fmt: skip
written(
    np.ufunc.reduceat,
    reduceat(np.add, X, args=([0, 2, 1],)), reduceat(np.maximum, X, args=([0, 1], 1)),
    reduceat(np.logaddexp, X, args=([2, 0],), axis=-1), reduceat(np.subtract, X, args=([0],)),
)  # fmt: skip
written(
    np.ufunc.outer,
    outer(np.multiply, X, X[0]), outer(np.subtract, X[0], X), outer(np.logaddexp, X[0], X[1, :2]),
    outer(np.hypot, X[0], np.array(2.0)),
)  # fmt: skip
