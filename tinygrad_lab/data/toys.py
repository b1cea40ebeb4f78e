"""Small data sets that show what a network can do: two dimensions to look at, digits, a curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.extras import extra
from tinygrad_lab.typing import Rng

Points = tuple[Any, Any]


def two_moons(n: int, rng: Rng, noise: float = 0.1) -> Points:
    """Draw two half circles that reach into each other.

    Arguments:
        n: the number of points; the classes alternate.
        rng: `np.random.Generator` or `RandomState`.
        noise: the standard deviation of what is added to each coordinate.

    Returns:
        x of shape (n, 2), float64, and y of shape (n,), 0 or 1.

    Example:
        >>> x, y = two_moons(100, np.random.default_rng(0))
        >>> x.shape, y[:4].tolist()
        ((100, 2), [0, 1, 0, 1])
    """
    y = np.arange(n) % 2
    angle = np.pi * rng.random(n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.where(y[:, None] == 0, upper, [1.0, 0.5] - upper)
    return x + noise * rng.normal(size=(n, 2)), y


def circles(n: int, rng: Rng, noise: float = 0.05, factor: float = 0.5) -> Points:
    """Draw two circles around one centre.

    Arguments:
        n: the number of points; the classes alternate.
        rng: `np.random.Generator` or `RandomState`.
        noise: the standard deviation of what is added to each coordinate.
        factor: the radius of the inner circle; the outer one's is 1.

    Returns:
        x of shape (n, 2), float64, and y of shape (n,), 0 outside and 1 inside.

    Example:
        >>> x, y = circles(100, np.random.default_rng(0), noise=0)
        >>> np.linalg.norm(x, axis=1)[:2].round(6).tolist()
        [1.0, 0.5]
    """
    y = np.arange(n) % 2
    angle = 2 * np.pi * rng.random(n)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.where(y == 0, 1.0, factor)[:, None]
    return x + noise * rng.normal(size=(n, 2)), y


def spirals(n: int, rng: Rng, noise: float = 0.02, classes: int = 2, turns: float = 1.5) -> Points:
    """Draw spirals wound into each other, one for each class.

    Arguments:
        n: the number of points; the classes take turns.
        rng: `np.random.Generator` or `RandomState`.
        noise: the standard deviation of what is added to each coordinate.
        classes: the number of spirals.
        turns: how often each goes around.

    Returns:
        x of shape (n, 2), float64, and y of shape (n,), the number of the spiral.

    Example:
        >>> x, y = spirals(90, np.random.default_rng(0), classes=3)
        >>> x.shape, y[:4].tolist()
        ((90, 2), [0, 1, 2, 0])
    """
    y = np.arange(n) % classes
    radius = np.sqrt(rng.random(n))
    angle = 2 * np.pi * (turns * radius + y / classes)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return x + noise * rng.normal(size=(n, 2)), y


def sine(n: int, rng: Rng, noise: float = 0.1) -> Points:
    """Draw points of one period of a sine.

    Arguments:
        n: the number of points.
        rng: `np.random.Generator` or `RandomState`.
        noise: the standard deviation of what is added to each value.

    Returns:
        x of shape (n, 1), from [−π, π), and y of shape (n, 1), both float64.

    Example:
        >>> x, y = sine(50, np.random.default_rng(0), noise=0)
        >>> np.allclose(y, np.sin(x))
        True
    """
    x = rng.uniform(-np.pi, np.pi, size=(n, 1))
    return x, np.sin(x) + noise * rng.normal(size=(n, 1))


def digits() -> Points:
    """Return scikit-learn's copy of 1,797 handwritten digits of 8 × 8 pixels (the extra `examples`).

    Returns:
        x of shape (1797, 8, 8), float64 from 0 to 1, and y of shape (1797,), the digits.

    Raises:
        MissingExtraError: without scikit-learn.

    Example:
        >>> x, y = digits()
        >>> x.shape, y[:5].tolist()
        ((1797, 8, 8), [0, 1, 2, 3, 4])

    Source: E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.
    """
    with extra("examples"):
        from sklearn.datasets import load_digits
    bunch = load_digits()
    return bunch.images / 16.0, bunch.target
