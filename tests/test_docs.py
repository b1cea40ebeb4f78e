"""The generated page of operations is up to date, and the notebook runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[1]


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_operations_page_agrees_with_the_registry():
    page = load(ROOT / "docs" / "make_operations.py").page()
    written = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert written == page, "run `python docs/make_operations.py`"
