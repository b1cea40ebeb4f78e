"""The two data sets of the exercise, data sets in general, and mini-batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Rng: TypeAlias = np.random.Generator | np.random.RandomState
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class Data(NamedTuple):
    """Inputs `x` (points, features) and targets `y`, in the shape that the loss wants."""

    x: Array
    y: Array


@dataclass(frozen=True)
class Dataset:
    """Points with a class each, and what everything is called.

    Arguments:
        name: what to call the data in pictures and folders.
        x: float64 array (points, features).
        labels: integer array (points,): the position of each point's class in `classes`.
        features: one name per column of `x`.
        classes: one name per class.
    """

    name: str
    x: Array
    labels: Array
    features: tuple[str, ...]
    classes: tuple[str, ...]


def linear(n: int, rng: Rng) -> Data:
    """Draw points uniformly from the unit square; the label is 0 where x₁ > x₂ and 1 elsewhere.

    Arguments:
        n: number of points.
        rng: source of randomness.

    Returns:
        `Data(x, y)` with x of shape (n, 2) and y of shape (n, 1), both float64.

    Example:
        >>> x, y = linear(100, np.random.default_rng(0))
        >>> x.shape, y.shape
        ((100, 2), (100, 1))
        >>> bool(((x[:, :1] <= x[:, 1:]) == y).all())
        True
    """
    x = rng.uniform(size=(n, 2))
    return Data(x, (x[:, :1] <= x[:, 1:]).astype(np.float64))


def xor() -> Data:
    """Return 21 points on the two diagonals of the unit square: 0 on the rising one, 1 on the falling one.

    For i = 0…10 the point (0.1 i, 0.1 i) has label 0 and, unless i = 5, (0.1 i, 1 − 0.1 i) has label 1, in this order.

    Returns:
        `Data(x, y)` with x of shape (21, 2) and y of shape (21, 1), both float64.

    Example:
        >>> x, y = xor()
        >>> x[:3].tolist(), y[:3].ravel().tolist()
        ([[0.0, 0.0], [0.0, 1.0], [0.1, 0.1]], [0.0, 1.0, 0.0])
    """
    rising = [(0.1 * i, 0.1 * i, 0.0) for i in range(11)]
    falling = [(0.1 * i, 1 - 0.1 * i, 1.0) for i in range(11)]
    points = [point for pair in zip(rising, falling, strict=True) for point in pair]
    del points[11]  # the diagonals cross at (0.5, 0.5), which belongs to the rising one
    table = np.array(points)
    return Data(table[:, :2], table[:, 2:])


@dataclass(frozen=True)
class Source:
    """A data set of the lab.

    Arguments:
        make: from a number of points and a generator to `Data`.
        sized: whether the number of points can be chosen.
    """

    make: Callable[[int, Rng], Data]
    sized: bool = False


DATASETS: dict[str, Source] = {"xor": Source(lambda n, rng: xor()), "linear": Source(linear, sized=True)}


def minibatches(data: tuple[Array, Array], batch_size: int, rng: Rng) -> Iterator[Data]:
    """Go through the data once, in random order, `batch_size` points at a time; the last batch may be smaller.

    Arguments:
        data: inputs and targets, with one point per row of both.
        batch_size: number of points in a batch.
        rng: decides the order.

    Example:
        >>> [len(x) for x, y in minibatches(xor(), 8, np.random.default_rng(0))]
        [8, 8, 5]
    """
    x, y = data
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        chosen = order[start : start + batch_size]
        yield Data(x[chosen], y[chosen])
