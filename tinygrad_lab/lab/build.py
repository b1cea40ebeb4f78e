"""From a configuration to a model, a loss and an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygrad_lab import functional, nn, optim
from tinygrad_lab.core import modes
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import Array, Data, Dataset, Rng
from tinygrad_lab.lab.objectives import OBJECTIVES
from tinygrad_lab.lab.schedules import rate


@dataclass(frozen=True)
class Experiment:
    """A model and all that its training needs.

    The cross-entropies are computed from the numbers before the last activation: the mathematics is the same, and
    neither a logarithm of 0 nor a division by p (1 − p) = 0 can occur. The model then ends without that activation,
    and `probabilities` applies it.

    Arguments:
        model: the network.
        data: inputs and targets in the shapes that model and loss want.
        loss: called on the model's outputs and the targets.
        optimizer: holds the model's parameters.
        probabilities: from the model's outputs to (points, 1), the probability of class 1, or (points, classes).
        threshold: the model's output from which on a single column predicts class 1.
    """

    model: nn.Module
    data: Data
    loss: nn.Module
    optimizer: optim.Optimizer
    probabilities: Callable[[Array], Array]
    threshold: float

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Return the probabilities of points (points, features), and the numbers of the predicted classes (points,)."""
        with modes.no_grad(), np.errstate(over="ignore", invalid="ignore"):  # of a model whose training diverged
            output = self.model(x.reshape(len(x), *self.data.x.shape[1:])).data
            several = output.shape[1] > 1
            classes = np.argmax(output, axis=1) if several else (output[:, 0] >= self.threshold).astype(np.int64)
            return self.probabilities(output), classes


def resolve(config: Config, dataset: Dataset) -> Config:
    """Return the configuration with the choices that depend on the data made: loss and output, and how long to train.

    Raises:
        LabError: the loss does not fit the data.
    """
    loss = config.loss or _default_loss(config, dataset)
    if len(dataset.classes) > 2 and not OBJECTIVES[loss].classwise:
        fitting = " or ".join(name for name, objective in OBJECTIVES.items() if objective.classwise)
        raise LabError(
            f"config: loss must be {fitting} for the {len(dataset.classes)} classes of {dataset.name}, got {loss}; "
            f"leave --loss out"
        )
    output = config.output or OBJECTIVES[loss].outputs[0]
    return replace(
        config,
        loss=loss,
        output=output,
        epochs=config.limit,
        until=config.condition,
        log_every=config.log_interval,
    )


def _default_loss(config: Config, dataset: Dataset) -> str:
    if len(dataset.classes) > 2 or config.output == "softmax":
        return "cross_entropy"
    return "bce_with_logits" if config.output == "none" else "bce"


def build(config: Config, dataset: Dataset, rng: Rng) -> Experiment:
    """Make the network, loss and optimizer that a resolved configuration describes.

    Arguments:
        config: what `resolve` returned.
        dataset: decides the number of inputs and outputs.
        rng: draws the weights, layer by layer from the input on.

    Raises:
        LabError: the convolution does not fit the data, or the schedule is none.
    """
    objective = OBJECTIVES[str(config.loss)]
    several = objective.classwise
    inputs = dataset.x[:, np.newaxis, :] if config.conv else dataset.x
    targets = dataset.labels if several else dataset.labels[:, np.newaxis].astype(np.float64)
    model = nn.Sequential(*_layers(config, dataset.x.shape[1], len(dataset.classes) if several else 1, rng))
    on_logits = objective.builds_in_output and not several
    probabilities: Callable[[Array], Any] = np.asarray
    if on_logits or several:
        probabilities = functional.softmax if several else functional.sigmoid
    return Experiment(
        model=model,
        data=Data(inputs, targets),
        loss=objective.loss(reduction=config.reduction),
        optimizer=_optimizer(config, model, len(dataset.x)),
        probabilities=probabilities,
        threshold=0.0 if on_logits else 0.5,
    )


# -- layers ----------------------------------------------------------------------------------------------------------


def _layers(config: Config, features: int, outputs: int, rng: Rng) -> list[nn.Module]:
    layers: list[nn.Module] = []
    width = features
    if config.conv:
        filters, kernel, stride, padding = _convolution(config.conv)
        positions = (features + 2 * padding - kernel) // stride + 1
        if kernel > features + 2 * padding:
            raise LabError(
                f"config: conv kernel must be at most {features + 2 * padding} for {features} features with padding "
                f"{padding}, got {kernel}; make the kernel smaller or pad more"
            )
        layers.append(nn.Conv1D(1, filters, kernel, stride, padding, bias=config.bias, rng=rng, init=config.init))
        layers += [*_activation(config.activation), nn.Flatten()]
        width = filters * positions
    for hidden in config.hidden:
        layers.append(nn.Linear(width, hidden, config.bias, rng=rng, init=config.init))
        layers += _activation(config.activation)
        width = hidden
    layers.append(nn.Linear(width, outputs, config.bias, rng=rng, init=config.init))
    if not OBJECTIVES[str(config.loss)].builds_in_output:
        layers += _activation(str(config.output))
    return layers


def _activation(name: str) -> list[nn.Module]:
    return [] if name == "none" else [nn.ACTIVATIONS[name]()]


def _convolution(text: str) -> tuple[int, int, int, int]:
    """Read `FILTERS:KERNEL[:STRIDE[:PADDING]]`."""
    parts = text.split(":")
    if 2 <= len(parts) <= 4 and all(part.isdecimal() for part in parts):
        filters, kernel, stride, padding = [*map(int, parts), *(1, 0)[len(parts) - 2 :]]
        if filters and kernel and stride:
            return filters, kernel, stride, padding
    raise LabError(
        f"config: conv must be FILTERS:KERNEL[:STRIDE[:PADDING]], got {text!r}; for example 4:2, or padded 4:3:1:1"
    )


def _optimizer(config: Config, model: nn.Module, points: int) -> optim.Optimizer:
    batches = -(-points // config.batch_size) if config.batch_size else 1
    options: dict[str, Any] = {"momentum": config.momentum} if config.momentum else {}
    lr = rate(config.schedule, config.lr, config.limit * batches)
    return optim.OPTIMIZERS[config.optimizer](model.parameters(), lr=lr, **options)
