"""The normal distribution and what is made of it."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.distributions.base import Distribution, Size, array, batch, positive
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.generators import generator
from tinygrad_lab.typing import Array, ArrayLike, NumPyRng, Result

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class Normal(Distribution):
    """The normal distribution, of density `exp(−((x − loc) / scale)² / 2) / (scale √(2π))`.

    Draws are `loc + scale · ε` with ε standard normal, differentiable with respect to both.

    Arguments:
        loc: the mean, an array.
        scale: the standard deviation, an array whose shape broadcasts with that of `loc`; positive.

    Raises:
        ArgumentError: if `scale` is not positive.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> d = tl.distributions.Normal(0.0, 1.0)
        >>> d.log_prob(np.array([0.0, 2.0])).round(4)
        array([-0.9189, -2.9189])
        >>> rng = np.random.RandomState(0)
        >>> gradient = tl.grad(lambda s: np.mean(tl.distributions.Normal(0.0, s).sample(rng, 10_000) ** 2))(2.0)
        >>> round(float(gradient), 1)  # of the variance s², by the deviation s
        3.9

    Source: the estimator: D. Kingma, M. Welling, "Auto-encoding variational Bayes", 2014.
    """

    def __init__(self, loc: ArrayLike, scale: ArrayLike) -> None:
        self.loc, self.scale = array(loc), array(scale)
        positive("Normal", scale=self.scale)
        self.batch_shape = batch("Normal", loc=self.loc, scale=self.scale)

    def log_prob(self, x: Array) -> Array:
        """Return the logarithm of the density at `x`."""
        z = (x - self.loc) / self.scale
        return -0.5 * z * z - np.log(self.scale) - _HALF_LOG_2PI

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return `loc + scale · ε`."""
        return self.loc + self.scale * generator(rng).normal(size=self._shape(size))

    @property
    def mean(self) -> Array:
        """The mean."""
        return np.broadcast_to(self.loc, self.batch_shape)

    @property
    def variance(self) -> Array:
        """The variance."""
        return np.broadcast_to(self.scale * self.scale, self.batch_shape)

    def entropy(self) -> Array:
        """Return `log(scale √(2πe))`."""
        return np.broadcast_to(np.log(self.scale) + (0.5 + _HALF_LOG_2PI), self.batch_shape)


class LogNormal(Distribution):
    """The distribution of `exp(x)` for a normal x; draws are differentiable with respect to both parameters.

    Arguments:
        loc: the mean of the logarithm, an array.
        scale: its standard deviation, an array; positive.

    Raises:
        ArgumentError: if `scale` is not positive.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.distributions.LogNormal(0.0, 1.0).log_prob(1.0).round(4)
        np.float64(-0.9189)
    """

    def __init__(self, loc: ArrayLike, scale: ArrayLike) -> None:
        self._normal = Normal(loc, scale)
        self.loc, self.scale, self.batch_shape = self._normal.loc, self._normal.scale, self._normal.batch_shape

    def log_prob(self, x: Array) -> Array:
        """Return the logarithm of the density at `x`, which is positive."""
        log = np.log(x)
        return self._normal.log_prob(log) - log

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return `exp(loc + scale · ε)`."""
        return np.exp(self._normal.sample(rng, size))

    @property
    def mean(self) -> Array:
        """The mean, `exp(loc + scale² / 2)`."""
        return np.exp(self.loc + 0.5 * self.scale * self.scale)

    @property
    def variance(self) -> Array:
        """The variance, `(exp(scale²) − 1) · mean²`."""
        return np.expm1(self.scale * self.scale) * self.mean**2

    def entropy(self) -> Array:
        """Return that of the normal distribution plus `loc`."""
        return self._normal.entropy() + self.loc


class MultivariateNormal(Distribution):
    """The normal distribution of vectors, given its covariance matrix or the Cholesky factor of that.

    Draws are `loc + L ε`, differentiable with respect to the parameters.

    Arguments:
        loc: the mean, an array of shape (..., n).
        covariance: a symmetric positive definite matrix, (..., n, n).
        scale_tril: in its place, its lower Cholesky factor L.

    Raises:
        ArgumentError: unless exactly one of `covariance` and `scale_tril` is given, of a shape that fits.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> d = tl.distributions.MultivariateNormal(np.zeros(2), np.array([[2.0, 1.0], [1.0, 2.0]]))
        >>> d.log_prob(np.ones(2)).round(4)
        np.float64(-2.7205)
    """

    def __init__(
        self, loc: ArrayLike, covariance: ArrayLike | None = None, *, scale_tril: ArrayLike | None = None
    ) -> None:
        self.loc = array(loc)
        if covariance is not None and scale_tril is None:
            self.scale_tril = np.linalg.cholesky(array(covariance))
        elif scale_tril is not None and covariance is None:
            self.scale_tril = array(scale_tril)
        else:
            raise ArgumentError(
                "MultivariateNormal: needs either covariance or scale_tril, got both or neither; give one of them"
            )
        n = np.shape(self.loc)[-1:]
        if not n or np.shape(self.scale_tril)[-2:] != n * 2:
            raise ArgumentError(
                f"MultivariateNormal: a mean of shape {np.shape(self.loc)} needs matrices of shape (..., n, n), "
                f"got {np.shape(self.scale_tril)}; n is the mean's last axis"
            )
        self.event_shape = n
        self.batch_shape = np.broadcast_shapes(np.shape(self.loc)[:-1], np.shape(self.scale_tril)[:-2])

    def log_prob(self, x: Array) -> Array:
        """Return the logarithm of the density at the vectors in the last axis of `x`."""
        d = x - self.loc
        factor = np.broadcast_to(self.scale_tril, (*np.shape(d)[:-1], *np.shape(self.scale_tril)[-2:]))
        z = np.linalg.solve(factor, np.expand_dims(d, -1))[..., 0]
        return -0.5 * np.sum(z * z, axis=-1) - self._half_log_det() - self.event_shape[0] * _HALF_LOG_2PI

    def _half_log_det(self) -> Result:
        return np.sum(np.log(np.diagonal(self.scale_tril, axis1=-2, axis2=-1)), axis=-1)

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return `loc + L ε`."""
        noise = generator(rng).normal(size=self._shape(size))
        return self.loc + (self.scale_tril @ np.expand_dims(noise, -1))[..., 0]

    @property
    def mean(self) -> Array:
        """The mean."""
        return np.broadcast_to(self.loc, (*self.batch_shape, *self.event_shape))

    @property
    def covariance(self) -> Array:
        """The covariance matrix, `L Lᵀ`."""
        return self.scale_tril @ np.swapaxes(self.scale_tril, -1, -2)

    def entropy(self) -> Array:
        """Return `log det(2πe Σ) / 2`."""
        entropy = self._half_log_det() + self.event_shape[0] * (0.5 + _HALF_LOG_2PI)
        return np.broadcast_to(entropy, self.batch_shape) if np.shape(plain(entropy)) != self.batch_shape else entropy
