"""A network with its present parameters, layer by layer: activations, gradients, and how far the next step goes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.core.graph import ancestors
from tinygrad_lab.core.value import Value
from tinygrad_lab.lab.build import Experiment
from tinygrad_lab.lab.data import Dataset
from tinygrad_lab.nn import Module
from tinygrad_lab.nn.evaluation import in_evaluation_mode
from tinygrad_lab.optim import Optimizer
from tinygrad_lab.typing import NDArray

MOST_POINTS = 1000  # used at most; of larger data sets, evenly spread ones
MOST_LAYERS = 12


@dataclass(frozen=True, eq=False)
class Layer:
    """A module with parameters, together with the modules without parameters that follow it.

    Arguments:
        kind: their classes, as in "Linear · Tanh".
        output: (points, units), the output of the last of them.
        parameters: those of the first.
        weight: (units, inputs) of a `Linear`, else None.
        bias: (units,) of a `Linear`, if it has one.
        activation: the class of the last module.
        gradient: the gradients of all its parameters in one vector; empty if there are none.
        ratio: ‖Δw‖ / ‖w‖, the size of the next update relative to the parameters.
    """

    kind: str
    output: NDArray
    parameters: tuple[Value, ...]
    weight: NDArray | None
    bias: NDArray | None
    activation: str
    gradient: NDArray
    ratio: float = math.nan

    @property
    def rectifies(self) -> bool:
        """Whether its activation is 0 for negative inputs, so that units can die."""
        return self.activation in ("ReLU", "ReLU6")


@dataclass(frozen=True, eq=False)
class Look:
    """Outputs and layers of a network on its data.

    Arguments:
        output: (points, outputs), before any activation that is part of the loss.
        layers: from first to last.
    """

    output: NDArray
    layers: tuple[Layer, ...]


def sample(n: int) -> NDArray:
    """Return the positions of the points that are used, out of n.

    Example:
        >>> sample(3).tolist(), len(sample(10**6))
        ([0, 1, 2], 1000)
    """
    return np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(int))


def look(experiment: Experiment, dataset: Dataset) -> Look:
    """Return outputs, activations and gradients on data; the model and its `grad`s stay as they were.

    Arguments:
        experiment: the model with its loss and optimizer.
        dataset: the data; a sample of them if there are very many.
    """
    model, optimizer = experiment.model, experiment.optimizer
    x, y = experiment.arrays(dataset.take(sample(len(dataset.x))))
    with _at_rest(model), np.errstate(all="ignore"):
        output = model(x)
        experiment.loss(output, y).backward()
        return Look(output.data, tuple(_layers(output, optimizer)))


def activations(experiment: Experiment, x: NDArray) -> Look:
    """Return outputs and activations at points (points, features), without gradients."""
    with _at_rest(experiment.model), np.errstate(all="ignore"):
        output = experiment.model(experiment.inputs(x))
        return Look(output.data, tuple(_layers(output, None)))


@contextmanager
def _at_rest(model: Module) -> Iterator[None]:
    """Put a model into evaluation mode without gradients, and put everything back afterwards."""
    parameters = model.parameters()
    gradients = [parameter.grad for parameter in parameters]
    for parameter in parameters:
        parameter.grad = None
    try:
        with in_evaluation_mode(model):
            yield
    finally:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient


def _layers(output: Value, optimizer: Optimizer | None) -> Iterator[Layer]:
    groups: list[list[tuple[Module, Value]]] = []
    for module, value in _calls(output):
        if module.parameters() or not groups:
            groups.append([])
        groups[-1].append((module, value))
    positions = {} if optimizer is None else {parameter: i for i, parameter in enumerate(optimizer.params)}
    for group in groups[:MOST_LAYERS]:
        first, (last, value) = group[0][0], group[-1]
        parameters = tuple(first.parameters())
        weight, bias = getattr(first, "weight", None), getattr(first, "bias", None)
        linear = isinstance(weight, Value) and weight.ndim == 2 and type(first).__name__ == "Linear"
        given = [p for p in parameters if p.grad is not None]
        yield Layer(
            " · ".join(type(module).__name__ for module, _ in group),
            value.data.reshape(len(value.data), -1),
            parameters,
            weight.data if linear and weight is not None else None,
            bias.data if linear and isinstance(bias, Value) else None,
            type(last).__name__,
            np.concatenate([p.grad.ravel() for p in given]) if given else np.empty(0),
            math.nan if optimizer is None else _ratio(optimizer, [(positions[p], p) for p in given if p in positions]),
        )


def _calls(output: Value) -> Iterator[tuple[Module, Value]]:
    """Yield the innermost module calls that led to a Value, first to last, each with its result."""
    for node in reversed(ancestors([output])):
        call: Any = node.call
        if call is not None:
            while call[2] is not None:
                call = call[2]
            if not call[0].children():
                yield call[0], node


def _ratio(optimizer: Optimizer, parameters: list[tuple[int, Value]]) -> float:
    """Return ‖Δw‖ / ‖w‖ of the update that the optimizer would make now."""
    moved = size = 0.0
    for position, parameter in parameters:
        rule = optimizer.rule_of(position)
        updated, _ = rule.updated(parameter.data, parameter.grad, optimizer.states[position])
        moved += float(np.sum((updated - parameter.data) ** 2))
        size += float(np.sum(parameter.data**2))
    return math.sqrt(moved / size) if size > 0 else math.nan
