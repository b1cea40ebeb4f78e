"""Losses of yes or no: cross-entropies of two classes."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.functional.activations import sigmoid, softplus
from tinygrad_lab.functional.losses import check_same_shape, loss, reduced
from tinygrad_lab.typing import Array, Result


def _log(p: Array) -> Result:
    """Return the logarithm, at least −100, and that at 0; of a negative number NumPy's NaN."""
    return np.maximum(np.log(np.where(p == 0, np.finfo(p.dtype).smallest_subnormal.item(), p)), -100)


def _variance(p: Array) -> Result:
    """Return `p (1 − p)`, at least 1e-12, or the smallest normal number of a dtype that has none so small."""
    return np.maximum(p * (1 - p), max(1e-12, float(np.finfo(p.dtype).smallest_normal)))


def _times(x: Array, weight: Array | None) -> Result:
    return x if weight is None else x * np.asarray(weight, x.dtype)


@loss(
    lambda g, y, p, t, weight=None: _times(g, weight) * ((p - t) / _variance(p)),
    lambda g, y, p, t, weight=None: _times(g, weight) * (_log(1 - p) - _log(p)),
)
def binary_cross_entropy(
    prediction: Array, target: Array, reduction: str = "mean", *, weight: Array | None = None
) -> Result:
    """Return the negative log-likelihood of labels in [0, 1], `−t log p − (1 − t) log(1 − p)`.

    It stays finite at p = 0 and p = 1: a logarithm is never below −100 and the derivative's denominator p (1 − p)
    never below 1e-12. Where the prediction is a sigmoid's, `binary_cross_entropy_with_logits` needs neither bound.

    Arguments:
        prediction: probabilities in [0, 1], of any shape; outside, the logarithm is NaN.
        target: array of the same shape, labels 0 and 1 or anything between.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.
        weight: what each loss is multiplied by, an array that broadcasts to the prediction's shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.binary_cross_entropy(np.array([0.5, 1.0]), np.array([1.0, 0.0]), reduction="none")
        array([  0.69314718, 100.        ])
    """
    check_same_shape("binary_cross_entropy", prediction, target)
    return _times(-(target * _log(prediction) + (1 - target) * _log(1 - prediction)), weight)


def _logits_rule(
    g: Array, y: Array, x: Array, t: Array, weight: Array | None = None, pos_weight: Array | None = None
) -> Result:
    """(sigmoid(x) (1 − t + w t) − w t) · g, with w = 1 unless the positive class has a weight."""
    if pos_weight is None:
        return _times(g, weight) * (sigmoid(x) - t)
    positive = _times(t, pos_weight)
    return _times(g, weight) * (sigmoid(x) * (1 - t + positive) - positive)


def _labels_rule(
    g: Array, y: Array, x: Array, t: Array, weight: Array | None = None, pos_weight: Array | None = None
) -> Result:
    """(w log(1 + exp(−x)) − log(1 + exp(x))) · g, which is −x · g unless the positive class has a weight w."""
    return _times(g, weight) * (-x if pos_weight is None else _times(softplus(-x), pos_weight) - softplus(x))


@loss(_logits_rule, _labels_rule)
def binary_cross_entropy_with_logits(
    logits: Array,
    target: Array,
    reduction: str = "mean",
    *,
    weight: Array | None = None,
    pos_weight: Array | None = None,
) -> Result:
    """Return the binary cross-entropy of `sigmoid(logits)`, `log(1 + exp(x)) − t x`, without overflow or log 0.

    Arguments:
        logits: array of any shape, the log-odds.
        target: array of the same shape, labels 0 and 1 or anything between.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the logits' shape.
        weight: what each loss is multiplied by, an array that broadcasts to the logits' shape.
        pos_weight: what the loss of positive labels is multiplied by, an array that broadcasts likewise.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.binary_cross_entropy_with_logits(np.array([1e4, 1e4]), np.array([1.0, 0.0]), reduction="none")
        array([    0., 10000.])
    """
    check_same_shape("binary_cross_entropy_with_logits", logits, target)
    if pos_weight is None:
        losses = np.maximum(logits, 0) - target * logits + np.log1p(np.exp(-abs(logits)))
    else:
        losses = (1 - target) * softplus(logits) + _times(target * softplus(-logits), pos_weight)
    return _times(losses, weight)


def sigmoid_focal_loss(
    logits: Array, target: Array, alpha: float = 0.25, gamma: float = 2.0, reduction: str = "none"
) -> Result:
    """Return the cross-entropy of `p = sigmoid(logits)`, less of it where the answer is already good.

    `α_t (1 − p_t)^γ · −log p_t`, with `p_t` the probability of the label, and `α_t` α for label 1, 1 − α for 0.

    Arguments:
        logits: array of any shape.
        target: array of the same shape, labels 0 and 1.
        alpha: the weight of label 1; negative for no weights.
        gamma: how much good answers are discounted; 0 not at all.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the logits' shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.sigmoid_focal_loss(np.array([0.0, 2.0]), np.array([1.0, 1.0])).round(6)
        array([0.043322, 0.000451])

    Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object detection", 2017.
    """
    losses = binary_cross_entropy_with_logits(logits, target, "none")
    p = sigmoid(logits)
    wrong = p + target - 2 * p * target
    losses = losses * wrong**gamma
    if alpha >= 0:
        losses = losses * (alpha * target + (1 - alpha) * (1 - target))
    return reduced("sigmoid_focal_loss", losses, reduction)
