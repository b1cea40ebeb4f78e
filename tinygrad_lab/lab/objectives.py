"""The losses that the lab can train with, and the kinds of output that each takes."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_lab import nn


@dataclass(frozen=True)
class Objective:
    """A loss, and what it needs from the network's last layer.

    Arguments:
        loss: the class of the loss.
        outputs: the activations that may follow the last layer, the usual one first.
        builds_in_output: whether the loss computes that activation itself, so that neither log 0 nor a division by p (1
            − p) = 0 can occur.
        classwise: whether the network has one output per class.
        quantities: whether it takes quantities as well as classes.
    """

    loss: type[nn.Loss]
    outputs: tuple[str, ...]
    builds_in_output: bool = False
    classwise: bool = False
    quantities: bool = False


OBJECTIVES: dict[str, Objective] = {
    "mse": Objective(nn.MSELoss, ("sigmoid", "none"), quantities=True),
    "l1": Objective(nn.L1Loss, ("sigmoid", "none"), quantities=True),
    "huber": Objective(nn.HuberLoss, ("sigmoid", "none"), quantities=True),
    "bce": Objective(nn.BCEWithLogitsLoss, ("sigmoid",), builds_in_output=True),
    "bce_with_logits": Objective(nn.BCEWithLogitsLoss, ("none",), builds_in_output=True),
    "cross_entropy": Objective(nn.CrossEntropyLoss, ("softmax",), builds_in_output=True, classwise=True),
}
