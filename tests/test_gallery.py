"""Every example is in the gallery, with a picture, and the page is what its script writes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

for module in ("matplotlib", "sklearn"):
    pytest.importorskip(module)

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("make_gallery", DOCS / "make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_script_writes(gallery):
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == gallery.page(), "run `python docs/make_gallery.py`"


def test_every_example_is_drawn_and_has_its_picture(gallery):
    assert set(gallery.names()) == set(gallery.DRAWN) == {path.stem for path in (DOCS / "gallery").glob("*.png")}


def test_what_a_program_has_learned_is_what_is_drawn(gallery, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS.parent))
    steps, draw = gallery.DRAWN["gaussian_process"]
    assert steps > 1
    figure, axes = gallery.plt.subplots()
    draw(gallery.trained("gaussian_process", 2), axes)
    gallery.plt.close(figure)
    assert len(axes.lines) == 2
