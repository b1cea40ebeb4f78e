"""What a reader of a run should know: how it ended, and dead units: ReLUs that are 0 on every point."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.lab.steps import evaluating
from tinygrad_lab.lab.training import History
from tinygrad_lab.nn import Module, ReLU, Sequential
from tinygrad_lab.typing import NDArray


def how_it_went(history: History) -> list[str]:
    """Say in sentences how a training ended, where not as planned, and which parameters were kept."""
    found: list[str] = []
    if history.stopped_by == "diverged":
        found += [f"The loss is {history.loss[-1]} at epoch {history.epochs}: the run diverged; try a smaller lr."]
    if history.stopped_by == "interrupted":
        found += [f"Interrupted at epoch {history.epochs}; all figures are those of this epoch."]
    if history.best is not None:
        lowest = history.validation_loss[history.best - 1]
        found += [
            f"The parameters are those of epoch {history.best}, where the validation loss was lowest: {lowest:.6g}."
        ]
    return found


def dead_units(model: Module, x: NDArray) -> list[str]:
    """Name the layers of a Sequential in which ReLUs are 0 on every point: such units have stopped learning.

    Arguments:
        model: a Sequential; the layers of other modules cannot be looked at one by one.
        x: inputs, in the shape that the model takes.

    Returns:
        One sentence per layer with dead units, counting the ReLU layers from 1.

    Example:
        >>> import tinygrad_lab as tl
        >>> layer = tl.nn.Linear(1, 2)
        >>> layer.load_state_dict({"weight": np.array([[1.0], [-1.0]]), "bias": np.zeros(2)})
        >>> dead_units(Sequential(layer, ReLU()), np.array([[0.5], [2.0]]))
        ['1 of 2 units of ReLU layer 1 never fire: they are 0 on every point and have stopped learning.']
    """
    found: list[str] = []
    if not isinstance(model, Sequential):
        return found
    layer = 0
    with evaluating(model), np.errstate(over="ignore", invalid="ignore"):
        for module in model:
            x = module(x)
            if isinstance(module, ReLU):
                layer += 1
                mask = dead(x)
                if mask.any():
                    found.append(
                        f"{mask.sum()} of {mask.size} units of ReLU layer {layer} never fire: "
                        f"they are 0 on every point and have stopped learning."
                    )
    return found


def dead(output: NDArray) -> NDArray:
    """Return which units are 0 on every point.

    Arguments:
        output: (points, units, …), the output of a layer of ReLUs.
    """
    points_and_positions = (0, *range(2, output.ndim))
    return np.all(output <= 0, axis=points_and_positions)
