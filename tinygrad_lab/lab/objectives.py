"""The losses that the lab can train with, and which outputs of a network each can judge."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_lab import nn


@dataclass(frozen=True)
class Objective:
    """A loss, and what it needs from the network's last layer.

    Arguments:
        loss: the criterion, a module made with `reduction=`.
        outputs: the activations after the last layer that fit, the usual one first.
        builds_in_output: whether the criterion computes that activation itself, from the numbers before it: then
            neither a logarithm of 0 nor a division by p (1 − p) = 0 can occur.
        classwise: whether the network has one output per class.
        quantities: whether it judges quantities too, and not only classes.
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
