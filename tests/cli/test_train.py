from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tinygrad_lab.cli import main
from tinygrad_lab.lab.place import Place

pytestmark = pytest.mark.slow

for extra in ("rich", "matplotlib", "jinja2", "safetensors"):
    pytest.importorskip(extra)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# What a terminal, a disk or a signal does to a command shows without pictures, which take longer than all else.
PLAIN = """
from tinygrad_lab.cli import main
from tinygrad_lab.lab import folder

folder._pictures = lambda *_: ()
raise SystemExit(main())
"""


def command(*words, **options):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "tinygrad_lab", *words],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.mark.slow
def test_the_bare_command_learns_xor_and_leaves_a_report(tmp_path):
    done = command("train", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert (tmp_path / "runs" / "xor-1" / "report.html").exists()
    first, *_ = lines = done.stdout.splitlines()
    assert re.fullmatch(r"epoch +1  loss 0\.\d+ +accuracy 0\.\d{4}", first)
    assert lines[-1] == "wrote runs/xor-1/report.html"
    assert "accuracy   │ 1 (21 of 21 points)" in done.stdout
    assert "Test table" in done.stdout


def test_json_is_one_object_and_nothing_else(capsys):
    assert main(["train", "--epochs", "20", "--json"]) == 0
    output = capsys.readouterr()
    result = json.loads(output.out)
    assert list(result) == ["epochs", "loss", "accuracy", "seconds", "stopped_by", "out"]
    assert result["epochs"] == 20
    assert result["stopped_by"] == "epochs"
    assert result["out"] == "runs/xor-1"
    assert output.err == ""
    assert output.out.count("\n") == 1


@pytest.mark.usefixtures("without_pictures")
def test_quiet_prints_nothing(capsys):
    assert main(["train", "--epochs", "20", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("without_pictures")
def test_the_next_run_takes_the_next_folder(tmp_path):
    for _ in range(2):
        main(["train", "--epochs", "2", "--quiet"])
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["xor-1", "xor-2"]


@pytest.mark.usefixtures("without_pictures")
def test_log_lines_every_so_often(capsys):
    main(["train", "--epochs", "25", "--log-every", "10"])
    epochs = re.findall(r"^epoch +(\d+) ", capsys.readouterr().out, re.MULTILINE)
    assert epochs == ["1", "10", "20", "25"]


def test_a_diverging_run_says_so(capsys, tmp_path):
    words = ["train", "--activation", "none", "--output", "none", "--loss", "mse", "--lr", "10", "--out", "bad"]
    assert main([*words, "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["stopped_by"] == "diverged"
    assert result["loss"] is None
    assert (tmp_path / "bad" / "report.html").exists()


@pytest.mark.usefixtures("without_pictures")
def test_a_diverging_run_says_so_on_the_screen(capsys):
    main(["train", "--activation", "none", "--output", "none", "--loss", "mse", "--lr", "10"])
    assert re.search(
        r"note: The loss is nan at epoch \d+: the run diverged; try a smaller lr\.", capsys.readouterr().out
    )


def test_wrong_usage_is_one_line_and_status_2(tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("x1,label\n1,0\noops,1\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    for words, message in [
        (["--data", "bad.csv"], "data: bad.csv, row 3, column 1 (x1): must be a finite number, got 'oops'"),
        (["--data", "missing.csv"], "data: missing.csv: cannot be read"),
        (["--out", "full"], "out: full is not empty"),
        (["--lr", "0"], "config: lr must be a positive number, got 0.0"),
        (["--until", "soon"], "until: condition must be"),
        (["--conv", "9"], "config: conv must be"),
        (["--schedule", "x"], "config: schedule must be"),
    ]:
        assert main(["train", *words]) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith(f"tinygrad-lab: error: {message}")
        assert output.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_a_bar_on_a_terminal():
    controller, terminal = pty.openpty()
    words = [sys.executable, "-c", PLAIN, "train", "--epochs", "30", "--json"]
    process = subprocess.Popen(words, stderr=terminal, stdout=subprocess.PIPE, text=True)
    os.close(terminal)
    shown = b""
    while True:
        try:
            shown += os.read(controller, 4096)
        except OSError:  # the other side is closed
            break
    os.close(controller)
    output, _ = process.communicate()
    assert json.loads(output)["epochs"] == 30
    assert "30/30" in shown.decode()
    assert "accuracy" in shown.decode()


@pytest.mark.slow
def test_ctrl_c_stops_cleanly_and_writes_what_there_is(tmp_path):
    words = [sys.executable, "-W", "error", "-u", "-m", "tinygrad_lab", "train", "--epochs", "10000000"]
    words += ["--log-every", "100", "--out", "stopped"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    listening = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job would ignore it
    with subprocess.Popen(words, **pipes, preexec_fn=listening) as process:
        process.stdout.readline()
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, error = process.communicate()
    assert process.returncode == 130
    assert error == ""
    assert "Interrupted at epoch" in output
    assert json.loads((tmp_path / "stopped" / "config.json").read_text())["epochs"] == 10000000
    assert not list(tmp_path.glob(".*"))


@pytest.mark.usefixtures("without_pictures")
def test_a_wide_test_table_shows_some_columns_and_says_so(capsys, tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 20))
    np.savez(tmp_path / "wide.npz", x=x, y=x[:, 0] > 0)
    main(["train", "--data", "wide.npz", "--epochs", "3"])
    output = capsys.readouterr().out
    assert "25 of 40 points, 7 of 23 columns: predictions.csv has all" in output
    assert re.search(r"x1 .* x5 .*truth .*prediction", output)
    assert "x6" not in output


@pytest.mark.slow
def test_a_full_disk_for_the_log_loses_nothing(tmp_path):
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-m", "tinygrad_lab", "train", "--epochs", "30", "--out", "run"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == ("tinygrad-lab: error: the output cannot be written (No space left on device); try --quiet\n")
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.slow
def test_a_request_to_end_is_as_ctrl_c_is(tmp_path):
    words = [sys.executable, "-c", PLAIN, "train", "--epochs", "100000000", "--until", "loss<-1"]
    words += ["--out", "run", "--checkpoint-every", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        output, error = process.communicate()
    assert (process.returncode, error) == (130, "")
    assert "Interrupted at epoch" in output
    assert (tmp_path / "run" / "model.safetensors").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "closed", "last"),
    [(f"-c '{PLAIN}'", "2>&-", "model.safetensors"), ("-m tinygrad_lab", ">&- 2>&-", "report.html")],
    ids=["errors", "all"],
)
def test_closed_streams_are_no_fault(tmp_path, program, closed, last):
    line = f"{sys.executable} {program} train --epochs 2 --out run {closed}"
    assert subprocess.run(["sh", "-c", line], check=False).returncode == 0
    assert (tmp_path / "run" / last).exists()


def test_a_terminal_without_our_letters_gets_their_codes():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    assert command("graph", "--help", env=environment).returncode == 0


def test_a_loss_beyond_any_axis_is_drawn(tmp_path):
    words = "--hidden 100 100 --activation none --output none --loss mse --lr 0.1 --init normal --epochs 3000 --quiet"
    assert main(["train", *words.split(), "--out", "run"]) == 1
    assert "prediction.svg" in {path.name for path in (tmp_path / "run").iterdir()}
    assert "could not be drawn" not in (tmp_path / "run" / "report.html").read_text()


def test_numbers_at_the_end_of_the_range_are_drawn_or_said(tmp_path, capsys):
    (tmp_path / "big.csv").write_text("a,b,l\n1e308,1,0\n-1e308,2,1\n1e308,3,0\n")
    assert main(["train", "--data", "big.csv", "--epochs", "20", "--out", "run"]) == 0
    assert "note: prediction.svg could not be drawn: ValueError" in capsys.readouterr().out


@pytest.mark.usefixtures("without_pictures")
def test_terminal_escapes_in_data_are_shown_not_obeyed(tmp_path, capsys):
    (tmp_path / "esc.csv").write_text("a\x1b[31m,b,l\n1,2,x\x1b[0m\n2,3,y\n1,3,y\n")
    assert main(["train", "--data", "esc.csv", "--epochs", "2", "--lr", "1e300"]) in (0, 1)
    output = capsys.readouterr()
    assert "\x1b" not in output.out + output.err
    assert "a\\x1b[31m" in output.out


def test_a_disk_that_refuses_is_one_line(monkeypatch, capsys):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Place, "put", fail)
    assert main(["train", "--epochs", "2", "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error == (
        "tinygrad-lab: error: out: runs/xor-1 cannot be written to (No space left on device); choose another --out\n"
    )
