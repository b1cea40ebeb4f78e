"""What a network does at its parameters as they are: activations, gradients and the next step, layer by layer."""

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
from tinygrad_lab.lab.data import Array, Dataset
from tinygrad_lab.nn import Module
from tinygrad_lab.optim import Optimizer

MOST_POINTS = 1000  # of the data that are looked at; of more, so many evenly spread
MOST_LAYERS = 12


@dataclass(frozen=True, eq=False)
class Layer:
    """A module with parameters and the modules without that follow it.

    Arguments:
        kind: what they are, as in "Linear · Tanh".
        output: (points, units), what comes out of the last of them.
        parameters: of the first.
        weight: (units, inputs) of a `Linear`, else None.
        bias: (units,) of a `Linear`, if it has one.
        activation: the last module's class.
        gradient: the gradients of all its parameters, one after the other; empty where none was asked for.
        ratio: the size of the next update, in sizes of the parameters: ‖Δw‖ / ‖w‖.
    """

    kind: str
    output: Array
    parameters: tuple[Value, ...]
    weight: Array | None
    bias: Array | None
    activation: str
    gradient: Array
    ratio: float = math.nan


@dataclass(frozen=True, eq=False)
class Look:
    """What a network does on its data.

    Arguments:
        output: (points, outputs), before the activation that the loss computes itself.
        layers: first to last.
    """

    output: Array
    layers: tuple[Layer, ...]


def sample(n: int) -> Array:
    """Return which of n points are looked at.

    Example:
        >>> sample(3).tolist(), len(sample(10**6))
        ([0, 1, 2], 1000)
    """
    return np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(int))


def look(experiment: Experiment, dataset: Dataset) -> Look:
    """Return what a network does on data, with gradients; nothing of it changes, neither do its parameters' `grad`.

    Arguments:
        experiment: the model with its loss and optimizer.
        dataset: the data; of very many points some are looked at.
    """
    model, optimizer = experiment.model, experiment.optimizer
    x, y = experiment.arrays(dataset.take(sample(len(dataset.x))))
    with _at_rest(model), np.errstate(all="ignore"):
        output = model(x)
        experiment.loss(output, y).backward()
        return Look(output.data, tuple(_layers(output, optimizer)))


def activations(experiment: Experiment, x: Array) -> Look:
    """Return what a network does on points (points, features), without gradients."""
    with _at_rest(experiment.model), np.errstate(all="ignore"):
        output = experiment.model(experiment.inputs(x))
        return Look(output.data, tuple(_layers(output, None)))


@contextmanager
def _at_rest(model: Module) -> Iterator[None]:
    """Surround calls in evaluation mode, without gradients at first; in the end all is as it was."""
    training, parameters = model.training, model.parameters()
    gradients = [parameter.grad for parameter in parameters]
    for parameter in parameters:
        parameter.grad = None
    model.eval()
    try:
        yield
    finally:
        model.train(training)
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
    """Yield the innermost module calls that a Value was computed by, first to last, with what came out of them."""
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
        updated, _ = rule.update(parameter.data, parameter.grad, optimizer.states[position])
        moved += float(np.sum((updated - parameter.data) ** 2))
        size += float(np.sum(parameter.data**2))
    return math.sqrt(moved / size) if size > 0 else math.nan
