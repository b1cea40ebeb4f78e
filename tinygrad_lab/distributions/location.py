"""Distributions on an interval and around a point: `Uniform`, `Laplace`."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.distributions.base import Distribution, Size, array, batch, positive
from tinygrad_lab.generators import generator
from tinygrad_lab.typing import Array, ArrayLike, NumPyRng


class Uniform(Distribution):
    """The uniform distribution on [low, high); draws are differentiable with respect to both.

    Arguments:
        low: the lower end, an array.
        high: the upper end, an array; above `low`.

    Raises:
        ArgumentError: if an interval is empty.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.distributions.Uniform(0.0, 4.0).log_prob(np.array([1.0, 5.0])).round(4)
        array([-1.3863,    -inf])
    """

    def __init__(self, low: ArrayLike, high: ArrayLike) -> None:
        self.low, self.high = array(low), array(high)
        positive("Uniform", **{"high − low": plain(self.high) - plain(self.low)})
        self.batch_shape = batch("Uniform", low=self.low, high=self.high)

    def log_prob(self, x: Array) -> Array:
        """Return `−log(high − low)` inside, −∞ outside."""
        return np.where((x >= self.low) & (x < self.high), -np.log(self.high - self.low), -np.inf)

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return `low + (high − low) · u`."""
        return self.low + (self.high - self.low) * generator(rng).uniform(size=self._shape(size))

    @property
    def mean(self) -> Array:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def variance(self) -> Array:
        """The variance, `(high − low)² / 12`."""
        return (self.high - self.low) ** 2 / 12

    def entropy(self) -> Array:
        """Return `log(high − low)`."""
        return np.log(self.high - self.low)


class Laplace(Distribution):
    """The Laplace distribution, of density `exp(−|x − loc| / scale) / (2 scale)`.

    Draws are differentiable with respect to both parameters.

    Arguments:
        loc: the mean, an array.
        scale: the mean distance from it, an array; positive.

    Raises:
        ArgumentError: if `scale` is not positive.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.distributions.Laplace(0.0, 1.0).log_prob(1.0).round(4)
        np.float64(-1.6931)
    """

    def __init__(self, loc: ArrayLike, scale: ArrayLike) -> None:
        self.loc, self.scale = array(loc), array(scale)
        positive("Laplace", scale=self.scale)
        self.batch_shape = batch("Laplace", loc=self.loc, scale=self.scale)

    def log_prob(self, x: Array) -> Array:
        """Return the logarithm of the density at `x`."""
        return -np.abs(x - self.loc) / self.scale - np.log(2 * self.scale)

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return `loc + scale · ε`, ε the difference of two exponentially distributed numbers."""
        shape = self._shape(size)
        return self.loc + self.scale * (generator(rng).exponential(size=shape) - generator(rng).exponential(size=shape))

    @property
    def mean(self) -> Array:
        """The mean."""
        return np.broadcast_to(self.loc, self.batch_shape)

    @property
    def variance(self) -> Array:
        """The variance, `2 scale²`."""
        return np.broadcast_to(2 * self.scale * self.scale, self.batch_shape)

    def entropy(self) -> Array:
        """Return `1 + log(2 scale)`."""
        return np.broadcast_to(np.log(self.scale) + (1 + math.log(2)), self.batch_shape)
