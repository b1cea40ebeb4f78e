"""Activations as modules, for `Sequential`; the functions are in `functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.nn.module import Module


class Identity(Module):
    """Nothing: the input itself.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.nn.Identity()(3.0)
        3.0
    """

    def forward(self, x: Any) -> Any:
        """Return `x`."""
        return x


class Sigmoid(Module):
    """The logistic function, `1 / (1 + exp(−x))`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Sigmoid()(np.zeros(2))
        array([0.5, 0.5])
    """

    def forward(self, x: Any) -> Any:
        """Return `functional.sigmoid(x)`."""
        return functional.sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Tanh()(np.array([-100.0, 0.0, 100.0]))
        array([-1.,  0.,  1.])
    """

    def forward(self, x: Any) -> Any:
        """Return `np.tanh(x)`."""
        return np.tanh(x)


class ReLU(Module):
    """The positive part, `max(x, 0)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.ReLU()(np.array([-1.0, 2.0]))
        array([0., 2.])
    """

    def forward(self, x: Any) -> Any:
        """Return `functional.relu(x)`."""
        return functional.relu(x)


class LeakyReLU(Module):
    """`x` where it is positive, `negative_slope · x` elsewhere.

    Arguments:
        negative_slope: the slope below 0.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.LeakyReLU(0.1)(np.array([-1.0, 2.0]))
        array([-0.1,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        """Return `functional.leaky_relu(x, negative_slope)`."""
        return functional.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        """Return the slope."""
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """`x` where it is positive, `alpha · (exp(x) − 1)` elsewhere.

    Arguments:
        alpha: minus the limit towards −∞.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.ELU()(np.array([-100.0, 2.0]))
        array([-1.,  2.])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        """Return `functional.elu(x, alpha)`."""
        return functional.elu(x, self.alpha)

    def extra_repr(self) -> str:
        """Return alpha."""
        return f"alpha={self.alpha}"


class GELU(Module):
    """`x · Φ(x)`, with Φ the standard normal distribution function.

    Arguments:
        approximate: "none", or "tanh" for the approximation by a hyperbolic tangent.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.GELU()(np.array([-1.0, 1.0]))
        array([-0.15865525,  0.84134475])
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        """Return `functional.gelu(x, approximate)`."""
        return functional.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        """Return the approximation, if any."""
        return "" if self.approximate == "none" else f"approximate={self.approximate!r}"


class SiLU(Module):
    """`x · sigmoid(x)`, also called swish.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.SiLU()(np.array([0.0, 1.0]))
        array([0.        , 0.73105858])
    """

    def forward(self, x: Any) -> Any:
        """Return `functional.silu(x)`."""
        return functional.silu(x)


class Softplus(Module):
    """A smooth positive part, `log(1 + exp(x))`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Softplus()(np.array([0.0, 100.0]))
        array([  0.69314718, 100.        ])
    """

    def forward(self, x: Any) -> Any:
        """Return `functional.softplus(x)`."""
        return functional.softplus(x)


class Softmax(Module):
    """Non-negative weights that sum to 1 along an axis.

    Arguments:
        axis: the axis.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Softmax()(np.zeros((1, 4)))
        array([[0.25, 0.25, 0.25, 0.25]])
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        """Return `functional.softmax(x, axis)`."""
        return functional.softmax(x, self.axis)

    def extra_repr(self) -> str:
        """Return the axis."""
        return f"axis={self.axis}"
