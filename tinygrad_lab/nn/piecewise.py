"""Activations made of straight lines and parabolas, as modules."""

from __future__ import annotations

from tinygrad_lab import functional
from tinygrad_lab.nn.function import Activation


class Hardtanh(Activation):
    """`x`, but at least `min_val` and at most `max_val`.

    Arguments:
        min_val: the least value.
        max_val: the largest value.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Hardtanh()(np.array([-5.0, 0.5, 5.0]))
        array([-1. ,  0.5,  1. ])

    Source: R. Collobert, "Large scale machine learning", 2004.
    """

    function = staticmethod(functional.hardtanh)

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        self.min_val, self.max_val = min_val, max_val


class ReLU6(Activation):
    """The positive part, at most 6: `min(max(x, 0), 6)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.ReLU6()(np.array([-5.0, 0.5, 50.0]))
        array([0. , 0.5, 6. ])

    Source: A. Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
    """

    function = staticmethod(functional.relu6)


class Hardsigmoid(Activation):
    """`x / 6 + 1 / 2`, at least 0 and at most 1.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Hardsigmoid()(np.array([-5.0, 0.0, 5.0]))
        array([0. , 0.5, 1. ])

    Source: M. Courbariaux, Y. Bengio, J.-P. David, "BinaryConnect", 2015.
    """

    function = staticmethod(functional.hardsigmoid)


class Hardswish(Activation):
    """`x · hardsigmoid(x)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Hardswish()(np.array([-5.0, 1.5, 5.0]))
        array([-0.   ,  1.125,  5.   ])

    Source: A. Howard and others, "Searching for MobileNetV3", 2019.
    """

    function = staticmethod(functional.hardswish)


class Softshrink(Activation):
    """`x` moved towards 0 by `lambd`, and 0 where it would pass it: `x − clip(x, −lambd, lambd)`.

    Arguments:
        lambd: how far, not negative.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Softshrink()(np.array([-2.0, 0.25, 2.0]))
        array([-1.5,  0. ,  1.5])

    Source: D. Donoho, "De-noising by soft-thresholding", 1995.
    """

    function = staticmethod(functional.softshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd


class Hardshrink(Activation):
    """`x` where its size exceeds `lambd`, and 0 elsewhere.

    Arguments:
        lambd: the bound.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Hardshrink()(np.array([-2.0, 0.25, 2.0]))
        array([-2.,  0.,  2.])

    Source: D. Donoho, I. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994.
    """

    function = staticmethod(functional.hardshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd
