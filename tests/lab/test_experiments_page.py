"""The newcomer's path in docs/experiments.md, from top to bottom, in a folder of its own."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest

from tinygrad_lab.cli import main
from tinygrad_lab.lab.sweeps import writing

for extra in ("rich", "matplotlib", "jinja2", "safetensors"):
    pytest.importorskip(extra)

PAGE = Path(__file__).parents[2] / "docs" / "experiments.md"


@pytest.mark.slow
@pytest.mark.usefixtures("without_pictures")  # drawn in other tests
def test_the_whole_path(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(writing, "write", lambda *_: [])
    names = {}
    for language, block in re.findall(r"```(python|sh)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        if language == "python":
            exec(block, names)
            continue
        for line in block.strip().splitlines():
            program, *words = shlex.split(line)
            assert program == "tinygrad-lab"
            more = ["--workers", "1"] if words[0] == "sweep" else []
            assert main([*words, *more]) == 0, line
    assert capsys.readouterr().err == ""
    with (tmp_path / "said.csv").open(newline="") as file:
        said = list(csv.DictReader(file))
    for row, price in zip(said, (2500 * 80 + 4000 * 2 + 30000, 2500 * 45.5), strict=True):
        assert float(row["prediction"]) == pytest.approx(price, rel=0.15)
    assert names["run"].figures()["test_r2"] > 0.9
    assert len((tmp_path / "flats" / "history.csv").read_text().splitlines()) == 601
