"""Gradients that are wrong for some shapes."""

import numpy as np

from tests.testing.planted.planting import INVERTIBLE, NONZERO, TWO, no, planting, products, shaped, unbroadcast
from tinygrad_lab.testing import Domain

plant = planting("shape")
plant("mean without 1/n", np.mean, lambda g, x: g * np.ones_like(x), shaped((2, 3)))
plant(
    "1/size for 1/length",
    lambda x: np.mean(x, -1),
    lambda g, x: np.broadcast_to(g[..., None] / x.size, x.shape) * 1.0,
    shaped((2, 3)),
)
plant(
    "transpose forgotten, which shows for square matrices only",
    np.matmul,
    lambda g, a, b: (g @ (b if b.shape[0] == b.shape[1] else b.T), a.T @ g),
    shaped((3, 3), (3, 3)),
)
plant("matrix product, factors' order", np.matmul, lambda g, a, b: (g @ b.T, g.T @ a), shaped((3, 3), (3, 3)))
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
plant("cumsum not reversed", lambda x: np.cumsum(x, -1), lambda g, x: np.cumsum(g, -1), shaped((2, 3)))
plant("sort not undone", lambda x: np.sort(x, -1), lambda g, x: g * 1.0, shaped((5,)))
plant("roll the same way", lambda x: np.roll(x, 1), lambda g, x: np.roll(g, 1))
plant("flipped along another axis", lambda x: np.flip(x, 0), lambda g, x: np.flip(g, -1), shaped((3, 3)))
plant("reshape in Fortran order", lambda x: x.reshape(3, 2), lambda g, x: g.reshape(2, 3, order="F"), shaped((2, 3)))
plant(
    "repeated indices assigned",
    lambda x: x[[0, 0, 1]],
    lambda g, x: np.concatenate([g[1:2], g[2:3], 0 * x[2:]]),
    shaped((4,)),
)
plant(
    "softmax over the wrong axis of a batch",
    lambda x: np.exp(x) / np.sum(np.exp(x), -1, keepdims=True),
    lambda g, x: (
        (s := (np.exp(x) / np.sum(np.exp(x), -1, keepdims=True)))
        * (g - np.sum(g * s, 0 if x.shape[0] == x.shape[-1] else -1, keepdims=True))
    ),
    shaped((3, 3), domain=Domain(-20, 20)),
)
plant(
    "outer product, factors exchanged",
    lambda a, b: np.outer(a, b),
    lambda g, a, b: (g.T @ a, g @ b),
    shaped((3,), (3,)),
)
plant.factor("for more than 8 elements", lambda x: x.size > 8)
plant.factor("last of more than 12", lambda x: np.arange(x.size).reshape(x.shape) > 12)
plant.factor("for 0-d arrays", lambda x: x.ndim == 0, by=2)
plant.factor("for one element", lambda x: x.size == 1, by=0)
plant.factor("for four axes", lambda x: x.ndim == 4)
plant.factor("for an axis longer than 3", lambda x: max(x.shape, default=0) > 3)
plant.factor("for square matrices", lambda x: x.ndim == 2 and x.shape[0] == x.shape[1] > 1, by=1.001)
plant.factor("for odd numbers of elements", lambda x: x.size % 2 == 1, by=1.001)
plant.factor("more than 32 elements", lambda x: np.array(x.size > 32))
plant.factor("axis longer than 20", lambda x: np.array(max(x.shape, default=0) > 20))
plant.factor("axis of exactly 17 or more, last elements", lambda x: np.arange(x.size).reshape(x.shape) >= 16)
plant.factor("five axes", lambda x: np.array(x.ndim == 5))
plant.factor("batches of square matrices", lambda x: np.array(x.ndim == 3 and x.shape[-1] == x.shape[-2]))
plant.factor("taller than wide", lambda x: np.array(x.ndim == 2 and x.shape[0] > x.shape[1]))
plant.factor("wider than tall", lambda x: np.array(x.ndim == 2 and x.shape[0] < x.shape[1]))
plant.factor("an axis of length 1", lambda x: np.array(1 in x.shape))
plant.factor("two equal elements", lambda x: np.array(x.size > 1 and np.unique(x).size < x.size), by=1.001)
plant.factor("even sizes", lambda x: np.array(x.size % 2 == 0), by=1.0005)
plant.factor("the first element", lambda x: np.arange(x.size).reshape(x.shape) == 0, by=1.0005)
plant.factor(
    "the last of four axes' last",
    lambda x: np.array(x.ndim == 4) & (np.arange(x.size).reshape(x.shape) == x.size - 1),
    by=1.01,
)
plant("second of two is 0-d", *products(no, lambda a, b: 2 if b.ndim == 0 != a.ndim else 1), TWO)
plant("first has fewer axes", *products(lambda a, b: 1.01 if a.ndim < b.ndim else 1, no), TWO)
plant(
    "both are broadcast",
    *products(lambda a, b: 1.01 if (g := np.broadcast_shapes(a.shape, b.shape)) != a.shape and g != b.shape else 1, no),
    TWO,
)
plant("equal shapes", *products(no, lambda a, b: 1.001 if a.shape == b.shape else 1), TWO)
plant("a leading axis of 1", *products(lambda a, b: 1.01 if a.ndim > 1 and a.shape[0] == 1 else 1, no), TWO)
plant.factor("sizes that 4 divides", lambda x: x.size > 0 and x.size % 4 == 0, by=1.001)
plant.factor("an even last axis", lambda x: x.ndim > 0 and x.shape[-1] % 2 == 0, by=1.001)
plant.factor(
    "the third column",
    lambda x: (
        x.ndim == 2 and x.shape[1] > 2 and (np.arange(x.shape[1]) == 2)
        if x.ndim == 2 and x.shape[1] > 2
        else np.zeros((), bool)
    ),
    by=1.01,
)
plant.factor(
    "the last row of several",
    lambda x: (
        (np.arange(x.shape[0]) == x.shape[0] - 1).reshape(-1, *[1] * (x.ndim - 1)) if x.ndim > 1 else np.zeros((), bool)
    ),
    by=1.001,
)
plant.factor("three axes", lambda x: x.ndim == 3)
plant.factor("exactly 6 elements", lambda x: x.size == 6, by=1.001)
plant.factor("one axis", lambda x: x.ndim == 1, by=1.001)
plant.factor(
    "more than 64 elements, the last", lambda x: (np.arange(x.size).reshape(x.shape) == x.size - 1) & (x.size > 64)
)
plant.factor(
    "the middle of an odd length",
    lambda x: (np.arange(x.shape[-1]) == x.shape[-1] // 2) & (x.shape[-1] % 2 == 1) if x.ndim else np.zeros((), bool),
)
plant(
    "permutation for its inverse",
    lambda x: np.transpose(x, (1, 2, 0)),
    lambda g, x: np.transpose(g, (1, 2, 0)).reshape(x.shape),
    shaped((2, 2, 2)),
)
plant(
    "second part of a concatenation, one early",
    lambda a, b: np.concatenate([a, b]),
    lambda g, a, b: (g[:2] * 1, g[1:4] * 1),
    shaped((2,), (3,)),
)
plant("stack, parts exchanged", lambda a, b: np.stack([a, b]), lambda g, a, b: (g[1] * 1, g[0] * 1), shaped((3,), (3,)))
plant("edge padding, corner left out", lambda x: np.pad(x, 1, mode="edge"), lambda g, x: g[1:-1] * 1, shaped((4,)))
plant("repeat as if tiled", lambda x: np.repeat(x, 2), lambda g, x: g.reshape(2, 3).sum(0), shaped((3,)))
plant("tile as if repeated", lambda x: np.tile(x, 2), lambda g, x: g.reshape(3, 2).sum(1), shaped((3,)))
plant(
    "a batch of 1 not summed, but its first",
    lambda a, b: a @ b,
    lambda g, a, b: (g @ np.swapaxes(b, -1, -2), (np.swapaxes(a, -1, -2) @ g)[:1]),
    shaped((2, 3, 3), (1, 3, 3)),
)
plant(
    "every batch has the first one's gradient",
    lambda a: np.linalg.inv(a),
    lambda g, a: (lambda i: -(i.swapaxes(-1, -2) @ g[:1] @ i.swapaxes(-1, -2)))(np.linalg.inv(a)),
    shaped((2, 3, 3), domain=INVERTIBLE),
)
plant(
    "norm along the other axis, square",
    lambda x: np.sqrt(np.sum(x * x, 0)),
    lambda g, x: x * (g / np.sqrt(np.sum(x * x, 1))),
    shaped((3, 3), domain=NONZERO),
)
plant(
    "cumulative sum reversed along the other axis",
    lambda x: np.cumsum(x, 0),
    lambda g, x: np.flip(np.cumsum(np.flip(g, 1), 1), 1),
    shaped((3, 3)),
)
plant(
    "positions of another axis, square",
    lambda x: np.sort(x, 0),
    lambda g, x: (lambda o: (lambda c: (np.put_along_axis(c, o, g, 0), c)[1])(np.zeros_like(g)))(np.argsort(x.T, 0).T),
    shaped((3, 3)),
)
plant("lower triangle without the diagonal", np.tril, lambda g, x: np.tril(g, -1), shaped((3, 3)))
plant(
    "diagonal of a matrix that is not square",
    lambda x: np.diagonal(x) * 1,
    lambda g, x: np.diag(g)[:2, :3] if len(g) == 3 else np.pad(np.diag(g[::-1]), ((0, 0), (0, 1))),
    shaped((2, 3)),
)
plant(
    "variance along an axis with n of all",
    lambda x: np.var(x, -1),
    lambda g, x: 2 * g[..., None] * (x - x.mean(-1, keepdims=True)) / x.size,
    shaped((2, 3)),
)
plant(
    "average pooling, every window counted whole",
    lambda x: np.array([x[0] + x[1], x[1] + x[2], x[2] + x[3]]) / 2,
    lambda g, x: np.array([g[0], g[0] + g[1], g[1] + g[2], g[2]]) / 2 * np.array([2, 1, 1, 1]),
    shaped((4,)),
)
plant("roll by two for one", lambda x: np.roll(x, 1), lambda g, x: np.roll(g, -2), shaped((5,)))
plant(
    "einsum, batch axis summed for one of two batches",
    lambda a, b: np.einsum("bi,bi->b", a, b),
    lambda g, a, b: (g[:, None] * b, g[::-1, None] * a),
    shaped((2, 3), (2, 3)),
)
plant(
    "outer sum, axes exchanged for square results",
    lambda a, b: a[:, None] + b[None, :],
    lambda g, a, b: (g.sum(0 if len(a) == len(b) else 1), g.sum(1 if len(a) == len(b) else 0)),
    shaped((3,), (3,)),
)
plant(
    "vector times matrix, transposed if square",
    lambda v, m: v @ m,
    lambda g, v, m: (m @ g if m.shape[0] != m.shape[1] else m.T @ g, np.outer(v, g)),
    shaped((3,), (3, 3)),
)
plant(
    "reshape, three axes in Fortran order",
    lambda x: x.reshape(-1),
    lambda g, x: g.reshape(x.shape, order="F"),
    shaped((2, 3, 2)),
)
plant(
    "gather, negative positions counted from the front",
    lambda x: x[[-1, 0]],
    lambda g, x: np.array([g[1], g[0], 0, 0]) * 1,
    shaped((4,)),
)
plant(
    "upsampling, last sample twice",
    lambda x: np.repeat(x, 2, 0)[:5],
    lambda g, x: np.array([g[0] + g[1], g[2] + g[3], 2 * g[4]]),
    shaped((3,)),
)
plant(
    "strided slice, offset",
    lambda x: x[1::2],
    lambda g, x: (lambda c: (c.__setitem__(slice(0, 4, 2), g), c)[1])(np.zeros_like(x)),
    shaped((4,)),
)
