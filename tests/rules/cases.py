"""Calls of every operation: found by trying, unless a table says what else it takes."""

from tests.rules import (  # noqa: F401  they fill the tables
    cases_fft,
    cases_functional,
    cases_layers,
    cases_made,
    cases_matrices,
    cases_products,
    cases_reductions,
    cases_samples,
    cases_shapes,
    cases_ufunc_methods,
    cases_values,
)
from tests.rules.drawing import CASES, LISTED, WRITTEN
from tinygrad_lab.core.registry import OPS, ZERO
from tinygrad_lab.testing.calls import Call, calls

__all__ = ["DRAWN", "LISTED", "OPERATIONS", "Call", "calls_of"]

# SciPy's, present once it has been used, have a test module of their own.
# `indeterminate`, NaN by intention, and `checkpoint`, which calls a function, have their own tests too.
ELSEWHERE = ("indeterminate", "checkpoint")


def is_ours(op):
    """Tests and examples declare operations of their own; the project's are those of its modules and NumPy's."""
    return (getattr(op.function, "__module__", None) or "numpy").partition(".")[0] in ("numpy", "tinygrad_lab")


OPERATIONS = [
    op for op in OPS.values() if is_ours(op) and op.kind != ZERO and op.family != "special" and op.name not in ELSEWHERE
]
DRAWN = [op for op in OPERATIONS if op.function not in WRITTEN]


def calls_of(op):
    """Return a strategy for calls of an operation."""
    return CASES[op.function] if op.function in CASES else calls(op)
