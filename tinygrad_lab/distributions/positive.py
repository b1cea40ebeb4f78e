"""Distributions of positive numbers and of shares: `Exponential`, `Gamma`, `Beta`, `Dirichlet`."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.distributions.base import Distribution, Size, array, batch, constant, positive
from tinygrad_lab.extras import special
from tinygrad_lab.generators import generator
from tinygrad_lab.typing import Array, ArrayLike, NumPyRng, Result


class Exponential(Distribution):
    """The exponential distribution, of density `rate · exp(−rate x)`; draws are differentiable.

    Arguments:
        rate: one over the mean, an array; positive.

    Raises:
        ArgumentError: if the rate is not positive.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.distributions.Exponential(2.0).log_prob(1.0).round(4)
        np.float64(-1.3069)
    """

    def __init__(self, rate: ArrayLike) -> None:
        self.rate = array(rate)
        positive("Exponential", rate=self.rate)
        self.batch_shape = np.shape(self.rate)

    def log_prob(self, x: Array) -> Array:
        """Return `log rate − rate x`."""
        return np.log(self.rate) - self.rate * x

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return `ε / rate`."""
        return generator(rng).exponential(size=self._shape(size)) / self.rate

    @property
    def mean(self) -> Array:
        """The mean, `1 / rate`."""
        return 1 / self.rate

    @property
    def variance(self) -> Array:
        """The variance, `1 / rate²`."""
        return 1 / (self.rate * self.rate)

    def entropy(self) -> Array:
        """Return `1 − log rate`."""
        return 1 - np.log(self.rate)


class Gamma(Distribution):
    """The gamma distribution, of density `rate^a x^(a−1) exp(−rate x) / Γ(a)`, a the concentration. Needs SciPy.

    Draws are differentiable with respect to the rate, and refused where the concentration wants a gradient.

    Arguments:
        concentration: the shape a, an array; positive.
        rate: an array; positive.

    Raises:
        ArgumentError: if a parameter is not positive.
        MissingExtraError: without SciPy.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.distributions.Gamma(3.0, 2.0).log_prob(1.0).round(4)
        np.float64(-0.6137)
    """

    def __init__(self, concentration: ArrayLike, rate: ArrayLike) -> None:
        self.concentration, self.rate = array(concentration), array(rate)
        positive("Gamma", concentration=self.concentration, rate=self.rate)
        self.batch_shape = batch("Gamma", concentration=self.concentration, rate=self.rate)

    def log_prob(self, x: Array) -> Array:
        """Return the logarithm of the density at `x`, which is positive."""
        a = self.concentration
        return a * np.log(self.rate) + (a - 1) * np.log(x) - self.rate * x - special().gammaln(a)

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return `γ / rate`, γ drawn with rate 1."""
        a = constant("Gamma.sample: concentration", self.concentration)
        return generator(rng).gamma(np.broadcast_to(a, self.batch_shape), size=self._shape(size)) / self.rate

    @property
    def mean(self) -> Array:
        """The mean, `a / rate`."""
        return self.concentration / self.rate

    @property
    def variance(self) -> Array:
        """The variance, `a / rate²`."""
        return self.concentration / (self.rate * self.rate)

    def entropy(self) -> Array:
        """Return `a − log rate + log Γ(a) + (1 − a) ψ(a)`."""
        a = self.concentration
        return a - np.log(self.rate) + special().gammaln(a) + (1 - a) * special().digamma(a)


class Beta(Distribution):
    """The beta distribution of shares between 0 and 1, of density `x^(a−1) (1 − x)^(b−1) / B(a, b)`. Needs SciPy.

    Draws have no gradient: a parameter that wants one is refused.

    Arguments:
        a: an array; positive.
        b: likewise.

    Raises:
        ArgumentError: if a parameter is not positive.
        MissingExtraError: without SciPy.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.distributions.Beta(2.0, 3.0).log_prob(0.5).round(4)
        np.float64(0.4055)
    """

    def __init__(self, a: ArrayLike, b: ArrayLike) -> None:
        self.a, self.b = array(a), array(b)
        positive("Beta", a=self.a, b=self.b)
        self.batch_shape = batch("Beta", a=self.a, b=self.b)

    def _log_beta(self) -> Result:
        gammaln = special().gammaln
        return gammaln(self.a) + gammaln(self.b) - gammaln(self.a + self.b)

    def log_prob(self, x: Array) -> Array:
        """Return the logarithm of the density at `x`, between 0 and 1."""
        return (self.a - 1) * np.log(x) + (self.b - 1) * np.log1p(-x) - self._log_beta()

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return shares between 0 and 1."""
        a, b = (constant("Beta.sample", x) for x in (self.a, self.b))
        return generator(rng).beta(a, b, size=self._shape(size))

    @property
    def mean(self) -> Array:
        """The mean, `a / (a + b)`."""
        return self.a / (self.a + self.b)

    @property
    def variance(self) -> Array:
        """The variance, `a b / ((a + b)² (a + b + 1))`."""
        total = self.a + self.b
        return self.a * self.b / (total * total * (total + 1))

    def entropy(self) -> Array:
        """Return `log B(a, b) − (a − 1) ψ(a) − (b − 1) ψ(b) + (a + b − 2) ψ(a + b)`."""
        a, b, psi = self.a, self.b, special().digamma
        return self._log_beta() - (a - 1) * psi(a) - (b - 1) * psi(b) + (a + b - 2) * psi(a + b)


class Dirichlet(Distribution):
    """The distribution of shares that sum to 1, of density `Γ(Σ a) Π x^(a−1) / Γ(a)`. Needs SciPy.

    Draws have no gradient: a parameter that wants one is refused.

    Arguments:
        concentration: the vector a, an array of shape (..., n); positive.

    Raises:
        ArgumentError: if an element is not positive.
        MissingExtraError: without SciPy.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.distributions.Dirichlet(np.ones(3)).log_prob(np.array([0.2, 0.3, 0.5])).round(4)
        np.float64(0.6931)
    """

    def __init__(self, concentration: ArrayLike) -> None:
        self.concentration = array(concentration)
        positive("Dirichlet", concentration=self.concentration)
        self.batch_shape, self.event_shape = np.shape(self.concentration)[:-1], np.shape(self.concentration)[-1:]

    def log_prob(self, x: Array) -> Array:
        """Return the logarithm of the density at the vectors in the last axis of `x`."""
        a, gammaln = self.concentration, special().gammaln
        terms = (a - 1) * np.log(x) - gammaln(a)
        return np.sum(terms, axis=-1) + gammaln(np.sum(a, axis=-1))

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return vectors of shares."""
        a = constant("Dirichlet.sample", self.concentration)
        parts = generator(rng).gamma(np.broadcast_to(a, self._shape(size)))
        return parts / np.sum(parts, axis=-1, keepdims=True)

    @property
    def mean(self) -> Array:
        """The mean, `a / Σ a`."""
        return self.concentration / np.sum(self.concentration, axis=-1, keepdims=True)
