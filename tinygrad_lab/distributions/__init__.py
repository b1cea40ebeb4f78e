"""Probability distributions whose densities and draws have gradients with respect to their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_lab import refusals
from tinygrad_lab.distributions.base import Distribution
from tinygrad_lab.distributions.discrete import Bernoulli, Categorical, Poisson
from tinygrad_lab.distributions.divergence import kl
from tinygrad_lab.distributions.location import Laplace, Uniform
from tinygrad_lab.distributions.normal import LogNormal, MultivariateNormal, Normal
from tinygrad_lab.distributions.positive import Beta, Dirichlet, Exponential, Gamma

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "Gamma",
    "Laplace",
    "LogNormal",
    "MultivariateNormal",
    "Normal",
    "Poisson",
    "Uniform",
    "kl",
]

if not TYPE_CHECKING:
    __getattr__ = refusals.names.of_package(__name__, lambda: __all__)
