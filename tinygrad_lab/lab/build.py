"""Makes a model, a loss and an optimizer from a configuration."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygrad_lab import functional, nn, optim
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import Data, Dataset
from tinygrad_lab.lab.objectives import OBJECTIVES, Objective
from tinygrad_lab.lab.scale import Scale
from tinygrad_lab.lab.schedules import rate
from tinygrad_lab.lab.steps import evaluating
from tinygrad_lab.lab.stopping import Until
from tinygrad_lab.random import Generator
from tinygrad_lab.typing import NDArray, NumPyRng


@dataclass(frozen=True)
class Experiment:
    """A model and everything that its training needs.

    The cross-entropies are computed from the numbers before the last activation: the mathematics is the same, and
    neither a logarithm of 0 nor a division by p (1 − p) = 0 can occur. The model then ends without that activation,
    and `finish` applies it.

    Arguments:
        model: the network.
        loss: takes the model's outputs and the targets.
        optimizer: updates the model's parameters.
        finish: turns the model's outputs into (points, 1), the probability of class 1 or the quantity, or into (points,
            classes).
        threshold: where a single column of outputs begins to mean class 1; None for quantities.
        classwise: whether there is one output for each class.
        channels: whether inputs get an axis of channels, for a convolution.
        scale: standardises inputs and quantities.
    """

    model: nn.Module
    loss: nn.Module
    optimizer: optim.Optimizer
    finish: Callable[[NDArray], NDArray]
    threshold: float | None
    classwise: bool
    channels: bool
    scale: Scale

    def arrays(self, dataset: Dataset) -> Data:
        """Return inputs and targets in the shapes that the model and the loss take."""
        if self.classwise:
            return Data(self.inputs(dataset.x), dataset.labels)
        targets = dataset.labels[:, np.newaxis].astype(np.float64)
        return Data(self.inputs(dataset.x), self.scale.targets(targets) if self.threshold is None else targets)

    def predict(self, x: NDArray) -> tuple[NDArray, NDArray]:
        """Return the network's outputs for points (points, features), and a prediction for each point.

        Returns:
            Probabilities (points, 1) of class 1 or (points, classes), and the numbers of the predicted classes
            (points,); or quantities as (points, 1) and as (points,).
        """
        with evaluating(self.model), np.errstate(over="ignore", invalid="ignore"):  # of one whose training diverged
            output = self.model(self.inputs(x)).data
            if self.threshold is None:
                quantities = self.scale.quantities(self.finish(output))
                return quantities, quantities[:, 0]
            classes = np.argmax(output, axis=1) if self.classwise else (output[:, 0] >= self.threshold).astype(np.int64)
            return self.finish(output), classes

    def inputs(self, x: NDArray) -> NDArray:
        """Return points (points, features) in the shape that the model takes."""
        x = self.scale.inputs(x)
        return x[:, np.newaxis, :] if self.channels else x


def resolve(config: Config, dataset: Dataset) -> Config:
    """Return the configuration with the choices that depend on the data made: loss, output, and how long to train.

    Raises:
        LabError: the loss or the stopping condition does not fit the data.
    """
    loss = config.loss or _default_loss(config, dataset)
    objective = OBJECTIVES[loss]
    classes = len(dataset.classes)
    if classes > 2 and not objective.classwise:
        raise _unfit(f"the {classes} classes of {dataset.name}", loss, lambda other: other.classwise)
    if not classes and not objective.quantities:
        raise _unfit(f"the quantities of {dataset.name}", loss, lambda other: other.quantities)
    usual = objective.outputs[0] if classes else "none"
    resolved = replace(
        config,
        task=dataset.task,
        loss=loss,
        output=config.output or usual,
        epochs=config.limit,
        until=config.until if not classes else config.condition,
        log_every=config.log_interval,
    )
    if resolved.until and Until(resolved.until).needs_accuracy and not classes:
        raise LabError(
            f"until: {resolved.until!r} asks for an accuracy, which quantities do not have; set a limit of the loss"
        )
    return resolved


def _unfit(data: str, loss: str, fits: Callable[[Objective], bool]) -> LabError:
    fitting = " or ".join(name for name, objective in OBJECTIVES.items() if fits(objective))
    return LabError(f"config: loss must be {fitting} for {data}, got {loss}; leave --loss out")


def _default_loss(config: Config, dataset: Dataset) -> str:
    if not dataset.classes:
        return "mse"
    if len(dataset.classes) > 2 or config.output == "softmax":
        return "cross_entropy"
    return "bce_with_logits" if config.output == "none" else "bce"


def build(
    config: Config, dataset: Dataset, rng: NumPyRng, scale: Scale | None = None, model: nn.Module | None = None
) -> Experiment:
    """Make the network, the loss and the optimizer that a resolved configuration describes.

    Arguments:
        config: what `resolve` returned.
        dataset: tells the number of inputs and outputs.
        rng: draws the weights, layer by layer from the input on.
        scale: standardises inputs and quantities; None for what the configuration says.
        model: a network of your own, which ends where the configuration's would.

    Raises:
        LabError: the convolution does not fit the data, the network does not fit into memory, or the schedule does not
            exist.
    """
    objective = OBJECTIVES[str(config.loss)]
    outputs = len(dataset.classes) if objective.classwise else 1
    if model is None:
        _check_size(config, dataset.x.shape[1], outputs)
        model = nn.Sequential(*_layers(config, dataset.x.shape[1], outputs, rng))
    finish: Callable[[NDArray], Any] = np.asarray
    if objective.builds_in_output:
        finish = functional.softmax if objective.classwise else functional.sigmoid
    logits = objective.builds_in_output and not objective.classwise
    return Experiment(
        model=model,
        loss=objective.loss(reduction=config.reduction),
        optimizer=_optimizer(config, model, len(dataset.x)),
        finish=finish,
        threshold=(0.0 if logits else 0.5) if dataset.classes else None,
        classwise=objective.classwise,
        channels=config.conv is not None,
        scale=scale or (Scale.of(dataset) if config.standardize else Scale()),
    )


def _check_size(config: Config, features: int, outputs: int) -> None:
    """Refuse a network whose parameters, gradients and optimizer states would not fit into memory."""
    widths = (features, *config.hidden, outputs)
    parameters = sum(a * b + b for a, b in itertools.pairwise(widths))
    if 8 * 5 * parameters > _memory():
        raise LabError(
            f"config: hidden {' '.join(map(str, config.hidden))} makes {parameters:,} parameters, too many for the "
            f"memory; choose fewer units"
        )


def _memory() -> int:
    """Return the bytes of this machine's memory, or 16 GB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 16 << 30


# -- layers ----------------------------------------------------------------------------------------------------------


def _layers(config: Config, features: int, outputs: int, rng: NumPyRng) -> list[nn.Module]:
    layers: list[nn.Module] = []
    draws = Generator(config.seed)
    width = features
    if config.conv:
        filters, kernel, stride, padding = _convolution(config.conv)
        positions = (features + 2 * padding - kernel) // stride + 1
        if kernel > features + 2 * padding:
            raise LabError(
                f"config: a conv kernel of {kernel} does not fit into {features} features with padding {padding}; "
                f"make it at most {features + 2 * padding}, or pad more"
            )
        layers.append(nn.Conv1D(1, filters, kernel, stride, padding, bias=config.bias, rng=rng, init=config.init))
        layers += [*_activation(config.activation), nn.Flatten()]
        width = filters * positions
    for hidden in config.hidden:
        layers.append(nn.Linear(width, hidden, config.bias, rng=rng, init=config.init))
        layers += _activation(config.activation)
        if config.dropout:
            layers.append(nn.Dropout(config.dropout, rng=draws))
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
    batches = -(-max(points, 1) // config.batch_size) if config.batch_size else 1
    options: dict[str, Any] = {
        name: getattr(config, name) for name in ("momentum", "dampening") if getattr(config, name)
    }
    if config.weight_decay is not None:
        options["weight_decay"] = config.weight_decay
    lr = rate(config.schedule, config.lr, config.limit * batches)
    return optim.OPTIMIZERS[config.optimizer](model.parameters(), lr=lr, **options)
