"""Losses as modules, called with a prediction and a target; the functions are in `functional`."""

from __future__ import annotations

from typing import Any

from tinygrad_lab import functional
from tinygrad_lab.nn.module import Module


class _Loss(Module):
    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def extra_repr(self) -> str:
        """Return the reduction, if it is not the mean."""
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"


class MSELoss(_Loss):
    """The squared error, `(p − t)²`.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.MSELoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(2.0)
    """

    def forward(self, prediction: Any, target: Any) -> Any:
        """Return `functional.mse_loss(prediction, target, reduction)`."""
        return functional.mse_loss(prediction, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The absolute error, `|p − t|`.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.L1Loss()(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(1.0)
    """

    def forward(self, prediction: Any, target: Any) -> Any:
        """Return `functional.l1_loss(prediction, target, reduction)`."""
        return functional.l1_loss(prediction, target, reduction=self.reduction)


class HuberLoss(_Loss):
    """Half the squared error up to `delta`, linear beyond.

    Arguments:
        delta: where the loss turns from quadratic to linear; positive.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: if `delta` is not positive.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.HuberLoss(reduction="none")(np.array([1.0, 2.0]), np.array([1.5, 4.0]))
        array([0.125, 1.5  ])
    """

    def __init__(self, delta: float = 1.0, reduction: str = "mean") -> None:
        if not delta > 0:
            raise ValueError(f"HuberLoss: delta must be positive, got {delta}; 1 is the default")
        super().__init__(reduction)
        self.delta = delta

    def forward(self, prediction: Any, target: Any) -> Any:
        """Return `functional.huber_loss(prediction, target, delta, reduction)`."""
        return functional.huber_loss(prediction, target, delta=self.delta, reduction=self.reduction)

    def extra_repr(self) -> str:
        """Return delta and the reduction."""
        return ", ".join(filter(None, (f"delta={self.delta}", super().extra_repr())))


class BCELoss(_Loss):
    """The binary cross-entropy of probabilities, `−t log p − (1 − t) log(1 − p)`, finite at p = 0 and 1.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.BCELoss(reduction="sum")(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
        np.float64(1.3862943611198906)
    """

    def forward(self, prediction: Any, target: Any) -> Any:
        """Return `functional.binary_cross_entropy(prediction, target, reduction)`."""
        return functional.binary_cross_entropy(prediction, target, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """The binary cross-entropy of `sigmoid(logits)`.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.BCEWithLogitsLoss()(np.zeros(2), np.array([1.0, 0.0]))
        np.float64(0.6931471805599453)
    """

    def forward(self, logits: Any, target: Any) -> Any:
        """Return `functional.binary_cross_entropy_with_logits(logits, target, reduction)`."""
        return functional.binary_cross_entropy_with_logits(logits, target, reduction=self.reduction)


class CrossEntropyLoss(_Loss):
    """The cross-entropy of `softmax(logits)`; the target is integer classes or distributions.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.CrossEntropyLoss()(np.zeros((2, 4)), np.array([0, 3]))
        np.float64(1.3862943611198906)
    """

    def forward(self, logits: Any, target: Any) -> Any:
        """Return `functional.cross_entropy(logits, target, reduction)`."""
        return functional.cross_entropy(logits, target, reduction=self.reduction)


class NLLLoss(_Loss):
    """The negative log-likelihood of classes, given log-probabilities.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.NLLLoss()(np.log([[0.25, 0.75]]), np.array([1]))
        np.float64(0.2876820724517...)
    """

    def forward(self, log_probabilities: Any, target: Any) -> Any:
        """Return `functional.nll_loss(log_probabilities, target, reduction)`."""
        return functional.nll_loss(log_probabilities, target, reduction=self.reduction)
