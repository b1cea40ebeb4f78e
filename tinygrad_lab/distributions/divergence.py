"""Kullback–Leibler divergences between distributions of one kind, in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.distributions.base import Distribution
from tinygrad_lab.distributions.discrete import Bernoulli, Categorical, Poisson
from tinygrad_lab.distributions.location import Laplace
from tinygrad_lab.distributions.normal import LogNormal, MultivariateNormal, Normal
from tinygrad_lab.distributions.positive import Beta, Exponential, Gamma
from tinygrad_lab.errors import ArgumentTypeError
from tinygrad_lab.extras import special
from tinygrad_lab.functional.activations import sigmoid, softplus
from tinygrad_lab.functional.softmaxes import log_softmax
from tinygrad_lab.typing import Array, Result


def kl(p: Distribution, q: Distribution) -> Array:
    """Return the divergence of q from p, `∫ p log(p / q)`, for each of the distributions.

    Arguments:
        p: a distribution.
        q: one of the same kind.

    Raises:
        ArgumentTypeError: if no closed form is known for the two kinds.

    Example:
        >>> from tinygrad_lab.distributions import Normal, kl
        >>> kl(Normal(1.0, 1.0), Normal(0.0, 1.0))
        np.float64(0.5)

    Source: S. Kullback, R. Leibler, "On information and sufficiency", 1951.
    """
    formula = _FORMULAS.get(type(p)) if type(p) is type(q) else None
    if formula is None:
        known = ", ".join(kind.__name__ for kind in _FORMULAS)
        raise ArgumentTypeError(
            f"kl: there is no formula for {type(p).__name__} and {type(q).__name__}, only for two of the same kind "
            f"among {known}; take the mean of p.log_prob(x) − q.log_prob(x) over draws x of p"
        )
    return formula(p, q)


def _normal(p: Any, q: Any) -> Result:
    ratio, shift = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return 0.5 * (ratio * ratio + shift * shift - 1) - np.log(ratio)


def _multivariate_normal(p: Any, q: Any) -> Result:
    n = p.event_shape[0]
    shape = (*np.broadcast_shapes(p.batch_shape, q.batch_shape), n, n)
    factor = np.broadcast_to(q.scale_tril, shape)
    spread = np.linalg.solve(factor, np.broadcast_to(p.scale_tril, shape))
    shift = np.linalg.solve(factor, np.broadcast_to(np.expand_dims(p.loc - q.loc, -1), (*shape[:-1], 1)))[..., 0]
    squares = np.sum(spread * spread, axis=(-2, -1)) + np.sum(shift * shift, axis=-1)
    return 0.5 * (squares - n) + q._half_log_det() - p._half_log_det()


def _bernoulli(p: Any, q: Any) -> Result:
    return sigmoid(p.logits) * (p.logits - q.logits) + softplus(q.logits) - softplus(p.logits)


def _categorical(p: Any, q: Any) -> Result:
    mine, theirs = log_softmax(p.logits), log_softmax(q.logits)
    terms = np.where(np.isneginf(plain(mine)), 0, np.exp(mine) * (mine - theirs))
    return np.sum(terms, axis=-1)


def _poisson(p: Any, q: Any) -> Result:
    return p.rate * np.log(p.rate / q.rate) + q.rate - p.rate


def _exponential(p: Any, q: Any) -> Result:
    return np.log(p.rate / q.rate) + q.rate / p.rate - 1


def _gamma(p: Any, q: Any) -> Result:
    a, b, gammaln = p.concentration, q.concentration, special().gammaln
    return (
        (a - b) * special().digamma(a) - gammaln(a) + gammaln(b) + b * np.log(p.rate / q.rate)
        + a * (q.rate / p.rate - 1)
    )  # fmt: skip


def _beta(p: Any, q: Any) -> Result:
    psi = special().digamma
    total = p.a + p.b
    return (
        q._log_beta() - p._log_beta() + (p.a - q.a) * psi(p.a) + (p.b - q.b) * psi(p.b)
        + (q.a - p.a + q.b - p.b) * psi(total)
    )  # fmt: skip


def _laplace(p: Any, q: Any) -> Result:
    distance = np.abs(p.loc - q.loc)
    return (p.scale * np.exp(-distance / p.scale) + distance) / q.scale + np.log(q.scale / p.scale) - 1


_FORMULAS: dict[type, Callable[[Any, Any], Any]] = {
    Normal: _normal,
    LogNormal: _normal,
    MultivariateNormal: _multivariate_normal,
    Bernoulli: _bernoulli,
    Categorical: _categorical,
    Poisson: _poisson,
    Exponential: _exponential,
    Gamma: _gamma,
    Beta: _beta,
    Laplace: _laplace,
}
