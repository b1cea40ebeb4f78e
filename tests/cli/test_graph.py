import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygrad_lab.cli import main
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.folder import write
from tinygrad_lab.lab.running import run

pytestmark = pytest.mark.slow

MODELS = """
import numpy as np
import tinygrad_lab as tl

def build():
    return tl.nn.Sequential(tl.nn.Linear(3, 2), tl.nn.Tanh())

def square(x):
    return np.sum(x**2)

value = tl.Value(2.0, name="x") * 3.0
number = 3
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    name = f"models_of_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "xor"
    write(run(Config(epochs=3)), path)
    return path


def test_a_run(folder, capsys):
    assert main(["graph", str(folder)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("network: 6 operations\n")
    assert "0: Linear(2, 8)" in text


def test_the_parameters_are_those_of_the_run(folder, capsys):
    trained = run(Config(epochs=3)).history.loss[-1]
    main(["graph", str(folder)])
    last = capsys.readouterr().out.splitlines()[-1]
    assert float(last.split("module")[1].split()[0]) == pytest.approx(trained, rel=0.05)


def test_the_report_shows_the_network(folder):
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert 'aria-label="network: 6 operations"' in report


def test_the_report_of_a_run_that_diverged_shows_where(tmp_path):
    with np.errstate(all="ignore"):
        write(run(Config(lr=1e200, epochs=5, loss="mse", output="none", activation="relu")), tmp_path / "run")
    assert "Not finite from" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_a_model_a_function_and_a_value(models, capsys):
    assert main(["graph", f"{models}:build", "--input", "8,3"]) == 0
    assert "(8, 3) · float64" in capsys.readouterr().out
    assert main(["graph", f"{models}:square", "--input", "3"]) == 0
    assert capsys.readouterr().out.startswith("square: 2 operations\n")
    assert main(["graph", f"{models}:value", "--level", "scalar"]) == 0
    assert "6 · ∇ 1" in capsys.readouterr().out


def test_a_file(models, capsys):
    assert main(["graph", f"{models}:value", "--out", "value.svg", "--view", "both"]) == 0
    assert capsys.readouterr().out == ""
    assert Path("value.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (".", "graph: . has no config.json, so it is not a run; pass a folder that"),
        ("nothing", "graph: 'nothing' is neither a run's folder nor module:name; write it like models:build"),
        ("no_such_module:f", "graph: there is no module or file 'no_such_module' here"),
        ("MODELS:nothing", "has no 'nothing'; check the spelling"),
        (
            "MODELS:build",
            "graph: MODELS:build takes arguments, and there is no input for it; add its shape, for example --input 8,3",
        ),
        ("MODELS:number", "graph: draw: the output has no recorded graph"),
    ],
)
def test_errors_are_one_line(models, capsys, what, text):
    assert main(["graph", what.replace("MODELS", models)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert text.replace("MODELS", models) in error


def test_help_has_an_example():
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_lab", "graph", "--help"], check=True, capture_output=True, text=True
    )
    assert "tinygrad-lab graph runs/xor-1 --out network.svg" in done.stdout


def test_an_input_of_no_shape_is_refused(models, capsys):
    with pytest.raises(SystemExit) as error:
        main(["graph", f"{models}:square", "--input", "3,x"])
    assert error.value.code == 2
    assert "argument --input: '3,x' is no shape; write it like 8,3" in capsys.readouterr().err
