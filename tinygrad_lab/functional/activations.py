"""Activation functions, elementwise; all of them are finite and quiet over the whole range of the dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.real import of_real
from tinygrad_lab.rules.axes import one_axis
from tinygrad_lab.typing import Array, Result


@primitive(lambda g, y, x: g * (y > 0), elementwise=True)
@of_real
def relu(x: Array) -> Result:
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


def _two_slopes(x: Array, below: Any) -> Result:
    """Return 1 where `x` is positive, `below` elsewhere; `np.where` takes four times as long, as signs are random."""
    above = (x > 0).astype(x.dtype)
    return above + (1 - above) * below


@primitive(lambda g, y, x, negative_slope=0.01: g * _two_slopes(x, negative_slope), elementwise=True)
@of_real
def leaky_relu(x: Array, negative_slope: float = 0.01) -> Result:
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
    return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


@primitive(lambda g, y, x, alpha=1.0: g * _two_slopes(x, alpha * np.exp(np.minimum(x, 0))), elementwise=True)
@of_real
def elu(x: Array, alpha: float = 1.0) -> Result:
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
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


@primitive(lambda g, y, x: g * (y * (1.0 - y)), elementwise=True)
@np.errstate(over="ignore")  # exp gives ∞ where the result is 0, or below the dtype's normal numbers
def sigmoid(x: Array) -> Result:
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
@of_real
def softplus(x: Array) -> Result:
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


def _silu_rule(g: Array, y: Array, x: Array) -> Result:
    """(s + x s (1 − s)) · g, where s = sigmoid(x)."""
    s = sigmoid(x)
    return g * (s + np.clip(x, -1e4, 1e4) * s * (1 - s))  # the bounds spare ±∞ the product ∞ · 0


@primitive(_silu_rule, elementwise=True)
def silu(x: Array) -> Result:
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


def _mish_rule(g: Array, y: Array, x: Array) -> Result:
    """(t + x (1 − t²) sigmoid(x)) · g, where t = tanh(softplus(x))."""
    t = np.tanh(softplus(x))
    return g * (t + np.clip(x, -1e4, 1e4) * (1 - t * t) * sigmoid(x))


@primitive(_mish_rule, elementwise=True)
@of_real
def mish(x: Array) -> Result:
    """Return a smooth, slightly non-monotonic rectifier, `x · tanh(softplus(x))`.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.mish(np.array([-1e4, 0.0, 1e4]))
        array([   -0.,     0., 10000.])

    Source: D. Misra, "Mish: a self regularized non-monotonic activation function", 2019.
    """
    return np.maximum(x, -1e4) * np.tanh(softplus(x))


@primitive(lambda g, y, x: g * sigmoid(-x), elementwise=True)
@of_real
def logsigmoid(x: Array) -> Result:
    """Return the logarithm of the logistic function, `−log(1 + exp(−x))`, accurate where that is nearly 0.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.logsigmoid(np.array([-1e4, 0.0, 1e4]))
        array([-1.00000000e+04, -6.93147181e-01,  0.00000000e+00])
    """
    return np.minimum(x, 0) - np.log1p(np.exp(-abs(x)))


def selu(x: Array) -> Result:
    """Return `λ x` where x is positive and `λ α (exp(x) − 1)` elsewhere, which keeps layers at mean 0 and variance 1.

    λ is about 1.0507 and α about 1.6733, the fixed point of the paper.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.selu(np.array([-1e4, 0.0, 1.0]))
        array([-1.75809934,  0.        ,  1.05070099])

    Source: G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, "Self-normalizing neural networks", 2017.
    """
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


@primitive(lambda g, y, x, alpha=1.0: g * np.exp(np.clip(x, -1e4 * alpha, 0) / alpha), elementwise=True)
@of_real
def celu(x: Array, alpha: float = 1.0) -> Result:
    """Return `x` where it is positive and `alpha · (exp(x / alpha) − 1)` elsewhere, whose slope is continuous.

    Arguments:
        x: array of any shape.
        alpha: minus the limit towards −∞.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.celu(np.array([-1e4, 0.0, 2.0]), alpha=0.5)
        array([-0.5,  0. ,  2. ])

    Source: J. Barron, "Continuously differentiable exponential linear units", 2017.
    """
    return np.maximum(x, 0) + alpha * np.expm1(np.clip(x, -1e4 * alpha, 0) / alpha)


def _softsign_rule(g: Array, y: Array, x: Array) -> Result:
    """The slope is 1 / (1 + |x|)²."""
    r = 1 / (1 + abs(x))
    return g * r * r


@primitive(_softsign_rule, elementwise=True)
@of_real
def softsign(x: Array) -> Result:
    """Return `x / (1 + |x|)`.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.softsign(np.array([-np.inf, 0.0, 1.0]))
        array([-1. ,  0. ,  0.5])

    Source: J. Turian, J. Bergstra, Y. Bengio, "Quadratic features and deep architectures for chunking", 2009.
    """
    infinite = abs(x) == np.inf
    return np.where(infinite, np.sign(x), x) / np.where(infinite, 1, 1 + abs(x))


@primitive(lambda g, y, x: g * np.tanh(x) ** 2, elementwise=True)
def tanhshrink(x: Array) -> Result:
    """Return `x − tanh(x)`.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.tanhshrink(np.array([-100.0, 0.0, 100.0]))
        array([-99.,   0.,  99.])
    """
    return x - np.tanh(x)


def glu(x: Array, axis: int = -1) -> Result:
    """Return one half of the input, gated by the other: `a · sigmoid(b)`.

    Arguments:
        x: array whose axis `axis` has an even size; its first half is a, its second half b.
        axis: the axis that is halved.

    Raises:
        AxisError: NumPy's, if there is no such axis.
        OperationError: if the axis cannot be halved.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.glu(np.array([4.0, 6.0, 0.0, 100.0]))
        array([2., 6.])

    Source: Y. Dauphin, A. Fan, M. Auli, D. Grangier, "Language modeling with gated convolutional networks", 2017.
    """
    if np.shape(x)[one_axis(axis, np.ndim(x))] % 2:
        raise OperationError(f"glu: axis {axis} must have an even size, got shape {np.shape(x)}; it is cut in half")
    a, b = np.split(x, 2, axis=axis)
    return a * sigmoid(b)
