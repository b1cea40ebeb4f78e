import sys

import pytest

from tinygrad_lab.cli import main

FUNCTIONS = """
import functools
import numpy as np
import tinygrad_lab as tl

def entropy(p):
    return -p * np.log(p)

@tl.primitive(lambda g, y, x: 1.001 * g * np.cos(x), elementwise=True)
def sine(x):
    return np.sin(x)

def forgotten(x):
    x * 2

half = lambda x: x / 2

def misspelled(x):
    return nup.sin(x)

def careful(x):
    assert np.all(x > 0), "x must be positive"
    return np.log(x)

def likely(p):
    assert np.all((p > 0) & (p < 1))
    return -p * np.log(p)

async def later(x):
    return x

def one_by_one(x):
    yield x

columns = functools.partial(np.sum, axis=0)

def first(x):
    return x[0]

def scaled(x, *, factor):
    return factor * x

class Net(tl.nn.Module):
    def __init__(self):
        self.layer = tl.nn.Linear(3, 2, rng=np.random.default_rng(0))

    def forward(self, x):
        return np.tanh(self.layer(x))

net = Net()
wrong = tl.testing.adapters.pair(np.sin, lambda g, x: -g * np.cos(x), "wrong")
number = 3
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    name = f"functions_of_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


def check(capsys, *words):
    try:
        status = main(["check", *words, "--seed", "1"])
    except SystemExit as error:  # of what cannot be parsed
        status = error.code
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
        (["{}:entropi"], 2, "has no 'entropi'; did you mean 'entropy'?"),
        (["{}"], 2, "is not of the form module:name; write it like"),
        (["nowhere:f"], 2, "there is no module or file 'nowhere' here"),
        (["nowhere.py:f"], 2, "there is no module or file 'nowhere.py' here"),
        (["{}:entropy", "--domain", "1,0"], 2, "low must be below high"),
        (["{}:entropy", "--domain", "0"], 2, "'0' is not of the form LOW,HIGH; for example 0,inf"),
        (["{}:entropy", "--domain", "0,1", "--domain", "0,1"], 2, "--domain is given 2 times for 1 arguments"),
        (["{}:entropy", "--input", "3,x"], 2, "'3,x' is no shape; write it like 8,3"),
        (["{}:entropy", "--at", "one"], 2, "'one' is no array of numbers; write it like [0.5,2]"),
        (["{}:entropy", "--at", "1", "--at", "2"], 2, "--at is given 2 times for 1 arguments"),
        (["{}:entropy", "--examples", "0"], 2, "one is the least, 0 is less"),
        (["{}:misspelled"], 2, "NameError: name 'nup' is not defined (line 19 of {}.py)"),
        (["{}:later"], 2, "later is a coroutine; write it as a plain function of arrays"),
        (["{}:one_by_one"], 2, "one_by_one is a generator; write it as a plain function of arrays"),
        (["{}:scaled"], 2, "needs factor besides arrays"),
        (["{}:Net"], 2, "is a class; name an instance"),
        (["{}:number"], 2, "is of type int; name a function"),
        (["{}:net", "--input", "5,4"], 2, "Linear"),
    ],
)
def test_what_cannot_be_checked(functions, capsys, words, status, text):
    found, out, err = check(capsys, *(word.format(functions) for word in words))
    assert found == status
    assert text.format(functions) in out + err
    assert (out + err).count("\n") == 1 or status == 1


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        (["{}.py:entropy"], "arrays of all shapes, elements above 0"),
        (["{}:careful"], "arrays of all shapes, elements above 0"),
        (["{}:likely"], "elements between 0 and 1"),
        (["{}:half", "--domain", "-inf,2"], "elements below 2"),
        (["{}:first"], "arrays of all shapes but empty and 0-d ones, elements of any size"),
        (["{}:net", "--input", "5,3"], "shapes (5, 3), elements of any size"),
        (["numpy:linalg.inv"], "elements of invertible matrices"),
        (["numpy:matmul", "--input", "2,3", "--input", "3"], "shapes (2, 3) and (3,), elements of any size"),
    ],
)
def test_what_a_function_takes_is_found_by_trying(functions, capsys, words, drawn):
    status, out, _ = check(capsys, *(word.format(functions) for word in words), "--examples", "5")
    assert status == 0, out
    assert drawn in out


def test_a_lambda_is_called_as_it_is_named_on_the_command_line(functions, capsys):
    for name in ("half", "columns"):
        assert check(capsys, f"{functions}:{name}", "--examples", "5")[1].startswith(f"{functions}:{name}: right in 5")


def test_one_point_alone(functions, capsys):
    assert check(capsys, f"{functions}:entropy", "--at", "[0.5,0.25]")[:2] == (0, "entropy: right, 2 elements\n")
    status, out, _ = check(capsys, f"{functions}:wrong", "--at", "[0.5,0.25]")
    assert (status, out.split("\n")[0]) == (1, "wrong, gradient of argument 0, element [0]: sign flipped")


def test_a_file_that_cannot_be_imported(tmp_path, capsys):
    (tmp_path / "broken.py").write_text("def f(x:\n")
    (tmp_path / "needy.py").write_text("import nothing_of_that_name\n")
    assert "SyntaxError: '(' was never closed" in check(capsys, f"{tmp_path / 'broken.py'}:f")[2]
    assert (
        "No module named 'nothing_of_that_name' (line 1 of needy.py)" in check(capsys, f"{tmp_path / 'needy.py'}:f")[2]
    )


def test_what_is_drawn_for_a_function_that_overflows_and_for_one_of_a_matrix_and_others(capsys):
    assert "elements of any size" in check(capsys, "numpy:exp", "--examples", "5")[1]
    status, out, _ = check(capsys, "numpy.linalg:solve", "--examples", "5")
    assert status == 0
    assert "elements of invertible matrices, of any size" in out
