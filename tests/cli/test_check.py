import sys

import pytest

from tinygrad_lab.cli import main

FUNCTIONS = """
import numpy as np
import tinygrad_lab as tl

def entropy(p):
    return -p * np.log(p)

@tl.primitive(lambda g, y, x: 1.001 * g * np.cos(x), elementwise=True)
def sine(x):
    return np.sin(x)

def forgotten(x):
    x * 2
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    name = f"functions_of_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


def check(capsys, *words):
    status = main(["check", *words, "--seed", "1"])
    output = capsys.readouterr()
    return status, output.out, output.err


def test_a_right_gradient(functions, capsys):
    status, out, _ = check(capsys, f"{functions}:entropy", "--domain", "0,1", "--examples", "20", "--order", "2")
    assert status == 0
    assert out.startswith("entropy: right in 20 examples, ")


def test_a_wrong_one_is_reported_with_what_reproduces_it(functions, capsys):
    status, out, _ = check(capsys, f"{functions}:sine")
    assert status == 1
    assert "sine, gradient of argument 0" in out
    assert f"from {functions} import sine" in out


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["{}:forgotten"], 1, "is a `return` missing"),
        (["{}:missing"], 2, "has no attribute 'missing'"),
        (["{}"], 2, "is not of the form module:name; write it like"),
        (["{}:entropy", "--domain", "1,0"], 2, "low must be below high"),
    ],
)
def test_what_cannot_be_checked(functions, capsys, words, status, text):
    found, out, err = check(capsys, *(word.format(functions) for word in words))
    assert found == status
    assert text in out + err
