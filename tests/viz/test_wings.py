"""The wings of `viz` know only those before them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tinygrad_lab import viz

HOUSE = Path(viz.__file__).parent
KNOWS = {
    "describe": set(),
    "choose": {"describe"},
    "layout": set(),
    "write": {"describe", "choose", "layout"},
}


@pytest.mark.parametrize("wing", KNOWS)
def test_a_wing_knows_only_those_before_it(wing):
    for path in (HOUSE / wing).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tinygrad_lab.viz"):
                known = (node.module or "").split(".")[2]
                assert known in KNOWS[wing] | {wing}, f"{wing}/{path.name} imports {known}"


def test_every_file_but_the_face_has_a_wing():
    face = {"__init__.py", "drawing.py", "graph.py", "comparison.py", "notebook.py"}
    assert {path.name for path in HOUSE.glob("*.py")} == face
