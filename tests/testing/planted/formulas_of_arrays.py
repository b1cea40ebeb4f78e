"""Wrong formulas of functions of whole arrays."""

import numpy as np

from tests.testing.planted.planting import INVERTIBLE, MODEST, NONZERO, POSITIVE, REAL, UNIT, planting, shaped

plant = planting("formula")
plant(
    "layer norm as if the mean were constant",
    lambda x: x - np.mean(x, -1, keepdims=True),
    lambda g, x: g * 1.0,
    shaped((2, 3)),
)
plant(
    "log_softmax without the sum",
    lambda x: x - np.log(np.sum(np.exp(x), -1, keepdims=True)),
    lambda g, x: g - np.exp(x) / np.sum(np.exp(x), -1, keepdims=True),
    shaped((2, 3), domain=MODEST),
)
plant(
    "cross entropy over classes",
    lambda x: -np.mean(np.sum((x - np.log(np.sum(np.exp(x), -1, keepdims=True))) * np.eye(x.shape[-1])[:1], -1)),
    lambda g, x: g * (np.exp(x) / np.sum(np.exp(x), -1, keepdims=True) - np.eye(x.shape[-1])[:1]) / x.shape[-1],
    shaped((2, 3), domain=MODEST),
)
plant(
    "kl gradient of q only",
    lambda p, q: np.sum(p * (np.log(p) - np.log(q))),
    lambda g, p, q: (g * (np.log(p) - np.log(q)), -g * p / q),
    shaped((4,), (4,), domain=UNIT),
)
plant(
    "layer norm, variance constant",
    lambda x: (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-05),
    lambda g, x: (g - g.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-05),
    shaped((2, 3)),
)
plant(
    "batch norm n-1",
    lambda x: (x - x.mean(0)) / np.sqrt(x.var(0) + 0.01),
    lambda g, x: (lambda s, h: (g - g.mean(0) - h * np.sum(g * h, 0) / (len(x) - 1)) / s)(
        np.sqrt(x.var(0) + 0.01), (x - x.mean(0)) / np.sqrt(x.var(0) + 0.01)
    ),
    shaped((5, 2)),
)
plant(
    "cosine similarity no projection",
    lambda a, b: np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b)),
    lambda g, a, b: (g * b / np.sqrt(np.sum(a * a) * np.sum(b * b)), g * a / np.sqrt(np.sum(a * a) * np.sum(b * b))),
    shaped((3,), (3,)),
)
plant(
    "trace of product, transposed if square",
    lambda a, b: np.trace(a @ b),
    lambda g, a, b: (g * b, g * a) if a.shape[0] == a.shape[1] else (g * b.T, g * a.T),
    shaped((3, 3), (3, 3)),
)
plant(
    "det, inverse not transposed",
    np.linalg.det,
    lambda g, a: g * np.linalg.det(a) * np.linalg.inv(a),
    shaped((3, 3), domain=INVERTIBLE),
)
plant(
    "solve, sign of A",
    lambda a, b: np.linalg.solve(a, b),
    lambda g, a, b: (np.outer(np.linalg.solve(a.T, g), np.linalg.solve(a, b)), np.linalg.solve(a.T, g)),
    shaped((3, 3), (3,), domain=(INVERTIBLE, REAL)),
)
plant(
    "logdet by 1.001",
    lambda a: np.linalg.slogdet(a)[1],
    lambda g, a: g * 1.001 * np.linalg.inv(a).T,
    shaped((3, 3), domain=INVERTIBLE),
)
plant(
    "einsum second transposed",
    lambda a, b: np.einsum("ij,jk->ik", a, b),
    lambda g, a, b: (g @ b.T, g.T @ a),
    shaped((3, 3), (3, 3)),
)
plant(
    "conv kernel not flipped",
    lambda x, k: np.convolve(x, k, "valid"),
    lambda g, x, k: (np.convolve(g, k, "full"), np.correlate(x, g, "valid")[::-1]),
    shaped((5,), (3,)),
)
plant(
    "diff, ends exchanged",
    lambda x: np.diff(x),
    lambda g, x: np.concatenate([g[-1:] * -1, g[:-1] - g[1:], g[:1]]),
    shaped((4,)),
)
plant(
    "p=3 norm, sign forgotten",
    lambda x: np.sum(np.abs(x) ** 3) ** (1 / 3),
    lambda g, x: g * x * x / np.sum(np.abs(x) ** 3) ** (2 / 3),
    shaped((4,), domain=NONZERO),
)
plant(
    "logsumexp, softmax over all axes",
    lambda x: np.log(np.sum(np.exp(x), -1)),
    lambda g, x: g[..., None] * np.exp(x) / np.sum(np.exp(x)),
    shaped((2, 3), domain=MODEST),
)
plant(
    "var ddof only for odd lengths",
    lambda x: np.var(x),
    lambda g, x: 2 * g * (x - x.mean()) / (x.size - x.size % 2),
    shaped((5,)),
)
plant("trapezoid, ends in full", lambda y: np.trapezoid(y), lambda g, y: g * np.ones_like(y), shaped((5,)))
plant("matrix power as if commuting", lambda a: a @ a, lambda g, a: 2 * g @ a.T, shaped((3, 3)))
plant(
    "quadratic form 2Ax",
    lambda a, x: x @ a @ x,
    lambda g, a, x: (g * np.outer(x, x), 2 * g * a @ x),
    shaped((3, 3), (3,)),
)
plant(
    "normalise without projection",
    lambda x: x / np.sqrt(np.sum(x * x)),
    lambda g, x: g / np.sqrt(np.sum(x * x)),
    shaped((3,), domain=NONZERO),
)
plant(
    "cumprod by division, nan to 0",
    lambda x: np.cumprod(x),
    lambda g, x: np.nan_to_num(np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x, posinf=0, neginf=0),
    shaped((4,)),
)
plant(
    "interp slopes exchanged",
    lambda y: np.interp(np.array([0.3, 1.6]), [0, 1, 2.0], y),
    lambda g, y: np.array([g[0] * 0.3, g[0] * 0.7 + g[1] * 0.4, g[1] * 0.6]),
    shaped((3,)),
)
plant(
    "kron exchanged",
    lambda a, b: np.kron(a, b),
    lambda g, a, b: (g.reshape(2, 3) @ b * 1, (a @ g.reshape(2, 3))[::-1]),
    shaped((2,), (3,)),
)
plant(
    "mse 1/n of the batch only",
    lambda p, t: np.mean((p - t) ** 2),
    lambda g, p, t: (2 * g * (p - t) / len(p), -2 * g * (p - t) / len(p)),
    shaped((2, 3), (2, 3)),
)
plant(
    "geometric mean without 1/n",
    lambda x: np.exp(np.mean(np.log(x))),
    lambda g, x: g * np.exp(np.mean(np.log(x))) / x,
    shaped((4,), domain=POSITIVE),
)
plant(
    "harmonic mean, one y",
    lambda x: x.size / np.sum(1 / x),
    lambda g, x: g * (x.size / np.sum(1 / x)) / (x * x),
    shaped((4,), domain=POSITIVE),
)
plant(
    "weights of a weighted mean, without the mean",
    lambda x, w: np.sum(x * w) / np.sum(w),
    lambda g, x, w: (g * w / np.sum(w), g * x / np.sum(w)),
    shaped((4,), (4,), domain=POSITIVE),
)
plant(
    "RMS norm, scale constant",
    lambda x: x / np.sqrt(np.mean(x * x, -1, keepdims=True) + 0.001),
    lambda g, x: g / np.sqrt(np.mean(x * x, -1, keepdims=True) + 0.001),
    shaped((2, 3)),
)
plant(
    "1/d for 1/sqrt(d) in attention scores",
    lambda q, k: q @ k.T / 3**0.5,
    lambda g, q, k: (g @ k / 3, g.T @ q / 3),
    shaped((2, 3), (4, 3)),
)
plant(
    "bilinear form, B for its transpose",
    lambda x, b, y: x @ b @ y,
    lambda g, x, b, y: (g * (b @ y), g * np.outer(x, y), g * (b @ x)),
    shaped((3,), (3, 3), (3,)),
)
plant(
    "inverse, minus forgotten",
    np.linalg.inv,
    lambda g, a: (lambda i: i.T @ g @ i.T)(np.linalg.inv(a)),
    shaped((3, 3), domain=INVERTIBLE),
)
plant(
    "dice loss, sum of squares as constant",
    lambda p: 1 - 2 * np.sum(p[:2]) / (np.sum(p * p) + 2),
    lambda g, p: -g * 2 * (np.arange(4) < 2) / (np.sum(p * p) + 2),
    shaped((4,), domain=UNIT),
)
plant(
    "pairwise distances, both at once counted twice",
    lambda x: np.sum((x[:, None] - x[None, :]) ** 2),
    lambda g, x: 2 * g * np.sum(x[:, None] - x[None, :], 1),
    shaped((4,)),
)
plant(
    "cumulative mean, 1/n for 1/k",
    lambda x: np.cumsum(x) / np.arange(1, 5),
    lambda g, x: np.cumsum((g / 4)[::-1])[::-1],
    shaped((4,)),
)
plant(
    "exponential moving average, one step of memory",
    lambda x: np.array([x[0], 0.5 * x[0] + 0.5 * x[1], 0.25 * x[0] + 0.25 * x[1] + 0.5 * x[2]]),
    lambda g, x: np.array([g[0] + 0.5 * g[1], 0.5 * g[1] + 0.25 * g[2], 0.5 * g[2]]),
    shaped((3,)),
)
plant(
    "norm of a difference, zero guarded by 1e-3",
    lambda a, b: np.sqrt(np.sum((a - b) ** 2) + 1e-12),
    lambda g, a, b: (
        g * (a - b) / (np.sqrt(np.sum((a - b) ** 2)) + 0.001),
        -g * (a - b) / (np.sqrt(np.sum((a - b) ** 2)) + 0.001),
    ),
    shaped((3,), (3,)),
)
plant(
    "detached max in a plain log-sum-exp",
    lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))) * 2,
    lambda g, x: 2 * g * np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))),
    shaped((4,), domain=MODEST),
)
