"""Hypothesis, from the extra `[testing]`: whoever needs it imports it from here."""

from __future__ import annotations

from tinygrad_lab.errors import MissingExtraError

try:
    import hypothesis
    from hypothesis import strategies as st
    from hypothesis.strategies import DrawFn, SearchStrategy, composite
except ImportError as error:
    raise MissingExtraError(
        f'testing: hypothesis must be installed, got "{error}"; run: pip install "tinygrad-lab[testing]"'
    ) from error

__all__ = ["DrawFn", "SearchStrategy", "composite", "hypothesis", "st"]
