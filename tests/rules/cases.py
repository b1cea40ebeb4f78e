"""A strategy for every operation that has rules: it draws calls. Whoever adds an operation adds a line to a table."""

from tests.rules import cases_fft, cases_products, cases_shapes, cases_values  # noqa: F401  importing them fills the tables
from tests.rules.drawing import CASES, Call

__all__ = ["CASES", "Call"]
