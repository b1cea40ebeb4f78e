"""The derivative rules, a module per family of functions: importing the package fills the registry.

What many programs never need waits in `later`, until such a function meets a Value or somebody reads all of `OPS`.
"""

from tinygrad_lab.core.registry import OPS
from tinygrad_lab.rules import (
    elementwise,
    indexing,
    joining,
    linalg,
    norms,
    powers,
    reductions,
    refused,
    selection,
    shaping,
    trigonometric,
    ufunc_methods,
    variance,
    zero,
)

OPS.later("tinygrad_lab.rules.later", "numpy")
OPS.later("tinygrad_lab.rules.special", "scipy.special")
OPS.later("tinygrad_lab.rules.checkpoint")

__all__ = [
    "elementwise",
    "indexing",
    "joining",
    "linalg",
    "norms",
    "powers",
    "reductions",
    "refused",
    "selection",
    "shaping",
    "trigonometric",
    "ufunc_methods",
    "variance",
    "zero",
]
