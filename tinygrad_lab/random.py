"""Random numbers whose generator is plain data: a seed and a counter, so that a compiled step can draw from it.

Number i of a stream is a fixed function of the seed and of i, in NumPy's integer arithmetic. So a program draws the
same numbers as the function it was traced from, on every backend, and the counter is part of the state like any array.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.calls.spelling import as_shape
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.extras import special
from tinygrad_lab.typing import Array, DTypeLike, Result

Size = int | tuple[int, ...] | None

# SplitMix64: a Weyl sequence, mixed (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
# 2014; the multipliers of the mixing are D. Stafford's).
_GAMMA, _M1, _M2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


class Generator:
    """A stream of random numbers, with the methods of NumPy's generators that layers and training steps use.

    Arguments:
        seed: any integer; generators of the same seed draw the same numbers.

    Raises:
        ArgumentTypeError: if the seed is no integer.

    Attributes:
        counter: how many numbers were drawn; assign to it to draw them again.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> rng = tl.random.Generator(0)
        >>> layer = tl.nn.Dropout(0.5, rng=rng)
        >>> drop = tl.compile(layer, state=layer)
        >>> drop(np.ones(4)), drop(np.ones(4)), int(rng.counter)
        (array([2., 2., 0., 2.]), array([2., 0., 2., 0.]), 8)
    """

    def __init__(self, seed: int) -> None:
        if not isinstance(seed, int | np.integer):
            raise ArgumentTypeError(f"Generator: seed must be an integer, got {seed!r}; 0 will do")
        key = np.array([int(seed) % 2**64], np.uint64)
        self._key = _mixed(_mixed(key) + _GAMMA)  # neighbouring seeds start far from each other
        self.counter = np.uint64(0)

    def bits(self, count: int) -> Result:
        """Return `count` random integers of 64 bits."""
        numbers = np.arange(1, count + 1, dtype=np.uint64) + self.counter
        self.counter = self.counter + np.uint64(count)
        return _mixed(self._key + numbers * _GAMMA)

    def random(self, size: Size = None, dtype: DTypeLike = np.float64) -> Result:
        """Return numbers distributed uniformly over [0, 1)."""
        shape = _shape(size)
        uniform = (self.bits(math.prod(shape)) >> _11).astype(np.float64) * 2.0**-53
        return _shaped(uniform, shape, dtype)

    def uniform(self, low: Array | float = 0.0, high: Array | float = 1.0, size: Size = None) -> Result:
        """Return numbers distributed uniformly over [low, high)."""
        return low + (high - low) * self.random(_drawn(size, low, high))

    def normal(self, loc: Array | float = 0.0, scale: Array | float = 1.0, size: Size = None) -> Result:
        """Return normally distributed numbers.

        Source: G. Box, M. Muller, "A note on the generation of random normal deviates", 1958.
        """
        size = _drawn(size, loc, scale)
        radius, angle = 1 - self.random(size), 2 * np.pi * self.random(size)
        return loc + scale * np.sqrt(-2 * np.log(radius)) * np.cos(angle)

    def standard_normal(self, size: Size = None, dtype: DTypeLike = np.float64) -> Result:
        """Return numbers of mean 0 and variance 1, normally distributed."""
        normal = self.normal(size=size)
        return normal if dtype == np.float64 else normal.astype(dtype)

    def exponential(self, scale: Array | float = 1.0, size: Size = None) -> Result:
        """Return exponentially distributed numbers of mean `scale`."""
        return -scale * np.log1p(-self.random(_drawn(size, scale)))

    def gumbel(self, loc: Array | float = 0.0, scale: Array | float = 1.0, size: Size = None) -> Result:
        """Return numbers of the Gumbel distribution, `loc − scale · log ε` with ε exponentially distributed."""
        tiny = np.finfo(np.float64).tiny
        return loc - scale * np.log(np.maximum(self.exponential(size=_drawn(size, loc, scale)), tiny))

    def gamma(self, shape: Array | float, scale: Array | float = 1.0, size: Size = None) -> Result:
        """Return numbers of the gamma distribution: its quantile function, of uniform numbers. Needs SciPy."""
        return scale * special().gammaincinv(shape, self.random(_drawn(size, shape, scale)))

    def beta(self, a: Array | float, b: Array | float, size: Size = None) -> Result:
        """Return numbers of the beta distribution, as `gamma` does. Needs SciPy."""
        return special().betaincinv(a, b, self.random(_drawn(size, a, b)))

    def poisson(self, lam: Array | float = 1.0, size: Size = None) -> Result:
        """Return counts of the Poisson distribution of mean `lam`, at most 10⁹, as `gamma` does. Needs SciPy."""
        return np.ceil(special().pdtrik(self.random(_drawn(size, lam)), lam)).astype(np.int64)

    def integers(self, low: Array | int, high: Array | int | None = None, size: Size = None) -> Result:
        """Return integers from `low` to `high` − 1, or from 0 to `low` − 1.

        Raises:
            ArgumentError: there are none.
        """
        low, high = (0, low) if high is None else (low, high)
        if all(isinstance(x, int | np.integer | np.ndarray) for x in (low, high)) and np.any(np.less_equal(high, low)):
            raise ArgumentError(f"integers: high must be above low, got {high} and {low}; it is not drawn itself")
        return low + np.floor(self.random(_drawn(size, low, high)) * (high - low)).astype(np.int64)

    def permutation(self, count: int) -> Result:
        """Return the integers from 0 to `count` − 1 in random order."""
        return np.argsort(self.bits(count), kind="stable")

    @property
    def bit_generator(self) -> SplitMix64:
        """What saves and restores the state, as with NumPy's generators: `rng.bit_generator.state`."""
        return SplitMix64(self)

    def __repr__(self) -> str:
        return f"Generator(key={self._key[0]:#x}, counter={self.counter!r})"


class SplitMix64:
    """The state of a generator, in the form that NumPy's bit generators give theirs.

    Example:
        >>> import tinygrad_lab as tl
        >>> rng = tl.random.Generator(0)
        >>> state = rng.bit_generator.state
        >>> first = rng.random()
        >>> rng.bit_generator.state = state
        >>> bool(rng.random() == first)
        True
    """

    def __init__(self, owner: Generator) -> None:
        self._owner = owner

    @property
    def state(self) -> dict[str, Any]:
        """The key and how many numbers were drawn; assign to it to go on from there."""
        return {"bit_generator": "SplitMix64", "key": self._owner._key[0], "counter": self._owner.counter}

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        key, counter = state["key"], state["counter"]
        self._owner._key = np.array([key], np.uint64)
        self._owner.counter = np.uint64(counter) if isinstance(counter, int) else counter


def _mixed(x: Any) -> Result:
    x = (x ^ (x >> _30)) * _M1
    x = (x ^ (x >> _27)) * _M2
    return x ^ (x >> _31)


def _drawn(size: Size, *parameters: Any) -> Size:
    """Return how many numbers to draw: without a size one for each element of the parameters, as NumPy does."""
    return np.broadcast_shapes(*map(np.shape, parameters)) or None if size is None else size


def _shape(size: Size) -> tuple[int, ...]:
    return () if size is None else as_shape(size)


def _shaped(x: Any, shape: tuple[int, ...], dtype: DTypeLike) -> Result:
    x = x if dtype == np.float64 else x.astype(dtype)
    return np.reshape(x, shape) if shape else x[0]
