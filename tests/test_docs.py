"""The generated page of operations is up to date, and the notebook runs."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tinygrad_lab import OPS, defvjp

ROOT = Path(__file__).parents[1]


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def declared(function, rule):
    defvjp(function, rule)
    yield
    del OPS[function]


def test_operations_page_agrees_with_the_registry():
    with declared(lambda x: x, lambda g, y, x: g):  # operations of others do not count
        page = load(ROOT / "docs" / "make_operations.py").page()
    written = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert written == page, "run `python docs/make_operations.py`"


def test_the_engine_is_small_and_the_architecture_page_says_how_small():
    script = load(ROOT / "docs" / "make_architecture.py")
    page = script.PAGE.read_text(encoding="utf-8")
    assert script.put(page, "size", script.size()) == page, "run `python docs/make_architecture.py --lines`"
    assert int(script.size().split(" has ")[1].split()[0]) <= 1000


def test_public_functions_say_what_they_take():
    for floor, shown in load(ROOT / "docs" / "make_architecture.py").annotations().items():
        bare = shown.count("Any") / len(shown)
        assert bare <= 0.15, f"{floor}: {bare:.0%} bare Any; take a word of typing.py"


def test_lines_of_code_are_counted_without_blanks_comments_and_docstrings():
    count = load(ROOT / "docs" / "make_architecture.py").lines_of_code
    assert count("") == 0
    assert count('"""Text."""\n\n# a comment\nx = 1  # another\n') == 1
    assert count('def f():\n    """Two\n    lines."""\n    return (\n        """no docstring"""\n    )\n') == 4
    assert count('class C:\n    """One."""\n\n    x = """three\n    lines\n    """\n') == 4


def needs_loopback():
    """Skip where a sandbox has taken the loopback interface down: a notebook talks to its kernel through it."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", 0))
            probe.listen()
            socket.create_connection(probe.getsockname(), timeout=5).close()
        except OSError as error:
            pytest.skip(f"a notebook talks to its kernel through the loopback interface: {error}")


TUTORIALS = sorted((ROOT / "notebooks").glob("*.ipynb"), key=lambda path: int(path.stem.partition("_")[0]))


# Each in a process of its own, which has imported already what all of them import.
EACH = """
import os, runpy, sys
import matplotlib.pyplot, tinygrad_lab.testing, tinygrad_lab.viz
failed = []
for tutorial in sys.argv[1:]:
    sys.stdout.flush()
    child = os.fork()
    if not child:
        runpy.run_path(tutorial, run_name="__main__")
        sys.exit()
    if os.waitpid(child, 0)[1]:
        failed.append(tutorial)
sys.exit(f"failed: {failed}" if failed else 0)
"""


@pytest.mark.slow(seconds=10)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked on this system")
def test_the_code_of_each_tutorial_runs_from_top_to_bottom(tmp_path):
    for notebook in TUTORIALS:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        (tmp_path / f"{notebook.stem}.py").write_text(code, encoding="utf-8")  # programs quote their source
    command = [sys.executable, "-c", EACH, *(f"{notebook.stem}.py" for notebook in TUTORIALS)]
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_is_kept_with_its_results_pictures_and_hidden_solutions(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] == number for number, cell in enumerate(code, 1))
    assert any(kind.startswith("image/") for cell in code for out in cell["outputs"] for kind in out.get("data", {}))
    exercises = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown").count("\n**")
    hidden = [cell for cell in code if "hide-cell" in cell["metadata"].get("tags", ())]
    assert len(hidden) >= 2
    assert exercises >= 1


@pytest.mark.slow
def test_a_notebook_runs_in_its_kernel(tmp_path):
    notebook = TUTORIALS[0]
    copy = tmp_path / notebook.name
    copy.write_bytes(notebook.read_bytes())
    # In a process of its own, with the kernel of this environment rather than the user's.
    environment = {
        **os.environ,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    execute = "from nbclient.cli import main; main()"
    needs_loopback()
    command = [sys.executable, "-c", execute, "--timeout=120", str(copy)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"Executing {copy}" in done.stderr
