"""Losses that want things told apart by a margin, as modules; the functions are in `functional`."""

from __future__ import annotations

from tinygrad_lab import functional
from tinygrad_lab.nn.losses import Loss
from tinygrad_lab.typing import Array


class MarginRankingLoss(Loss):
    """How far two scores are from their order, `max(0, margin − t (x₁ − x₂))`; called with x₁, x₂, t.

    Arguments:
        margin: by how much the preferred one should be larger.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.MarginRankingLoss()(np.array([2.0]), np.array([3.0]), np.array([1.0]))
        np.float64(1.0)

    Source: R. Herbrich, T. Graepel, K. Obermayer, "Large margin rank boundaries for ordinal regression", 2000.
    """

    function = staticmethod(functional.margin_ranking_loss)

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin


class HingeEmbeddingLoss(Loss):
    """A distance `x` where t is 1, and `max(0, margin − x)` where it is −1.

    Arguments:
        margin: from where on far is far enough.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.HingeEmbeddingLoss()(np.array([0.25, 0.25]), np.array([1.0, -1.0]))
        np.float64(0.5)

    Source: R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality reduction by learning an invariant mapping", 2006.
    """

    function = staticmethod(functional.hinge_embedding_loss)

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin


class SoftMarginLoss(Loss):
    """The logistic loss of labels 1 and −1, `log(1 + exp(−t x))`.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.SoftMarginLoss()(np.zeros(2), np.array([1.0, -1.0]))
        np.float64(0.6931471805599453)

    Source: J. Friedman, T. Hastie, R. Tibshirani, "Additive logistic regression", 2000.
    """

    function = staticmethod(functional.soft_margin_loss)


class MultiMarginLoss(Loss):
    """The hinge loss of several classes, `Σ_{i ≠ t} w[t] max(0, margin − x[t] + x[i])ᵖ / classes`.

    Arguments:
        p: 1 or 2.
        margin: by how much the right score should be larger than each other.
        weight: how much each class counts, an array of shape (classes,).
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.MultiMarginLoss()(np.array([[0.0, 0.5]]), np.array([1]))
        np.float64(0.25)

    Source: K. Crammer, Y. Singer, "On the algorithmic implementation of multiclass kernel-based vector machines", 2001.
    """

    function = staticmethod(functional.multi_margin_loss)

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Array | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.p, self.margin, self.weight = p, margin, weight


class CosineEmbeddingLoss(Loss):
    """`1 − cos(x₁, x₂)` where t is 1, `max(0, cos(x₁, x₂) − margin)` where it is −1; called with x₁, x₂, t.

    Arguments:
        margin: what cosine is unlike enough, in [−1, 1].
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.CosineEmbeddingLoss()(np.eye(2), np.eye(2), np.array([1.0, -1.0]))
        np.float64(0.5)

    Source: R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality reduction by learning an invariant mapping", 2006.
    """

    function = staticmethod(functional.cosine_embedding_loss)

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin


class TripletMarginLoss(Loss):
    """`max(0, margin + d(a, p) − d(a, n))`; called with an anchor, what should be near, and what should be far.

    Arguments:
        margin: by how much farther.
        p: the exponent of the norm.
        eps: is added to each difference, so that equal vectors have a gradient.
        swap: whether the negative's distance is the smaller of those from the anchor and from the positive.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> a, p, n = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([[0.0, 9.0]])
        >>> tl.nn.TripletMarginLoss()(a, p, n)
        np.float64(0.0)

    Source: V. Balntas and others, "Learning shallow convolutional feature descriptors with triplet losses", 2016.
    """

    function = staticmethod(functional.triplet_margin_loss)

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap
