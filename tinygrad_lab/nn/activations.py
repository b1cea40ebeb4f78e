"""Activations as modules, for `Sequential`; the functions are in `functional`."""

from __future__ import annotations

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.nn.function import Activation
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, Result


class Identity(Module):
    """Return the input unchanged.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.nn.Identity()(3.0)
        3.0
    """

    def forward(self, x: Array) -> Result:
        """Return `x`."""
        return x


class Sigmoid(Activation):
    """The logistic function, `1 / (1 + exp(−x))`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Sigmoid()(np.zeros(2))
        array([0.5, 0.5])

    Source: D. Rumelhart, G. Hinton, R. Williams, "Learning representations by back-propagating errors", 1986.
    """

    function = staticmethod(functional.sigmoid)


class Tanh(Activation):
    """The hyperbolic tangent, `(exp(x) − exp(−x)) / (exp(x) + exp(−x))`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Tanh()(np.array([-100.0, 0.0, 100.0]))
        array([-1.,  0.,  1.])

    Source: Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp", 1998.
    """

    function = staticmethod(np.tanh)


class ReLU(Activation):
    """The positive part, `max(x, 0)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.ReLU()(np.array([-1.0, 2.0]))
        array([0., 2.])

    Source: V. Nair, G. Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.
    """

    function = staticmethod(functional.relu)


class LeakyReLU(Activation):
    """`x` where it is positive, `negative_slope · x` elsewhere.

    Arguments:
        negative_slope: the slope below 0.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.LeakyReLU(0.1)(np.array([-1.0, 2.0]))
        array([-0.1,  2. ])

    Source: A. Maas, A. Hannun, A. Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    """

    function = staticmethod(functional.leaky_relu)

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope


class ELU(Activation):
    """`x` where it is positive, `alpha · (exp(x) − 1)` elsewhere.

    Arguments:
        alpha: minus the limit towards −∞.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.ELU()(np.array([-100.0, 2.0]))
        array([-1.,  2.])

    Source: D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by exponential
    linear units", 2015.
    """

    function = staticmethod(functional.elu)

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha


class GELU(Activation):
    """`x · Φ(x)`, with Φ the standard normal distribution function.

    Arguments:
        approximate: "none", or "tanh" for the approximation by a hyperbolic tangent.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.GELU()(np.array([-1.0, 1.0]))
        array([-0.15865525,  0.84134475])

    Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", 2016.
    """

    function = staticmethod(functional.gelu)

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate


class SiLU(Activation):
    """`x · sigmoid(x)`, also called swish.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.SiLU()(np.array([0.0, 1.0]))
        array([0.        , 0.73105858])

    Source: S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units for neural network function approximation
    in reinforcement learning", 2017.
    """

    function = staticmethod(functional.silu)


class Softplus(Activation):
    """A smooth positive part, `log(1 + exp(x))`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Softplus()(np.array([0.0, 100.0]))
        array([  0.69314718, 100.        ])

    Source: C. Dugas and others, "Incorporating second-order functional knowledge for better option pricing", 2000.
    """

    function = staticmethod(functional.softplus)


class Mish(Activation):
    """A smooth rectifier, `x · tanh(softplus(x))`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Mish()(np.array([0.0, 1.0]))
        array([0.        , 0.86509839])

    Source: D. Misra, "Mish: a self regularized non-monotonic activation function", 2019.
    """

    function = staticmethod(functional.mish)


class SELU(Activation):
    """`λ x` where x is positive, `λ α (exp(x) − 1)` elsewhere, with the λ and α that keep layers at mean 0, variance 1.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.SELU()(np.array([-100.0, 1.0]))
        array([-1.75809934,  1.05070099])

    Source: G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, "Self-normalizing neural networks", 2017.
    """

    function = staticmethod(functional.selu)


class CELU(Activation):
    """`x` where it is positive, `alpha · (exp(x / alpha) − 1)` elsewhere.

    Arguments:
        alpha: minus the limit towards −∞.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.CELU(0.5)(np.array([-100.0, 2.0]))
        array([-0.5,  2. ])

    Source: J. Barron, "Continuously differentiable exponential linear units", 2017.
    """

    function = staticmethod(functional.celu)

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha


class Softsign(Activation):
    """`x / (1 + |x|)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Softsign()(np.array([-1.0, 3.0]))
        array([-0.5 ,  0.75])

    Source: J. Turian, J. Bergstra, Y. Bengio, "Quadratic features and deep architectures for chunking", 2009.
    """

    function = staticmethod(functional.softsign)


class LogSigmoid(Activation):
    """The logarithm of the logistic function, `−log(1 + exp(−x))`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.LogSigmoid()(np.array([-1000.0, 0.0]))
        array([-1.00000000e+03, -6.93147181e-01])

    Source: D. Cox, "The regression analysis of binary sequences", 1958.
    """

    function = staticmethod(functional.logsigmoid)


class Tanhshrink(Activation):
    """`x − tanh(x)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Tanhshrink()(np.array([-100.0, 0.0]))
        array([-99.,   0.])

    Source: K. Kavukcuoglu, M. Ranzato, Y. LeCun, "Fast inference in sparse coding algorithms", 2008.
    """

    function = staticmethod(functional.tanhshrink)
