"""The derivative rules, a module per family of functions; importing the package fills the registry."""

from tinygrad_lab.rules import (
    einsum,
    elementwise,
    fft,
    indexing,
    joining,
    linalg,
    reductions,
    selection,
    shaping,
    sorting,
    trigonometric,
    windows,
    zero,
)

__all__ = [
    "einsum",
    "elementwise",
    "fft",
    "indexing",
    "joining",
    "linalg",
    "reductions",
    "selection",
    "shaping",
    "sorting",
    "trigonometric",
    "windows",
    "zero",
]
