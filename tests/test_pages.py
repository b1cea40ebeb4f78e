"""The examples in the pages of `docs/` give what the pages say."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import tinygrad_lab as tl

DOCS = Path(__file__).parents[1] / "docs"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
WITH_A_TEST_OF_ITS_OWN = {"testing.md"}
MADE = {"reference", "_build"}


def runs(path):
    place = path.relative_to(DOCS)
    apart = place.parts[0] in MADE or place.name in WITH_A_TEST_OF_ITS_OWN
    return not apart and ">>> " in path.read_text(encoding="utf-8")


PAGES = [path for path in sorted(DOCS.rglob("*.md")) if runs(path)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_examples_give_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = dict(tl.OPS)
    try:
        failed, tried = doctest.testfile(
            str(page), module_relative=False, optionflags=FLAGS, encoding="utf-8", globs={"__name__": "page"}
        )
    finally:
        tl.OPS.clear()
        tl.OPS.update(before)
    assert tried > 0
    assert failed == 0
