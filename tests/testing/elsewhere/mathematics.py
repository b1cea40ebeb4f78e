"""What functions of other libraries compute, in mpmath, and where to look at them: the references of `others.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

from tests.testing.elsewhere import references as ref
from tests.testing.elsewhere.points import line, matrices, pairs, singly, vectors

SELU = (mpf("1.0507009873554804934193349852946"), mpf("1.6732632423543772848170429916717"))
UP, UNIT, BALL = (0, np.inf), (0, 1), (-1, 1)


class Formula(NamedTuple):
    """A function of numbers, or of vectors and matrices, to a number.

    Attributes:
        reference: the function on mpmath's numbers; a vector is a list of them, a matrix a list of lists.
        points: tuples of arguments.
    """

    reference: Callable[..., Any]
    points: list[tuple[Any, ...]]


# fmt: off
FORMULAS = {
    # -- of one number ------------------------------------------------------------------------------------------------
    "exp": Formula(mp.exp, singly()),
    "exp2": Formula(lambda x: mpf(2) ** x, singly()),
    "expm1": Formula(mp.expm1, singly()),
    "log": Formula(mp.log, singly(*UP)),
    "log2": Formula(lambda x: mp.log(x) / mp.log(2), singly(*UP)),
    "log10": Formula(lambda x: mp.log(x) / mp.log(10), singly(*UP)),
    "log1p": Formula(mp.log1p, singly(-1, np.inf)),
    "sqrt": Formula(mp.sqrt, singly(*UP)),
    "rsqrt": Formula(lambda x: 1 / mp.sqrt(x), singly(*UP)),
    "cbrt": Formula(lambda x: mp.sign(x) * abs(x) ** (mpf(1) / 3), singly()),
    "square": Formula(lambda x: x * x, singly()),
    "reciprocal": Formula(lambda x: 1 / x, singly()),
    "abs": Formula(abs, singly()),
    "sin": Formula(mp.sin, singly()), "cos": Formula(mp.cos, singly()), "tan": Formula(mp.tan, singly()),
    "arcsin": Formula(mp.asin, singly(*BALL)), "arccos": Formula(mp.acos, singly(*BALL)),
    "arctan": Formula(mp.atan, singly()),
    "sinh": Formula(mp.sinh, singly()), "cosh": Formula(mp.cosh, singly()), "tanh": Formula(mp.tanh, singly()),
    "arcsinh": Formula(mp.asinh, singly()), "arccosh": Formula(mp.acosh, singly(1, np.inf)),
    "arctanh": Formula(mp.atanh, singly(*BALL)),
    "sinc": Formula(lambda x: mp.sincpi(x), singly()),
    "sec": Formula(mp.sec, singly()), "csc": Formula(mp.csc, singly()), "cot": Formula(mp.cot, singly()),
    "sech": Formula(mp.sech, singly()), "csch": Formula(mp.csch, singly()), "coth": Formula(mp.coth, singly()),
    "arccsc": Formula(lambda x: mp.asin(1 / x), singly(1, np.inf) + singly(-np.inf, -1)),
    "arcsec": Formula(lambda x: mp.acos(1 / x), singly(1, np.inf) + singly(-np.inf, -1)),
    "arccot": Formula(lambda x: mp.atan(1 / x), singly()),
    "arccsch": Formula(lambda x: mp.asinh(1 / x), singly()),
    "arccoth": Formula(lambda x: mp.atanh(1 / x), singly(1, np.inf) + singly(-np.inf, -1)),
    # -- activations --------------------------------------------------------------------------------------------------
    "sigmoid": Formula(ref.sigmoid, singly()),
    "log_sigmoid": Formula(lambda x: -ref.softplus(-x), singly()),
    "softplus": Formula(ref.softplus, singly()),
    "squareplus": Formula(lambda x: (x + mp.sqrt(x * x + 4)) / 2, singly()),
    "silu": Formula(lambda x: x * ref.sigmoid(x), singly()),
    "mish": Formula(lambda x: x * mp.tanh(ref.softplus(x)), singly()),
    "gelu": Formula(ref.gelu, singly()), "gelu_tanh": Formula(ref.gelu_tanh, singly()),
    "relu": Formula(lambda x: max(x, mpf(0)), singly()),
    "relu6": Formula(ref.clipped(0, 6), singly()),
    "leaky_relu": Formula(lambda x: max(x, mpf(0.01) * x), singly()),
    "elu": Formula(lambda x: x if x > 0 else mp.expm1(x), singly()),
    "celu": Formula(lambda x: x if x > 0 else mpf(2) * mp.expm1(x / 2), singly()),
    "selu": Formula(lambda x: SELU[0] * (x if x > 0 else SELU[1] * mp.expm1(x)), singly()),
    "hard_swish": Formula(lambda x: x * ref.clipped(0, 6)(x + 3) / 6, singly()),
    "hard_sigmoid": Formula(lambda x: ref.clipped(0, 6)(x + 3) / 6, singly()),
    "hard_tanh": Formula(ref.clipped(-1, 1), singly()),
    "hard_shrink": Formula(lambda x: x if abs(x) > 0.5 else mpf(0), singly()),
    "soft_shrink": Formula(lambda x: mp.sign(x) * max(abs(x) - mpf(0.5), mpf(0)), singly()),
    "tanh_shrink": Formula(lambda x: x - mp.tanh(x), singly()),
    "soft_sign": Formula(lambda x: x / (1 + abs(x)), singly()),
    # -- special functions --------------------------------------------------------------------------------------------
    "erf": Formula(mp.erf, singly()), "erfc": Formula(mp.erfc, singly()),
    "erfinv": Formula(mp.erfinv, singly(*BALL)),
    "erfcinv": Formula(lambda x: mp.erfinv(1 - x), singly(0, 2)),
    "erfcx": Formula(lambda x: mp.exp(x * x) * mp.erfc(x), singly(-20, np.inf)),
    "dawsn": Formula(lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), singly(-20, 20)),
    "gamma": Formula(mp.gamma, singly(-10, 100, 0.001, -1.5, -2.5)),
    "rgamma": Formula(mp.rgamma, singly(-10, 100, -1.5, -2.0, -3.0)),
    "gammaln": Formula(lambda x: mp.log(abs(mp.gamma(x))), singly(-20, np.inf, -1.5, -2.5)),
    "digamma": Formula(mp.digamma, singly(-20, np.inf, -1.5)),
    "trigamma": Formula(lambda x: mp.psi(1, x), singly(-20, np.inf)),
    "multigammaln": Formula(
        lambda x: mp.log(mp.pi) / 2 + mp.loggamma(x) + mp.loggamma(x - mpf(0.5)), singly(0.5, np.inf)),
    "i0": Formula(lambda x: mp.besseli(0, x), singly()), "i1": Formula(lambda x: mp.besseli(1, x), singly()),
    "i0e": Formula(lambda x: mp.exp(-abs(x)) * mp.besseli(0, x), singly()),
    "i1e": Formula(lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), singly()),
    "j0": Formula(lambda x: mp.besselj(0, x), singly()), "j1": Formula(lambda x: mp.besselj(1, x), singly()),
    "y0": Formula(lambda x: mp.bessely(0, x), singly(*UP)), "y1": Formula(lambda x: mp.bessely(1, x), singly(*UP)),
    "ndtr": Formula(ref.normal, singly()),
    "log_ndtr": Formula(lambda x: mp.log(ref.normal(x)), singly(-100, np.inf)),
    "ndtri": Formula(lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), singly(*UNIT)),
    "logit": Formula(lambda p: mp.log(p / (1 - p)), singly(*UNIT)),
    "entr": Formula(lambda x: -x * mp.log(x), singly(*UP)),
    "spence": Formula(lambda x: ref.real(mp.polylog)(2, 1 - x), singly(0, 3)),
    "exp1": Formula(mp.e1, singly(*UP)), "expi": Formula(mp.ei, singly()),
    "log1mexp": Formula(lambda x: mp.log(-mp.expm1(-x)), singly(*UP)),
    # -- of two numbers -----------------------------------------------------------------------------------------------
    "divide": Formula(lambda x, y: x / y, pairs(line(), line())),
    "power": Formula(
        ref.real(lambda x, y: mp.power(x, y)),
        pairs(line(-3.1, 20), line(-5, 5), (0.0, 2.0), (0.0, 1.0), (-2.0, 3.0))),
    "arctan2": Formula(mp.atan2, pairs(line(), line())),
    "hypot": Formula(mp.hypot, pairs(line(), line(), (3.0, 4.0))),
    "logaddexp": Formula(lambda x, y: ref.logsumexp([x, y]), pairs(line(), line())),
    "logaddexp2": Formula(
        lambda x, y: ref.logsumexp([x * mp.log(2), y * mp.log(2)]) / mp.log(2), pairs(line(), line())),
    "maximum": Formula(max, pairs(line(), line())), "minimum": Formula(min, pairs(line(), line())),
    "remainder": Formula(
        lambda x, y: x - y * mp.floor(x / y), pairs(line(-20, 20), line(0.2, 20), (7.5, 2.0), (-7.5, 2.0))),
    "fmod": Formula(
        lambda x, y: x - y * mp.sign(x / y) * mp.floor(abs(x / y)),
        pairs(line(-20, 20), line(0.2, 20), (-7.5, 2.0))),
    "copysign": Formula(lambda x, y: abs(x) * (1 if y >= 0 else -1), pairs(line(), line())),
    "xlogy": Formula(lambda x, y: x * mp.log(y) if x else mpf(0), pairs(line(), line(*UP))),
    "xlog1py": Formula(lambda x, y: x * mp.log1p(y) if x else mpf(0), pairs(line(), line(-1, np.inf))),
    "rel_entr": Formula(lambda x, y: x * mp.log(x / y), pairs(line(*UP), line(*UP))),
    "kl_div": Formula(lambda x, y: x * mp.log(x / y) - x + y, pairs(line(*UP), line(*UP))),
    "beta": Formula(mp.beta, pairs(line(*UP), line(*UP))),
    "betaln": Formula(lambda x, y: mp.log(mp.beta(x, y)), pairs(line(*UP), line(*UP))),
    "gammainc": Formula(lambda a, x: mp.gammainc(a, 0, x, regularized=True), pairs(line(0, 50), line(0, 50))),
    "gammaincc": Formula(lambda a, x: mp.gammainc(a, x, regularized=True), pairs(line(0, 50), line(0, 50))),
    "zeta": Formula(mp.zeta, pairs(line(1.01, 20), line(0.01, 20))),
    "huber": Formula(lambda x, y: (x - y) ** 2 / 2 if abs(x - y) < 1 else abs(x - y) - mpf(0.5), pairs(line(), line())),
    # -- of a vector --------------------------------------------------------------------------------------------------
    "prod": Formula(mp.fprod, vectors()),
    "cumprod": Formula(ref.running(lambda a, b: a * b), vectors()),
    "cumsum": Formula(ref.running(lambda a, b: a + b), vectors()),
    "cumlogsumexp": Formula(ref.running(lambda a, b: ref.logsumexp([a, b])), vectors()),
    "cummax": Formula(ref.running(max), vectors()),
    "max": Formula(max, vectors()), "min": Formula(min, vectors()),
    "median": Formula(ref.median, vectors()), "lower_median": Formula(ref.lower_median, vectors()),
    "sort": Formula(lambda xs: ref.weighted(sorted(xs)), vectors()),
    "norm": Formula(ref.norm, vectors()),
    "norm1": Formula(lambda xs: ref.norm(xs, 1), vectors()), "norm3": Formula(lambda xs: ref.norm(xs, 3), vectors()),
    "norm_inf": Formula(lambda xs: max(map(abs, xs)), vectors()),
    "var": Formula(ref.deviation, vectors()), "std": Formula(lambda xs: mp.sqrt(ref.deviation(xs)), vectors()),
    "logsumexp": Formula(ref.logsumexp, vectors()),
    "softmax": Formula(lambda xs: ref.weighted(ref.softmax(xs)), vectors()),
    "log_softmax": Formula(lambda xs: ref.weighted(x - ref.logsumexp(xs) for x in xs), vectors()),
    "normalize": Formula(lambda xs: ref.weighted(x / ref.norm(xs) for x in xs), vectors()),
    "cosine_similarity": Formula(lambda a: ref.cosine(a, [n + 1 for n in range(len(a))]), vectors()),
    "distance": Formula(lambda a: ref.norm([x - 1 for x in a]), vectors()),
    # -- of a matrix --------------------------------------------------------------------------------------------------
    "det": Formula(ref.det, matrices()),
    "slogdet": Formula(lambda a: mp.log(abs(ref.det(a))), matrices()),
    "inv": Formula(ref.adjugate_sum, matrices()),
    "cholesky": Formula(ref.cholesky, matrices(definite=True)),
    "svdvals": Formula(ref.singular_values, matrices()),
    "nuclear": Formula(ref.nuclear, matrices()),
    "eigvalsh": Formula(ref.eigenvalues, matrices(symmetric=True)),
    "expm": Formula(ref.exponential, matrices()),
}
# fmt: on
