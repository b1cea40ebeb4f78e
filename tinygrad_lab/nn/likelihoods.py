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


class CTCLoss(Loss):
    """The negative logarithm of the probability of labels whose places are not known, `−log Σ p(path)`.

    Called with log_probs, targets, input_lengths and target_lengths, as `functional.ctc_loss`.

    Arguments:
        blank: the class that stands for no label.
        reduction: "mean", "sum" or "none".
        zero_infinity: whether samples with more labels than there is time for count 0 rather than ∞.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> even = np.log(np.full((2, 1, 2), 0.5))
        >>> round(float(np.exp(-tl.nn.CTCLoss()(even, np.array([[1]]), np.array([2]), np.array([1])))), 12)
        0.75

    Source: A. Graves, S. Fernández, F. Gomez, J. Schmidhuber, "Connectionist temporal classification", 2006.
    """

    function = staticmethod(functional.ctc_loss)

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction)
        self.blank, self.zero_infinity = blank, zero_infinity
