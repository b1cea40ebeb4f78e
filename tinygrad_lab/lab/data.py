"""The lab's data sets by name, data sets in general, and mini-batches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_lab.data import toys
from tinygrad_lab.errors import LabError
from tinygrad_lab.typing import NDArray, NumPyRng

if TYPE_CHECKING:
    from tinygrad_lab.lab.columns import Columns


class Data(NamedTuple):
    """Inputs `x` (points, features) and targets `y` in the shape that the loss takes."""

    x: NDArray
    y: NDArray


@dataclass(frozen=True)
class Dataset:
    """Points with a class or a quantity each, and the names of everything.

    Arguments:
        name: the name in pictures and folders.
        x: float64 array (points, features).
        labels: (points,), integers, each point's class as a position in `classes`; or float64, quantities.
        features: one name per column of `x`.
        classes: one name per class; empty if labels are quantities.
        target: the name of the labels.
        columns: how a file's columns become those of `x`; None without a file.
    """

    name: str
    x: NDArray
    labels: NDArray
    features: tuple[str, ...]
    classes: tuple[str, ...]
    target: str = "label"
    columns: Columns | None = None

    @property
    def task(self) -> str:
        """`classification`, or `regression` if labels are quantities."""
        return "classification" if self.classes else "regression"

    def take(self, rows: NDArray | slice) -> Dataset:
        """Return the data set of some of the points."""
        return replace(self, x=self.x[rows], labels=self.labels[rows])

    def checksum(self) -> str:
        """Return a checksum of the numbers.

        Example:
            >>> Dataset("a", np.eye(2), np.array([0, 1]), ("x", "y"), ("no", "yes")).checksum()[:8]
            '...'
        """
        digest = hashlib.sha256(repr((self.features, self.classes, self.x.shape)).encode())
        for array in (self.x, self.labels):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:32]


def split(dataset: Dataset, fraction: float, rng: NumPyRng) -> tuple[Dataset, Dataset]:
    """Split off a random share of the points; both parts keep their order.

    Arguments:
        dataset: the data.
        fraction: the share to split off, more than 0 and less than 1; each part gets at least one point.
        rng: decides which points.

    Raises:
        LabError: there is only one point.

    Example:
        >>> x, y = linear(10, np.random.default_rng(0))
        >>> data = Dataset("linear", x, y.ravel().astype(int), ("x1", "x2"), ("0", "1"))
        >>> [len(part.x) for part in split(data, 0.2, np.random.default_rng(0))]
        [8, 2]
    """
    n = len(dataset.x)
    if n < 2:
        raise LabError(f"data: {dataset.name} has {n} point(s), and some cannot be put aside; add data")
    aside = np.zeros(n, dtype=bool)
    aside[rng.permutation(n)[: min(max(1, round(fraction * n)), n - 1)]] = True
    return dataset.take(~aside), dataset.take(aside)


def linear(n: int, rng: NumPyRng) -> Data:
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
        make: draws `Data`, given the number of points, a generator, and the standard deviation of the noise.
        noise: the default noise.
        sized: whether the number of points can be chosen.
        features: the names of the columns of x.
        classes: the names of the classes; empty if labels are quantities.
    """

    make: Callable[[int, NumPyRng, float], Data]
    noise: float = 0.0
    sized: bool = True
    features: tuple[str, ...] = ("x1", "x2")
    classes: tuple[str, ...] = ("0", "1")


def _blurred(draw: Callable[[int, NumPyRng], Data]) -> Callable[[int, NumPyRng, float], Data]:
    """Return a function that draws points and adds noise to them; without noise, it draws nothing more."""

    def make(n: int, rng: NumPyRng, noise: float) -> Data:
        x, y = draw(n, rng)
        return Data(x + noise * rng.normal(size=x.shape) if noise else x, y)

    return make


def _column(draw: Callable[..., tuple[NDArray, NDArray]], **options: Any) -> Callable[[int, NumPyRng, float], Data]:
    """Return a function that draws points, with the labels as a column of numbers."""

    def make(n: int, rng: NumPyRng, noise: float) -> Data:
        x, y = draw(n, rng, noise=noise, **options)
        return Data(x, y.reshape(n, 1).astype(np.float64))

    return make


def _digits(n: int, rng: NumPyRng) -> Data:
    x, y = toys.digits()
    return Data(x.reshape(len(x), -1), y.reshape(-1, 1).astype(np.float64))


_PIXELS = tuple(f"pixel {row} {column}" for row in range(8) for column in range(8))
DATASETS: dict[str, Source] = {
    "xor": Source(_blurred(lambda n, rng: xor()), sized=False),
    "linear": Source(_blurred(linear)),
    "two_moons": Source(_column(toys.two_moons), 0.1),
    "circles": Source(_column(toys.circles), 0.05),
    "spirals": Source(_column(toys.spirals), 0.02),
    "three_spirals": Source(_column(toys.spirals, classes=3, turns=0.8), 0.02, classes=("0", "1", "2")),
    "digits": Source(_blurred(_digits), sized=False, features=_PIXELS, classes=tuple("0123456789")),
    "sine": Source(_column(toys.sine), 0.1, features=("x",), classes=()),
}


def minibatches(data: tuple[NDArray, NDArray], batch_size: int, rng: NumPyRng) -> Iterator[Data]:
    """Go through the data once, in random order, `batch_size` points at a time; the last batch may be smaller.

    Arguments:
        data: inputs and targets, with one point per row of both.
        batch_size: number of points in a batch.
        rng: decides the order.

    Raises:
        LabError: the rows do not match.

    Example:
        >>> [len(x) for x, y in minibatches(xor(), 8, np.random.default_rng(0))]
        [8, 8, 5]
    """
    x, y = data
    if len(x) != len(y):
        raise LabError(
            f"minibatches: {len(x)} rows of inputs do not match {len(y)} rows of targets; give both the same number"
        )
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        chosen = order[start : start + batch_size]
        yield Data(x[chosen], y[chosen])
