"""Losses that want things told apart by a margin: ranks, classes, pairs and triplets."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.activations import relu, softplus
from tinygrad_lab.functional.classification import hot_classes, of_classes
from tinygrad_lab.functional.losses import check_same_shape, reduced
from tinygrad_lab.functional.similarity import cosine_similarity, pairwise_distance
from tinygrad_lab.typing import Array, Result


def margin_ranking_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, reduction: str = "mean"
) -> Result:
    """Return `max(0, margin − t (x₁ − x₂))`: of two scores, the one that t prefers should be larger.

    Arguments:
        input1: array of any shape.
        input2: array of the same shape.
        target: array of the same shape, 1 where the first should be larger and −1 where the second.
        margin: by how much.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the inputs' shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> a, b = np.array([1.0, 2.0]), np.array([0.5, 3.0])
        >>> tl.functional.margin_ranking_loss(a, b, np.ones(2), reduction="none")
        array([0., 1.])

    Source: R. Herbrich, T. Graepel, K. Obermayer, "Large margin rank boundaries for ordinal regression", 2000.
    """
    check_same_shape("margin_ranking_loss", input1, input2, ("input1", "input2"))
    check_same_shape("margin_ranking_loss", input1, target, ("input1", "target"))
    return reduced("margin_ranking_loss", relu(margin - target * (input1 - input2)), reduction)


def hinge_embedding_loss(prediction: Array, target: Array, margin: float = 1.0, reduction: str = "mean") -> Result:
    """Return a distance `x` where t is 1, and `max(0, margin − x)` where it is −1.

    Arguments:
        prediction: array of any shape, distances.
        target: array of the same shape, 1 for what should be near and −1 for what should be far.
        margin: from where on far is far enough.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.hinge_embedding_loss(np.array([0.3, 0.3]), np.array([1.0, -1.0]), reduction="none")
        array([0.3, 0.7])

    Source: R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality reduction by learning an invariant mapping", 2006.
    """
    check_same_shape("hinge_embedding_loss", prediction, target)
    losses = np.where(target > 0, prediction, relu(margin - prediction))
    return reduced("hinge_embedding_loss", losses, reduction)


def soft_margin_loss(prediction: Array, target: Array, reduction: str = "mean") -> Result:
    """Return `log(1 + exp(−t x))`, the logistic loss of labels 1 and −1, without overflow.

    Arguments:
        prediction: array of any shape.
        target: array of the same shape, 1 or −1.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.soft_margin_loss(np.array([1e4, 1e4]), np.array([1.0, -1.0]), reduction="none")
        array([    0., 10000.])

    Source: J. Friedman, T. Hastie, R. Tibshirani, "Additive logistic regression", 2000.
    """
    check_same_shape("soft_margin_loss", prediction, target)
    return reduced("soft_margin_loss", softplus(-target * prediction), reduction)


def multi_margin_loss(
    prediction: Array, target: Array, p: int = 1, margin: float = 1.0, weight: Array | None = None,
    reduction: str = "mean",
) -> Result:  # fmt: skip
    """Return `Σ_{i ≠ t} w[t] max(0, margin − x[t] + x[i])ᵖ / classes`: the hinge loss of several classes.

    Arguments:
        prediction: array of scores, (batch, classes) or (classes,).
        target: integer array of classes, (batch,) or ().
        p: 1 or 2.
        margin: by how much the right score should be larger than each other.
        weight: how much each class counts, an array of shape (classes,).
        reduction: "mean" over the batch, the "sum", or "none" for an array of shape (batch,).

    Raises:
        OperationError: if the shapes do not fit, or p is another number.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.multi_margin_loss(np.array([[0.1, 0.2, 0.4, 0.8]]), np.array([3]))
        np.float64(0.32499999999999996)

    Source: K. Crammer, Y. Singer, "On the algorithmic implementation of multiclass kernel-based vector machines", 2001.
    """
    if p not in (1, 2):
        raise OperationError(f"multi_margin_loss: p must be 1 or 2, got {p}; 1 is usual")
    hot = hot_classes("multi_margin_loss", prediction, target)
    right = np.sum(np.where(hot, prediction, 0), axis=-1, keepdims=True)
    losses = np.where(hot, 0, relu(margin - right + prediction))
    if p == 2:
        losses = losses * losses
    if weight is not None:
        losses = losses * np.sum(hot * of_classes("multi_margin_loss", weight, prediction), axis=-1, keepdims=True)
    return reduced("multi_margin_loss", np.mean(losses, axis=-1), reduction)


def cosine_embedding_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, reduction: str = "mean"
) -> Result:
    """Return `1 − cos(x₁, x₂)` where t is 1, and `max(0, cos(x₁, x₂) − margin)` where it is −1.

    Arguments:
        input1: array of shape (batch, features) or (features,).
        input2: array of the same shape.
        target: array of shape (batch,) or (), 1 for what should be alike and −1 for what should not.
        margin: what cosine is unlike enough, in [−1, 1].
        reduction: "mean" over the batch, the "sum", or "none" for an array of shape (batch,).

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.cosine_embedding_loss(np.eye(2), np.ones((2, 2)), np.array([1.0, -1.0]), reduction="none")
        array([0.29289322, 0.70710678])

    Source: R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality reduction by learning an invariant mapping", 2006.
    """
    check_same_shape("cosine_embedding_loss", input1, input2, ("input1", "input2"))
    cosine = cosine_similarity(input1, input2, axis=-1)
    check_same_shape("cosine_embedding_loss", cosine, target, ("cosine", "target"))
    losses = np.where(target > 0, 1 - cosine, relu(cosine - margin))
    return reduced("cosine_embedding_loss", losses, reduction)


def triplet_margin_loss(
    anchor: Array, positive: Array, negative: Array, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
    swap: bool = False, reduction: str = "mean",
) -> Result:  # fmt: skip
    """Return `max(0, margin + d(a, p) − d(a, n))`: what is alike should be nearer than what is not.

    The distance is that of `pairwise_distance`, `‖a − b + eps‖ₚ`.

    Arguments:
        anchor: array of shape (..., features).
        positive: array of the same shape, what should be near.
        negative: array of the same shape, what should be far.
        margin: by how much farther.
        p: the exponent of the norm.
        eps: is added to each difference, so that equal vectors have a gradient.
        swap: whether the negative's distance is the smaller of those from the anchor and from the positive.
        reduction: "mean" over all triplets, the "sum", or "none" for an array of shape (...,).

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> a, p, n = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]])
        >>> round(float(tl.functional.triplet_margin_loss(a, p, n)), 4)
        4.0

    Source: V. Balntas and others, "Learning shallow convolutional feature descriptors with triplet losses", 2016.
    """
    check_same_shape("triplet_margin_loss", anchor, positive, ("anchor", "positive"))
    check_same_shape("triplet_margin_loss", anchor, negative, ("anchor", "negative"))
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = np.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced("triplet_margin_loss", relu(margin + near - far), reduction)
