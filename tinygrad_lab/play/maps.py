"""What a network says all over a plane of two features: the map of its output, and one of each unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.lab.build import Experiment
from tinygrad_lab.lab.data import Dataset
from tinygrad_lab.lab.running import Parts
from tinygrad_lab.lab.steps import evaluating
from tinygrad_lab.play.looking import activations
from tinygrad_lab.typing import NDArray

_MARGIN = 0.08  # of the range of the data, on each side


@dataclass(frozen=True, eq=False)
class Plane:
    """Two features, or the only one, and how far they go; the other features are at their mean.

    Arguments:
        axes: the features' positions; one where there is one feature only.
        low, high: of each axis.
        mean: of every feature.
    """

    axes: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: NDArray

    @classmethod
    def of(cls, parts: Parts, axes: tuple[int, ...]) -> Plane:
        """Return the plane that holds all points."""
        given = [part.x for part in (parts.training, parts.validation, parts.test) if part is not None]
        x = np.concatenate(given)
        axes = tuple(dict.fromkeys(axis for axis in axes if axis < x.shape[1])) or (0,)
        if len(axes) == 1 and x.shape[1] > 1:
            axes = (axes[0], next(other for other in range(x.shape[1]) if other != axes[0]))
        low, high = x[:, axes].min(axis=0), x[:, axes].max(axis=0)
        room = np.where(high > low, _MARGIN * (high - low), 0.5)
        return cls(axes, tuple((low - room).tolist()), tuple((high + room).tolist()), given[0].mean(axis=0))

    def grid(self, n: int) -> NDArray:
        """Return the centres of n × n cells, row by row from the top, or of n along a single axis."""
        sides = [low + (np.arange(n) + 0.5) * (high - low) / n for low, high in zip(self.low, self.high, strict=True)]
        x = np.tile(self.mean, (n ** len(sides), 1))
        if len(sides) == 1:
            x[:, self.axes[0]] = sides[0]
        else:
            across, up = np.meshgrid(sides[0], sides[1][::-1])
            x[:, self.axes[0]], x[:, self.axes[1]] = across.ravel(), up.ravel()
        return x


@dataclass(frozen=True, eq=False)
class Maps:
    """The maps of a network.

    Arguments:
        output: (cells, planes) of bytes. One plane is the probability of class 1, or the quantity, from 0 to 255; two
            are the number of the class and its probability.
        units: for each layer, (units, cells) of bytes: 127 at 0, 254 at `scales`, 0 at minus that.
        scales: for each layer, the largest size of an activation.
        curve: along a single axis, (cells, outputs): probabilities, or quantities; else None.
    """

    output: NDArray
    units: list[NDArray]
    scales: list[float]
    curve: NDArray | None


def output_map(experiment: Experiment, dataset: Dataset, plane: Plane, n: int) -> tuple[NDArray, NDArray | None]:
    """Return `output` and `curve` of `Maps`, on n cells a side."""
    with evaluating(experiment.model):
        p, classes = experiment.predict(plane.grid(n))
    curve = p if len(plane.axes) == 1 else None
    if not dataset.classes:
        low, high = float(dataset.labels.min()), float(dataset.labels.max())
        return _bytes((p[:, :1] - low) / ((high - low) or 1.0) * 255), curve
    if experiment.classwise:
        return np.stack([classes.astype(np.uint8), _bytes(p.max(axis=1) * 255)], axis=1), curve
    return _bytes(p * 255), curve


def maps(experiment: Experiment, dataset: Dataset, plane: Plane, fine: int, coarse: int, shown: Any) -> Maps:
    """Return the maps of the output, on `fine` cells a side, and of some of the units, on `coarse` cells a side.

    Arguments:
        experiment: the network.
        dataset: the data.
        plane: what to go over.
        fine: cells a side of the output's map.
        coarse: of a unit's.
        shown: from a number of units to the positions of those to be shown.
    """
    output, curve = output_map(experiment, dataset, plane, fine)
    layers = activations(experiment, plane.grid(coarse)).layers
    units, scales = [], []
    for layer in layers:
        values = layer.output[:, shown(layer.output.shape[1])].T
        scale = float(np.max(np.abs(values), initial=0.0))
        scales.append(scale)
        units.append(_bytes(127 + 127 * values / (scale if scale > 0 else 1.0)))
    return Maps(output, units, scales, curve)


def _bytes(x: NDArray) -> NDArray:
    return np.clip(np.rint(np.nan_to_num(x, nan=127.0, posinf=255.0, neginf=0.0)), 0, 255).astype(np.uint8)
