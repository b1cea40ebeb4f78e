"""Families that many programs never need: imported together when a function without a rule meets a Value first."""

from tinygrad_lab.rules.later import (
    applying,
    calculus,
    creation,
    decompositions,
    determinants,
    einsum,
    fft,
    padding,
    polynomials,
    solving,
    sorting,
    statistics,
    windows,
)

__all__ = [
    "applying",
    "calculus",
    "creation",
    "decompositions",
    "determinants",
    "einsum",
    "fft",
    "padding",
    "polynomials",
    "solving",
    "sorting",
    "statistics",
    "windows",
]
