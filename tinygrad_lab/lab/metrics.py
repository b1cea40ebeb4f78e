"""Measures of predictions: accuracy of classes, errors of quantities, and figures for each class."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.lab.data import Dataset
from tinygrad_lab.typing import NDArray


def describe(dataset: Dataset, predicted: NDArray) -> dict[str, float]:
    """Return the figures of a prediction: accuracy; or errors, and R² if the quantities differ.

    Arguments:
        dataset: the points with their labels.
        predicted: (points,), numbers of classes or quantities.

    Example:
        >>> data = Dataset("a", np.zeros((3, 1)), np.array([1.0, 2.0, 3.0]), ("x",), ())
        >>> describe(data, np.array([1.0, 2.0, 2.0]))
        {'mse': 0.333..., 'rmse': 0.577..., 'r2': 0.5}
    """
    if dataset.classes:
        return {"accuracy": int(np.count_nonzero(predicted == dataset.labels)) / len(predicted)}
    with np.errstate(over="ignore", invalid="ignore"):
        mse = float(np.mean((predicted - dataset.labels) ** 2))
        variance = float(np.var(dataset.labels))
    found = {"mse": mse, "rmse": math.sqrt(mse) if mse == mse else mse}
    return found | ({"r2": 1 - mse / variance} if variance > 0 else {})


def confusion(dataset: Dataset, predicted: NDArray) -> NDArray:
    """Return how often each class (row) was predicted as each (column)."""
    counts = np.zeros((len(dataset.classes), len(dataset.classes)), dtype=int)
    np.add.at(counts, (dataset.labels, predicted), 1)
    return counts


def by_class(counts: NDArray) -> list[tuple[float, float, int]]:
    """Return precision, recall and the number of points of each class, from a confusion matrix; 0 where undefined.

    Example:
        >>> by_class(np.array([[3, 1], [0, 4]]))
        [(1.0, 0.75, 4), (0.8, 1.0, 4)]
    """
    hits, predicted, points = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    precision, recall = hits / np.maximum(predicted, 1), hits / np.maximum(points, 1)
    return list(zip(precision.tolist(), recall.tolist(), points.tolist(), strict=True))


def accuracy(output: NDArray, y: NDArray, threshold: float = 0.5) -> float:
    """Return the share of points whose class is predicted.

    Arguments:
        output: (points, 1): class 1 from `threshold` on; or (points, classes): the class of the largest output.
        y: (points, 1) of 0 and 1; or (points,) of class numbers; or (points, classes) of probabilities.
        threshold: for one column of outputs.

    Example:
        >>> accuracy(np.array([[0.2], [0.9], [0.4]]), np.array([[0.0], [1.0], [1.0]]))
        0.6666666666666666
    """
    return float(scorer(y, threshold)(output))


def scorer(y: NDArray, threshold: float) -> Callable[[NDArray], Any]:
    """Return `accuracy` for fixed targets, as a function of outputs that computes only what depends on them."""
    n = len(y)
    if y.ndim == 2 and y.shape[1] > 1:
        y = np.argmax(y, axis=1)
    positive = y >= 0.5

    def score(output: NDArray) -> Any:
        if output.shape == positive.shape:
            return np.sum((output >= threshold) == positive) / n
        return np.sum(np.argmax(output, axis=1) == y) / n

    return score
