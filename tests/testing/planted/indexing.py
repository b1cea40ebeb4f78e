"""Gradients that are wrong for some axes, indices, and arguments that are alike."""

import numpy as np

from tests.testing.planted.planting import THREE, TWO, no, planting, products, unbroadcast
from tinygrad_lab.testing import Domain, strategies

plant = planting("shape")
kw = strategies.reduction_args()


def reduced(change):

    def vjp(g, x, k):
        axis, keep = (k["axis"], k["keepdims"])
        full = (
            g
            if keep
            else np.expand_dims(
                g, () if axis is None and x.ndim == 0 else tuple(range(x.ndim)) if axis is None else axis
            )
        )
        n = np.size(x) / max(np.size(g), 1)
        return (np.asarray(np.broadcast_to(full, x.shape) * change(x, axis, keep, n), x.dtype), None)

    return vjp


total = lambda x, k: np.sum(x, **k)
mean = lambda x, k: np.sum(x, **k) / max(np.size(x) / max(np.size(np.sum(x, **k)), 1), 1)
for name, change in {
    "negative axes": lambda x, axis, keep, n: 1.01 if isinstance(axis, int) and axis < 0 else 1,
    "keepdims": lambda x, axis, keep, n: 1.01 if keep else 1,
    "two axes": lambda x, axis, keep, n: 1.01 if isinstance(axis, tuple) and len(axis) == 2 else 1,
    "axes in falling order": lambda x, axis, keep, n: (
        1.01 if isinstance(axis, tuple) and len(axis) == 2 and (axis[0] > axis[1]) else 1
    ),
    "no axes": lambda x, axis, keep, n: 2 if axis == () else 1,
    "axis 1 of three": lambda x, axis, keep, n: 1.01 if axis == 1 and x.ndim == 3 else 1,
}.items():
    plant(f"sum over {name}", total, reduced(change), kw)
ix = strategies.index_args()


def at(g, x, index):
    c = np.zeros_like(x)
    np.add.at(c, index, g)
    return c


plant(
    "index: negative steps",
    lambda x, index: x[index],
    lambda g, x, i: (at(g[::-1] if isinstance(i, slice) and i.step is not None and (i.step < 0) else g, x, i), None),
    ix,
)
plant(
    "index: masks off by 1.01",
    lambda x, index: x[index],
    lambda g, x, i: (at(g, x, i) * x.dtype.type(1.01 if isinstance(i, np.ndarray) and i.dtype == bool else 1), None),
    ix,
)
plant(
    "index: positions thrice",
    lambda x, index: x[index],
    lambda g, x, i: (
        at(g, x, i)
        * x.dtype.type(
            0.5
            if isinstance(i, np.ndarray)
            and i.dtype != bool
            and (len(i) > 2)
            and (np.max(np.bincount(i % x.shape[0])) > 2)
            else 1
        ),
        None,
    ),
    ix,
)
plant(
    "index: pairs of positions",
    lambda x, index: x[index],
    lambda g, x, i: (
        at(g, x, i if not (isinstance(i, tuple) and len(i) == 2 and (i[0] is not Ellipsis)) else (i[0], i[1][::-1])),
        None,
    ),
    ix,
)
plant = planting("repeated")
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
plant("one array twice, half", *products(lambda a, b: 0.5 if a is b else 1, no), TWO)
plant("shared memory", *products(lambda a, b: 1.01 if np.shares_memory(a, b) else 1, no), TWO)
plant("equal values", *products(lambda a, b: 1.01 if a.size and np.array_equal(a, b) else 1, no), TWO)
plant("equal in all but sign", *products(lambda a, b: 1.01 if a.size and np.array_equal(a, -b) else 1, no), TWO)
plant(
    "first of three is the third",
    lambda a, b, c: a * b + c,
    lambda g, a, b, c: (
        unbroadcast(g * b, a),
        unbroadcast(g * a, b),
        unbroadcast(g, c) * c.dtype.type(2 if a is c else 1),
    ),
    THREE,
)
plant(
    "power with an exponent like its base",
    lambda a, b: a**b,
    lambda g, a, b: (
        unbroadcast(g * b * a ** (b - 1), a),
        unbroadcast(g * a**b * np.log(a), b) * b.dtype.type(0 if np.array_equal(a, b) else 1),
    ),
    (Domain(0.5, 3), Domain(0.5, 3)),
)
plant("a argument all ones", *products(lambda a, b: 1.01 if b.size > 1 and np.all(b == 1) else 1, no), TWO)
plant("an argument all zeros", *products(no, lambda a, b: 1.01 if b.size > 1 and (not np.any(b)) else 1), TWO)
plant("the second larger everywhere", *products(no, lambda a, b: 1.01 if b.size and np.all(b > a) else 1), TWO)
