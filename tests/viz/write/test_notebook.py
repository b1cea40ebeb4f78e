"""What shows itself in a notebook, in every form that somebody may look at."""

from __future__ import annotations

import base64
import html
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import nn, viz
from tinygrad_lab.errors import GraphError, OperationError
from tinygrad_lab.lab.training import History
from tinygrad_lab.testing import check_gradients

X, T = np.array([[0.0, 1.0], [1.0, 0.5]]), np.array([[1.0], [0.0]])


def model():
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Linear(2, 3, rng=rng), nn.Tanh(), nn.Linear(3, 1, rng=rng))


def test_a_value_has_view_picture_and_text():
    bundle = nn.MSELoss()(model()(X), T)._repr_mimebundle_()
    assert bundle["text/plain"].startswith("Value(")
    assert ET.fromstring(bundle["image/svg+xml"]).tag.endswith("svg")
    assert 'sandbox="allow-scripts"' in bundle["text/html"]
    image = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
    assert base64.b64decode(image[1]).decode() == bundle["image/svg+xml"]
    assert "0: Linear" in html.unescape(re.search(r'alt="([^"]*)"', bundle["text/html"])[1])


def test_the_view_is_small_before_data():
    graph = model()(X).graph()
    page = graph.page(inline=True)
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]
    assert len(page.encode()) - len(data.encode()) <= 100_000
    assert json.loads(data)["snapshot"]["title"] == "graph"


def test_leaves_and_huge_graphs_show_their_text():
    assert set(tl.Value(1.0)._repr_mimebundle_()) == {"text/plain"}
    y = tl.Value(1.0)
    for _ in range(2100):
        y = y + 1.0
    assert set(y._repr_mimebundle_()) == {"text/plain"}


def test_a_module_shows_its_tree():
    bundle = model()._repr_mimebundle_()
    tree = ET.fromstring(bundle["text/html"])
    assert "0.weight" not in "".join(tree.itertext())
    assert "weight (3, 2) float64" in "".join(tree.itertext())
    assert len(tree.findall(".//details")) == 3
    assert bundle["text/plain"] == repr(model())


def test_a_history_shows_its_curves():
    history = History(loss=[3.0, 2.0, float("nan"), 1.0], accuracy=[0.5, 0.75, 0.75, 1.0])
    picture = ET.fromstring(history._repr_mimebundle_()["image/svg+xml"])
    lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.get("points").split()) for line in lines] == [3, 4]
    assert "loss: 1 after 4 epochs, from 1 to 3" in "".join(picture.itertext())
    assert ET.fromstring(History()._repr_mimebundle_()["image/svg+xml"]) is not None


def test_a_report_shows_counts_and_what_is_wrong():
    report = check_gradients(np.abs, np.array([-1.0, 0.0, 2.0]))
    text = "".join(ET.fromstring(report._repr_html_()).itertext())
    assert text.startswith("pass: gradients of absolute")
    assert "kink-ok1" in text


def test_an_error_shows_the_graph_up_to_there():
    rng = np.random.default_rng(0)
    broken = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.Tanh(), nn.Linear(4, 1, rng=rng))
    with pytest.raises(OperationError) as caught:
        broken(X)
    graph = viz.draw(caught.value)
    assert graph.picture.health.first == "✗"
    assert "tg-first" in graph.svg(theme="light")
    rows = graph.text().splitlines()
    assert rows[1] == str(caught.value)
    assert [row.split()[1] for row in rows[2:]] == ["input", "Linear(2,", "Tanh", "2.weight", "2.bias", "Linear"]
    assert rows[-1].endswith("← 2, 3, 4")
    assert "✗" in graph.page()


def test_an_error_without_a_graph_says_so():
    with pytest.raises(OperationError) as caught:
        nn.Linear(2, 3, rng=np.random.default_rng(0)).eval()(np.ones((2, 5)))
    caught.value.arguments = ()
    with pytest.raises(GraphError, match="draw: this error does not come from an operation on Values"):
        viz.draw(caught.value)


@pytest.mark.slow
def test_the_view_works_inside_another_page_and_the_picture_without_it(tabs):
    bundle = nn.MSELoss()(model()(X), T)._repr_mimebundle_()
    troubles = []
    tab = tabs({"pageerror": lambda error: troubles.append(str(error))}, viewport={"width": 1100, "height": 700})
    tab.set_content(f"<body>{bundle['text/html']}</body>")
    frame = tab.frame_locator("iframe")
    frame.locator("#next").click()
    frame.locator("#next").click()
    assert frame.locator("#counter").inner_text().startswith("1 of")
    tab.evaluate("document.querySelector('iframe').remove()")
    assert tab.evaluate("document.querySelector('img').naturalWidth") > 100
    assert not troubles
