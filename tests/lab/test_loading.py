"""Runs that go on, bit for bit, and models that are used after their run."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lab import lab, nn, optim
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import checkpoints
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.place import Place
from tinygrad_lab.lab.running import prepare

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_pictures")]

pytest.importorskip("safetensors")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")


def state(run):
    return {
        **run.model.state_dict(),
        **run.experiment.optimizer.state_dict(),
        **{name: np.array(column) for name, column in run.history.columns().items()},
    }


def same(one, two):
    assert state(one).keys() == state(two).keys()
    for name, array in state(one).items():
        np.testing.assert_array_equal(array, state(two)[name], err_msg=name)


def stopped(config, epoch, tmp_path, compiled=False):
    """Return what a checkpoint of this epoch makes of a new run, as after SIGKILL."""
    content = {}

    def keep(history):
        if history.epochs == epoch:
            content["it"] = checkpoints.pack(run)
            raise InterruptedError

    run = prepare(config)
    with pytest.raises(InterruptedError):
        run.train([keep], compiled)
    again = prepare(config)
    checkpoints.unpack(content["it"], again, tmp_path)
    checkpoints.one_step_back(again)
    return again


@pytest.mark.parametrize("optimizer", optim.OPTIMIZERS)
@pytest.mark.parametrize("more", [{}, {"batch_size": 4}, {"validation_fraction": 0.3, "patience": 30}])
def test_any_training_goes_on_bit_for_bit(optimizer, more, tmp_path):
    config = Config(optimizer=optimizer, epochs=40, schedule="warmup:5+cosine", hidden=(3,), lr=0.01, **more)
    whole = prepare(config).train()
    same(stopped(config, 17, tmp_path).train(), whole)


@given(epoch=st.integers(1, 39), legacy=st.booleans(), momentum=st.sampled_from([0.0, 0.9]))
@settings(max_examples=10, deadline=None)
def test_any_epoch_will_do(tmp_path_factory, epoch, legacy, momentum):
    config = Config(
        data="linear", points=20, epochs=40, batch_size=7, legacy_rng=legacy, momentum=momentum, hidden=(2,)
    )
    same(stopped(config, epoch, tmp_path_factory.getbasetemp()).train(), prepare(config).train())


def test_a_finished_run_goes_on_for_more_epochs(tmp_path):
    lab.write(lab.run(Config(epochs=20)), tmp_path / "run")
    same(lab.resume(tmp_path / "run", {"epochs": 50}).train(), lab.run(Config(epochs=50)))


def test_a_run_that_met_its_condition_goes_on_past_it(tmp_path):
    lab.write(lab.run(Config(until="accuracy=1", epochs=1000)), tmp_path / "run")
    run = lab.resume(tmp_path / "run", {"epochs": 1200}).train()
    assert run.history.epochs == 1200
    assert run.history.stopped_by == "epochs"


def test_a_run_stopped_by_patience_goes_on_from_its_last_epoch(tmp_path):
    config = Config(data="linear", validation_fraction=0.3, lr=5.0, epochs=400, patience=3)
    first = lab.run(config)
    assert first.history.stopped_by == "patience"
    assert first.history.best == first.history.epochs - 3
    lab.write(first, tmp_path / "run")
    np.testing.assert_array_equal(lab.load(tmp_path / "run").model[0].weight.data, first.model[0].weight.data)
    again = lab.resume(tmp_path / "run", {"patience": 30}).train()
    same(again, lab.run(replace(config, patience=30)))


def test_what_cannot_change_is_refused(tmp_path):
    lab.write(lab.run(Config(epochs=5)), tmp_path / "run")
    with pytest.raises(LabError, match=r"resume: lr was 0\.1 and cannot become 0\.5; start a new run for another lr"):
        lab.resume(tmp_path / "run", {"lr": 0.5})
    with pytest.raises(LabError, match=r"resume: .* has already had 5 epochs"):
        lab.resume(tmp_path / "run", {"epochs": 3})


def test_other_data_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x1,x2,label\n" + "".join(f"{i},{i * i},{i % 2}\n" for i in range(10)))
    lab.write(lab.run(Config(data=str(path), epochs=5)), tmp_path / "run")
    path.write_text(path.read_text().replace("81", "82"))
    with pytest.raises(LabError, match="data: a has changed since the run was trained on it"):
        lab.resume(tmp_path / "run")
    loaded = lab.load(tmp_path / "run")
    assert loaded.predict([[1.0, 2.0]]).shape == (1,)
    with pytest.raises(LabError, match="has changed since the run was trained on it"):
        _ = loaded.dataset
    path.unlink()
    assert loaded.predict([[1.0, 2.0]]).shape == (1,)


def test_a_loaded_run_is_the_run(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(5, 3, (60, 3)), np.arange(60) % 3
    np.savez(tmp_path / "a.npz", x=x, y=np.array(["red", "green", "blue"])[y])
    run = lab.run(Config(data=str(tmp_path / "a.npz"), epochs=30, standardize=True, conv="2:2"))
    lab.write(run, tmp_path / "run")
    loaded = lab.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict(x), run.predict(x))
    np.testing.assert_array_equal(loaded.predict_proba(x), run.predict_proba(x))
    assert set(loaded.predict(x)) <= {"red", "green", "blue"}
    assert isinstance(loaded.model, nn.Module)
    assert loaded.history.loss == run.history.loss
    assert loaded.figures() == run.figures()
    with pytest.raises(LabError, match=r"predict: x must be \(points, 3\), got \(1, 2\); the columns are x1, x2, x3"):
        loaded.predict([[1.0, 2.0]])


@pytest.mark.parametrize("name", ["model.safetensors", "checkpoint.safetensors", "config.json", "data.json"])
@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b'{"a": 1}', b"[1]", b"null", bytes(8) + b"{}"])
def test_a_damaged_folder_is_one_line(tmp_path_factory, written, name, content):
    place = tmp_path_factory.mktemp("damaged")
    for file in written.iterdir():
        (place / file.name).write_bytes(content if file.name == name else file.read_bytes())
    with pytest.raises(LabError) as caught:  # noqa: PT012 one of them needs the file
        lab.load(place)
        lab.resume(place)
    assert "\n" not in str(caught.value)
    assert str(place / name) in str(caught.value)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return lab.write(lab.run(Config(epochs=3, hidden=(2,))), tmp_path_factory.mktemp("runs") / "xor")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"lr": "fast"}, "lr must be a positive number, got 'fast'"),
        ({"hidden": 5}, "hidden must be a list of whole numbers, got 5"),
        ({"hidden": [4, "a"]}, "hidden must be a whole number of at least 1, got 'a'"),
        ({"bias": "no"}, "bias must be true or false, got 'no'"),
        ({"epochs": True}, "epochs must be a whole number of at least 1, got True"),
        ({"data": None}, "data must be a text, got None"),
        ({"colour": 1}, "there is no option 'colour'; the options are data, task"),
    ],
)
def test_wrong_types_in_a_configuration_are_named(tmp_path, fields, problem):
    (tmp_path / "config.json").write_text(json.dumps(fields))
    with pytest.raises(LabError) as caught:
        lab.load(tmp_path)
    assert problem in str(caught.value)
    assert str(tmp_path / "config.json") in str(caught.value)


def test_a_run_that_is_being_trained_is_not_resumed(tmp_path, written):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (written / ".tinygrad-lab-running").write_text(str(other.pid))
        with pytest.raises(LabError, match=f"process {other.pid} is still training .*; wait until"):
            Place.reopen(written)
        other.communicate(b"\n")
    with Place.reopen(written):  # that process has ended
        pass
    assert not (written / ".tinygrad-lab-running").exists()


KILLING = """
import os, random, signal, sys, time
from pathlib import Path
from tinygrad_lab.lab import checkpoints, folder, loading, prepare
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.place import Place

folder._pictures = lambda *_: ()
config = Config(epochs=600, batch_size=5, optimizer="adam", lr=0.01)
out = Path(sys.argv[1])

def train():
    if (out / "data.json").exists():
        with Place.reopen(out) as place:
            run = loading.resume(out)
            folder.finish(run.train([checkpoints.keeper(run, place.put, (7, None))]), place)
    else:
        with Place.claim("xor", out) as place:
            run = prepare(config)
            folder.begin(run, place)
            folder.finish(run.train([checkpoints.keeper(run, place.put, (7, None))]), place)

def written():
    path = out / "checkpoint.safetensors"
    return path.stat().st_mtime_ns if path.exists() else 0

random.seed(0)
killed = 0
while killed < 5:
    child = os.fork()
    if child == 0:
        train()
        os._exit(0)
    before, patience = written(), time.monotonic() + random.choice([0.05, 5])
    while written() == before and time.monotonic() < patience:  # mostly it gets somewhere, however busy the machine is
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.05))
    os.kill(child, signal.SIGKILL)
    killed += 1
    if os.waitpid(child, 0)[1] == 0:
        break
print(len(list(out.glob("checkpoint.safetensors"))))
train()
"""


@pytest.mark.slow
def test_killed_five_times_the_result_is_the_same(tmp_path):
    out = tmp_path / "killed"
    done = subprocess.run([sys.executable, "-c", KILLING, str(out)], check=True, capture_output=True, text=True)
    assert done.stdout == "1\n"
    whole = lab.write(lab.run(Config(epochs=600, batch_size=5, optimizer="adam", lr=0.01)), tmp_path / "whole")
    for name in ("history.csv", "model.safetensors", "predictions.csv"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert not [path for path in out.iterdir() if "running" in path.name]


@pytest.mark.parametrize("compiled", [False, "numpy"])
@pytest.mark.parametrize(
    "more", [{}, {"dropout": 0.3}, {"dropout": 0.3, "batch_size": 4}, {"validation_fraction": 0.3, "patience": 30}]
)
def test_dropout_and_compiled_steps_go_on_bit_for_bit(compiled, more, tmp_path):
    config = Config(optimizer="adam", epochs=40, schedule="warmup:5+cosine", hidden=(3,), lr=0.01, log_every=1, **more)
    whole = prepare(config).train(compile=compiled)
    again = stopped(config, 17, tmp_path, compiled)
    same(again.train(compile=compiled), whole)
    assert again.history.stopped_by == whole.history.stopped_by
