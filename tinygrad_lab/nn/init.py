"""Initialisers, the values of parameters before training: functions `(shape, rng, dtype) -> array`.

A weight's shape is (out, in) or (out, in, kernel): its fan-in is the number of inputs of one output, in · kernel, and
its fan-out the number of outputs of one input, out · kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.defaults import given_or_default
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.refusals.nearest import none_of
from tinygrad_lab.typing import DTypeLike, NDArray, Rng, Shape

Initialiser = Callable[..., NDArray]


def zeros(shape: Shape, rng: Rng, dtype: DTypeLike = None) -> NDArray:
    """Return zeros.

    Arguments:
        shape: the parameter's shape.
        rng: not used.
        dtype: the parameter's dtype.

    Example:
        >>> zeros((2,), None)
        array([0., 0.])
    """
    return np.zeros(shape, given_or_default(dtype))


def uniform(shape: Shape, rng: Rng, dtype: DTypeLike = None, low: float = 0.0, high: float = 1.0) -> NDArray:
    """Return numbers drawn uniformly from [low, high).

    Arguments:
        shape: the parameter's shape.
        rng: `np.random.Generator` or `RandomState`.
        dtype: the parameter's dtype.
        low: the lowest number.
        high: the end of the interval.

    Example:
        >>> uniform((2, 1), np.random.default_rng(0), low=-1.0)
        array([[ 0.27392337],
               [-0.46042657]])
    """
    return np.asarray(rng.uniform(low, high, shape), given_or_default(dtype))


def normal(shape: Shape, rng: Rng, dtype: DTypeLike = None, mean: float = 0.0, std: float = 1.0) -> NDArray:
    """Return numbers drawn from a normal distribution.

    Arguments:
        shape: the parameter's shape.
        rng: `np.random.Generator` or `RandomState`.
        dtype: the parameter's dtype.
        mean: the distribution's mean.
        std: its standard deviation.

    Example:
        >>> normal((2,), np.random.default_rng(0))
        array([ 0.12573022, -0.13210486])
    """
    return np.asarray(rng.normal(mean, std, shape), given_or_default(dtype))


def rand(shape: Shape, rng: Rng, dtype: DTypeLike = None) -> NDArray:
    """Return numbers from [0, 1), drawn as `rng.rand(in, out)` draws them, then transposed to (out, in).

    So a network that computes `x @ w` elsewhere can be repeated here, where layers compute `x @ w.T`.

    Arguments:
        shape: the parameter's shape.
        rng: `np.random.RandomState`, whose numbers are those of `rand`, or `Generator`.
        dtype: the parameter's dtype.

    Example:
        >>> rand((2, 3), np.random.RandomState(0)).T - np.random.RandomState(0).rand(3, 2)
        array([[0., 0.],
               [0., 0.],
               [0., 0.]])
    """
    return np.asarray(rng.random(shape[::-1]).T, given_or_default(dtype), order="C")


def xavier_uniform(shape: Shape, rng: Rng, dtype: DTypeLike = None, gain: float = 1.0) -> NDArray:
    """Return numbers from U(−a, a) with `a = gain · √(6 / (fan_in + fan_out))`.

    Arguments:
        shape: the weight's shape, (out, in, ...).
        rng: `np.random.Generator` or `RandomState`.
        dtype: the weight's dtype.
        gain: a factor that depends on the activation, 1 for a linear one.

    Example:
        >>> xavier_uniform((1, 2), np.random.default_rng(0))
        array([[ 0.38738615, -0.6511415 ]])

    Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    bound = gain * math.sqrt(6 / sum(_fans(shape)))
    return uniform(shape, rng, dtype, -bound, bound)


def xavier_normal(shape: Shape, rng: Rng, dtype: DTypeLike = None, gain: float = 1.0) -> NDArray:
    """Return numbers from a normal distribution with `std = gain · √(2 / (fan_in + fan_out))`.

    Arguments:
        shape: the weight's shape, (out, in, ...).
        rng: `np.random.Generator` or `RandomState`.
        dtype: the weight's dtype.
        gain: a factor that depends on the activation, 1 for a linear one.

    Example:
        >>> xavier_normal((1, 1), np.random.default_rng(0))
        array([[0.12573022]])

    Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    return normal(shape, rng, dtype, 0.0, gain * math.sqrt(2 / sum(_fans(shape))))


def he_uniform(shape: Shape, rng: Rng, dtype: DTypeLike = None) -> NDArray:
    """Return numbers from U(−a, a) with `a = √(6 / fan_in)`, made for ReLU.

    Arguments:
        shape: the weight's shape, (out, in, ...).
        rng: `np.random.Generator` or `RandomState`.
        dtype: the weight's dtype.

    Example:
        >>> he_uniform((1, 6), np.random.default_rng(0)).round(3)
        array([[ 0.274, -0.46 , -0.918, -0.967,  0.627,  0.826]])

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", 2015.
    """
    bound = math.sqrt(6 / _fans(shape)[0])
    return uniform(shape, rng, dtype, -bound, bound)


def he_normal(shape: Shape, rng: Rng, dtype: DTypeLike = None) -> NDArray:
    """Return numbers from a normal distribution with `std = √(2 / fan_in)`, made for ReLU.

    Arguments:
        shape: the weight's shape, (out, in, ...).
        rng: `np.random.Generator` or `RandomState`.
        dtype: the weight's dtype.

    Example:
        >>> he_normal((1, 2), np.random.default_rng(0))
        array([[ 0.12573022, -0.13210486]])

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", 2015.
    """
    return normal(shape, rng, dtype, 0.0, math.sqrt(2 / _fans(shape)[0]))


#: By their own names.
INITIALISERS: dict[str, Initialiser] = {
    function.__name__: function
    for function in (zeros, uniform, normal, rand, xavier_uniform, xavier_normal, he_uniform, he_normal)
}

__all__ = ["INITIALISERS", *INITIALISERS]


def layer_parameters(
    shape: Shape, bias: Shape | None, rng: Rng | None, init: str | Initialiser | None, dtype: DTypeLike
) -> tuple[NDArray, NDArray | None]:
    """Return the first weight and bias of a layer.

    Arguments:
        shape: the weight's shape, (out, in, ...).
        bias: the bias' shape, None for a layer without one.
        rng: what to draw from; None for fresh randomness.
        init: a name from `INITIALISERS` or such a function for the weight, the bias is 0; None for both from
            U(−a, a) with `a = 1 / √fan_in`.
        dtype: the dtype of both.

    Raises:
        ArgumentError: if `init` is no known name.

    Example:
        >>> layer_parameters((1, 2), (1,), None, "zeros", np.float64)
        (array([[0., 0.]]), array([0.]))
    """
    rng = or_fresh(rng)
    if init is None:
        bound = 1 / math.sqrt(_fans(shape)[0])
        weight = uniform(shape, rng, dtype, -bound, bound)
        return weight, None if bias is None else uniform(bias, rng, dtype, -bound, bound)
    if isinstance(init, str):
        if init not in INITIALISERS:
            raise ArgumentError(f"init: name {none_of(INITIALISERS, init, 'or pass a function')}")
        init = INITIALISERS[init]
    return init(shape, rng, given_or_default(dtype)), None if bias is None else np.zeros(bias, given_or_default(dtype))


def check_positive(layer: str, **sizes: int) -> None:
    """Raise an ArgumentError unless all sizes of a layer are at least 1."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool):
            raise ArgumentTypeError(f"{layer}: {name} must be a whole number, got {size!r}; use 1 or more")
        if size < 1:
            raise ArgumentError(f"{layer}: {name} must be positive, got {size}; use 1 or more")


def _fans(shape: Shape) -> tuple[int, int]:
    """Return the fan-in and fan-out of a weight."""
    taps = math.prod(shape[2:])
    return shape[1] * taps, shape[0] * taps


if not TYPE_CHECKING:
    __getattr__ = refusals.names.of_package(__name__, lambda: __all__)
