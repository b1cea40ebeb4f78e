from __future__ import annotations

import csv
import json
import re
import shutil
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import folder, plots
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.place import Place, free
from tinygrad_lab.lab.running import run
from tinygrad_lab.lab.training import History

pytestmark = pytest.mark.slow

safetensors = pytest.importorskip("safetensors.numpy")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

FILES = {
    *("report.html", "learning_curve.svg", "prediction.svg", "history.csv", "predictions.csv", "config.json"),
    *("model.safetensors", "checkpoint.safetensors", "data.json"),
}


@pytest.fixture(scope="module")
def result():
    return run(Config(epochs=40, hidden=(3,)))


@pytest.fixture(scope="module")
def written(result, tmp_path_factory):
    out = tmp_path_factory.mktemp("written") / "deep" / "run"
    folder.write(result, out)
    return out


@pytest.fixture
def drawn(written, monkeypatch):
    """The pictures of `result`, which take most of the time, are those drawn already."""
    for name in ("learning_curve", "prediction"):
        svg = (written / f"{name}.svg").read_text(encoding="utf-8")
        monkeypatch.setattr(plots, name, lambda _, svg=svg: svg)


def table(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_the_folder_is_complete_and_nothing_is_left_beside_it(written):
    assert {path.name for path in written.iterdir()} == FILES
    assert [path.name for path in written.parent.iterdir()] == ["run"]


def test_history_has_every_epoch_exactly(written, result):
    header, *rows = table(written / "history.csv")
    assert header == ["epoch", "loss", "accuracy"]
    assert [int(row[0]) for row in rows] == list(range(1, 41))
    assert [float(row[1]) for row in rows] == result.history.loss
    assert [float(row[2]) for row in rows] == result.history.accuracy


def test_predictions_have_every_point_exactly(written, result):
    header, *rows = table(written / "predictions.csv")
    assert header == ["x1", "x2", "truth", "output", "prediction"]
    assert [[float(cell) for cell in row[:2]] for row in rows] == result.dataset.x.tolist()
    assert [float(row[3]) for row in rows] == result.probabilities[:, 0].tolist()
    assert [int(row[4]) for row in rows] == result.predicted.tolist()


def test_the_configuration_gives_the_same_run_again(written, result):
    config = Config(**json.loads((written / "config.json").read_text()))
    assert run(config).history.loss == result.history.loss


def test_the_parameters_load_into_the_same_model(written, result):
    fresh = run(Config(epochs=1, hidden=(3,), seed=9)).experiment
    fresh.model.load_state_dict(safetensors.load_file(written / "model.safetensors"))
    assert np.array_equal(fresh.predict(result.dataset.x)[0], result.probabilities)


def test_the_same_run_gives_the_same_bytes(written, result, tmp_path):
    again = run(Config(epochs=40, hidden=(3,)))
    again.history.seconds = result.history.seconds
    folder.write(again, tmp_path / "again")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (written / name).read_bytes(), name


def test_pictures_are_well_formed(written):
    for name in ("learning_curve.svg", "prediction.svg"):
        assert ET.parse(written / name).getroot().tag == "{http://www.w3.org/2000/svg}svg"


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.links, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("src", "href", "xlink:href")]


def test_the_report_is_one_file_with_everything_in_it(written):
    text = (written / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.tags.count("svg") == 3
    assert "script" not in page.tags
    assert len(page.ids) == len(set(page.ids))
    links = [link for link in page.links if not link.startswith("data:image/png;base64,")]
    assert all(link.startswith("#") and link[1:] in page.ids for link in links)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(page.ids)
    for part in ("Ground truth and prediction", "Learning curve", "Configuration", "Training log", "Test table"):
        assert f"<h2>{part}</h2>" in text
    assert "All 21 points." in text


def test_a_hostile_column_name_stays_text(tmp_path):
    (tmp_path / "a.csv").write_text('"<script>$x_{$",b,label\n1,2,<b>\n3,4,&c\n1,2,<b>\n')
    result = run(Config(data=str(tmp_path / "a.csv"), epochs=5))
    folder.write(result, tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("features", [1, 3])
def test_other_numbers_of_features_get_a_table_of_counts(tmp_path, features):
    x = np.random.default_rng(0).normal(size=(30, features))
    np.savez(tmp_path / "a.npz", x=x, y=np.where(x[:, 0] > 0, "up", "down"))
    result = run(Config(data=str(tmp_path / "a.npz"), epochs=20))
    picture = ET.fromstring(plots.prediction(result))
    assert picture.get("width") == picture.get("height")  # two planes side by side are twice as wide
    numbers = [group for group in picture.iter() if str(group.get("id")).startswith("text_")]
    assert len(numbers) >= 4 + 2 + 2 + 2 + 1  # the counts, names of classes and of axes, the title


def test_a_constant_feature_and_many_points_can_be_drawn(tmp_path):
    x = np.random.default_rng(0).normal(size=(4000, 2)) * [1, 0]
    np.savez(tmp_path / "a.npz", x=x, y=x[:, 0] > 0)
    svg = plots.prediction(run(Config(data=str(tmp_path / "a.npz"), epochs=5)))
    assert len(svg) < 1_000_000


def test_a_diverged_run_is_written_too(tmp_path):
    result = run(Config(activation="none", output="none", loss="mse", lr=10.0, epochs=100))
    folder.write(result, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert "the run diverged; try a smaller lr." in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("epochs", [1, 2, 5000])
def test_curves_of_any_length_are_drawn_small(epochs):
    svg = plots.learning_curve(History(np.linspace(1, 0.5, epochs).tolist(), [0.5] * epochs))
    assert len(svg) < 200_000


def test_an_existing_folder_is_never_touched(tmp_path, result):
    (out := tmp_path / "out").mkdir()
    (out / "precious.txt").write_text("mine")
    with pytest.raises(LabError, match="is not empty, and nothing is overwritten; choose another --out"):
        folder.write(result, out)
    assert (out / "precious.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "precious.txt"]


def test_a_file_in_the_way_is_never_touched(tmp_path, result):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(LabError, match="is not empty"):
        folder.write(result, tmp_path / "out")
    with pytest.raises(LabError, match="is not a folder that can be written to"):
        folder.write(result, tmp_path / "out" / "below")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.usefixtures("drawn")
def test_an_empty_folder_may_be_filled(tmp_path, result):
    folder.write(result, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == FILES


ESSENTIAL = {
    "config.json",
    "data.json",
    "history.csv",
    "predictions.csv",
    "model.safetensors",
    "checkpoint.safetensors",
}


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), ZeroDivisionError()])
def test_history_and_parameters_are_there_whatever_happens_to_the_pictures(tmp_path, result, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(plots, "learning_curve", fail)
    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            folder.write(result, tmp_path / "out")
    else:
        folder.write(result, tmp_path / "out")
        text = (tmp_path / "out" / "report.html").read_text()
        assert f"learning_curve.svg could not be drawn: {type(error).__name__}" in text
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left >= ESSENTIAL
    assert not any(name.startswith(".") for name in left)


def test_a_disk_that_fills_up_leaves_history_and_parameters_elsewhere(tmp_path, result, monkeypatch):
    put = Place.put

    def full(self, name, content):
        if self.path == tmp_path / "out" and name == "history.csv":
            raise OSError(28, "No space left on device")
        put(self, name, content)

    monkeypatch.setattr(Place, "put", full)
    with pytest.raises(LabError, match=r"cannot be written to \(No space left on device\); history and") as caught:
        folder.write(result, tmp_path / "out")
    rescue = Path(str(caught.value).rpartition(" are in ")[2])
    assert {path.name for path in rescue.iterdir()} >= ESSENTIAL
    shutil.rmtree(rescue)


def test_a_file_that_appears_in_the_folder_is_never_overwritten(tmp_path, result):
    with Place.claim("xor", tmp_path / "out") as place:
        folder.begin(result, place)
        (tmp_path / "out" / "report.html").write_text("mine")
        written = folder.finish(result, place)
    assert (tmp_path / "out" / "report.html").read_text() == "mine"
    assert "a file that is not this run's has the name" in written.problems[0]


def test_two_runs_cannot_have_the_same_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Place.claim("xor", Path("out")), pytest.raises(LabError, match="out: out is not empty"):
        Place.claim("xor", Path("out"))
    assert not Path("out").exists()  # nothing was written, so nothing stays
    with Place.claim("xor") as one, Place.claim("xor") as two:
        assert (one.path, two.path) == (Path("runs", "xor-1"), Path("runs", "xor-2"))


@pytest.mark.usefixtures("drawn")
def test_the_current_folder_may_be_filled(tmp_path, result, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert folder.write(result, ".") == Path()
    assert {path.name for path in tmp_path.iterdir()} == FILES


@pytest.mark.usefixtures("drawn")
def test_the_next_free_folder(tmp_path, result, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    Path("runs", "xor-1").write_text("")
    assert folder.write(result) == Path("runs", "xor-2")
    assert free("xor") == Path("runs", "xor-3")
