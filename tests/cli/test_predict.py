from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from tinygrad_lab import lab
from tinygrad_lab.cli import main

for extra in ("matplotlib", "jinja2", "safetensors"):
    pytest.importorskip(extra)

pytestmark = pytest.mark.usefixtures("without_pictures")

FRUIT = "weight;colour;kind\n150;red;apple\n120;yellow;banana\n160;green;apple\n110;yellow;banana\n140;red;apple\n"


@pytest.fixture(scope="module")
def fruit(tmp_path_factory):
    place = tmp_path_factory.mktemp("fruit")
    (place / "fruit.csv").write_text(FRUIT)
    config = lab.Config(data=str(place / "fruit.csv"), epochs=200, standardize=True)
    return lab.write(lab.run(config), place / "run")


def predict(run, tmp_path, capsys, text, *words):
    (tmp_path / "new.csv").write_text(text)
    status = main(["predict", str(run), str(tmp_path / "new.csv"), *words])
    said = capsys.readouterr()
    return status, list(csv.reader(io.StringIO(said.out))), said.err


def test_columns_are_found_by_name_and_labels_are_those_of_the_training(fruit, tmp_path, capsys):
    status, rows, _ = predict(fruit, tmp_path, capsys, "colour,weight\nred,155\nyellow,115\n")
    assert status == 0
    assert rows[0] == ["colour", "weight", "output", "prediction"]
    assert [row[-1] for row in rows[1:]] == ["apple", "banana"]
    probabilities = lab.load(fruit).predict_proba([[155, 0, 1, 0], [115, 0, 0, 1]])[:, 1]
    np.testing.assert_array_equal([float(row[-2]) for row in rows[1:]], probabilities)


def test_labels_may_be_there_and_change_nothing(fruit, tmp_path, capsys):
    _, rows, _ = predict(fruit, tmp_path, capsys, FRUIT)
    assert [row[-1] for row in rows[1:]] == [row[2] for row in rows[1:]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("weight\n150\n", "there is no column 'colour'; the columns are weight"),
        ("weight,colour\n150,blue\n", "row 2, column 2 (colour): must be one of green, red, yellow, got 'blue'"),
        ("weight,colour\nheavy,red\n1,red\n", "row 2, column 1 (weight): must be a finite number, got 'heavy'"),
        ("weight,colour\n150\n", "row 2: has 1 columns, but the header has 2"),
    ],
)
def test_other_columns_are_refused_clearly(fruit, tmp_path, capsys, text, problem):
    status, _, error = predict(fruit, tmp_path, capsys, text)
    assert status == 2
    assert problem in error
    assert error.count("\n") == 1


def test_a_file_is_new_and_whole(fruit, tmp_path, capsys):
    out = tmp_path / "said.csv"
    assert predict(fruit, tmp_path, capsys, FRUIT, "--out", str(out))[0] == 0
    assert out.read_text().startswith("weight,colour,kind,output,prediction\n")
    status, _, error = predict(fruit, tmp_path, capsys, FRUIT, "--out", str(out))
    assert status == 2
    assert "exists, and nothing is overwritten" in error


def test_points_without_names_are_taken_by_their_order(tmp_path, capsys):
    run = lab.write(lab.run(lab.Config()), tmp_path / "xor")
    _, rows, _ = predict(run, tmp_path, capsys, "0.1,0.1\n0.1,0.9\n")
    assert [row[-1] for row in rows[1:]] == ["0", "1"]


def test_quantities(tmp_path, capsys):
    (tmp_path / "line.csv").write_text("x,y\n" + "".join(f"{i},{1000 + 3.5 * i}\n" for i in range(30)))
    config = lab.Config(data=str(tmp_path / "line.csv"), hidden=(), standardize=True, epochs=500)
    run = lab.write(lab.run(config), tmp_path / "run")
    _, rows, _ = predict(run, tmp_path, capsys, "x\n4\n12.5\n")
    assert rows[0] == ["x", "prediction"]
    np.testing.assert_allclose([float(row[-1]) for row in rows[1:]], [1014, 1043.75], rtol=1e-6)
