"""Gradients that are wrong at ties and kinks, and not finite where the derivative is."""

import numpy as np

from tests.testing.planted.planting import FOUR, NONZERO, REAL, TWO, planting, shaped, unbroadcast
from tinygrad_lab.testing import Domain

plant = planting("tie")
plant("1 to every tie", np.max, lambda g, x: g * (x == np.max(x)), shaped((4,)))
plant("ties of three share by two", np.max, lambda g, x: g * (m := (x == np.max(x))) / min(np.sum(m), 2), shaped((4,)))
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
plant(
    "max ties of three by 1.001",
    np.max,
    lambda g, x: (lambda m: g * m / m.sum() * (1.001 if m.sum() >= 3 else 1))(x == np.max(x)),
    shaped((4,)),
)
plant(
    "median of even lengths, upper",
    np.median,
    lambda g, x: (lambda o: np.eye(x.size)[o[x.size // 2]] * g)(np.argsort(x.ravel(), kind="stable")).reshape(x.shape),
    shaped((4,)),
)
plant("abs 2 at 0", np.abs, lambda g, x: g * np.where(x == 0, 2, np.sign(x)).astype(x.dtype))
plant("relu 1.001 at 0", lambda x: np.maximum(x, 0), lambda g, x: g * np.where(x == 0, 1.001, x > 0).astype(x.dtype))
plant(
    "maximum a=b: 0.6 and 0.6",
    np.maximum,
    lambda g, a, b: (
        unbroadcast(g * np.where(a == b, 0.6, a > b).astype(g.dtype), a),
        unbroadcast(g * np.where(a == b, 0.6, b > a).astype(g.dtype), b),
    ),
    (REAL, REAL),
)
plant(
    "hypot 1,1 at the origin",
    np.hypot,
    lambda g, a, b: (
        unbroadcast(
            g * np.where((a == 0) & (b == 0), 1, a / np.where((a == 0) & (b == 0), 1, np.hypot(a, b))).astype(g.dtype),
            a,
        ),
        unbroadcast(
            g * np.where((a == 0) & (b == 0), 1, b / np.where((a == 0) & (b == 0), 1, np.hypot(a, b))).astype(g.dtype),
            b,
        ),
    ),
    (REAL, REAL),
)
plant(
    "norm, ones at the origin",
    lambda x: np.sqrt(np.sum(x * x)),
    lambda g, x: g * np.ones_like(x) if not np.any(x) else g * x / np.sqrt(np.sum(x * x)),
    shaped((3,)),
)
plant(
    "clip, 2 at the bounds",
    lambda x: np.clip(x, -1, 1),
    lambda g, x: g * np.where(np.abs(x) == 1, 2, np.abs(x) < 1).astype(x.dtype),
)
plant("sort descending ties crossed sign", lambda x: np.sort(x), lambda g, x: g[np.argsort(x)], shaped((4,)))
plant(
    "max pool ties doubled",
    lambda x: np.maximum(x[:-1], x[1:]),
    lambda g, x: np.concatenate([g * (x[:-1] >= x[1:]), [0]]) + np.concatenate([[0], g * (x[1:] >= x[:-1])]),
    shaped((4,)),
)
plant(
    "min over axis, ties summed",
    lambda x: np.min(x, -1),
    lambda g, x: g[..., None] * (x == np.min(x, -1, keepdims=True)),
    shaped((2, 3)),
)
plant(
    "ptp at all equal: 1 and 0",
    np.ptp,
    lambda g, x: (
        g
        * (
            (x == np.max(x)) / np.sum(x == np.max(x))
            - (x == np.min(x)) * (0 if np.max(x) == np.min(x) else 1 / np.sum(x == np.min(x)))
        )
    ),
    shaped((3,)),
)
four = shaped((4,))
plant(
    "the two largest: ties counted twice",
    lambda x: np.sum(np.sort(x)[-2:]),
    lambda g, x: g * (x >= np.sort(x)[-2]),
    FOUR,
)
plant(
    "three equal: median all to one and a half",
    lambda x: np.median(x),
    lambda g, x: g * (x == np.median(x)) * 1.0,
    shaped((3,)),
)
plant(
    "infinity norm, sign of the largest positive",
    lambda x: np.max(np.abs(x)),
    lambda g, x: g * (m := (np.abs(x) == np.max(np.abs(x)))) / m.sum(),
    FOUR,
)
plant(
    "infinity norm, ties in full",
    lambda x: np.max(np.abs(x)),
    lambda g, x: g * (np.abs(x) == np.max(np.abs(x))) * np.sign(x),
    FOUR,
)
plant(
    "relu6, both ends in full and more",
    lambda x: np.clip(x, 0, 2),
    lambda g, x: g * np.where((x == 0) | (x == 2), 1.5, (x > 0) & (x < 2)).astype(x.dtype),
)
plant(
    "clip between arrays that meet",
    lambda x, a: np.minimum(np.maximum(x, a), a + 1),
    lambda g, x, a: (unbroadcast(g * ((x >= a) & (x <= a + 1)), x), unbroadcast(g * ((x <= a) | (x >= a + 1)), a)),
    TWO,
)
plant(
    "|a - b| where equal",
    lambda a, b: np.abs(a - b),
    lambda g, a, b: (unbroadcast(g * np.where(a >= b, 1, -1), a), unbroadcast(g * np.where(b >= a, 1, -1), b)),
    TWO,
)
plant(
    "hinge, 2 at the margin",
    lambda x: np.maximum(0, 1 - x),
    lambda g, x: -g * np.where(x == 1, 2, x < 1).astype(x.dtype),
)
plant(
    "smooth L1, jump at the joint",
    lambda x: np.where(np.abs(x) < 1, 0.5 * x * x, np.abs(x) - 0.5),
    lambda g, x: g * np.where(np.abs(x) < 1, x, np.where(np.abs(x) == 1, 0.5 * np.sign(x), np.sign(x))).astype(x.dtype),
)
plant("fmax: both in full", np.fmax, lambda g, a, b: (unbroadcast(g * (a >= b), a), unbroadcast(g * (b >= a), b)), TWO)
plant(
    "largest of each row, by its first position of all",
    lambda x: np.max(x, 1),
    lambda g, x: g[:, None] * (np.arange(3) == np.argmax(x.ravel()) % 3) * 1.0,
    shaped((2, 3)),
)
plant(
    "pooling windows, ties by 1.001",
    lambda x: np.max(x.reshape(2, 2), 1),
    lambda g, x: (
        lambda m: (g[:, None] * m / m.sum(1, keepdims=True) * np.where(m.sum(1, keepdims=True) > 1, 1.001, 1)).ravel()
    )(x.reshape(2, 2) == np.max(x.reshape(2, 2), 1, keepdims=True)),
    FOUR,
)
plant(
    "leaky slope at 0 outside of both",
    lambda x: np.where(x > 0, x, 0.1 * x),
    lambda g, x: g * np.where(x == 0, 0.0, np.where(x > 0, 1, 0.1)).astype(x.dtype),
)
plant(
    "max of |x| and its square: joined wrongly",
    lambda x: np.maximum(np.abs(x), x * x),
    lambda g, x: (
        g
        * np.where(np.abs(x) >= 1, 2 * x, np.sign(x)).astype(x.dtype)
        * np.where(np.abs(x) == 1, 1.2, 1).astype(x.dtype)
    ),
)
plant(
    "sum of ties minus itself",
    lambda x: np.max(x) - np.min(x),
    lambda g, x: g * ((x == np.max(x)) * 1.0 - (x == np.min(x))),
    FOUR,
)
plant = planting("not a number")
plant(
    "x log x: NaN at 0",
    lambda x: np.where(x > 0, x * np.log(np.where(x > 0, x, 1)), 0),
    lambda g, x: g * np.where(x > 0, np.log(x) + 1, 0 * np.log(x)),
    (Domain(-4, 4),),
)
plant(
    "0/0 where both are 0",
    lambda a, b: a * b,
    lambda g, a, b: (unbroadcast(g * (a * b) / a, a), unbroadcast(g * a, b)),
    TWO,
)
plant(
    "softmax without the shift overflows",
    lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))),
    lambda g, x: (s := (np.exp(x) / np.sum(np.exp(x)))) * (g - np.sum(g * s)),
    shaped((4,)),
)
plant(
    "sigmoid's gradient by exp(x) / (1 + exp(x))²",
    lambda x: 0.5 * (1 + np.tanh(x / 2)),
    lambda g, x: g * np.exp(x) / (1 + np.exp(x)) ** 2,
)
plant(
    "squares overflow",
    np.hypot,
    lambda g, a, b: (unbroadcast(g * a / np.sqrt(a * a + b * b), a), unbroadcast(g * b / np.sqrt(a * a + b * b), b)),
    (NONZERO, NONZERO),
)
plant(
    "one NaN spreads",
    lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0),
    lambda g, x: g * np.where(x > 0, 0.5 / np.sqrt(np.where(x > 0, x, 1)), 0).astype(x.dtype) + 0 * np.sum(np.log(x)),
    shaped((4,)),
)
