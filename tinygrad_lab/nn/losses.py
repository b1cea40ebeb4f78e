"""Losses as modules, called with a prediction and a target; the functions are in `functional`."""

from __future__ import annotations

from tinygrad_lab import functional
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.nn.function import Function
from tinygrad_lab.typing import Array


class Loss(Function):
    """Base of losses: modules called with a prediction and a target.

    Arguments:
        reduction: "mean" over the losses, their "sum", or "none" for all of them.
    """

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction


class MSELoss(Loss):
    """The squared error, `(p − t)²`.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.MSELoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(2.0)

    Source: C. F. Gauss, "Theoria motus corporum coelestium", 1809.
    """

    function = staticmethod(functional.mse_loss)


class L1Loss(Loss):
    """The absolute error, `|p − t|`.

    Arguments:
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.L1Loss()(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(1.0)

    Source: P. Bloomfield, W. Steiger, "Least absolute deviations", 1983.
    """

    function = staticmethod(functional.l1_loss)


class HuberLoss(Loss):
    """Half the squared error up to `delta`, `delta · (|p − t| − delta / 2)` beyond.

    Arguments:
        delta: where the loss turns from quadratic to linear; positive.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: if `delta` is not positive.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.HuberLoss(reduction="none")(np.array([1.0, 2.0]), np.array([1.5, 4.0]))
        array([0.125, 1.5  ])

    Source: P. Huber, "Robust estimation of a location parameter", 1964.
    """

    function = staticmethod(functional.huber_loss)

    def __init__(self, delta: float = 1.0, reduction: str = "mean") -> None:
        if not delta > 0:
            raise ArgumentError(f"HuberLoss: delta must be positive, got {delta}; 1 is the default")
        super().__init__(reduction)
        self.delta = delta


class SmoothL1Loss(Loss):
    """`(p − t)² / (2 beta)` up to an error of `beta`, `|p − t| − beta / 2` beyond.

    Arguments:
        beta: where the loss turns from quadratic to linear; positive.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: if `beta` is not positive.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.SmoothL1Loss(reduction="none")(np.array([1.0, 2.0]), np.array([1.5, 4.0]))
        array([0.125, 1.5  ])

    Source: R. Girshick, "Fast R-CNN", 2015.
    """

    function = staticmethod(functional.smooth_l1_loss)

    def __init__(self, beta: float = 1.0, reduction: str = "mean") -> None:
        if not beta > 0:
            raise ArgumentError(f"SmoothL1Loss: beta must be positive, got {beta}; 1 is the default")
        super().__init__(reduction)
        self.beta = beta


class KLDivLoss(Loss):
    """The pieces of the Kullback–Leibler divergence of log-probabilities from a target, `t (log t − x)`.

    Arguments:
        reduction: "batchmean" (the mean over samples), "mean", "sum" or "none".
        log_target: whether targets are logarithms of probabilities.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.KLDivLoss("sum")(np.log([0.5, 0.5]), np.array([1.0, 0.0]))
        np.float64(0.6931471805599453)

    Source: S. Kullback, R. Leibler, "On information and sufficiency", 1951.
    """

    function = staticmethod(functional.kl_div)

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target


class BCELoss(Loss):
    """The binary cross-entropy of probabilities, `−t log p − (1 − t) log(1 − p)`, finite at p = 0 and 1.

    Arguments:
        reduction: "mean", "sum" or "none".
        weight: what each loss is multiplied by, an array that broadcasts to the prediction's shape.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.BCELoss(reduction="sum")(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
        np.float64(1.3862943611198906)

    Source: C. Bishop, "Pattern recognition and machine learning", section 4.3.2, 2006.
    """

    function = staticmethod(functional.binary_cross_entropy)

    def __init__(self, reduction: str = "mean", *, weight: Array | None = None) -> None:
        super().__init__(reduction)
        self.weight = weight


class BCEWithLogitsLoss(Loss):
    """The binary cross-entropy of `sigmoid(logits)`, `log(1 + exp(x)) − t x`.

    Arguments:
        reduction: "mean", "sum" or "none".
        weight: what each loss is multiplied by, an array that broadcasts to the logits' shape.
        pos_weight: what the loss of positive labels is multiplied by, an array that broadcasts likewise.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.BCEWithLogitsLoss()(np.zeros(2), np.array([1.0, 0.0]))
        np.float64(0.6931471805599453)

    Source: C. Bishop, "Pattern recognition and machine learning", section 4.3.2, 2006.
    """

    function = staticmethod(functional.binary_cross_entropy_with_logits)

    def __init__(
        self, reduction: str = "mean", *, weight: Array | None = None, pos_weight: Array | None = None
    ) -> None:
        super().__init__(reduction)
        self.weight, self.pos_weight = weight, pos_weight


class CrossEntropyLoss(Loss):
    """The cross-entropy of `softmax(logits)`, `−Σ t log softmax(x)`; the target is integer classes or distributions.

    Arguments:
        reduction: "mean", "sum" or "none".
        weight: how much each class counts, an array of shape (classes,).
        ignore_index: integer targets of this number count nothing.
        label_smoothing: ε in [0, 1]: the target becomes `(1 − ε) t + ε / classes`.
        axis: the axis of the classes, where it is not the second: -1 for sequences of shape (batch, length, classes).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.CrossEntropyLoss()(np.zeros((2, 4)), np.array([0, 3]))
        np.float64(1.3862943611198906)

    Source: C. Bishop, "Pattern recognition and machine learning", section 4.3.4, 2006.
    """

    function = staticmethod(functional.cross_entropy)

    def __init__(
        self,
        reduction: str = "mean",
        *,
        weight: Array | None = None,
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
        axis: int | None = None,
    ) -> None:
        super().__init__(reduction)
        self.weight, self.ignore_index, self.label_smoothing = weight, ignore_index, label_smoothing
        self.axis = axis


class NLLLoss(Loss):
    """The negative log-likelihood of classes, given log-probabilities, `−x[n, t[n]]`.

    Arguments:
        reduction: "mean", "sum" or "none".
        weight: how much each class counts, an array of shape (classes,).
        ignore_index: targets of this number count nothing.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.NLLLoss()(np.log([[0.25, 0.75]]), np.array([1]))
        np.float64(0.2876820724517...)

    Source: C. Bishop, "Pattern recognition and machine learning", section 4.3.4, 2006.
    """

    function = staticmethod(functional.nll_loss)

    def __init__(self, reduction: str = "mean", *, weight: Array | None = None, ignore_index: int = -100) -> None:
        super().__init__(reduction)
        self.weight, self.ignore_index = weight, ignore_index
