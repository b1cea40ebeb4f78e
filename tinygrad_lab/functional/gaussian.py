"""The normal distribution function, and the activation that is made of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.real import of_real
from tinygrad_lab.refusals.nearest import none_of
from tinygrad_lab.rules.blocks import in_blocks
from tinygrad_lab.typing import Array, Result

# NumPy has no error function. For 0 ≤ a ≤ 40, Φ(−a) / exp(−a² / 2) is nearly a quotient of polynomials of degrees 9 and
# 10, and 4 and 5 in single precision: those of the least relative error, 5e-17 and 2e-8, found with 60 digits. All
# coefficients are positive, so nothing cancels. Highest powers first.
_DOUBLE = (
    (0.39894228040036084, 10.71160403585699, 140.8574970667105, 1173.431839803133, 6772.769887131285, 27989.64072977426,
     82829.89346538075, 169943.52534825818, 221517.08813301008, 142823.60076707235),
    (1.0, 26.850009542366948, 354.0773848944235, 2968.2074345245014, 17327.89399744713, 73047.27903997416,
     223904.4821858215, 490529.55280805554, 732402.2354983146, 670947.6682066558, 285647.20153414475),
)  # fmt: skip
_SINGLE = (
    (0.3989428440690679, 3.7050113291951385, 15.985976219507052, 36.83035400536478, 40.05852078730396),
    (1.0, 9.287214697727258, 41.066397711030596, 101.68923711538582, 137.58496454932893, 80.11703992851702),
)
_FAR = 40.0  # from here on the tail of the normal distribution is 0 in float64


def _normal_density(x: Array) -> Result:
    x = np.clip(x, -_FAR, _FAR)
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _bell_rule(g: Array, y: Array, x: Array) -> Result:
    """exp(−x² / 2) · (g₀ / √(2π) − x g₁)."""
    return y[1] * (g[0] / math.sqrt(2 * math.pi) - x * g[1])


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Result:
    """Return a polynomial, by Horner's rule. Augmented assignments write into an array made here."""
    first, *others, last = coefficients
    y = first * x
    for coefficient in others:
        y += coefficient
        y *= x
    y += last
    return y


@primitive(_bell_rule)
def cdf_and_bell(x: Array) -> tuple[Any, Any]:
    """Return Φ(x) and exp(−x² / 2), for x within ±40. Augmented assignments write into arrays made here."""
    dtype = getattr(x, "dtype", None)
    if dtype == np.float16:  # the polynomials reach beyond its largest number
        cdf, bell = cdf_and_bell(x.astype(np.float32))
        return cdf.astype(dtype), bell.astype(dtype)
    above, below = _SINGLE if dtype == np.float32 else _DOUBLE
    a = abs(x)
    tail = _polynomial(above, a)
    tail /= _polynomial(below, a)
    bell = x * x
    bell *= -0.5
    bell = np.exp(bell)
    tail *= bell
    return abs((x > 0) - tail), bell  # 1 − tail where x > 0; np.where takes five times as long, as signs are random


@primitive(lambda g, y, x: g * _normal_density(x), elementwise=True)
@in_blocks
@of_real
def normal_cdf(x: Array) -> Result:
    """Return the standard normal distribution function, `Φ(x) = (1 + erf(x / √2)) / 2`, accurate in the lower tail.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.normal_cdf(np.array([-40.0, 0.0, 1.96]))
        array([0.        , 0.5       , 0.9750021])

    Source: a quotient of polynomials for the scaled tail follows W. Cody, "Rational Chebyshev approximations for the
    error function", 1969.
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


@of_real
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
    raise OperationError(f"gelu: approximate {none_of(('none', 'tanh'), approximate, 'leave it out for x · Φ(x)')}")
