"""Films of the sweep, and comparisons."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.viz.examples import linear
from tinygrad_lab import nn, viz
from tinygrad_lab.errors import ArgumentError, MissingExtraError
from tinygrad_lab.viz.describe.stepper import steps
from tinygrad_lab.viz.write import film

SVG = "{http://www.w3.org/2000/svg}"


def neuron():
    x, w, b = (tl.Value(v, name=n) for v, n in ((2.0, "x"), (-3.0, "w"), (6.5, "b")))
    return (np.tanh(x * w + b) * x).graph(level="scalar", view="both")


def test_gradients_appear_in_the_order_of_the_sweep():
    graph = neuron()
    found = film.direct(graph.picture)
    assert found.scenes == len(steps(graph.snapshot)) == 4
    assert found.lines == {
        ("tanh", "multiply-2"): 1, ("x", "multiply-2"): 1, ("add", "tanh"): 2, ("multiply", "add"): 3, ("b", "add"): 3,
        ("x", "multiply"): 4, ("w", "multiply"): 4,
    }  # fmt: skip
    assert found.boxes == {"x": 4, "w": 4, "multiply": 3, "b": 3, "add": 2, "tanh": 1, "multiply-2": 0}


def test_a_moving_picture_needs_nothing(tmp_path):
    neuron().animate(tmp_path / "sweep.svg")
    root = ET.parse(tmp_path / "sweep.svg").getroot()
    moving = list(root.iter(f"{SVG}animate"))
    assert len(moving) == 7 + 7
    starts = [float(one.get("keyTimes").split(";")[1]) for one in moving]
    assert all(0 <= start < 1 for start in starts)
    assert len({one.get("dur") for one in moving}) == 1


def test_a_gif_has_a_frame_for_each_step(tmp_path):
    pytest.importorskip("resvg_py")
    image = pytest.importorskip("PIL.Image")
    neuron().animate(tmp_path / "sweep.gif", seconds=0.5)
    with image.open(tmp_path / "sweep.gif") as found:
        assert found.n_frames == 5
        assert found.info["duration"] == 500
        first = np.asarray(found.convert("RGB")).astype(int)
        found.seek(4)
        last = np.asarray(found.convert("RGB")).astype(int)
    orange = lambda a: int(((a[..., 0] > 170) & (a[..., 1] < 120) & (a[..., 2] < 60)).sum())
    assert orange(last) > orange(first)


@pytest.mark.slow
def test_an_mp4_plays_as_long_as_its_scenes(tmp_path):
    pytest.importorskip("resvg_py")
    ffmpeg = shutil.which("ffmpeg") or pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    neuron().animate(tmp_path / "sweep.mp4", seconds=0.5)
    told = subprocess.run(
        [ffmpeg, "-i", str(tmp_path / "sweep.mp4"), "-f", "null", "-"], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    seconds = float(re.search(r"Duration: 00:00:(\d+\.\d+)", told.stderr)[1])
    assert seconds == pytest.approx(0.5 * (5 + film.REST - 1), abs=0.1)


def test_other_suffixes_and_missing_programs_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ArgumentError, match=r"animate: suffix must be \.svg, \.gif or \.mp4, got '\.png'"):
        neuron().animate(tmp_path / "sweep.png")
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingExtraError, match=r"animate: \.mp4 needs ffmpeg, and there is none; install it, run pip"):
        neuron().animate(tmp_path / "sweep.mp4")


def test_long_sweeps_share_scenes():
    y = tl.Value(0.5, name="x")
    for _ in range(150):
        y = np.tanh(y)
    assert film.direct(y.graph(fold=False, max_nodes=1000, view="both").picture).scenes == film.MOST_SCENES


def test_a_comparison_colours_what_changed():
    x = tl.Value(2.0, name="x")
    found = viz.compare(x * x, x * x + x)
    text = found.svg(theme="light")
    ET.fromstring(text)
    assert (text.count("tg-added"), text.count("tg-removed")) == (1, 0)
    assert text.count("tg-changed") == 2  # x gets another gradient: on both sides
    assert str(found.difference) == found._repr_mimebundle_()["text/plain"]


def test_two_moments_of_a_training(tmp_path):
    layer = linear(2, 1)
    optimizer = tl.optim.SGD(layer.parameters(), lr=0.1)
    criterion, x, t = nn.MSELoss(), np.array([[1.0, 2.0]]), np.array([[0.0]])

    def loss():
        return criterion(layer(x), t)

    before = loss().graph(level="op")
    loss().backward()
    optimizer.step()
    found = viz.compare(before, loss().graph(level="op"))
    assert set(found.difference.changed) >= {"weight", "bias", "MSELoss/mse_loss"}
    found.save(tmp_path / "moments.svg")
    assert len(re.findall(r">(before|after)", (tmp_path / "moments.svg").read_text(encoding="utf-8"))) == 2
    with pytest.raises(ArgumentError, match="save: suffix must be"):
        found.save(tmp_path / "moments.png")
