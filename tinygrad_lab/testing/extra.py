"""Hypothesis, from the extra `[testing]`: whoever needs it imports it from here."""

from __future__ import annotations

from tinygrad_lab.extras import extra

with extra("testing"):
    import hypothesis
    from hypothesis import strategies as st
    from hypothesis.strategies import DrawFn, SearchStrategy, composite

__all__ = ["DrawFn", "SearchStrategy", "composite", "hypothesis", "st"]
