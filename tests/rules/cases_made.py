"""Calls of the functions that make, join, select and look up."""

from __future__ import annotations

import numpy as np

from tests.rules.drawing import call, listed, written
from tinygrad_lab.testing.domains import POSITIVE

X, Y = np.array([[1.0, -2.0, 3.0], [0.5, 5.0, -1.5]]), np.array([2.0, 0.25, -1.0])

# -- creation --------------------------------------------------------------------------------------------------------

for function in (np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require):
    written(function, (lambda v, w, f=function: f([[v[0], 2.0], [w, v[1]]], like=v), Y[:2], Y[2]))
written(np.array, (lambda v: np.array(v, ndmin=3, like=v), X))
written(np.full, (lambda v: np.full((2, 3), v, like=v), Y))
listed(np.linspace, call((), (), num=4), call((3,), (), num=3, endpoint=False), call((2,), (2,), num=5, axis=1),
       call((), (), num=1), call((), (), args=(3, True, True)))  # fmt: skip
listed(np.logspace, call((), (), num=4), call((3,), (), num=3, base=2.0), call((2,), (2,), num=2, axis=-1))
listed(np.geomspace, call((), (), num=4), call((3,), (), num=3, endpoint=False), domain=POSITIVE)
listed(np.meshgrid, call((3,)), call((3,), (2,)), call((3,), (2,), indexing="ij"), call((2,), (3,), (2,), sparse=True))
listed(np.diag, call((3,)), call((3,), k=1), call((2,), args=(-2,)), call((3, 4)), call((3, 4), k=-1))
listed(np.diagflat, call((2, 2)), call((3,), k=-1))
listed(np.vander, call((3,)), call((3,), args=(2,)), call((3,), N=4, increasing=True))

# -- joining and taking apart ----------------------------------------------------------------------------------------

listed(np.append, call((2, 3), (2,)), call((2, 3), (1, 3), axis=0))
written(
    np.insert,
    (lambda a, v: np.insert(a, 1, v), X, Y),
    (lambda a, v: np.insert(a, 1, v, axis=1), X, Y[:2]),
    (lambda a, v: np.insert(a, [0, 2], v, axis=1), X, Y[:2]),
    (lambda a, v: np.insert(a, -1, v, axis=0), X, Y),
    (lambda a, v: np.insert(a, [1, 1], v, axis=0), X, Y),
    (lambda a, v: np.insert(a, slice(0, 2), v), X, Y[0]),
    (lambda a, v: np.insert(a, [0, 3], v), Y, Y[:2]),
)
written(np.delete, (lambda a: np.delete(a, [0, 2]), X), (lambda a: np.delete(a, slice(1), axis=0), X),
        (lambda a: np.delete(a, -1, axis=1), X))  # fmt: skip
listed(np.resize, call((2, 3), args=((4, 2),)), call((3,), args=(2,)))
if hasattr(np, "unstack"):  # NumPy 2.1
    listed(np.unstack, call((2, 3)), call((2, 3), axis=-1))
written(np.block, (lambda a, b: np.block([[a, b[:2, None]], [1.0, b]]), X, Y), (lambda a: np.block(a), X),
        (lambda a, b: np.block([b, b, a]), Y[0], Y))  # fmt: skip

# -- selecting and looking up ----------------------------------------------------------------------------------------

written(np.select, (lambda a, b: np.select([X > 1, X > 0], [a, b], 2.0), X, Y))
written(np.choose, (lambda a, b: np.choose([[0, 1, 1], [1, 0, 0]], [a, b]), X, Y),
        (lambda a, b: np.choose([5, -1, 1], [a, b], mode="clip"), X, Y))  # fmt: skip
written(np.piecewise, (lambda x: np.piecewise(x, [X < 0, X > 2], [lambda v: v**2, np.sin, 3.0]), X),
        (lambda x: np.piecewise(x, [X < 0], [lambda v, k: k * v], 2.0), X),
        (lambda x: np.piecewise(x, [True], [np.exp]), Y[0]))  # fmt: skip
written(
    np.compress, (lambda a: np.compress([True, False, True], a, axis=1), X), (lambda a: np.compress([0, 1, 1, 0], a), X)
)
written(np.extract, (lambda a: np.extract(X > 0, a), X))
written(np.bincount, (lambda w: np.bincount([0, 2, 2], w), Y), (lambda w: np.bincount([1, 1, 0], w, minlength=4), Y))
SAMPLES = np.array([[0.5, 2.0, 1.25], [3.0, -1.0, 2.0]])
written(
    np.histogram,
    (lambda w: np.histogram(SAMPLES, 3, weights=w), X),
    (lambda w: np.histogram(SAMPLES, [0.0, 1.25, 2.0], weights=w, density=True), X**2),
    (lambda w: np.histogram(SAMPLES, range=(0, 2), bins=4, weights=w)[0], X),
)
written(np.sort_complex, (np.sort_complex, X), (np.sort_complex, Y + 1j))
written(np.partition, (lambda a: np.partition(a, 1), X), (lambda a: np.partition(a, range(5), axis=None), X))
ZEROS = np.array([0.0, 0.0, 1.0, 2.0, 0.0])
written(np.trim_zeros, (lambda x: np.trim_zeros(np.append(np.zeros(2), x)), Y),
        (lambda x: np.trim_zeros(x * ZEROS, "f"), np.ones(5)))  # fmt: skip
if np.lib.NumpyVersion(np.__version__) >= "2.2.0":  # before, of vectors only
    written(np.trim_zeros, (lambda x: np.trim_zeros(np.pad(x, 1)), X))
REPEATED = np.array([3.0, 1.0, 2.0, 1.0])
for function in (np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all):
    written(function, (function, Y), (function, X))
written(
    np.unique, (lambda x: np.unique(x, return_index=True, return_counts=True), X), (lambda x: np.unique(x, axis=0), X)
)
written(np.union1d, (np.union1d, X, Y))
written(
    np.intersect1d, (lambda x: np.intersect1d(x, X[0], return_indices=True), Y), (lambda x: np.intersect1d(x, x + 0), Y)
)
written(np.setdiff1d, (lambda x: np.setdiff1d(x, X), Y))
written(np.setxor1d, (np.setxor1d, X[0], Y))

# -- applying a function along axes ----------------------------------------------------------------------------------

written(
    np.apply_along_axis,
    (lambda x: np.apply_along_axis(np.cumsum, 0, x), X),
    (lambda x: np.apply_along_axis(np.max, 1, x), X),
    (lambda x: np.apply_along_axis(np.outer, 1, x, Y[:2]), X),
)
written(np.apply_over_axes, (lambda x: np.apply_over_axes(np.sum, x, [0, -1]), X))
