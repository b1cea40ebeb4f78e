"""Distributions of whole numbers: `Bernoulli`, `Categorical`, `Poisson`. Their draws have no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.distributions.base import Distribution, Size, array, has_numbers, positive
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.extras import special
from tinygrad_lab.functional.activations import sigmoid, softplus
from tinygrad_lab.functional.softmaxes import log_softmax, softmax
from tinygrad_lab.generators import generator
from tinygrad_lab.typing import Array, ArrayLike, NumPyRng


def _either(name: str, logits: ArrayLike | None, probs: ArrayLike | None) -> tuple[Any, Any]:
    """Return logits or probabilities as arrays, and None for the other; refuse what are no probabilities."""
    if probs is None and logits is not None:
        return array(logits), None
    if probs is None or logits is not None:
        raise ArgumentError(f"{name}: needs either logits or probs, got {'neither' if probs is None else 'both'}")
    p = array(probs)
    known = plain(p)
    if has_numbers(known) and (np.any(known < 0) or (name == "Bernoulli" and np.any(known > 1))):
        raise ArgumentError(
            f"{name}: probs has {np.min(known)} to {np.max(known)}, which are no probabilities; "
            f"scores of any size are logits"
        )
    return None, p


class Bernoulli(Distribution):
    """1 with probability `p = sigmoid(logits)`, else 0; draws are plain arrays.

    Arguments:
        logits: the log-odds, an array; `log(p / (1 − p))`.
        probs: in their place, the probabilities, in [0, 1]; what is nearer to either end than the dtype's epsilon
            counts as that far from it.

    Raises:
        ArgumentError: for both or neither, or for a probability outside [0, 1].

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.distributions.Bernoulli(np.log(3.0)).log_prob(np.array([1.0, 0.0])).round(4)
        array([-0.2877, -1.3863])
    """

    def __init__(self, logits: ArrayLike | None = None, *, probs: ArrayLike | None = None) -> None:
        self.logits, p = _either("Bernoulli", logits, probs)
        if p is not None:
            least = np.finfo(p.dtype).eps
            p = np.clip(p, least, 1 - least)
            self.logits = np.log(p) - np.log1p(-p)
        self.batch_shape = np.shape(self.logits)

    def log_prob(self, x: Array) -> Array:
        """Return `x log p + (1 − x) log(1 − p)`, without overflow."""
        return x * self.logits - softplus(self.logits)

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return zeros and ones, float64."""
        p = sigmoid(plain(self.logits))
        return (generator(rng).uniform(size=self._shape(size)) < p).astype(np.float64)

    @property
    def mean(self) -> Array:
        """The probability of 1."""
        return sigmoid(self.logits)

    @property
    def variance(self) -> Array:
        """The variance, `p (1 − p)`."""
        return sigmoid(self.logits) * sigmoid(-self.logits)

    def entropy(self) -> Array:
        """Return `−p log p − (1 − p) log(1 − p)`."""
        return softplus(self.logits) - self.logits * sigmoid(self.logits)


class Categorical(Distribution):
    """Number i with probability `softmax(logits)[i]`; draws are plain integers.

    Arguments:
        logits: unnormalised logarithms of the probabilities, an array of shape (..., classes).
        probs: in their place, the probabilities, or numbers in proportion to them, none negative.

    Raises:
        ArgumentError: for both or neither, a negative probability, or a single number.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> d = tl.distributions.Categorical(np.log([1.0, 2.0, 1.0]))
        >>> d.log_prob(np.array([0, 1])).round(4)
        array([-1.3863, -0.6931])
    """

    def __init__(self, logits: ArrayLike | None = None, *, probs: ArrayLike | None = None) -> None:
        self.logits, p = _either("Categorical", logits, probs)
        if p is not None:
            with np.errstate(divide="ignore"):  # the logarithm of 0 is what is meant
                self.logits = np.log(p)
        if np.ndim(self.logits) < 1:
            raise ArgumentError(
                "Categorical: logits must be (..., classes), got a single number; pass one for each class"
            )
        self.batch_shape = np.shape(self.logits)[:-1]

    def log_prob(self, x: ArrayLike) -> Array:
        """Return the logarithm of the probability of the integers `x`."""
        x = plain(x) if hasattr(x, "dtype") else np.asarray(x)
        classes = np.shape(self.logits)[-1]
        if x.dtype.kind not in "iu" or (has_numbers(x) and x.size and not 0 <= np.min(x) <= np.max(x) < classes):
            raise ArgumentError(
                f"Categorical: x must be integers from 0 to {classes - 1}, got {x!r}; number them from 0"
            )
        shape = np.broadcast_shapes(x.shape, self.batch_shape)
        scores = np.broadcast_to(log_softmax(self.logits), (*shape, classes))
        return np.take_along_axis(scores, np.broadcast_to(x, shape)[..., None], axis=-1)[..., 0]

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return integers: the places of the largest of `logits + Gumbel noise`."""
        noise = generator(rng).gumbel(size=(*self._shape(size), np.shape(self.logits)[-1]))
        return np.argmax(plain(self.logits) + noise, axis=-1)

    @property
    def probabilities(self) -> Array:
        """The probabilities, of shape (..., classes)."""
        return softmax(self.logits)

    def entropy(self) -> Array:
        """Return `−Σ p log p`."""
        scores = log_softmax(self.logits)
        return -np.sum(np.exp(scores) * np.where(np.isneginf(plain(scores)), 0, scores), axis=-1)


class Poisson(Distribution):
    """The Poisson distribution, `rate^x exp(−rate) / x!`; draws are plain arrays. Needs SciPy.

    Arguments:
        rate: the mean, an array; positive.

    Raises:
        ArgumentError: if the rate is not positive.
        MissingExtraError: without SciPy.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.distributions.Poisson(2.0).log_prob(3.0).round(4)
        np.float64(-1.7123)
    """

    def __init__(self, rate: ArrayLike) -> None:
        self.rate = array(rate)
        positive("Poisson", rate=self.rate)
        self.batch_shape = np.shape(self.rate)

    def log_prob(self, x: Array) -> Array:
        """Return `x log rate − rate − log x!`."""
        return x * np.log(self.rate) - self.rate - special().gammaln(np.add(x, 1.0))

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Return counts, float64."""
        return generator(rng).poisson(plain(self.rate), size=self._shape(size)).astype(np.float64)

    @property
    def mean(self) -> Array:
        """The mean."""
        return self.rate

    @property
    def variance(self) -> Array:
        """The variance, which is the mean."""
        return self.rate
