"""The gallery of the reports: its table of published figures can be trusted, and its page says what was measured."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.reports.figures import Part, Row
from tinygrad_lab.lab.reports.gallery import page
from tinygrad_lab.lab.reports.measuring import Measured, measure
from tinygrad_lab.lab.reports.published import REPORTS
from tinygrad_lab.lab.running import load, run
from tinygrad_lab.lab.sweeps.grid import Cell
from tinygrad_lab.lab.sweeps.running import Sweep

pytestmark = pytest.mark.slow

for extra in ("matplotlib", "jinja2"):
    pytest.importorskip(extra)


@pytest.mark.parametrize("name", REPORTS)
def test_every_row_can_be_run_and_stands_in_one_place(name):
    for part in REPORTS[name].parts:
        places = [(row.down, row.across) for row in part.rows]
        assert len(set(places)) == len(places)
        for row in part.rows:
            Config(**part.options | row.options)
    for options in REPORTS[name].shown.values():
        Config(**options)


def test_report_b_draws_its_points_after_its_weights_from_the_same_generator():
    config = Config(data="linear", hidden=(2, 2), bias=False, init="rand", legacy_rng=True, seed=5)
    r = np.random.RandomState(5)
    for shape in ((2, 2), (2, 2), (2, 1)):
        r.rand(*shape)
    x = r.uniform(0, 1, (100, 2))
    dataset = load(config)
    np.testing.assert_array_equal(dataset.x, x)
    np.testing.assert_array_equal(dataset.labels, np.where(x[:, 0] > x[:, 1], 0, 1))


def test_report_b_publishes_these_figures_on_the_linear_data():
    part = REPORTS["B"].parts[2]
    result = run(Config(**part.options | {"lr": 0.01, "seed": 0}))
    assert result.history.loss[99] == pytest.approx(68.94822881602369, rel=1e-12)
    assert result.history.accuracy[99] == 0.54
    assert abs(result.history.epochs - 1479) <= 14
    assert result.history.loss[-1] == pytest.approx(2.044271556081318, rel=2e-2)
    assert result.history.accuracy[-1] == 1


LINEAR = REPORTS["B"].parts[2]
# `tinygrad-lab reports` runs the others, which take longer.
CHEAP = [(LINEAR, row) for row in LINEAR.rows if row.across != "lr 0.1" and row.published < 2500]


@pytest.mark.parametrize(("part", "row"), CHEAP, ids=lambda x: f"{x.down} {x.across}" if isinstance(x, Row) else "")
def test_report_b_on_the_linear_data_cell_by_cell(part, row):
    result = run(Config(**part.options | row.options))
    assert abs(result.history.epochs - row.published) <= max(1, 0.01 * row.published)


def made(part, figures):
    cells = [Cell({"run": row.down}, Config(**part.options | row.options)) for row in part.rows]
    left = [{"epochs": n, "loss": n, "status": "reached", "seconds": 0.0, "notes": [], "curve": {}} for n in figures]
    return Measured(part, Sweep(Config(), cells, left))


def test_a_table_says_what_is_off_and_whether_the_order_comes_out():
    part = Part("t", {}, [Row("a", "", {}, 100), Row("b", "", {"lr": 0.2}, 200)], ordered=True)
    good, bad = made(part, [101, 150]), made(part, [300, 150])
    assert good.words() == ["1 of 2 figures are within 1 % of the published.", "The published order comes out."]
    assert bad.words()[1] == "The published order does not: b < a."
    assert good.deviation(1) == -0.25
    assert [good.text(i) for i in (0, 1)] == ["101", "150"]


def test_an_order_is_looked_for_in_every_row():
    rows = [Row(down, across, {}, None) for down in ("one", "two") for across in ("x", "y")]
    part = Part("t", {}, rows, order=("x", "y"))
    assert made(part, [1, 2, 4, 3]).words() == ["The published order, x < y, came out in 1 of 2 draws (one)."]


def test_a_run_that_failed_is_named_not_measured():
    measured = made(Part("t", {}, [Row("a", "", {}, 100)]), [1])
    measured.sweep.left[0] |= {"status": "diverged", "epochs": math.nan}
    assert measured.text(0) == "diverged"
    assert measured.deviation(0) is None


@pytest.fixture
def quick(monkeypatch):
    """Reports with a few epochs, whose figures are wrong but come soon."""
    for name, report in REPORTS.items():
        parts = [
            replace(part, options=part.options | {"epochs": 20, "until": None}, rows=part.rows[:2], order=())
            for part in report.parts[:1]
        ]
        shown = {title: options | {"epochs": 20, "until": None} for title, options in list(report.shown.items())[:1]}
        monkeypatch.setitem(REPORTS, name, replace(report, parts=parts, shown=shown))


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_the_page_has_every_table_and_no_other_file(tmp_path):
    text = page(measure(list(REPORTS), 1, tmp_path / "done.jsonl", lambda sweep, doing: None))
    for name, report in REPORTS.items():
        assert f'<h2 id="{name}">Report {name}</h2>' in text
        for part in report.parts:
            assert f"<h3>{part.title}</h3>" in text
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert "http-equiv" not in text
    assert "<script" not in text


def test_what_is_no_report(capsys, tmp_path):
    from tinygrad_lab.cli import main

    assert main(["reports", "F", "--out", str(tmp_path / "r")]) == 2
    assert "reports: name must be one of A, B, C, D, E, got 'F'" in capsys.readouterr().err
    with pytest.raises(LabError):
        Config(**REPORTS["A"].parts[0].options | {"lr": -1.0})


def test_the_published_gallery_is_small_and_holds_each_letter_once():
    text = (Path(__file__).parents[2] / "docs" / "gallery.html").read_text(encoding="utf-8")
    assert len(text.encode()) <= 3_000_000
    defined, used = re.findall(r'<path id="(letter-\d+)"', text), set(re.findall(r'href="#(letter-\d+)"', text))
    assert len(defined) == len(set(defined))
    assert set(defined) == used
    assert "DejaVuSans-" not in "".join(re.findall(r'href="#([^"]*)"', text))
