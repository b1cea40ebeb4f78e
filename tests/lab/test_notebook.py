"""A run at the end of a notebook's cell."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tinygrad_lab import lab

SVG = "{http://www.w3.org/2000/svg}"


def shown(run):
    html = run._repr_html_()
    assert "<script" not in html
    return html, ET.fromstring(html)


def test_a_run_shows_curves_figures_and_configuration():
    run = lab.run(lab.Config(data="two_moons", validation_fraction=0.3, epochs=900, lr=1.0))
    html, page = shown(run)
    assert len(html) < 60_000
    assert len(page.findall(f".//{SVG}polyline")) == len(run.history.columns()) == 4
    cells = ["".join(cell.itertext()) for cell in page.iter() if cell.tag in ("th", "td")]
    assert cells[cells.index("validation loss") + 1] == f"{run.history.validation_loss[-1]:.6g}"
    assert cells[cells.index("optimizer") + 1] == "sgd, lr 1"


@pytest.mark.usefixtures("without_pictures")
def test_a_run_shows_itself_before_its_training_and_without_its_data(tmp_path):
    run = lab.prepare(lab.Config())
    assert "xor: not trained yet" in "".join(shown(run)[1].itertext())
    path = tmp_path / "a<b.csv"
    path.write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    pytest.importorskip("jinja2")
    folder = lab.write(lab.run(lab.Config(data=str(path), epochs=3)), tmp_path / "run")
    path.unlink()
    text = "".join(shown(lab.load(folder))[1].itertext())
    assert "a<b: 3 epochs" in text
    assert "cannot be read" in text
