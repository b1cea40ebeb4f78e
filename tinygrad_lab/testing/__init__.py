"""Gradient testing: does a rule compute the derivative of its function? For this package's functions and any others."""

from tinygrad_lab.errors import GradientError
from tinygrad_lab.testing import adapters
from tinygrad_lab.testing.checks import check_gradients
from tinygrad_lab.testing.differences import Slope, directional_derivative
from tinygrad_lab.testing.linearity import check_adjoint, check_rule
from tinygrad_lab.testing.report import Findings, GradientReport

__all__ = [
    "Findings",
    "GradientError",
    "GradientReport",
    "Slope",
    "adapters",
    "check_adjoint",
    "check_gradients",
    "check_rule",
    "directional_derivative",
]
