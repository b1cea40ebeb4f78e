"""A user's program under the type-checkers, mypy and Pyright: NumPy's functions on Values give Values, or Any."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_lab.numpy as checked_np
from tinygrad_lab import Value

HERE = Path(__file__).parent
PROGRAM = HERE / "checked_program.py"
ROOT = HERE.parents[1]

EXPRESSIONS = """
    np.tanh(v)   np.sum(v)   np.sum(w, axis=0)   np.sum(w, axis=0, keepdims=True)   np.mean(v)   np.mean(np.tanh(v))
    np.mean(v).backward()   np.mean(np.tanh(v @ w) ** 2).backward()   v @ w   2 * v   v ** 2   -v   abs(v)   v[0]
    v[None, :]   v.sum()   v.T   v.reshape(2, 1)   v.grad   np.array([1.0]) * v   np.ones((2, 2)) @ v   v * np.ones(2)
    np.float64(2) * v   np.float32(1) - v   np.exp(v).sum()   np.exp(-v)   np.log(v + 1.0)   np.sqrt(v) + v
    np.add(v, 1.0)   np.maximum(v, 0)   np.max(v)   np.max(v, axis=0)   np.min(v)
    np.prod(v)   np.std(v)   np.var(v, axis=0)   np.average(v)   np.trace(w)   np.dot(v, v)   np.matmul(v, w)
    np.einsum("i,ij->j", v, w)   np.clip(v, 0, 1)   np.squeeze(w)   np.sum(np.stack([v, v]))   np.abs(v)
    np.mean(np.concatenate([v, v]))   np.sum(np.transpose(w))   np.sum(np.reshape(w, 4)).backward()
    model(v)   model(v).grad   model.weight   nn.ReLU()(v)   functional.relu(v)   functional.mse_loss(v, np.ones(2))
    tl.grad(np.tanh)(0.5)   tl.array([v, v])   v.astype(np.float32)   v.detach()   v.at[0].set(1.0)   v > 0
    any_np.linalg.norm(v)   any_np.stack([v, v])   any_np.linalg.solve(w, v).sum()   any_np.where(v > 0, v, 0.0)
"""
PREAMBLE = """
import numpy as np
import tinygrad_lab as tl
import tinygrad_lab.numpy as any_np
from tinygrad_lab import functional, nn
v, w = tl.Value([1.0, 2.0]), tl.Value([[1.0, 2.0], [3.0, 5.0]])
model = nn.Linear(2, 1)
"""
CHECKERS = {
    "mypy": [sys.executable, "-m", "mypy", "--config-file", "{tmp}/mypy.ini", "--cache-dir=/dev/null"],
    "pyright": [sys.executable, "-m", "basedpyright", "--project", "{tmp}/pyrightconfig.json"],
}
# Of what the package imports NumPy alone says something of a user's program; to read the rest takes twice as long.
MYPY = """
[mypy]
strict = True
follow_imports = skip
[mypy-numpy.*,tinygrad_lab.*]
follow_imports = normal
"""
PYRIGHT = f'{{"typeCheckingMode": "standard", "extraPaths": ["{ROOT}"]}}'  # what Pyright itself does by default
WRONG = "import tinygrad_lab as tl\nv = tl.Value(1.0)\nv.backwards()\ntl.Value()\nv.detach(1)\n"
CALLS = [call for call in re.split(r"\s{2,}", EXPRESSIONS) if call]


@pytest.fixture(scope="module", params=CHECKERS)
def said(request, tmp_path_factory):
    """What a checker says, in one run: of each expression, of the program, and of a program with errors."""
    folder = tmp_path_factory.mktemp("checked")
    if request.param == "pyright":
        pytest.importorskip("basedpyright")
        (folder / "pyrightconfig.json").write_text(PYRIGHT)
    (folder / "mypy.ini").write_text(MYPY)
    (folder / "probe.py").write_text(PREAMBLE + "".join(f"reveal_type({call})\n" for call in CALLS))
    (folder / "wrong.py").write_text(WRONG)
    shutil.copy(PROGRAM, folder / "program.py")
    command = [part.format(tmp=folder) for part in CHECKERS[request.param]]
    done = subprocess.run([*command, *folder.glob("*.py")], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout


def errors(said, file):
    return {int(line) for line in re.findall(rf"{file}:(\d+):.*\berror\b", said)}


@pytest.mark.slow(seconds=10)
def test_checkers_find_values_where_values_are(said):
    types = ["".join(pair) for pair in re.findall(r'Revealed type is "(.*)"|Type of ".*" is "(.*)"', said)]
    assert len(types) == len(CALLS), said
    right = r"Any|Unknown|None|(?:[\w.]*\.)?Value(?:\[Any\])?"
    wrong = [(call, given) for call, given in zip(CALLS, types, strict=True) if not re.fullmatch(right, given)]
    if np.lib.NumpyVersion(np.__version__) >= "2.5.0":  # whose stubs promise an ndarray along an axis, as the docs say
        wrong = [(call, given) for call, given in wrong if not re.match(r"np\.\w+\(\w, axis=", call)]
    assert wrong == []
    assert not errors(said, "probe.py"), said


@pytest.mark.slow(seconds=10)
def test_checkers_have_nothing_against_a_users_program(said):
    assert "probe.py" in said, said
    assert not errors(said, "program.py"), said


@pytest.mark.slow(seconds=10)
def test_checkers_still_find_what_is_wrong(said):
    assert errors(said, "wrong.py") == {3, 4, 5}, said


def test_the_program_runs():
    program = runpy.run_path(str(PROGRAM))
    assert program["train"](2) > 0
    assert set(program["by_hand"]()) == {"w", "v"}


def test_what_checkers_know_nothing_of_is_numpy():
    assert checked_np.stack is np.stack
    assert checked_np.linalg is np.linalg
    assert set(dir(np)) <= set(dir(checked_np))


def test_what_checkers_believe_is_not_so_at_run_time():
    assert not issubclass(Value, np.generic)
    assert not hasattr(Value, "tobytes")
