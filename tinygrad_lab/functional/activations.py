"""Activation functions, elementwise; all of them are finite and quiet over the whole range of the dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.core.registry import primitive
from tinygrad_lab.errors import OperationError


@primitive(lambda g, y, x: g * (y > 0), elementwise=True)
def relu(x: Any) -> Any:
    """Return the positive part, `max(x, 0)`; its derivative at 0 is 0.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.relu(np.array([-1.0, 0.0, 2.0]))
        array([0., 0., 2.])

    Source: V. Nair, G. Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.
    """
    return np.maximum(x, 0)


@primitive(lambda g, y, x, negative_slope=0.01: np.where(x > 0, g, negative_slope * g), elementwise=True)
def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """Return `x` where it is positive and `negative_slope · x` elsewhere; the derivative at 0 is `negative_slope`.

    Arguments:
        x: array of any shape.
        negative_slope: the slope below 0.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.leaky_relu(np.array([-1.0, 0.0, 2.0]))
        array([-0.01,  0.  ,  2.  ])

    Source: A. Maas, A. Hannun, A. Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    """
    return np.where(x > 0, x, negative_slope * x)[()]


@primitive(
    lambda g, y, x, alpha=1.0: g * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0))),
    elementwise=True,
)
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return the exponential linear unit, `x` where it is positive and `alpha · (exp(x) − 1)` elsewhere.

    Arguments:
        x: array of any shape.
        alpha: minus the limit towards −∞.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.elu(np.array([-1e4, 0.0, 2.0]))
        array([-1.,  0.,  2.])

    Source: D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by exponential
    linear units", 2015.
    """
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))[()]


@primitive(lambda g, y, x: g * (y * (1 - y)), elementwise=True)
@np.errstate(over="ignore")  # exp gives ∞ where the result is 0, or below the dtype's normal numbers
def sigmoid(x: Any) -> Any:
    """Return the logistic function, `1 / (1 + exp(−x))`, accurate in both tails.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.sigmoid(np.array([-1e4, 0.0, 1e4]))
        array([0. , 0.5, 1. ])
    """
    return 1.0 / (1.0 + np.exp(-x))


@primitive(lambda g, y, x: g * sigmoid(x), elementwise=True)
def softplus(x: Any) -> Any:
    """Return a smooth positive part, `log(1 + exp(x))`.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.softplus(np.array([-1e4, 0.0, 1e4]))
        array([0.00000000e+00, 6.93147181e-01, 1.00000000e+04])

    Source: C. Dugas and others, "Incorporating second-order functional knowledge for better option pricing", 2000.
    """
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


def _silu_rule(g: Any, y: Any, x: Any) -> Any:
    """(s + x s (1 − s)) · g, where s = sigmoid(x)."""
    s = sigmoid(x)
    return g * (s + np.clip(x, -1e4, 1e4) * s * (1 - s))  # the bounds spare ±∞ the product ∞ · 0


@primitive(_silu_rule, elementwise=True)
def silu(x: Any) -> Any:
    """Return the sigmoid linear unit, also called swish, `x · sigmoid(x)`.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.silu(np.array([-1e4, 0.0, 1e4]))
        array([   -0.,     0., 10000.])

    Source: S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units for neural network function approximation
    in reinforcement learning", 2017.
    """
    return np.maximum(x, -1e4) * sigmoid(x)  # the bound lets −∞ give 0


# The normal distribution, for GELU. NumPy has no error function: with z = |x| / √2 and u = (2 − z) / (2 + z), the
# product exp(z²) · erfc(z) · (2 + z) / 2 is a smooth function of u on (−1, 1]. This is its Chebyshev interpolant of
# degree 25, computed with 60 digits and written in powers of u, highest first; its relative error is about 1e-17.
_ERFCX = (
    -1.0590332167957264e-09, -1.911173731692637e-09, 1.3216324905993225e-08, 6.520434633341623e-09,
    -6.965842774647576e-08, 3.6000845241116603e-08, 1.7867229209713882e-07, -3.2624609345074325e-07,
    -1.3754505479743014e-08, 1.0305699214514374e-06, -1.8150355099345363e-06, -5.776423611005335e-07,
    8.057875868017365e-06, -1.0842985329986467e-05, -1.7073781134089595e-05, 7.223418829505442e-05,
    -1.7185831874834705e-05, -0.0003315365766901473, 0.0004186480432791042, 0.0015453060141013288,
    -0.003239592534582067, -0.010755330944036532, 0.01822111575345904, 0.13973604627801475,
    0.34358034220690514, 0.5107913526210115,
)  # fmt: skip
_FAR = 40.0  # from here on the tail of the normal distribution is 0 in float64


def _normal_density(x: Any) -> Any:
    x = np.clip(x, -_FAR, _FAR)
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


@primitive(lambda g, y, x: g * _normal_density(x), elementwise=True)
def normal_cdf(x: Any) -> Any:
    """Return the standard normal distribution function, `Φ(x) = (1 + erf(x / √2)) / 2`, accurate in the lower tail.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.normal_cdf(np.array([-40.0, 0.0, 1.96]))
        array([0.        , 0.5       , 0.9750021])

    Source: interpolation in (2 − z) / (2 + z) follows M. Shepherd, J. Laframboise, "Chebyshev approximation of
    (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞", 1981.
    """
    far = np.clip(x, -_FAR, _FAR)
    half = 1 / (1 + abs(far) * math.sqrt(0.125))
    u = 2 * half - 1
    series = _ERFCX[0] * u
    for coefficient in _ERFCX[1:-1]:
        series = (series + coefficient) * u
    tail = 0.5 * half * (series + _ERFCX[-1]) * np.exp(-0.5 * far * far)
    return np.where(x < 0, tail, 1 - tail)[()]


@primitive(lambda g, y, x: g * (normal_cdf(x) + np.clip(x, -_FAR, _FAR) * _normal_density(x)), elementwise=True)
def _gelu_exact(x: Any) -> Any:
    return np.maximum(x, -_FAR) * normal_cdf(x)  # the bound lets −∞ give 0


_BEYOND = 10.0  # from here on the tanh below is ±1 in float64


def _gelu_angle(x: Any) -> Any:
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)


def _gelu_tanh_rule(g: Any, y: Any, x: Any) -> Any:
    """((1 + t) / 2 + x / 2 · (1 − t²) · u') · g, where t = tanh(u), u = √(2/π) · (x + 0.044715 x³)."""
    x = np.clip(x, -_BEYOND, _BEYOND)
    t = np.tanh(_gelu_angle(x))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


@primitive(_gelu_tanh_rule, elementwise=True)
def _gelu_tanh(x: Any) -> Any:
    bounded = np.maximum(x, -_BEYOND)
    return 0.5 * bounded * (1 + np.tanh(_gelu_angle(np.minimum(bounded, _BEYOND))))


def gelu(x: Any, approximate: str = "none") -> Any:
    """Return the Gaussian error linear unit, `x · Φ(x)`, with Φ the standard normal distribution function.

    Arguments:
        x: array of any shape.
        approximate: "none", or "tanh" for `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`.

    Raises:
        OperationError: for any other `approximate`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.gelu(np.array([-1e4, 0.0, 1e4]))
        array([   -0.,     0., 10000.])

    Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", 2016.
    """
    if approximate == "none":
        return _gelu_exact(x)
    if approximate == "tanh":
        return _gelu_tanh(x)
    raise OperationError(f'gelu: approximate must be "none" or "tanh", got {approximate!r}; leave it out for x · Φ(x)')
