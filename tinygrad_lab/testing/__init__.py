"""Gradient testing: does a rule compute the derivative of its function? For this package's functions and any others."""

from typing import TYPE_CHECKING, Any

from tinygrad_lab.errors import GradientError, VacuousTestError
from tinygrad_lab.refusals.names import missing
from tinygrad_lab.testing import adapters
from tinygrad_lab.testing.adjoint import check_adjoint
from tinygrad_lab.testing.checks import check_gradients
from tinygrad_lab.testing.contract import check_rule
from tinygrad_lab.testing.differences import Slope
from tinygrad_lab.testing.directional import directional_derivative
from tinygrad_lab.testing.domains import Domain
from tinygrad_lab.testing.planting import assert_kills_mutants
from tinygrad_lab.testing.report import Findings, GradientReport

if TYPE_CHECKING:
    from tinygrad_lab.testing import strategies
    from tinygrad_lab.testing.examples import gradient_test

__all__ = [
    "Domain",
    "Findings",
    "GradientError",
    "GradientReport",
    "Slope",
    "VacuousTestError",
    "adapters",
    "assert_kills_mutants",
    "check_adjoint",
    "check_gradients",
    "check_rule",
    "directional_derivative",
    "gradient_test",
    "strategies",
]


def __getattr__(name: str) -> Any:
    """Import what needs Hypothesis when it is asked for."""
    if name == "strategies":
        import tinygrad_lab.testing.strategies as found

        return found
    if name == "gradient_test":
        from tinygrad_lab.testing.examples import gradient_test

        return gradient_test
    raise missing(__name__, name, {}, __all__)
