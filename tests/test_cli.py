"""What all commands share."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tinygrad_lab
from tinygrad_lab.cli import main


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "words", [[], ["fly"], ["train", "--epochs", "x"], ["train", "--activation", "x"], ["train", "x"]]
)
def test_what_cannot_be_parsed_is_status_2(words, capsys):
    with pytest.raises(SystemExit) as error:
        main(words)
    assert error.value.code == 2
    assert "usage: tinygrad-lab" in capsys.readouterr().err


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_error(tmp_path):
    words = [sys.executable, "-m", "tinygrad_lab", "train", "--epochs", "3000", "--log-every", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


@pytest.mark.parametrize("library", ["rich", "matplotlib", "jinja2", "safetensors"])
def test_a_missing_extra_is_named_before_any_training(library, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, library, None)
    assert main(["train"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"tinygrad-lab: error: lab: needs {library}, which cannot be imported (")
    assert error.endswith('run: pip install "tinygrad-lab[lab]"\n')
    assert list(tmp_path.iterdir()) == []


def test_the_libraries_of_the_extra_are_loaded_only_where_they_are_used():
    libraries = "{'matplotlib', 'rich', 'jinja2', 'safetensors'}"
    code = f"import sys, tinygrad_lab.cli; print(sorted({libraries} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_version_and_help(capsys):
    for words, text in [
        (["--version"], f"tinygrad-lab {tinygrad_lab.__version__}\n"),
        (["--help"], "tinygrad-lab train --data linear --points 200"),
        (
            ["train", "--help"],
            'tinygrad-lab train --data measurements.csv --batch-size 16 --until "loss<0.001" --out result',
        ),
    ]:
        with pytest.raises(SystemExit) as done:
            main(words)
        assert done.value.code == 0
        assert text in capsys.readouterr().out
