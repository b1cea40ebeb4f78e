"""Negative log-likelihoods of numbers as modules; the functions are in `functional`."""

from __future__ import annotations

from tinygrad_lab import functional
from tinygrad_lab.nn.losses import Loss


class GaussianNLLLoss(Loss):
    """A normal distribution's negative log-likelihood, `(log v + (p − t)² / v) / 2`; called with p, t and v.

    Arguments:
        full: whether to add the constant `log(2π) / 2`.
        eps: the least variance.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.GaussianNLLLoss()(np.zeros(2), np.array([0.0, 2.0]), np.ones(2))
        np.float64(1.0)

    Source: D. Nix, A. Weigend, "Estimating the mean and variance of the target probability distribution", 1994.
    """

    function = staticmethod(functional.gaussian_nll_loss)

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full, self.eps = full, eps


class PoissonNLLLoss(Loss):
    """A Poisson distribution's negative log-likelihood of counts, given the logarithm of its rate, `exp(x) − t x`.

    Arguments:
        log_input: False if predictions are the rates r themselves: `r − t log(r + eps)`.
        full: whether to add Stirling's approximation of log t!, where t > 1.
        eps: keeps the logarithm from −∞.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.PoissonNLLLoss()(np.zeros(2), np.array([3.0, 0.0]))
        np.float64(1.0)

    Source: P. McCullagh, J. Nelder, "Generalized linear models", 1989.
    """

    function = staticmethod(functional.poisson_nll_loss)

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps
