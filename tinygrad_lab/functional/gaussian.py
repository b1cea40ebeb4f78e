"""The normal distribution function, and the activation that is made of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.blocks import in_blocks
from tinygrad_lab.typing import Array, Result

# NumPy has no error function. With z = |x| / √2 and u = (3 − z) / (3 + z), erfc(z) / 2 / (1 + u) / exp(−z²) is a
# smooth function of u on (−1, 1]. These are its Chebyshev interpolants of degrees 23 and 11, computed with 60
# digits and written in powers of u, highest first; their relative errors are about 3e-17 and 1e-8.
_DOUBLE = (
    -6.758906080158327e-11, 5.795785193761697e-13, 7.24481189086319e-10, -2.973471404773092e-10,
    -4.2652018308433915e-09, 4.163160138397706e-09, 1.948780667428377e-08, -3.430710674926338e-08,
    -8.323475119092479e-08, 2.3064574100503516e-07, 3.957523563419646e-07, -1.4559643519090015e-06,
    -2.5331709654772342e-06, 8.963480909203207e-06, 2.3064817835178416e-05, -4.569247856237468e-05,
    -0.0002528384996715115, -0.00010103471848579046, 0.002235602885337618, 0.009960646773916578,
    0.0258722718250486, 0.04918569642534233, 0.07361620443082362, 0.08950057559069498,
)  # fmt: skip
_SINGLE = (
    -1.6379925467073236e-06, 5.652469631006445e-06, 2.208195181045496e-05, -4.232088154264736e-05,
    -0.00025228537138207883, -0.00010269758680033613, 0.002235447509385771, 0.009961025057553093,
    0.025872290775917933, 0.04918566463367558, 0.07361620376557329, 0.08950057602612613,
)  # fmt: skip
_FAR = 40.0  # from here on the tail of the normal distribution is 0 in float64


def _normal_density(x: Array) -> Result:
    x = np.clip(x, -_FAR, _FAR)
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _bell_rule(g: Array, y: Array, x: Array) -> Result:
    """exp(−x² / 2) · (g₀ / √(2π) − x g₁)."""
    return y[1] * (g[0] / math.sqrt(2 * math.pi) - x * g[1])


@primitive(_bell_rule)
def cdf_and_bell(x: Array) -> tuple[Any, Any]:
    """Return Φ(x) and exp(−x² / 2), for x within ±40. Augmented assignments write into arrays made here."""
    first, *others, last = _SINGLE if getattr(x, "dtype", None) == np.float32 else _DOUBLE
    z = abs(x)
    z *= math.sqrt(0.5)
    z += 3
    h = 6 / z
    u = h - 1
    series = first * u
    for coefficient in others:
        series += coefficient
        series *= u
    series += last
    series *= h
    bell = x * x
    bell *= -0.5
    bell = np.exp(bell)
    series *= bell
    return np.where(x < 0, series, 1 - series)[()], bell


@primitive(lambda g, y, x: g * _normal_density(x), elementwise=True)
@in_blocks
def normal_cdf(x: Array) -> Result:
    """Return the standard normal distribution function, `Φ(x) = (1 + erf(x / √2)) / 2`, accurate in the lower tail.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.normal_cdf(np.array([-40.0, 0.0, 1.96]))
        array([0.        , 0.5       , 0.9750021])

    Source: interpolation in such a quotient follows M. Shepherd, J. Laframboise, "Chebyshev approximation of
    (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞", 1981.
    """
    return cdf_and_bell(np.clip(x, -_FAR, _FAR))[0]


@primitive(lambda g, y, x, residuals: g * residuals, elementwise=True, residuals=True)
@in_blocks
def _gelu_exact(x: Array) -> Result:
    """Return x · Φ(x), and its derivative Φ(x) + x φ(x)."""
    far = np.clip(x, -_FAR, _FAR)
    below, slope = cdf_and_bell(far)
    slope = slope * far
    slope *= 1 / math.sqrt(2 * math.pi)
    slope += below
    return np.maximum(x, -_FAR) * below, slope  # the bound lets −∞ give 0


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
