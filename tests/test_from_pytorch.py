"""The page for those who know PyTorch names what there is; methods of Values have words."""

from __future__ import annotations

import inspect
import re
from functools import reduce
from pathlib import Path

import tinygrad_lab as tl

PAGE = Path(__file__).parents[1] / "docs" / "from_pytorch.md"


def test_every_name_on_the_page_is_there():
    text = PAGE.read_text(encoding="utf-8")
    names = set(re.findall(r"\btl\.([A-Za-z_][\w.]*\w)", text))
    assert len(names) > 40
    for name in names:
        reduce(getattr, name.split("."), tl)
    for name in re.findall(r"\bF\.(\w+)", text):
        assert hasattr(tl.functional, name), name


def test_methods_of_values_have_docstrings():
    silent = [
        name
        for name, method in inspect.getmembers(tl.Value)
        if not name.startswith("_") and (callable(method) or isinstance(method, property)) and not method.__doc__
    ]
    assert silent == []
