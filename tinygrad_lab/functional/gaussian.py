"""The normal distribution function, and the activation that is made of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.typing import Array, Result

# NumPy has no error function: with z = |x| / √2 and u = (2 − z) / (2 + z), the
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


def _normal_density(x: Array) -> Result:
    x = np.clip(x, -_FAR, _FAR)
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


@primitive(lambda g, y, x: g * _normal_density(x), elementwise=True)
def normal_cdf(x: Array) -> Result:
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


def _gelu_exact_rule(g: Array, y: Array, x: Array, residuals: Any) -> Result:
    return g * (residuals + np.clip(x, -_FAR, _FAR) * _normal_density(x))


@primitive(_gelu_exact_rule, elementwise=True, residuals=True)
def _gelu_exact(x: Array) -> Result:
    below = normal_cdf(x)
    return np.maximum(x, -_FAR) * below, below  # the bound lets −∞ give 0


_BEYOND = 10.0  # from here on the tanh below is ±1 in float64


def _gelu_angle(x: Array) -> Result:
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)


def _gelu_tanh_rule(g: Array, y: Array, x: Array) -> Result:
    """((1 + t) / 2 + x / 2 · (1 − t²) · u') · g, where t = tanh(u), u = √(2/π) · (x + 0.044715 x³)."""
    x = np.clip(x, -_BEYOND, _BEYOND)
    t = np.tanh(_gelu_angle(x))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


@primitive(_gelu_tanh_rule, elementwise=True)
def _gelu_tanh(x: Array) -> Result:
    bounded = np.maximum(x, -_BEYOND)
    return 0.5 * bounded * (1 + np.tanh(_gelu_angle(np.minimum(bounded, _BEYOND))))


def gelu(x: Array, approximate: str = "none") -> Result:
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
