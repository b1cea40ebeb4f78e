"""Layers for features: `Linear` and `Dropout`; `Dropout1D` and `Dropout2D` for whole channels."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, OperationError
from tinygrad_lab.generators import generator
from tinygrad_lab.nn.init import Initialiser, check_positive, layer_parameters
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, DTypeLike, Result, Rng


class Linear(Module):
    """An affine map of the last axis, `y = x wᵀ + b`.

    Arguments:
        in_features: the size of the input's last axis.
        out_features: the size of the output's last axis.
        bias: whether to add a bias.
        rng: `np.random.Generator` or `RandomState` to draw the first parameters from; fresh randomness without it.
        init: a name from `nn.init.INITIALISERS`, or a function `(shape, rng, dtype) -> array`, for the weight; the bias
            then starts at 0. Without it, both are drawn from U(−a, a) with a = 1 / √in_features, as in PyTorch.
        dtype: the parameters' dtype; the default dtype without it.

    Attributes:
        weight: Value of shape (out_features, in_features).
        bias: Value of shape (out_features,), or None.

    Raises:
        ArgumentError: if a size is not positive.
        OperationError: on a call with anything but (..., in_features).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.Linear(2, 3, rng=np.random.default_rng(0))
        >>> layer
        Linear(2, 3)  weight (3, 2), bias (3,), 9 parameters
        >>> layer(np.ones((100, 2))).shape
        (100, 3)
    """

    operation = "linear"

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: Rng | None = None,
        init: str | Initialiser | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        check_positive("Linear", in_features=in_features, out_features=out_features)
        weight, offset = layer_parameters(
            (out_features, in_features), (out_features,) if bias else None, rng, init, dtype
        )
        self.weight = Value(weight)
        self.bias = None if offset is None else Value(offset)

    def forward(self, x: Array) -> Result:
        """Return `x wᵀ + b`."""
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        out_features, in_features = self.weight.shape
        return f"{in_features}, {out_features}" + (", bias=False" if self.bias is None else "")


class Dropout(Module):
    """In training, zeroes each element with probability `p` and divides the others by `1 − p`; in evaluation, nothing.

    Arguments:
        p: the probability, in [0, 1).
        rng: `np.random.Generator` or `RandomState` that chooses; explicit, so that a run can be repeated.

    Raises:
        ArgumentError: if `p` is outside [0, 1).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.Dropout(0.5, rng=np.random.default_rng(0))
        >>> layer(np.ones(6)), layer.eval()(np.ones(6))
        (array([2., 0., 0., 0., 2., 2.]), array([1., 1., 1., 1., 1., 1.]))

    Source: N. Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting", 2014.
    """

    operation = "dropout"

    def __init__(self, p: float = 0.5, *, rng: Rng) -> None:
        if not 0 <= p < 1:
            raise ArgumentError(f"Dropout: p must be in [0, 1), got {p}; it is the share of elements to zero")
        self.p = p
        self.rng = generator(rng)

    def forward(self, x: Array) -> Result:
        """Return `x` with elements dropped, in training."""
        return functional.dropout(x, self.p, self.rng) if self.training else x

    def extra_repr(self) -> str:
        """Return the probability."""
        return f"p={self.p}"


class _ChannelDropout(Dropout):
    _axes: ClassVar[int]

    def forward(self, x: Array) -> Result:
        """Return `x` with channels dropped, in training."""
        shape = np.shape(x)
        if len(shape) != self._axes + 2:
            raise OperationError(
                f"{type(self).__name__}: input must be (batch, channels, ...) with {self._axes} axes after the "
                f"channels, got {shape}; Dropout takes any shape"
            )
        if not self.training:
            return x
        channels = functional.dropout(np.ones(shape[:2] + (1,) * self._axes, x.dtype), self.p, self.rng)
        return x * channels


class Dropout1D(_ChannelDropout):
    """In training, zeroes whole channels of (batch, channels, length), as `Dropout` zeroes elements.

    Arguments:
        p: the probability, in [0, 1).
        rng: as in `Dropout`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Dropout1D(0.5, rng=np.random.default_rng(0))(np.ones((1, 3, 2)))
        array([[[2., 2.],
                [0., 0.],
                [0., 0.]]])

    Source: J. Tompson and others, "Efficient object localization using convolutional networks", 2015.
    """

    _axes = 1


class Dropout2D(_ChannelDropout):
    """In training, zeroes whole channels of (batch, channels, height, width), as `Dropout` zeroes elements.

    Arguments:
        p: the probability, in [0, 1).
        rng: as in `Dropout`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Dropout2D(0.5, rng=np.random.default_rng(0))(np.ones((2, 3, 8, 8)))[0, :, 0, 0]
        array([2., 0., 0.])

    Source: J. Tompson and others, "Efficient object localization using convolutional networks", 2015.
    """

    _axes = 2
