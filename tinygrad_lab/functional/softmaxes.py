"""Functions along an axis: logsumexp, softmax and its logarithm, safe from overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.typing import Array, Axes, Result


def shifted(x: Array, axis: Axes) -> tuple[Any, Any]:
    """Return `x` minus its maximum, and that maximum, or 0 where it is infinite."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(abs(top) < np.inf, top, 0)
    with np.errstate(over="ignore"):  # the lowest minus the highest may pass the dtype's range: exp of it is 0
        return x - top, top


@primitive()
def logsumexp(x: Array, axis: Axes = -1, keepdims: bool = False) -> Result:
    """Return the logarithm of the sum of exponentials, `log Σ exp(x)`, without overflow.

    Arguments:
        x: array of any shape.
        axis: the axis, or axes, to sum over; None for all.
        keepdims: whether to keep the summed axes with size 1.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.logsumexp(np.array([1e4, 1e4, -1e4]))
        np.float64(10000.69314718056)

    Source: P. Blanchard, D. Higham, N. Higham, "Accurately computing the log-sum-exp and softmax functions", 2021.
    """
    below, top = shifted(x, axis)
    with np.errstate(divide="ignore"):  # all of them -inf: the logarithm of 0 is right
        total = np.log(np.sum(np.exp(below), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)[()]


@primitive()
def softmax(x: Array, axis: Axes = -1) -> Result:
    """Return non-negative weights that sum to 1 along `axis`, `exp(x) / Σ exp(x)`.

    Arguments:
        x: array of any shape.
        axis: the axis, or axes, to normalise over.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.softmax(np.array([1e4, 1e4, -1e4]))
        array([0.5, 0.5, 0. ])

    Source: P. Blanchard, D. Higham, N. Higham, "Accurately computing the log-sum-exp and softmax functions", 2021.
    """
    weights = np.exp(shifted(x, axis)[0])
    weights /= np.sum(weights, axis=axis, keepdims=True)
    return weights


@primitive()
def log_softmax(x: Array, axis: Axes = -1) -> Result:
    """Return the logarithm of `softmax`, `x - log Σ exp(x)`, right where softmax itself underflows to 0.

    Arguments:
        x: array of any shape.
        axis: the axis, or axes, to normalise over.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.log_softmax(np.array([0.0, -5000.0]))
        array([    0., -5000.])

    Source: P. Blanchard, D. Higham, N. Higham, "Accurately computing the log-sum-exp and softmax functions", 2021.
    """
    below, _ = shifted(x, axis)
    return below - np.log(np.sum(np.exp(below), axis=axis, keepdims=True))


def _logsumexp_rule(g: Array, y: Array, x: Array, axis: Axes = -1, keepdims: bool = False) -> Result:
    return (g if keepdims or axis is None else np.expand_dims(g, axis)) * softmax(x, axis=axis)


# fmt: off
defvjp(logsumexp,   _logsumexp_rule)
defvjp(softmax,     lambda g, y, x, axis=-1: y * (g - np.sum(g * y, axis=axis, keepdims=True)))
defvjp(log_softmax, lambda g, y, x, axis=-1: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True))
# fmt: on
