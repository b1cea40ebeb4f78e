from __future__ import annotations

import json

import pytest

from tinygrad_lab import lab
from tinygrad_lab.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_pictures")]

for extra in ("rich", "matplotlib", "jinja2", "safetensors"):
    pytest.importorskip(extra)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def make(name, **options):
    return str(lab.write(lab.run(lab.Config(epochs=30, **options)), name))


def test_what_differs_is_the_table(capsys, tmp_path):
    options = [(activation, lr) for lr in (0.1, 0.5) for activation in ("tanh", "relu")]
    runs = [make(f"r{lr}{activation}", lr=lr, activation=activation) for activation, lr in options]
    assert main(["compare", *runs, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(row["activation"], row["lr"]) for row in said["rows"]] == options
    for row, run in zip(said["rows"], runs, strict=True):
        assert row["loss"] == lab.load(run).history.loss[-1]
    left = {path.name for path in (tmp_path / "runs" / "compare-1").iterdir()}
    assert left == {"report.html", "results.csv", "curves.svg", "planes.svg", "sweep.json"}


def test_runs_that_do_not_differ_go_by_their_names(capsys):
    assert main(["compare", make("one"), make("two")]) == 0
    output = capsys.readouterr().out
    assert "one" in output
    assert "two" in output


def test_what_cannot_be_compared(capsys, tmp_path):
    (tmp_path / "line.csv").write_text("x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(30)))
    for words, problem in [
        ([make("a")], "needs at least two runs, got 1"),
        (["a", "nothing"], "nothing has no config.json, so it is not a run"),
        (["a", make("b", data="line.csv")], "the runs have different tasks, classification and regression"),
    ]:
        assert main(["compare", *words]) == 2
        error = capsys.readouterr().err
        assert problem in error
        assert error.count("\n") == 1
