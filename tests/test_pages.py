"""The examples in the pages of `docs/` give what the pages say."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import tinygrad_lab as tl

DOCS = Path(__file__).parents[1] / "docs"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.mark.parametrize("page", ["extending.md"])
def test_examples_give_what_the_page_says(page):
    before = dict(tl.OPS)
    try:
        failed, tried = doctest.testfile(str(DOCS / page), module_relative=False, optionflags=FLAGS)
    finally:
        tl.OPS.clear()
        tl.OPS.update(before)
    assert tried > 10
    assert failed == 0
