"""An autograd micro-framework on NumPy: a `Value` records a computation and differentiates it in reverse."""

from tinygrad_lab import rules as _rules
from tinygrad_lab.core.modes import debug, enable_grad, no_grad
from tinygrad_lab.core.registry import OPS, composed, defvjp, defzero, primitive
from tinygrad_lab.core.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tinygrad_lab.core.value import Value

__version__ = "0.1.0"
