"""Pages, notebooks and docstrings read well: proselint finds nothing, and no phrase of `docs/words.toml` is in them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # every page and docstring is read

ROOT = Path(__file__).parents[1]
WORDS = tomllib.loads((ROOT / "docs" / "words.toml").read_text(encoding="utf-8"))["instead"]
GENERATED = {"docs/operations.md"}
# Quotation marks and dots are those of a keyboard, as in code; headings may be repeated, and formulas repeat letters;
# an argument is called `color`, as elsewhere.
NO_FAULT = re.compile(
    r"typography\b|dates_times\b|weasel_words.very|spelling.consistency.*'color'|lexical_illusions.*('. .'|\n)",
    re.DOTALL,
)


def prose(text: str) -> str:
    """Blank out what is no sentence: code, formulas, tables, links' targets; lines stay where they are."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]+", " … ", match[0])

    fenced = r"^(`{3,}|:{3,}).*?^\1\s*$"
    for pattern in (
        fenced,
        r"``[^`]+``|`[^`]+`",
        r"\$\$?[^$]+\$\$?",
        r"^\s*(\||>>>|\.\.\. ).*$",
        r"\]\([^)]*\)",
        r"<[^>]*>",
    ):
        text = re.sub(pattern, blank, text, flags=re.MULTILINE | re.DOTALL if pattern == fenced else re.MULTILINE)
    return text


def docstrings(path: Path) -> str:
    """Return a module's docstrings, without their examples and formulas, each after as many lines as in the file."""
    lines: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            lines += [""] * (first.end_lineno - len(lines))
            said = first.value.value.partition("Example:")[0].split("\n")
            lines[first.lineno - 1 : first.lineno - 1 + len(said)] = said
    return prose("\n".join(lines))


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Give the prose of every page, notebook and docstring, by its place."""
    found = {}
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")]:
        place = path.relative_to(ROOT)
        if place.as_posix() not in GENERATED and not {"_build", "reference", "tutorials"} & set(place.parts):
            found[place.as_posix()] = prose(path.read_text(encoding="utf-8"))
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        said = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        found[f"notebooks/{path.stem}.md"] = prose("\n\n".join(said))
    for folder in ("tinygrad_lab", "examples"):
        for path in (ROOT / folder).rglob("*.py"):
            found[path.relative_to(ROOT).as_posix()] = docstrings(path)
    return found


def test_no_phrase_is_used_that_the_project_does_without(texts):
    found = []
    for place, text in texts.items():
        for phrase, instead in WORDS.items():
            for match in re.finditer(rf"\b(?:{phrase})\b", text, re.IGNORECASE):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{place}:{line}: {match[0]!r}; write {instead}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Use `in order to` here", "Use  …  here"),
        ("a\n```python\nin order to\n```\nb", "a\n … \n … \n … \nb"),
        ("| in order to |\nb", " … \nb"),
        ("see [this](in order to)", "see [this … "),
    ],
)
def test_code_tables_and_links_are_no_prose(text, left):
    assert prose(text) == left


@pytest.mark.slow
def test_proselint_finds_nothing(texts, tmp_path):
    pytest.importorskip("proselint")
    together: dict[str, list[str]] = {}  # docstrings of a folder: hundreds of files take twice as long
    for place, text in texts.items():
        together.setdefault(str(Path(place).parent) if place.endswith(".py") else place, []).append(text)
    for place, parts in together.items():
        path = tmp_path / "texts" / f"{place}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(parts), encoding="utf-8")
    command = [sys.executable, "-m", "proselint", "check", "--output-format", "json", "texts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    result = json.loads(done.stdout)["result"]
    assert len(result) == len(together)
    found = [
        f"{place.partition('/texts/')[2]}: {fault['check_path']}: {fault['message']}"
        for place, said in result.items()
        for fault in said["diagnostics"]
        if not NO_FAULT.match(f"{fault['check_path']} {fault['message']}")
    ]
    assert not found, "\n".join(found)
