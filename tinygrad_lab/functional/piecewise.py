"""Activations made of pieces of straight lines and parabolas; at a kink the derivative is that of one of the sides."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.real import of_real
from tinygrad_lab.typing import Array, Result


def _hardtanh_rule(g: Array, y: Array, x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Result:
    """The gradient between the bounds, 0 at them and beyond."""
    return np.where((x > min_val) & (x < max_val), g, 0)


@primitive(_hardtanh_rule, elementwise=True)
@of_real
def hardtanh(x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Result:
    """Return `x`, but at least `min_val` and at most `max_val`; the derivative at those is 0.

    Arguments:
        x: array of any shape.
        min_val: the least value.
        max_val: the largest value.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.hardtanh(np.array([-5.0, 0.5, 5.0]))
        array([-1. ,  0.5,  1. ])
    """
    return np.clip(x, min_val, max_val)


def relu6(x: Array) -> Result:
    """Return the positive part, at most 6: `min(max(x, 0), 6)`.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.relu6(np.array([-5.0, 0.5, 50.0]))
        array([0. , 0.5, 6. ])

    Source: A. Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
    """
    return hardtanh(x, 0.0, 6.0)


@primitive(lambda g, y, x: np.where(abs(x) < 3, g / 6, 0), elementwise=True)
@of_real
def hardsigmoid(x: Array) -> Result:
    """Return a straight line in place of the sigmoid, `x / 6 + 1 / 2`, at least 0 and at most 1.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.hardsigmoid(np.array([-5.0, 0.0, 5.0]))
        array([0. , 0.5, 1. ])

    Source: M. Courbariaux, Y. Bengio, J.-P. David, "BinaryConnect", 2015.
    """
    return np.clip(x, -3, 3) / 6 + 0.5


@primitive(lambda g, y, x: g * np.where(abs(x) < 3, np.clip(x, -3, 3) / 3 + 0.5, x > 0), elementwise=True)
@of_real
def hardswish(x: Array) -> Result:
    """Return `x · hardsigmoid(x)`.

    Arguments:
        x: array of any shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.hardswish(np.array([-5.0, 1.5, 5.0]))
        array([-0.   ,  1.125,  5.   ])

    Source: A. Howard and others, "Searching for MobileNetV3", 2019.
    """
    return np.maximum(x, -3) * hardsigmoid(x)


@primitive(lambda g, y, x, lambd=0.5: np.where(abs(x) > lambd, g, 0), elementwise=True)
@of_real
def softshrink(x: Array, lambd: float = 0.5) -> Result:
    """Return `x` moved towards 0 by `lambd`, and 0 where it would pass it.

    Arguments:
        x: array of any shape.
        lambd: how far, not negative.

    Raises:
        OperationError: for a negative `lambd`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.softshrink(np.array([-2.0, 0.25, 2.0]))
        array([-1.5,  0. ,  1.5])

    Source: D. Donoho, "De-noising by soft-thresholding", 1995.
    """
    if lambd < 0:
        raise OperationError(f"softshrink: lambd must not be negative, got {lambd}; 0.5 is usual")
    return x - np.clip(x, -lambd, lambd)


@primitive(lambda g, y, x, lambd=0.5: np.where(abs(x) > lambd, g, 0), elementwise=True)
@of_real
def hardshrink(x: Array, lambd: float = 0.5) -> Result:
    """Return `x` where its size exceeds `lambd`, and 0 elsewhere.

    Arguments:
        x: array of any shape.
        lambd: the bound.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.hardshrink(np.array([-2.0, 0.25, 2.0]))
        array([-2.,  0.,  2.])

    Source: D. Donoho, I. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994.
    """
    return np.where(abs(x) > lambd, x, 0)[()]


def prelu(x: Array, weight: Array) -> Result:
    """Return `x` where it is positive and `weight · x` elsewhere, with slopes that are learned.

    Arguments:
        x: array of shape (batch, channels, ...), or any shape for a single slope.
        weight: array of shape (channels,) or (1,), the slopes below 0.

    Raises:
        OperationError: if there are neither one slope nor as many as channels.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.prelu(np.array([[-1.0, -1.0]]), np.array([0.25, 0.5]))
        array([[-0.25, -0.5 ]])

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", 2015.
    """
    channels = np.shape(x)[1] if np.ndim(x) > 1 else 1
    if np.shape(weight) not in ((1,), (channels,)):
        raise OperationError(
            f"prelu: weight must have one element, or one for each of {channels} channels, got shape "
            f"{np.shape(weight)}; the channels are the second axis"
        )
    slopes = weight if np.shape(weight) == (1,) else np.reshape(weight, (-1, *(1,) * (np.ndim(x) - 2)))
    return np.where(x > 0, x, slopes * x)
