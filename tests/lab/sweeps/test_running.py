from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tinygrad_lab import lab
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.place import Place
from tinygrad_lab.lab.sweeps import running, workers, writing
from tinygrad_lab.lab.sweeps.effects import Effect, effects, failures, in_words, summary
from tinygrad_lab.lab.sweeps.grid import cells
from tinygrad_lab.lab.sweeps.plots import curves
from tinygrad_lab.lab.sweeps.running import Sweep, append, read_store, run
from tinygrad_lab.lab.sweeps.table import tabulate
from tinygrad_lab.lab.sweeps.working import refused
from tinygrad_lab.lab.sweeps.writing import write

pytestmark = pytest.mark.slow

for extra in ("matplotlib", "jinja2"):
    pytest.importorskip(extra)

B = Config(
    hidden=(3, 3), bias=False, init="rand", legacy_rng=True, loss="bce", reduction="sum", activation="sigmoid",
    until="accuracy=1", epochs=2000,
)  # fmt: skip


def small(**choices):
    base = Config(epochs=20, hidden=(2,))
    return run(base, cells(base, choices), workers=1)


def test_rows_are_those_of_single_runs():
    rows = lab.sweep(B, lr=[0.1, 0.5], seed=[0], workers=1)
    assert list(rows[0]) == ["lr", "epochs", "loss", "accuracy", "status", "seconds"]
    one = lab.run(Config(**B.to_dict() | {"lr": 0.1}))
    assert (rows[0]["epochs"], rows[0]["loss"]) == (one.history.epochs, one.history.loss[-1])
    assert [row["status"] for row in rows] == ["reached", "finished"]


def test_processes_give_the_same_rows_in_the_order_of_the_cells():
    base = Config(epochs=30, hidden=(2,))
    choices = {"lr": [0.1, 1.0], "seed": range(2)}
    expected = run(base, cells(base, choices), workers=1).rows()
    for row in (rows := run(base, cells(base, choices), workers=2).rows()) + expected:
        del row["seconds"]
    assert rows == expected


def test_only_what_is_new_is_trained(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(
        workers, "work", lambda config, beat, work=workers.work: trained.append(config) or work(config, beat)
    )
    first = lab.sweep(Config(epochs=5), lr=[0.1, 0.2], workers=1, folder=tmp_path / "s")
    assert len(trained) == 2
    again = lab.sweep(Config(epochs=5), lr=[0.1, 0.2, 0.3], workers=1, folder=tmp_path / "s")
    assert [config.lr for config in trained[2:]] == [0.3]
    assert again[:2] == first
    with (tmp_path / "s" / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["lr", "epochs", "loss", "accuracy", "status", "seconds"]
    assert [float(row["loss"]) for row in rows] == [row["loss"] for row in again]
    assert {path.name for path in (tmp_path / "s").iterdir()} == {
        *("done.jsonl", "results.csv", "sweep.json", "curves.svg", "planes.svg", "report.html")
    }


def test_a_line_that_was_cut_off_is_trained_again(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "write", lambda *_: [])
    lab.sweep(Config(epochs=5), lr=[0.1, 0.2], workers=1, folder=tmp_path / "s")
    store = tmp_path / "s" / "done.jsonl"
    store.write_text(store.read_text()[:-40])
    assert len(read_store(store)) == 1
    assert len(lab.sweep(Config(epochs=5), lr=[0.1, 0.2], workers=1, folder=tmp_path / "s")) == 2
    assert len(read_store(store)) == 2


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(LabError, match="is not empty"):
        lab.sweep(Config(epochs=5), lr=[0.1, 0.2], workers=1, folder=tmp_path)


def test_a_diverged_run_is_a_row_and_survives_the_store(tmp_path):
    base = Config(loss="mse", output="none", activation="none", epochs=400)
    rows = lab.sweep(base, lr=[0.1, 10.0], workers=1, folder=tmp_path / "s")
    assert [row["status"] for row in rows] == ["finished", "diverged"]
    again = lab.sweep(base, lr=[0.1, 10.0], workers=1, folder=tmp_path / "s")
    assert not math.isfinite(again[1]["loss"])
    assert "diverged" in (tmp_path / "s" / "report.html").read_text()


DYING = """
import os, sys
from tinygrad_lab.lab.sweeps import working

def work(config, beat, train=working.work):
    mark = os.path.join(sys.argv[1], f"{config.seed}")
    if config.seed == 1 or (config.seed == 2 and not os.path.exists(mark)):
        open(mark, "w").close()
        os.kill(os.getpid(), 9)
    return train(config, beat)

working.work = work
from tinygrad_lab.lab.sweeps import running, workers, writing
from tinygrad_lab.lab.config import Config

if __name__ == "__main__":
    configs = {seed: Config(epochs=3, seed=seed) for seed in range(4)}
    left = dict(done for look in workers.train(configs, 2) for done in look.done)
    print([left[seed]["status"] for seed in range(4)])
"""


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_its_cell_tried_again(tmp_path):
    (tmp_path / "dying.py").write_text(DYING)
    words = [sys.executable, str(tmp_path / "dying.py"), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "['finished', 'died', 'finished', 'finished']\n"


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(tmp_path, monkeypatch):
    from tinygrad_lab.cli import main

    words = [
        sys.executable,
        "-m",
        "tinygrad_lab",
        "sweep",
        "--lr",
        "0.001",
        "0.002",
        "--seed",
        "0..1",
        "--workers",
        "2",
    ]
    words += ["--out", "s", "--quiet", "--until", "loss<0.000001", "--epochs"]
    listening = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job would ignore it
    with subprocess.Popen(
        [*words, "20000000"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=listening
    ) as process:
        while not (tmp_path / "s" / "done.jsonl").exists():
            time.sleep(0.05)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error == "tinygrad-lab: interrupted; the same command goes on from what is in s\n"
    monkeypatch.chdir(tmp_path)
    assert main([*words[3:], "50", "--workers", "1"]) == 0
    assert len(read_store(tmp_path / "s" / "done.jsonl")) == 4


# -- table, effects and words ------------------------------------------------------------------------------------------


def made(choices, measure, base=None):
    """Return a sweep whose figures are made up by a function of the options."""
    base = base or Config(until="accuracy=1")
    found = cells(base, choices)
    left = [
        {"epochs": 1, "loss": 1.0, "status": "reached", "seconds": 0.0, "notes": []} | measure(cell.options)
        for cell in found
    ]
    return Sweep(base, found, left)


def test_one_option_and_seeds_are_a_table_like_those_of_the_reports():
    sweep = made({"lr": [0.1, 0.2], "seed": range(3)}, lambda o: {"epochs": int(100 * o["lr"]) + o["seed"]})
    table = tabulate(sweep)
    assert (table.down, table.across, table.measure, table.repeated) == ("seed", "lr", "epochs", False)
    assert table.panels[0].figures[2, 1].text() == "22"


def test_two_options_are_rows_and_columns_and_seeds_are_repetitions():
    sweep = made(
        {"lr": [0.1, 0.2], "activation": ["relu", "tanh", "silu"], "seed": range(3)},
        lambda o: {"epochs": 10 + o["seed"], "status": "diverged" if o["lr"] == 0.2 and o["seed"] == 2 else "reached"},
    )
    table = tabulate(sweep)
    assert (table.across, table.down, table.repeated) == ("activation", "lr", True)
    assert table.panels[0].figures[0, 0].text() == "11 [10 … 12]"
    assert table.panels[0].figures[1, 0].text() == "10.5 [10 … 11] (1 diverged)"


def test_other_options_are_panels():
    sweep = made({"lr": [0.1, 0.2, 0.3], "hidden": [(2,), (3,)], "bias": [True, False]}, lambda o: {})
    table = tabulate(sweep)
    assert (table.across, table.down) == ("lr", "hidden")
    assert [panel.title for panel in table.panels] == ["bias yes", "bias no"]
    assert all(len(panel.figures) == 6 for panel in table.panels)


def test_what_did_not_reach_its_condition_counts_with_all_its_epochs():
    sweep = made({"lr": [0.1, 0.2]}, lambda o: {"epochs": 50000, "status": "finished"} if o["lr"] > 0.1 else {})
    assert tabulate(sweep).panels[0].figures[1, 0].text() == "50,000 (not reached)"


def test_runs_that_were_watched_are_compared_by_the_validation_loss(tmp_path, capsys):
    from tinygrad_lab.cli import main

    base = Config(data="two_moons", points=40, noise=0.3, validation_fraction=0.3, epochs=30)
    sweep = run(base, cells(base, {"lr": [0.1, 1.0], "hidden": [(), (8,)]}), workers=1)
    assert tabulate(sweep).measure == "validation_loss"
    assert tabulate(sweep).panels[0].figures[0, 0].median == pytest.approx(
        sweep.left[0]["curve"]["validation_loss"][-1]
    )
    label = "<!-- validation loss -->"
    assert label in curves(sweep, tabulate(sweep))
    assert label not in curves(sweep, tabulate(sweep, "loss"))
    sweep.left[3] = refused("made up")
    assert tabulate(sweep).measure == "validation_loss"
    del sweep.left[2]["validation_loss"]  # of a run without
    assert tabulate(sweep).measure == "loss"
    words = [
        "sweep",
        "--data",
        "two_moons",
        "--validation-fraction",
        "0.3",
        "--epochs",
        "5",
        "--lr",
        "0.1",
        "1",
        "--json",
    ]
    for show, named in ([], "in validation_loss"), (["--show", "accuracy"], "accuracy"):
        assert main([*words, "--workers", "1", "--out", str(tmp_path / "s"), *show]) == 0
        assert named in json.loads(capsys.readouterr().out)["words"][0]


def test_effects_share_the_variance():
    sweep = made(
        {"lr": [0.1, 0.2], "activation": ["relu", "tanh"], "seed": range(2)},
        lambda o: {"epochs": 1000 if o["lr"] == 0.1 else 10},
    )
    table = tabulate(sweep)
    found = effects(sweep, table)
    assert [(effect.option, round(effect.share, 9)) for effect in found] == [("lr", 1), ("activation", 0), ("seed", 0)]
    assert in_words(found, table)[0] == (
        "lr mattered most: it goes along with 100% of the differences: median epochs 10 at 0.2, 1,000 at 0.1."
    )


def test_failures_are_named_cell_by_cell():
    sweep = small(activation=["relu"], lr=[0.1], seed=[0, 1])
    sweep.left[1] |= {"status": "diverged", "notes": ["The loss is nan."]}
    assert failures(sweep)[-1] == ("seed 1", "The loss is nan.")
    assert summary(sweep) == "2 runs: 1 finished, 1 diverged"


def test_a_plateau_and_dead_units_are_noted():
    base = Config(activation="none", output="none", loss="mse", epochs=2000)
    left = run(base, cells(base, {"seed": [0]}), workers=1).left[0]
    assert left["notes"] == ["Plateau: the loss stays at 0.2494."]


@pytest.mark.parametrize("choices", [{"lr": [0.1]}, {"seed": [0, 1]}, {"hidden": [(), (2,)], "seed": [0]}])
def test_any_shape_of_sweep_is_written(tmp_path, choices):
    rows = lab.sweep(Config(epochs=3), workers=1, folder=tmp_path / "s", **choices)
    assert (
        len(rows) == len(next(iter(choices.values()))) * len(choices.get("seed", [0]))
        or "lr" in choices
        or "seed" in choices
    )
    assert (tmp_path / "s" / "report.html").exists()


def test_quantities_have_their_own_figures(tmp_path):
    (tmp_path / "line.csv").write_text("x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(30)))
    base = Config(data=str(tmp_path / "line.csv"), epochs=10, standardize=True)
    rows = lab.sweep(base, lr=[0.01, 0.1], workers=1, folder=tmp_path / "s")
    assert list(rows[0]) == ["lr", "epochs", "loss", "mse", "rmse", "r2", "status", "seconds"]


def test_a_sweep_inside_a_worker_is_refused(monkeypatch):
    monkeypatch.setattr("multiprocessing.parent_process", lambda: os)
    with pytest.raises(LabError, match="a process that was started for a sweep starts another"):
        lab.sweep(Config(epochs=2), seed=range(3), workers=2)


def test_json_has_no_nan(tmp_path, capsys):
    from tinygrad_lab.cli import main

    words = [
        "--loss",
        "mse",
        "--output",
        "none",
        "--activation",
        "none",
        "--epochs",
        "400",
        "--lr",
        "0.1",
        "10",
        "--workers",
        "1",
        "--json",
    ]
    assert main(["sweep", *words, "--out", str(tmp_path / "s")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["status"] for row in said["rows"]] == ["finished", "diverged"]
    assert said["rows"][1]["loss"] is None


@pytest.mark.usefixtures("without_pictures")
def test_a_folder_for_each_run_on_request(tmp_path):
    from tinygrad_lab.cli import main

    words = ["--lr", "0.1", "1", "--epochs", "20", "--workers", "1", "--quiet", "--runs", "--out", str(tmp_path / "s")]
    assert main(["sweep", *words]) == 0
    with (tmp_path / "s" / "results.csv").open(newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert [lab.load(tmp_path / "s" / "runs" / name).history.loss[-1] for name in "12"] == losses


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--data", "empty.csv", "--seed", "0..1"], "empty.csv"),
        (["--until", "accuracy=x", "--seed", "0..1"], "until"),
        (
            ["--show", "nothing", "--seed", "0..1"],
            "show: there is no figure 'nothing'; choose among epochs, loss, accuracy, status, seconds",
        ),
        (["--hidden", "3,,3", "3"], "hidden must be a list of whole numbers, got '3,,3'"),
    ],
)
def test_a_sweep_of_nothing_that_can_be_trained_or_shown_is_one_line(tmp_path, monkeypatch, capsys, words, text):
    from tinygrad_lab.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").touch()
    assert main(["sweep", *words, "--epochs", "2", "--workers", "1", "--quiet", "--out", "s"]) == 2
    told = capsys.readouterr().err
    assert text in told
    assert told.count("\n") == 1


def test_processes_begin_with_different_programs():
    grid = [Config(compile=True, hidden=(h,), lr=lr) for h in (2, 3) for lr in (0.1, 0.2)]
    assert list(running._programs_first(dict(enumerate(grid)))) == [0, 2, 1, 3]
    assert list(running._programs_first({i: replace(one, compile=False) for i, one in enumerate(grid)})) == [0, 1, 2, 3]


def test_a_full_disk_keeps_what_is_there(tmp_path):
    resource = pytest.importorskip("resource")
    store, one = tmp_path / "done.jsonl", cells(Config(epochs=1), {})[0]
    append(store, "first", one, {"loss": 1.0})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store.stat().st_size + 20, before[1]))
    try:
        with pytest.raises(LabError, match=r"out: .*done.jsonl cannot be written to \(File too large\)"):
            append(store, "second", one, {"loss": 2.0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    append(store, "third", one, {"loss": 3.0})
    assert read_store(store) == {"first": {"loss": 1.0}, "third": {"loss": 3.0}}


def test_a_sweep_over_nothing_is_one_run(tmp_path):
    sweep = small()
    assert summary(sweep) == "1 run: 1 finished"
    assert write(sweep, Place(tmp_path)) == []
    assert "xor: one run" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_no_option_mattered_most_where_several_go_along_with_the_same():
    sweep = small(lr=[0.1], activation=["tanh"])
    table = tabulate(sweep)
    ends = [(0.1, 5.0, 0, 1), (0.5, 9.0, 0, 1)]
    assert "most" not in in_words([Effect("lr", 1.0, ends), Effect("hidden", 1.0, ends)], table)[0]
    assert "lr mattered most" in in_words([Effect("lr", 0.9, ends), Effect("hidden", 0.1, ends)], table)[0]


@pytest.mark.parametrize("system", ["tells which cores are ours", "tells how many there are"])
def test_as_many_workers_as_were_asked_for(system, monkeypatch):
    if system == "tells how many there are":
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert [running._count(workers, 9) for workers in (1, 3, 20)] == [1, 3, 9]
    assert 1 <= running._count(None, 9) <= 9
