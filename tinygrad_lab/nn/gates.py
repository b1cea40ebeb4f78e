"""Activations that are not elementwise functions of one input: `Softmax`, `LogSoftmax`, `GLU`, `PReLU`."""

from __future__ import annotations

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.calls.defaults import given_or_default
from tinygrad_lab.core.value import Value
from tinygrad_lab.nn.function import Function
from tinygrad_lab.nn.init import check_positive
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, DTypeLike, Result


class _AlongAxis(Function):
    def __init__(self, axis: int = -1) -> None:
        self.axis = axis


class Softmax(_AlongAxis):
    """Non-negative weights that sum to 1 along an axis, `exp(x) / Σ exp(x)`.

    Arguments:
        axis: the axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Softmax()(np.zeros((1, 4)))
        array([[0.25, 0.25, 0.25, 0.25]])

    Source: J. Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.
    """

    function = staticmethod(functional.softmax)


class LogSoftmax(_AlongAxis):
    """The logarithm of `Softmax`, `x − log Σ exp(x)`, right where that underflows.

    Arguments:
        axis: the axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.LogSoftmax()(np.array([0.0, -5000.0]))
        array([    0., -5000.])

    Source: P. Blanchard, D. Higham, N. Higham, "Accurately computing the log-sum-exp and softmax functions", 2021.
    """

    function = staticmethod(functional.log_softmax)


class GLU(_AlongAxis):
    """One half of the input, gated by the other: `a · sigmoid(b)`.

    Arguments:
        axis: the axis that is halved.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.GLU()(np.array([4.0, 6.0, 0.0, 100.0]))
        array([2., 6.])

    Source: Y. Dauphin, A. Fan, M. Auli, D. Grangier, "Language modeling with gated convolutional networks", 2017.
    """

    function = staticmethod(functional.glu)


class PReLU(Module):
    """`x` where it is positive, `weight · x` elsewhere, with slopes that are learned.

    Arguments:
        num_parameters: 1 slope for all, or as many as there are channels, the second axis of the input.
        init: what the slopes start at.
        dtype: their dtype.

    Attributes:
        weight: Value of shape (num_parameters,).

    Raises:
        OperationError: on a call with another number of channels.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.PReLU()(np.array([-1.0, 2.0])).data
        array([-0.25,  2.  ])

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", 2015.
    """

    operation = "prelu"

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike = None) -> None:
        check_positive("PReLU", num_parameters=num_parameters)
        self.weight = Value(np.full(num_parameters, init, given_or_default(dtype)))

    def forward(self, x: Array) -> Result:
        """Return `x` with its negative elements scaled."""
        return functional.prelu(x, self.weight)

    def extra_repr(self) -> str:
        """Return the number of slopes."""
        return str(self.weight.size)
