"""The page's layout puts everything where Python's does."""

from __future__ import annotations

import pytest

from tests.viz.layout.graphs import GRAPHS
from tinygrad_lab.viz.layout.nested import lay_out
from tinygrad_lab.viz.write.html import scripts

RUN = """([shapes, lines]) => {
  const whole = layOut(shapes, lines);
  return [[whole.width, whole.height], shapes.map(s => [s.x, s.y, s.width, s.height]), lines.map(line => line.points)];
}"""


@pytest.fixture(scope="module")
def tab(browser):
    script = scripts()
    tab = browser.new_page()
    tab.evaluate(f"""() => {{ {script[: script.index("function unpack(")]}; window.layOut = layOut; }}""")
    yield tab
    tab.close()


def python(shapes, lines):
    layout = lay_out(shapes, lines)
    return [layout.width, layout.height], [[s.x, s.y, s.width, s.height] for s in layout.shapes.values()], layout.paths


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_positions_agree(tab, name):
    shapes, lines = GRAPHS[name]
    plain = [
        {key: getattr(s, key) for key in ("id", "parent", "width", "height", "frame", "minor")} for s in shapes
    ]  # before Python's layout gives frames their size
    found = tab.evaluate(RUN, [plain, [{"source": a, "target": b} for a, b in lines]])
    whole, places, paths = python(shapes, lines)
    assert found[0] == pytest.approx(whole, abs=1e-6)
    assert [x for row in found[1] for x in row] == pytest.approx([x for row in places for x in row], abs=1e-6)
    for line, mine, its in zip(lines, found[2], paths, strict=True):
        assert [x for point in mine for x in point] == pytest.approx([x for p in its for x in p], abs=1e-6), line
