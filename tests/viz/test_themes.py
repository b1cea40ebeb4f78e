"""Light, dark and paper: pictures and pages look right where styles are dropped, and print whole."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.viz.test_browser import show as show  # the fixture
from tests.viz.test_browser import xor
from tinygrad_lab.viz.write.colors import _FILLS, _STROKES


def picture(theme):
    x = tl.Value(np.ones(2), name="x")
    return np.sum(np.tanh(x * x)).graph(view="both").svg(theme=theme)


def test_colours_survive_without_styles():
    text = picture("auto")
    bare = re.sub(r"<style>.*?</style>\n", "", text)
    assert bare == picture("light")
    for kind in ("parameter", "operation", "output"):
        assert f'class="tg-box tg-{kind}" fill="{_FILLS[kind][0]}" stroke="{_STROKES[kind][0]}"' in bare


def test_dark_is_dark_by_itself():
    text = picture("dark")
    assert "<style>" not in text
    assert f'fill="{_FILLS["page"][1]}"' in text
    assert _FILLS["page"][0] not in text.replace('#ffffff" stroke="none" font-size="10"', "")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_auto_follows_the_reader(tabs, scheme):
    tab = tabs(color_scheme=scheme)
    tab.set_content(picture("auto"))
    found = tab.evaluate("getComputedStyle(document.querySelector('.tg-page')).fill")
    red, green, blue = (int(_FILLS["page"][scheme == "dark"][i : i + 2], 16) for i in (1, 3, 5))
    assert found == f"rgb({red}, {green}, {blue})"


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_may_be_told_its_theme(show, theme):
    tab = show(xor()[0], theme=theme)
    assert tab.evaluate("getComputedStyle(document.body).colorScheme || document.documentElement.dataset.theme") in (
        theme, "normal",
    )  # fmt: skip
    assert tab.evaluate("document.documentElement.dataset.theme") == theme


@pytest.mark.slow
def test_paper_gets_the_whole_graph_in_light_colours(show):
    tab = show(xor()[0], theme="dark")
    tab.keyboard.press("+")
    tab.keyboard.press("+")
    tab.emulate_media(media="print")
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate("document.documentElement.dataset.theme") == "light"
    assert not tab.locator("footer").is_visible()
    stage = tab.locator("#picture").bounding_box()
    for place in tab.locator("#world g.box > .shape:first-child").all():
        box = place.bounding_box()
        assert stage["x"] <= box["x"]
        assert box["x"] + box["width"] <= stage["x"] + stage["width"]
        assert box["y"] + box["height"] <= stage["y"] + stage["height"]
    tab.emulate_media(media="screen")
    tab.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert tab.locator("footer").is_visible()
