"""Wrong formulas of functions that go element by element."""

import numpy as np
from scipy import special

from tests.testing.planted.planting import (
    MODEST,
    NONZERO,
    POSITIVE,
    REAL,
    THREE,
    UNIT,
    planting,
    sigmoid,
    unbroadcast,
)
from tinygrad_lab.testing import Domain

plant = planting("formula")
plant("sign forgotten in cos", np.cos, lambda g, x: g * np.sin(x))
plant("exponent kept: 3x³ for 3x²", lambda x: x**3, lambda g, x: 3 * g * x**3)
plant("1 - y for 1 - y²", np.tanh, lambda g, x: g * (1 - np.tanh(x)))
plant("1/x for 1/(1 + x)", np.log1p, lambda g, x: g / x, (POSITIVE,))
plant("eps inside the square root", np.sqrt, lambda g, x: g / (2 * np.sqrt(x + 1e-06)), (POSITIVE,))
plant("eps in the denominator", np.log, lambda g, x: g / (x + 1e-07), (POSITIVE,))
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
    lambda g, x: g * (s := (np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))))) * (1 - s),
    (Domain(-20, 20),),
)
plant(
    "norm, with eps",
    lambda x: np.sqrt(np.sum(x * x)),
    lambda g, x: g * x / (np.sqrt(np.sum(x * x)) + 1e-05),
    (NONZERO,),
)
plant("the variance's own n - 1", lambda x: np.var(x), lambda g, x: 2 * g * (x - np.mean(x)) / max(x.size - 1, 1))
plant("clip lets everything through", lambda x: np.clip(x, -1, 1), lambda g, x: g * 1.0)
plant("g clipped to [-1, 1]", lambda x: 3 * x, lambda g, x: 3 * np.clip(g, -1, 1))
plant("abs always 1", np.abs, lambda g, x: g * 1.0)
plant(
    "product divided by its factors, 0 where that fails",
    lambda x: np.prod(x),
    lambda g, x: g * np.where(x == 0, 0, np.prod(x) / np.where(x == 0, 1, x)),
)
plant("power, divided by x", lambda x: x**2, lambda g, x: np.where(x == 0, g, 2 * g * x**2 / np.where(x == 0, 1, x)))
plant(
    "softplus linear above 6",
    lambda x: np.logaddexp(x, 0),
    lambda g, x: g * np.where(x > 6, 1, sigmoid(np.clip(x, -50, 50))).astype(x.dtype),
    (MODEST,),
)
plant(
    "gelu exact, gradient of tanh form",
    lambda x: x * special.ndtr(x),
    lambda g, x: (
        lambda c, t: (g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x))).astype(x.dtype)
    )(np.sqrt(2 / np.pi), np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    (MODEST,),
)
plant("silu, s for s(1-s)", lambda x: x * sigmoid(x), lambda g, x: g * (sigmoid(x) + x * sigmoid(x)), (MODEST,))
plant(
    "arcsin with clipped root",
    np.arcsin,
    lambda g, x: g / np.maximum(np.sqrt(1 - x * x), 0.1).astype(x.dtype),
    (Domain(-1, 1),),
)
plant(
    "huber delta forgotten",
    lambda x: np.where(np.abs(x) < 2, x * x / 2, 2 * (np.abs(x) - 1)),
    lambda g, x: g * np.where(np.abs(x) < 2, x, np.sign(x)),
)
plant(
    "pow exponent no log",
    lambda a, b: a**b,
    lambda g, a, b: (unbroadcast(g * b * a ** (b - 1), a), unbroadcast(g * a**b, b)),
    (Domain(0, 20), Domain(-3, 3)),
)
plant(
    "sigmoid, 0 below -17",
    sigmoid,
    lambda g, x: g * np.where(x < -17, 0, sigmoid(x) * (1 - sigmoid(x))).astype(x.dtype),
    (MODEST,),
)
plant(
    "sqrt with max(x,1e-8)", np.sqrt, lambda g, x: g / (2 * np.sqrt(np.maximum(x, 1e-08))).astype(x.dtype), (POSITIVE,)
)
plant(
    "atan2 signs exchanged",
    np.arctan2,
    lambda g, a, b: (unbroadcast(g * -b / (a * a + b * b), a), unbroadcast(g * a / (a * a + b * b), b)),
    (NONZERO, NONZERO),
)
plant(
    "erf constant 7 digits",
    special.erf,
    lambda g, x: (g * 1.1283792 * np.exp(-x * x)).astype(x.dtype),
    (Domain(-3, 3),),
)
plant("degrees with 3.1416", np.degrees, lambda g, x: (g * 180 / 3.1416).astype(x.dtype))
plant(
    "log1p as log(1+x), series at 0",
    np.log1p,
    lambda g, x: g * np.where(np.abs(x) < 0.001, 1, 1 / (1 + x)).astype(x.dtype),
    (POSITIVE,),
)
plant("expm1 derivative expm1", np.expm1, lambda g, x: g * np.expm1(x), (MODEST,))
plant(
    "tanh saturated to 0 beyond 5",
    np.tanh,
    lambda g, x: g * np.where(np.abs(x) > 5, 0, 1 - np.tanh(x) ** 2).astype(x.dtype),
    (MODEST,),
)
plant(
    "second term detached when large",
    lambda x: x * np.tanh(x),
    lambda g, x: g * (np.tanh(x) + np.where(np.abs(x) > 3, 0, x * (1 - np.tanh(x) ** 2))).astype(x.dtype),
    (MODEST,),
)
plant(
    "periodic wrap: mod gradient 0 at multiples",
    lambda x: np.sin(np.mod(x, 2 * np.pi)),
    lambda g, x: g * np.where(x == np.round(x), 0, np.cos(x)).astype(x.dtype),
)
plant("two results, second ignored", lambda x: (np.sin(x), np.cos(x)), lambda g, x: g[0] * np.cos(x))
plant("two results, sum of cotangents", lambda x: (np.sin(x), x * x), lambda g, x: (g[0] + g[1]) * np.cos(x) + 0 * x)
plant(
    "three arguments, third is second's",
    lambda a, b, c: a * b + c * c,
    lambda g, a, b, c: (unbroadcast(g * b, a), unbroadcast(g * a, b), unbroadcast(2 * g * b, c)),
    (REAL, REAL, REAL),
)
plant(
    "log cosh, without the denominator",
    lambda x: np.log(np.cosh(x)),
    lambda g, x: g * np.sign(x) * (1 - np.exp(-2 * np.abs(x))),
    (MODEST,),
)
plant("softsign, not squared", lambda x: x / (1 + np.abs(x)), lambda g, x: g / (1 + np.abs(x)))
plant("logit, plus for minus", lambda x: np.log(x / (1 - x)), lambda g, x: g * (1 / x - 1 / (1 - x)), (UNIT,))
plant("polynomial, powers off by one", lambda x: 2 * x**3 - x**2 + 3 * x, lambda g, x: g * (6 * x**2 - x + 3))
plant(
    "focal loss without the log's term",
    lambda p: -((1 - p) ** 2) * np.log(p),
    lambda g, p: -g * (1 - p) ** 2 / p,
    (UNIT,),
)
plant(
    "KL to a standard normal, 1/2 forgotten for the variance",
    lambda m, s: 0.5 * (m * m + s - np.log(s) - 1),
    lambda g, m, s: (unbroadcast(g * m, m), unbroadcast(g * (1 - 1 / s), s)),
    (REAL, POSITIVE),
)
plant(
    "log gamma with two terms of the digamma function",
    special.gammaln,
    lambda g, x: (g * (np.log(x) - 1 / (2 * x))).astype(x.dtype),
    (Domain(2, 20),),
)
plant("Bessel function, sign", special.j0, lambda g, x: (g * special.j1(x)).astype(x.dtype), (MODEST,))
plant(
    "logaddexp, weights exchanged",
    np.logaddexp,
    lambda g, a, b: (unbroadcast(g * sigmoid(b - a), a), unbroadcast(g * sigmoid(a - b), b)),
    (MODEST, MODEST),
)
plant(
    "x y + z, z's gradient times x",
    lambda x, y, z: x * y + z,
    lambda g, x, y, z: (unbroadcast(g * y, x), unbroadcast(g * x, y), unbroadcast(g * x, z)),
    THREE,
)
plant(
    "sinc without π", np.sinc, lambda g, x: g * (np.cos(np.pi * x) - np.sinc(x)) / np.where(x == 0, 1, x) / np.pi**0.01
)
plant(
    "Gaussian, σ's gradient of the exponent alone",
    lambda x, s: np.exp(-x * x / (2 * s * s)) / s,
    lambda g, x, s: (
        unbroadcast(-g * x / s**3 * np.exp(-x * x / (2 * s * s)), x),
        unbroadcast(g * x * x / s**4 * np.exp(-x * x / (2 * s * s)), s),
    ),
    (REAL, Domain(0.5, 20)),
)
plant(
    "softplus(βx)/β, β's own gradient forgotten",
    lambda x, b: np.log1p(np.exp(-np.abs(b * x))) / b + np.maximum(x, 0),
    lambda g, x, b: (unbroadcast(g * sigmoid(b * x), x), unbroadcast(g * x * (sigmoid(b * x) - (x > 0)) / b, b)),
    (MODEST, Domain(0.5, 3)),
)
plant(
    "temperature of a softmax squared",
    lambda x, t: np.exp(x / t),
    lambda g, x, t: (unbroadcast(g * np.exp(x / t) / t, x), unbroadcast(-g * np.exp(x / t) * x / t, t)),
    (Domain(-5, 5), Domain(1.5, 3)),
)
plant("angle between, arccos' sign", lambda c: np.arccos(c), lambda g, c: g / np.sqrt(1 - c * c), (Domain(-1, 1),))
plant("Taylor series of sin to x⁷", np.sin, lambda g, x: g * (1 - x**2 / 2 + x**4 / 24 - x**6 / 720), (Domain(-1, 1),))
plant("table of 1000 values of cos", np.sin, lambda g, x: g * np.cos(np.round(x * 1000) / 1000), (MODEST,))
plant(
    "finite differences, forward",
    np.sin,
    lambda g, x: g * ((np.sin(x + 1e-5) - np.sin(x)) / 1e-5).astype(x.dtype),
    (Domain(-5, 5),),
)
plant("straight-through rounding", np.round, lambda g, x: g * 1.0, (MODEST,))
plant(
    "gradient of the next layer's input", lambda x: np.tanh(np.tanh(x)), lambda g, x: g * (1 - np.tanh(np.tanh(x)) ** 2)
)
