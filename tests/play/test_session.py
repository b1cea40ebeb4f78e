"""The session's commands, what a page is sent, and how much of it."""

from __future__ import annotations

import json
import re
import struct
import threading
import time

import numpy as np
import pytest

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import Config, folder, running
from tinygrad_lab.play import pace, state
from tinygrad_lab.play.code import program
from tinygrad_lab.play.live import Onlooker
from tinygrad_lab.play.looking import activations
from tinygrad_lab.play.session import Session
from tinygrad_lab.play.sources import of_model, source


def decoded(message):
    """The header of a frame, and a function from a place in it to an array."""
    (length,) = struct.unpack("<I", message[:4])
    kinds = {"u1": np.uint8, "f4": np.float32}
    base = 4 + length

    def array(place):
        return np.frombuffer(message, kinds[place["kind"]], place["n"], base + place["at"])

    return json.loads(message[4:base]), array


def session_of(what=None, **settings):
    return Session(source(what, settings))


def do(session, name, **arguments):
    future = session.ask(name, arguments)
    session._answer(0.0)
    return future.result(0)


def after(session, epochs):
    while session.lane.epoch < epochs:
        for lane in session.lanes:
            lane.go_through_epoch()


@pytest.mark.parametrize(
    "settings",
    [{}, {"data": "sine", "points": 40}, {"data": "three_spirals", "points": 30}, {"data": "two_moons", "points": 30,
     "validation_fraction": 0.3}, {"conv": "3:2"}, {"hidden": ()}, {"hidden": (200,)}],
)  # fmt: skip
def test_a_frame_says_what_the_network_says(settings):
    session = session_of(**settings)
    after(session, 12)
    lane, fine, coarse = session.lane, 30, 10
    header, array = decoded(session.frame(fine, coarse))
    shown = header["lanes"][0]
    assert shown["epoch"] == 12
    assert shown["figures"] == {name: column[-1] for name, column in lane.history.columns().items()}
    for name, column in lane.history.columns().items():
        np.testing.assert_allclose(array(shown["curves"][name]), column, rtol=1e-6)
    plane = session.plane(lane)
    said, classes = lane.run.experiment.predict(plane.grid(fine))
    map_ = array(shown["map"])
    if lane.run.experiment.classwise:
        assert np.array_equal(map_[::2], classes)
        np.testing.assert_allclose(map_[1::2] / 255, said.max(axis=1), atol=0.003)
    elif lane.run.dataset.classes:
        np.testing.assert_allclose(map_ / 255, said.ravel(), atol=0.003)
    if len(plane.axes) == 1:
        np.testing.assert_allclose(array(shown["curve"]), said.ravel(), rtol=1e-5, atol=1e-6)
    layers = activations(lane.run.experiment, plane.grid(coarse)).layers
    for i, layer in enumerate(layers):
        units = array(header["detail"]["units"][i]).reshape(-1, len(layer.output))
        scale = header["detail"]["scales"][i]
        np.testing.assert_allclose((units - 127.0) / 127 * scale, layer.output.T[: len(units)], atol=0.006 * scale)
        told = header["detail"]["layers"][i]
        if layer.weight is not None:
            kept = layer.weight[: len(told["weights"]), : len(told["weights"][0])]
            assert told["weights"] == kept.tolist()
            assert told["bias"] == layer.bias[: len(told["bias"])].tolist()


def test_looking_at_a_network_changes_nothing():
    one, two = session_of(batch_size=6, optimizer="adam"), session_of(batch_size=6, optimizer="adam")
    for _ in range(10):
        one.lane.step()
        one.frame(8, 4)
        two.lane.step()
    after(one, 8)
    after(two, 8)
    assert one.lane.history.loss == two.lane.history.loss


def test_the_ratio_is_that_of_the_step_that_comes():
    session = session_of(optimizer="adam", lr=0.05)
    after(session, 5)
    header, _ = decoded(session.frame(4, 4))
    model = session.lane.run.model
    before = [p.data.copy() for p in model[0].parameters()]
    session.lane.go_through_epoch()
    moved = np.sqrt(sum(np.sum((p.data - b) ** 2) for p, b in zip(model[0].parameters(), before, strict=True)))
    size = np.sqrt(sum(np.sum(b**2) for b in before))
    assert header["detail"]["layers"][0]["ratio"] == pytest.approx(moved / size, rel=1e-9)


def test_a_diverged_run_can_be_shown():
    session = session_of("sine", lr=30.0, activation="none", points=20)
    with np.errstate(all="ignore"):
        for _ in range(2000):
            session.lane.step()
        header, _ = decoded(session.frame(8, 4))
    assert session.lane.history.stopped_by == "diverged"
    assert header["detail"]["troubles"][0]["name"] == "Divergence"
    do(session, "play")
    assert not session.playing


# -- what is taken along -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_line_repeats_the_run_and_the_folder_is_that_of_train(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from tinygrad_lab.cli import main

    monkeypatch.chdir(tmp_path)
    session = session_of("linear", points=30, hidden=(3,), lr=0.3, batch_size=8, weight_decay=0.01)
    after(session, 9)
    taken = do(session, "export")
    assert taken["exact"]
    words = taken["command"].split()[1:]
    assert main([*words, "--quiet", "--out", "again"]) == 0
    for name in ("config.json", "data.json", "history.csv", "predictions.csv", "model.safetensors"):
        assert (tmp_path / taken["path"] / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    assert (tmp_path / taken["path"] / "report.html").exists()
    session.lane.change({"lr": 0.1})
    assert not do(session, "repeat")["exact"]


@pytest.mark.parametrize(
    "settings",
    [{}, {"data": "sine", "standardize": True, "points": 20}, {"data": "three_spirals", "points": 20, "bias": False},
     {"conv": "3:2:1:1", "activation": "leaky_relu"}, {"loss": "mse"}, {"hidden": (50, 50)}],
)  # fmt: skip
def test_the_program_predicts_what_the_run_does(settings):
    run = running.run(Config(**settings, epochs=5))
    names = {"__name__": "model"}
    exec(program(run), names)
    assert np.array_equal(names["predict"](run.dataset.x), run.predict(run.dataset.x))


@pytest.mark.slow
def test_a_run_goes_on_from_where_it_ended(tmp_path):
    pytest.importorskip("matplotlib")
    written = folder.write(running.run(Config(epochs=20)), tmp_path / "run")
    session = Session(source(str(written), {}))
    assert session.lane.epoch == 20
    after(session, 30)
    assert session.lane.history.loss == running.run(Config(epochs=30)).history.loss
    do(session, "reset")
    assert session.lane.epoch == 1
    with pytest.raises(LabError, match="a run keeps its own options, so lr cannot be set"):
        source(str(written), {"lr": 1.0})


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_link_brings_back_the_settings_it_was_made_of():
    session = session_of("two_moons", points=50, noise=0.3, hidden=(5, 2), lr=0.25, bias=False, validation_fraction=0.2)
    after(session, 4)
    link = do(session, "repeat")["link"]
    other = session_of()
    do(other, "link", text=link)
    while other.playing:
        other.turn()
    assert other.lane.history.columns() == session.lane.history.columns()
    assert do(other, "repeat")["link"] == link


# -- models of one's own -----------------------------------------------------------------------------------------------


def own_model(classes=3, features=4):
    import tinygrad_lab as tl

    class Net(tl.nn.Module):
        def __init__(self):
            rng = np.random.default_rng(0)
            self.one, self.act = tl.nn.Linear(features, 6, rng=rng), tl.nn.ReLU()
            self.two, self.drop = tl.nn.Linear(6, classes, rng=rng), tl.nn.Dropout(0.1, rng=rng)

        def forward(self, x):
            return self.two(self.drop(np.maximum(self.act(self.one(x)), 0)))

    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, features))
    return Net(), x, np.argmax(x[:, :classes], axis=1)


def test_a_model_of_ones_own_with_its_data(tmp_path, monkeypatch):
    session = Session(of_model("models:build", own_model, {"optimizer": "adam", "lr": 0.05}))
    first = session.lane.history.loss[0]
    after(session, 60)
    assert session.lane.history.loss[-1] < 0.5 * first
    header, _ = decoded(session.frame(10, 5))
    assert [layer["kind"] for layer in header["detail"]["layers"]] == ["Linear · ReLU", "Linear"]
    assert json.loads(state.message(session))["fixed"]
    do(session, "change", values={"lr": 0.01})
    assert session.lane.epoch == 60
    with pytest.raises(LabError, match="hidden cannot be changed here"):
        do(session, "change", values={"hidden": [3]})
    with pytest.raises(LabError, match="take its Python code"):
        do(session, "export")
    do(session, "add")
    assert [lane.history.loss[0] for lane in session.lanes] == [first, first]


def test_the_program_of_a_model_of_ones_own_imports_it(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(str(tmp_path))
    from own_models import build

    session = Session(of_model("own_models:build", build, {}))
    after(session, 5)
    names = {"__name__": "model"}
    exec(do(session, "program"), names)
    x = session.lane.run.dataset.x
    assert np.array_equal(names["predict"](x), session.lane.run.predict(x))


def test_a_model_that_fails_is_quoted_and_the_page_goes_on():
    import tinygrad_lab as tl

    class Moody(tl.nn.Linear):
        def forward(self, x):
            if self.training and len(self.weight.data) and abs(self.bias.data[0]) > 0.02:
                raise ValueError("no more")
            return super().forward(x)

    sent = []
    model = Moody(2, 1, rng=np.random.default_rng(0))
    model.bias.data = np.zeros(1)
    session = Session(of_model("m:f", lambda: model, {"lr": 0.5}), sent.append)
    session.tabs = 1
    do(session, "play")
    for _ in range(200):
        if session.playing:  # one that pauses waits for what its pages ask
            session.turn()
    assert not session.playing
    errors = [json.loads(m)["content"] for m in sent if isinstance(m, str) and json.loads(m)["type"] == "error"]
    assert errors == ["play: the run stopped at ValueError: no more; correct the model, or change it"]
    do(session, "change", values={"data": "linear"})


MODELS = """
import numpy as np
import tinygrad_lab as tl

def build():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    return tl.nn.Sequential(tl.nn.Linear(2, 4, rng=rng), tl.nn.Linear(4, 1, rng=rng)), x, x[:, 0] * x[:, 1]
"""


def unfit():
    """A network with two outputs for three classes."""
    return own_model(classes=2)[0], np.zeros((6, 4)), np.arange(6) % 3


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (3, "m:f must be a module or a function that returns one, got int"),
        (lambda: 3, "m:f must return a module, or (module, x, y), got int"),
        (lambda x: x, "m:f cannot be called without arguments ("),
        (unfit, "the model must give (points, 3) for the model's own, got (2, 2); change its last layer"),
        (lambda: (own_model()[0], np.zeros((3, 4)), np.zeros(5)), "m:f must return x (points, features) and one label"),
        (lambda: own_model()[0], "the model does not take points (points, 2) ("),
    ],
)
def test_what_is_no_model_is_refused_in_one_line(found, text):
    with pytest.raises(LabError, match=re.escape(text)) as error:
        of_model("m:f", found, {}).lane()
    assert "\n" not in str(error.value)


# -- pace --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_frames_keep_to_the_wire_and_leave_time_to_the_training():
    sent = []
    session = Session(source("spirals", {"hidden": (8, 8, 8)}), lambda message: sent.append(len(message)))
    session.tabs, session.speed = 1, None
    do(session, "play")
    thread = threading.Thread(target=session.work)
    thread.start()
    time.sleep(0.8)
    session.over = True
    thread.join()
    assert sent
    assert sum(sent) / 0.8 < 200_000
    assert len(sent) <= 0.8 * pace.MOST_A_SECOND + 2


@pytest.mark.parametrize(
    ("seconds", "size", "tabs", "pause"),
    [(0.0, 10, 1, 1 / 15), (0.02, 10, 1, 0.5), (0.0, 90_000, 1, 0.5), (0.0, 90_000, 4, 2.0), (9.0, 10, 1, 5.0)],
)
def test_the_dearer_a_frame_the_longer_the_pause(seconds, size, tabs, pause):
    clock = pace.Pace()
    assert clock.wait() == 0.0
    clock.sent(seconds, size, tabs)
    assert clock.wait() == pytest.approx(pause, abs=0.02)


def test_no_page_no_frames():
    sent = []
    session = Session(source("xor", {}), sent.append)
    do(session, "play", to=20)
    while session.playing:
        session.turn()
    assert session.lane.epoch == 20
    assert sent == []


# -- looking on --------------------------------------------------------------------------------------------------------


def test_a_page_that_looks_on_changes_nothing_and_may_hold_the_run():
    plain = running.run(Config(epochs=30))
    run = running.prepare(Config(epochs=30))
    session = Onlooker(run)
    session.tabs = 1
    session.ask("pause", {})
    thread = threading.Thread(target=run.train, args=([session.watch],))
    thread.start()
    time.sleep(0.3)
    assert run.history.epochs == 1
    session.ask("epoch", {})
    time.sleep(0.3)
    assert run.history.epochs == 2
    with pytest.raises(LabError, match="a terminal trains it"):
        session.ask("change", {"values": {"lr": 3.0}}).result(5)
    with pytest.raises(LabError, match="a terminal trains it"):
        session.ask("reset", {}).result(5)
    session.ask("play", {})
    thread.join(20)
    assert run.history.columns() == plain.history.columns()
    assert not session.playing
