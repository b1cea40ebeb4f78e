"""Every mistake that a report names has a section in `docs/wrong_rules.md`, and every section is one of the code's."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

import tinygrad_lab.testing
from tinygrad_lab.testing.mistakes import Mistake, failure

DOCS = Path(__file__).parents[2] / "docs"
PACKAGE = Path(tinygrad_lab.testing.__file__).parent
MAKERS = {"mistakes.py", "report.py", "planting.py"}  # of errors: with a mistake; of a report's text; about a test


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_wrong_rules", DOCS / "make_wrong_rules.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page():
    return (DOCS / "wrong_rules.md").read_text(encoding="utf-8")


def rounded(text):
    """Return text without its numbers' digits, which differ from processor to processor."""
    return re.sub(r"[+-]?(\d+\.\d*(e[+-]\d+)?|\d+e[+-]\d+)", "#", " ".join(text.split()))


@pytest.mark.parametrize("mistake", Mistake, ids=lambda mistake: mistake.name)
def test_the_report_names_the_mistake_and_the_cure_passes(mistake, script, page):
    if library := script.missing(mistake.name):
        pytest.skip(f"needs {library}")
    report = script.ran(mistake.name)
    assert mistake.line in report.split("\n")
    assert rounded(script.section(mistake, report)) in rounded(page), "run `python docs/make_wrong_rules.py`"


def test_page_and_code_have_the_same_mistakes(script, page):
    assert set(script.SOURCE) == set(Mistake.__members__)
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == [mistake.value for mistake in Mistake]


def test_links_are_the_names_that_code_hosts_and_sphinx_give_to_headings():
    for mistake in Mistake:
        slug = re.sub(r"[^\w\- ]", "", mistake.value.lower()).replace(" ", "-")
        assert mistake.link == f"docs/wrong_rules.md#{slug}"


def sources():
    return {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}


def test_every_error_names_a_mistake_and_every_mistake_is_named_somewhere():
    used = set()
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and name not in MAKERS:
                assert node.func.id not in ("GradientError", "VacuousTestError"), f"{name}: raise failure(Mistake...)"
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Mistake":
                used.add(node.attr)
    assert used >= set(Mistake.__members__)


def test_a_link_is_given_once():
    text = str(failure(Mistake.SIGN, str(failure(Mistake.SIGN, "sin: sign flipped"))))
    assert text == "sin: sign flipped\n  about this mistake: docs/wrong_rules.md#sign-flipped"
