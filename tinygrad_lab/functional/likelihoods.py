"""Losses that are negative log-likelihoods of numbers: normal and Poisson distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.losses import check_same_shape, reduced
from tinygrad_lab.typing import Array, Result


def gaussian_nll_loss(
    prediction: Array, target: Array, var: Array, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Result:
    """Return `(log v + (p − t)² / v) / 2` with `v = max(var, eps)`: a normal distribution's negative log-likelihood.

    Arguments:
        prediction: array of any shape, the means.
        target: array of the same shape.
        var: the variances, not negative: an array of the same shape, of one whose last axis is 1, or without it.
        full: whether to add the constant `log(2π) / 2`.
        eps: the least variance.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes do not fit, or a variance is negative.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.gaussian_nll_loss(np.zeros(2), np.array([0.0, 2.0]), np.ones(2), reduction="none")
        array([0., 2.])

    Source: D. Nix, A. Weigend, "Estimating the mean and variance of the target probability distribution", 1994.
    """
    check_same_shape("gaussian_nll_loss", prediction, target)
    shape = np.shape(prediction)
    if np.shape(var) == shape[:-1] and shape:
        var = np.expand_dims(var, -1)
    if np.shape(var) not in (shape, (*shape[:-1], 1)):
        raise OperationError(
            f"gaussian_nll_loss: var has shape {np.shape(var)}, but the prediction has {shape}; "
            f"give one variance per element, or one for each row of the last axis"
        )
    known: Any = plain(var)
    if isinstance(known, np.ndarray | np.generic) and np.any(np.less(known, 0)):
        raise OperationError(
            f"gaussian_nll_loss: var must not be negative, got {np.min(known)}; pass it through softplus first"
        )
    variance = np.maximum(var, eps)
    losses = 0.5 * (np.log(variance) + (prediction - target) ** 2 / variance)
    return reduced("gaussian_nll_loss", losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def poisson_nll_loss(
    prediction: Array, target: Array, log_input: bool = True, full: bool = False, eps: float = 1e-8,
    reduction: str = "mean",
) -> Result:  # fmt: skip
    """Return `exp(x) − t x`, a Poisson distribution's negative log-likelihood of counts t, given the rate's logarithm.

    Arguments:
        prediction: array of any shape, logarithms of rates.
        target: array of the same shape, counts.
        log_input: False if the prediction holds the rates r themselves: `r − t log(r + eps)`.
        full: whether to add Stirling's approximation of log t!, `t log t − t + log(2π t) / 2`, where t > 1.
        eps: keeps the logarithm from −∞.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.poisson_nll_loss(np.log([2.0, 2.0]), np.array([2.0, 0.0]), reduction="none")
        array([0.61370564, 2.        ])

    Source: P. McCullagh, J. Nelder, "Generalized linear models", 1989.
    """
    check_same_shape("poisson_nll_loss", prediction, target)
    losses = np.exp(prediction) - target * prediction if log_input else prediction - target * np.log(prediction + eps)
    if full:
        many = np.where(target > 1, target, 1)
        stirling = many * np.log(many) - many + 0.5 * np.log(2 * math.pi * many)
        losses = losses + np.where(target > 1, stirling, 0)
    return reduced("poisson_nll_loss", losses, reduction)
