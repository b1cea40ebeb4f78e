"""Standardised inputs and quantities: mean 0 and deviation 1 over the training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.lab.data import Dataset
from tinygrad_lab.typing import NDArray


@dataclass(frozen=True, eq=False)
class Scale:
    """The means and deviations that standardise what the network sees.

    Arguments:
        mean, deviation: of each feature; a feature that is constant is divided by 1.
        target_mean, target_deviation: of the quantities to predict.

    Example:
        >>> data = Dataset("a", np.array([[1.0], [3.0]]), np.array([10.0, 30.0]), ("x",), ())
        >>> scale = Scale.of(data)
        >>> scale.inputs(data.x).ravel(), scale.quantities(np.array([0.0, 1.0]))
        (array([-1.,  1.]), array([20., 30.]))
    """

    mean: NDArray | float = 0.0
    deviation: NDArray | float = 1.0
    target_mean: float = 0.0
    target_deviation: float = 1.0

    @classmethod
    def of(cls, dataset: Dataset) -> Scale:
        """Return the scale of a data set."""
        mean, deviation = _moments(dataset.x)
        if dataset.classes:
            return cls(mean, deviation)
        target_mean, target_deviation = _moments(dataset.labels)
        return cls(mean, deviation, float(target_mean), float(target_deviation))

    def inputs(self, x: NDArray) -> NDArray:
        """Return standardised inputs."""
        return (x - self.mean) / self.deviation if isinstance(self.deviation, np.ndarray) else x

    def targets(self, y: NDArray) -> NDArray:
        """Return standardised quantities."""
        return (y - self.target_mean) / self.target_deviation

    def quantities(self, y: NDArray) -> NDArray:
        """Turn the network's outputs into quantities."""
        return y * self.target_deviation + self.target_mean

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON; `Scale.from_dict` reads it."""
        return {
            name: number.tolist() if isinstance(number, np.ndarray) else number for name, number in vars(self).items()
        }

    @classmethod
    def from_dict(cls, numbers: dict[str, Any]) -> Scale:
        """Return the scale that `to_dict` described."""
        given: dict[str, Any] = {name: np.array(x) if isinstance(x, list) else x for name, x in numbers.items()}
        return cls(**given)


def _moments(x: NDArray) -> tuple[NDArray, NDArray]:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = np.mean(x, axis=0), np.std(x, axis=0)
    return mean, np.where((deviation > 0) & np.isfinite(deviation), deviation, 1.0)
