"""`tinygrad-lab play` and `tinygrad-lab train --live` in a terminal: they say where they are, and end cleanly."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tinygrad_lab.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def begun(tmp_path):
    """Begin a command in an empty folder; whatever becomes of the test, it ends with it."""
    running = []

    def begin(*words):
        environment = os.environ | {"BROWSER": "true", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tinygrad_lab", *words],
            cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate(timeout=20)


def page_of(address):
    client = pytest.importorskip("websockets.sync.client")
    host, token = re.fullmatch(r"http://([\w.]+:\d+)/\?token=([\w-]+)", address).groups()
    cookie = f"tinygrad_lab_play_{host.partition(':')[2]}={token}"
    return client.connect(f"ws://{host}/live", origin=f"http://{host}", additional_headers={"Cookie": cookie})


def test_play_says_where_it_is_and_ctrl_c_ends_it(begun, tmp_path):
    process = begun("play", "--no-browser", "--port", "0", "#data=linear&points=20&epochs=5")
    address = process.stdout.readline().split()[1]
    with page_of(address) as page:
        messages = [page.recv(timeout=20) for _ in range(3)]
    assert any(json.loads(m)["link"].startswith("data=linear") for m in messages if isinstance(m, str) and "link" in m)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_page_says_so_when_its_server_is_killed(begun, tabs):
    process = begun("play", "--no-browser", "--port", "0")
    tab = tabs()
    tab.goto(process.stdout.readline().split()[1])
    tab.wait_for_selector("#figures td")
    process.kill()
    process.communicate(timeout=20)
    tab.wait_for_selector("#banner:has-text('cannot be reached')")


def test_train_live_shows_the_run_and_writes_its_folder(begun, tmp_path):
    pytest.importorskip("matplotlib")
    process = begun("train", "--live", "--epochs", "200", "--json")
    address = process.stderr.readline().split()[1]
    with page_of(address) as page:
        summary = json.loads(process.stdout.readline())
        page.send(json.dumps({"do": "stop", "id": 1}))
        for _ in page:
            pass
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert summary["epochs"] == 200
    assert (tmp_path / "runs" / "xor-1" / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["play", "no such thing.csv"], "cannot be read"),
        (["play", "nowhere:build"], "play: there is no module or file 'nowhere' here"),
        (["play", "--host", "no.such.host.invalid"], "cannot listen at"),
        (["play", "#lr=fast"], "play: lr must be a positive number, got 'fast'; correct the link"),
        (["play", "."], "holds neither data (.csv, .tsv, .parquet, .npz) nor a run"),
        (["play", "--until", "loss<1"], "play: --until loss<1 has no meaning here; the page says when"),
        (["play", "--lr", "-1"], "config: lr must be a positive number"),
    ],
)
def test_what_cannot_be_played_with_is_one_line_and_status_2(words, text, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert text in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [["play"], ["train", "--live"]])
@pytest.mark.parametrize("library", ["starlette", "uvicorn", "websockets"])
def test_a_missing_extra_is_named_before_any_training(words, library, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    assert main(words) == 2
    assert f"play: needs {library}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
