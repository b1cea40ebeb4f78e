"""The examples in the pages of `docs/` run, and give what the pages say."""

from __future__ import annotations

import copy
import doctest
import re
from pathlib import Path

import pytest

import tinygrad_lab as tl
from tinygrad_lab.testing import planting, profiles
from tinygrad_lab.testing.mutants import mutants

DOCS = Path(__file__).parents[1] / "docs"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
WITH_A_TEST_OF_ITS_OWN = {
    "experiments.md",  # its commands and its code take turns
    "wrong_rules.md",  # nearly all of its code fails on purpose
}
OF_OTHERS = {"other_libraries.md"}  # run as tests/testing/others.py makes the page
MADE = {"reference", "tutorials", "_build"}
SLOW = {"scaling.md", "testing.md"}
# Gradient tests on the pages show how they are written; the project has its own.
FEW = profiles.Profile(4, shrink=False)
# So do those of them that plant mistakes: a few of the mistakes do. tests/testing/test_mutants.py plants all.
EVERY = 6
NEEDED = {"check_pytorch_and_jax.md": ("torch", "jax")}  # what is no dependency of the tests
BLOCK = re.compile(r"^```(?:python|pycon)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(path):
    """Return the code of a page, block by block, with its line numbers."""
    text = path.read_text(encoding="utf-8")
    return [(text.count("\n", 0, found.start(1)), found[1]) for found in BLOCK.finditer(text)]


def runs(path):
    return path.relative_to(DOCS).parts[0] not in MADE | WITH_A_TEST_OF_ITS_OWN | OF_OTHERS and bool(blocks(path))


PAGES = [path for path in sorted(DOCS.rglob("*.md")) if runs(path)]


@pytest.fixture
def _registry():
    """Put the table of operations back as it was: pages declare operations, and rules of NumPy's own."""
    before = {function: copy.copy(op) for function, op in tl.OPS.items()}
    yield
    for function in set(tl.OPS) - set(before):
        del tl.OPS[function]
    for function, op in before.items():
        for slot in op.__slots__:
            setattr(tl.OPS[function], slot, getattr(op, slot))


@pytest.mark.usefixtures("_registry")
@pytest.mark.parametrize(
    "page",
    [pytest.param(path, marks=pytest.mark.slow(seconds=10)) if path.name in SLOW else path for path in PAGES],
    ids=lambda path: path.stem,
)
def test_the_code_runs_and_gives_what_the_page_says(page, tmp_path, monkeypatch):
    for library in NEEDED.get(page.name, ()):
        pytest.importorskip(library, reason="no dependency of the package")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(planting, "mutants", lambda op: mutants(op)[::EVERY])
    names, runner = {"__name__": "page"}, doctest.DocTestRunner(optionflags=FLAGS)
    with profiles.running(FEW):
        for line, block in blocks(page):
            if ">>> " in block:
                examples = doctest.DocTestParser().get_doctest(block, {}, page.stem, str(page), line)
                examples.globs = names  # the same for all blocks: a function sees what is defined later
                runner.run(examples, clear_globs=False)
            else:
                exec(compile("\n" * line + block, page, "exec"), names)
    assert runner.summarize(verbose=False).failed == 0
