"""Whatever is thrown at the command line: an exit status of its own, at most one line on stderr, nothing half-written.

`python tests/cli/test_anything.py 2000` throws more than the tests do.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinygrad_lab.cli import COMMANDS, main
from tinygrad_lab.cli.options import flag
from tinygrad_lab.lab import folder, loading
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.options import kind_of
from tinygrad_lab.lab.sweeps import writing

for extra in ("rich", "matplotlib", "jinja2", "safetensors"):
    pytest.importorskip(extra)

OPTIONS = [one for one in fields(Config) if one.name not in ("epochs", "points")]
WORDS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "2", "-1", "1e308", "1e-308", "nan", "inf", "0.5", "yes", "3,3", "0..2", "99999999999", "é"]
    ),
    st.sampled_from(
        ["step:2:0.5", "cosine", "4:2", "loss<0.5", "accuracy=1", "x1", ";", "\x1b[31m", "data.csv", "\x00"]
    ),
    st.text(max_size=5),
)
CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "1.5", "-3", "1e308", "-1e308", "nan", "inf", "a", "b", "007", "7", "é", '"', "1_0", "?"]
    ),
    st.floats().map(str),
    st.text(max_size=4),
)
COUNTS = st.sampled_from(["1", "2", "3"])


@st.composite
def option(draw):
    """Return an option with a value that is often one of its kind."""
    one = draw(st.sampled_from(OPTIONS))
    choices = kind_of(one).choices
    usual = st.sampled_from(choices) if choices else st.sampled_from(["1", "0.1", "data.csv", "xor", "2"])
    value = draw(st.one_of(usual, usual, WORDS))
    return [flag(one.name)] if draw(st.booleans()) and value == "" else [flag(one.name), value]


@st.composite
def words(draw):
    chosen = [word for pair in draw(st.lists(option(), max_size=4)) for word in pair]
    command = draw(st.sampled_from(["train", "train", "train", "sweep", "predict", "compare", "graph"]))
    if command == "train":
        more = draw(
            st.sampled_from([[], [], ["--config", "config.json"], ["--resume", "run"], ["--json"], ["--out", "run"]])
        )
        return ["train", "--epochs", draw(COUNTS), *chosen, *more]
    if command == "sweep":
        return ["sweep", "--epochs", draw(COUNTS), "--workers", "1", *chosen, *draw(st.lists(WORDS, max_size=2))]
    return [command, *draw(st.lists(st.sampled_from(["run", "data.csv", "runs/xor-1", "é", ""]), max_size=3))]


@st.composite
def table(draw):
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    width = draw(st.integers(0, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width + draw(st.integers(0, 1))), max_size=6))
    return "\n".join(delimiter.join(row) for row in rows).encode("utf-8", "surrogatepass")


CONTENT = st.one_of(table(), table(), st.binary(max_size=40))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10) | st.floats() | st.text(max_size=3),
    lambda x: st.lists(x, max_size=2),
)
CONFIGURATION = st.one_of(
    st.dictionaries(st.sampled_from([one.name for one in OPTIONS]), JSON, max_size=3).map(
        lambda d: json.dumps(d).encode()
    ),
    JSON.map(lambda x: json.dumps(x).encode()),
    st.binary(max_size=20),
)


def throw(chosen, content, configuration):
    """Call the command line in a folder of its own, and return what it did."""
    before, place = Path.cwd(), tempfile.TemporaryDirectory()
    with place as name:
        os.chdir(name)
        try:
            Path("data.csv").write_bytes(content)
            Path("config.json").write_bytes(configuration)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    status = main(chosen)
                except SystemExit as error:
                    status = error.code
            left = [path for path in Path(name).rglob("*") if path.name.startswith(".tinygrad-lab")]
            whole = all(
                loading.load(path.parent) for path in Path(name).rglob("report.html") if "sweep" not in str(path)
            )
            return status, err.getvalue(), left, whole
        finally:
            os.chdir(before)


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch):
    monkeypatch.setattr(folder, "_pictures", lambda run, put: put("report.html", "") or ())
    monkeypatch.setattr(writing, "write", lambda *_: [])


def judge(chosen, content, configuration):
    status, error, left, whole = throw(chosen, content, configuration)
    assert status in (0, 1, 2, 130), (status, error)
    assert error.count("\n") == (status in (2, 130)), error
    assert error.isprintable() or error[:-1].isprintable(), error
    assert not left
    assert whole


@given(chosen=words(), content=CONTENT, configuration=CONFIGURATION)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
def test_anything(chosen, content, configuration):
    judge(chosen, content, configuration)


def test_every_command_is_thrown_at():
    assert {command.__name__.rpartition(".")[2] for command in COMMANDS} >= {
        "train",
        "sweep",
        "predict",
        "compare",
        "graph",
    }


if __name__ == "__main__":
    folder._pictures = lambda run, put: put("report.html", "") or ()
    writing.write = lambda *_: []
    settings(max_examples=int(sys.argv[1]), deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)(
        given(chosen=words(), content=CONTENT, configuration=CONFIGURATION)(judge)
    )()
