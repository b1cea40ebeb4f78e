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

# Tests and examples declare operations of their own while they run; the project's are those of its modules and NumPy's.
# SciPy's, present once it has been used, have a test module of their own.
# `indeterminate`, NaN by intention, and `checkpoint`, which calls a function, have their own tests too.
OPERATIONS = [
    op
    for op in OPS.values()
    if op.kind != ZERO and op.family != "special" and op.name not in ("indeterminate", "checkpoint")
]
DRAWN = [op for op in OPERATIONS if op.function not in WRITTEN]


def calls_of(op):
    """Return a strategy for calls of an operation."""
    return CASES[op.function] if op.function in CASES else calls(op)
