import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.viz.examples import GOLDEN, GRAPHS, HOSTILE, Cell, Recurrent, chain, linear, steps, texts
from tinygrad_lab import nn, viz
from tinygrad_lab.errors import MissingExtraError
from tinygrad_lab.viz.choose.text_width import shorten, text_width
from tinygrad_lab.viz.write import dot
from tinygrad_lab.viz.write.colors import dark_style
from tinygrad_lab.viz.write.picture import LINE_SIZE, TITLE_SIZE

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", GRAPHS)
def test_golden(name):
    for suffix, text in texts(GRAPHS[name]()).items():
        kept = (GOLDEN / f"{name}.{suffix}").read_text(encoding="utf-8")
        assert text == kept, f"{name}.{suffix} changed: python -m tests.viz.examples, then look at it"


@pytest.mark.slow
def test_the_same_program_gives_the_same_bytes_under_any_hash_seed():
    program = (
        "import hashlib, sys; from tests.viz.examples import GRAPHS, texts\n"
        "from tinygrad_lab.viz.write.html import page\n"
        "graphs = [make() for make in GRAPHS.values()]\n"
        "text = ''.join(''.join((*texts(graph).values(), page(graph.snapshot))) for graph in graphs)\n"
        "sys.stdout.write(hashlib.sha256(text.encode()).hexdigest())"
    )
    seeds = ("1", "4711")
    root = Path(__file__).parents[2]
    found = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            cwd=root, check=True, capture_output=True,
        ).stdout
        for seed in seeds
    }  # fmt: skip
    assert len(found) == 1


@given(st.text(max_size=40), st.sampled_from(["forward", "backward", "both"]), st.sampled_from(["op", "scalar"]))
def test_any_name_gives_well_formed_documents(name, view, level):
    graph = (tl.Value(2.0, name=name) * 3.0).graph(view=view, level=level)
    root = ET.fromstring(graph.svg())
    assert root.tag == f"{SVG}svg"
    assert "</script" not in graph.svg()
    assert graph.dot().source.count('"') % 2 == graph.dot().source.count('\\"') % 2
    assert len(graph.text().splitlines()) == 4 if name != "" else True


def test_hostile_names_survive_graphviz():
    if not dot.renderers():
        pytest.skip("neither dot nor pygraphviz is installed")
    drawn = ET.fromstring(viz.draw(tl.Value(2.0, name=HOSTILE) * 3.0).svg(engine="dot").encode())
    shown = "".join(drawn.itertext())
    assert '<a|b>{"c"}\\l</script>&' in shown


def test_every_kind_of_node_looks_different():
    graph = viz.draw(lambda x: np.sum(linear(2, 3)(x) * 2 + np.ones(3)), np.ones((1, 2)), level="op")
    text = graph.svg()
    for kind in ("input", "parameter", "constant", "operation", "loss"):
        assert f'class="tg-box tg-{kind}' in text


@pytest.mark.parametrize("name", GRAPHS)
def test_text_fits_its_box(name):
    root = ET.fromstring(GRAPHS[name]().svg())
    for group in root.iter(f"{SVG}g"):
        if "tg-box" not in group.get("class", ""):
            continue
        shape = group.find(f"{SVG}rect")
        if shape is None:
            points = [tuple(map(float, p.split(","))) for p in group.find(f"{SVG}polygon").get("points").split()]
            left, right = min(x for x, _ in points), max(x for x, _ in points)
            top, bottom = min(y for _, y in points), max(y for _, y in points)
        else:
            left, top = float(shape.get("x")), float(shape.get("y"))
            right, bottom = left + float(shape.get("width")), top + float(shape.get("height"))
        for text in group.findall(f"{SVG}text"):
            bold = text.get("class") == "tg-name"
            half = text_width(text.text, TITLE_SIZE if bold else LINE_SIZE, bold) / 2
            assert left <= float(text.get("x")) - half
            assert float(text.get("x")) + half <= right
            assert top + 8 <= float(text.get("y")) <= bottom - 2
        for badge in group.iter(f"{SVG}rect"):
            assert float(badge.get("x")) + float(badge.get("width")) <= right + 0.1


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_widths_are_never_below_those_of_a_wide_font(text):
    font_manager = pytest.importorskip("matplotlib.font_manager", reason="its fonts are the reference")
    from matplotlib.ft2font import FT2Font

    for bold in (False, True):
        face = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
        font = FT2Font(font_manager.findfont(face))
        font.set_size(100, 72)
        real = sum(font.load_char(ord(c)).linearHoriAdvance / 65536 for c in text)
        assert text_width(text, 100.0, bold) >= real * 0.96


@given(st.text(max_size=60), st.integers(3, 20))
def test_shortened_text(text, most):
    short = shorten(text, most)
    assert len(short) <= most
    assert short.isprintable()


def test_both_themes_and_the_reader_s_own():
    graph = (tl.Value(2.0) * 3.0).graph()
    assert "prefers-color-scheme" in graph.svg()
    assert "prefers-color-scheme" not in graph.svg(theme="dark")
    assert "#15191e" in graph.svg(theme="dark")
    assert "#15191e" not in graph.svg(theme="light")


def test_trouble_is_said_and_shown():
    with np.errstate(all="ignore"):
        graph = np.sum(np.log(tl.Value([-1.0, 1.0], name="x")) * 2.0).graph()
    text = graph.svg()
    assert "Not finite from log on." in text
    assert text.replace(dark_style(), "").count("tg-first") == 1
    assert text.replace(dark_style(), "").count("tg-trail") == 2
    assert "[NaN]" in graph.text()


def test_views_of_the_gradient():
    y = np.tanh(tl.Value(2.0, name="x") * tl.Value(3.0, name="w"))
    count = {view: y.graph(view=view).svg().count('<g class="tg-gradient"') for view in ("forward", "backward", "both")}
    assert count == {"forward": 0, "backward": 3, "both": 3}
    assert y.graph(view="both").svg().count("<path d=") == 2 * y.graph().svg().count("<path d=")
    assert "tg-shade5" in re.sub(r"<style>.*</style>", "", y.graph(color="grad").svg())


def test_files_by_suffix(tmp_path):
    graph = viz.draw(Recurrent(), steps(4))
    for suffix, start in ((".svg", "<svg"), (".txt", "Recurrent: "), (".dot", "digraph"), (".gv", "digraph"),
                          (".json", "{"), (".html", "<!doctype html>")):  # fmt: skip
        graph.save(tmp_path / f"graph{suffix}")
        assert (tmp_path / f"graph{suffix}").read_text(encoding="utf-8").startswith(start)
    with pytest.raises(ValueError, match=r"save: suffix must be one of .*, got '.pdf'; rename the file"):
        graph.save(tmp_path / "graph.pdf")


def test_png(tmp_path):
    if find_spec("resvg_py") is None and not dot.renderers():
        pytest.skip("no renderer for PNG is installed")
    path = tmp_path / "graph.png"
    (tl.Value(2.0) * 3.0).graph().save(path)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine with an empty PATH and none of the extras."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tinygrad_lab.viz.write.dot.find_spec", lambda name: None)
    monkeypatch.setattr("tinygrad_lab.viz.write.raster.find_spec", lambda name: None)
    monkeypatch.setattr("tinygrad_lab.viz.write.doctor.find_spec", lambda name: None)


def test_a_bare_machine_draws_all_the_same(bare, tmp_path):
    graph = (tl.Value(2.0) * 3.0).graph()
    assert graph.svg().startswith("<svg")
    assert graph.dot().source.startswith("digraph")
    with pytest.warns(RuntimeWarning, match='svg: engine="dot" needs dot or pygraphviz') as caught:
        assert graph.svg(engine="dot") == graph.svg()
    assert len(caught) == 1
    with pytest.raises(MissingExtraError, match=r'png: there is no renderer, .*pip install "tinygrad-lab\[png\]"'):
        graph.png(tmp_path / "graph.png")
    assert "not found" in viz.doctor()


def test_a_dot_that_does_not_finish_is_left(monkeypatch, tmp_path):
    slow = tmp_path / "dot"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("tinygrad_lab.viz.write.dot.find_spec", lambda name: None)
    monkeypatch.setattr("tinygrad_lab.viz.write.dot.SECONDS", 0.2)
    assert dot.renderers() == {"dot": str(slow)}
    assert dot.run("digraph {}", "svg") is None


def test_a_notebook_gets_a_picture_and_text():
    bundle = (tl.Value(2.0, name="x") * 3.0).graph()._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert bundle["text/plain"].startswith("graph: 1 operation\n")


def test_find_and_diff():
    one, two = viz.draw(Recurrent(), steps(2)), viz.draw(Recurrent(), steps(3))
    assert [node.id for node in one.find("out.*")] == ["out.weight", "out.bias"]
    assert len(one.find("LINEAR")) == 5
    difference = one.diff(two)
    assert "cell#2/add" in difference.added
    assert not difference.removed
    assert "gradient" in "".join(difference.changed["out.weight"])
    assert not one.diff(viz.draw(Recurrent(), steps(2)))
    assert str(one.diff(one)) == "no difference"


@pytest.mark.slow
def test_a_large_graph_whole():
    graph = chain(3000).graph(view="both", fold=False, max_nodes=100_000)
    assert len(graph.picture.labels) == 5001
    assert graph.svg().count("tg-box") == 5001


class Unrolled(nn.Module):
    """A cell applied to every step."""

    def __init__(self):
        self.cell, self.out = Cell(), linear(2, 1)

    def forward(self, steps):
        h = np.zeros((1, 2))
        for x in steps:
            h = self.cell(x, h)
        return self.out(h)


def size(graph):
    root = ET.fromstring(graph.svg())
    return float(root.get("width")), float(root.get("height"))


@pytest.mark.parametrize("level", ["module", "op"])
def test_an_unrolled_network_keeps_its_proportions(level):
    width, height = size(viz.draw(Unrolled(), steps(30), fold=False, level=level, max_nodes=1000))
    assert height <= 3 * width
    assert width <= 3 * height


def test_a_value_used_often_does_not_sprawl():
    x, kinds = tl.Value(np.ones(3), name="x"), (np.sin, np.tanh, np.cos, np.negative)
    many = np.sum(np.stack([kinds[i % 4](x) for i in range(40)]))
    assert size(many.graph(fold=False))[0] <= 1600
    assert size(sum(kinds[i % 4](x) for i in range(40)).sum().graph(fold=False))[0] <= 1600
    assert size(sum(x * i for i in range(40)).sum().graph(fold=False))[0] <= 1600


@pytest.mark.parametrize("level", ["module", "scalar"])
def test_the_direction_can_be_chosen(level):
    model = nn.Sequential(linear(2, 3), nn.Sequential(nn.Tanh(), linear(3, 1)))
    down, right = (viz.draw(model, np.ones((1, 2)), level=level, direction=way) for way in ("down", "right"))
    assert down.picture.layout.height > down.picture.layout.width
    wide, high = size(right)
    assert wide > high
    first, last = (right.picture.layout.shapes[own].y for own in ("x", list(right.picture.view.boxes)[-1]))
    assert first < last
