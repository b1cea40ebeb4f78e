from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.files import read

GOOD = "x1,x2,label\n0.5,1,0\n2,-3e2,1\n"


def test_csv_with_numeric_labels(tmp_path):
    (path := tmp_path / "good.csv").write_text(GOOD)
    data = read(path)
    assert data.name == "good"
    assert data.x.tolist() == [[0.5, 1.0], [2.0, -300.0]]
    assert data.labels.tolist() == [0, 1]
    assert data.features == ("x1", "x2")
    assert data.classes == ("0", "1")


@pytest.mark.parametrize(
    ("labels", "classes", "positions"),
    [
        (["-1", "1", "-1"], ("-1", "1"), [0, 1, 0]),
        (["10", "9", "2"], ("2", "9", "10"), [2, 1, 0]),
        (["1.0", "0.0", "1"], ("0", "1"), [1, 0, 1]),
        (["pear", "apple", "pear"], ("apple", "pear"), [1, 0, 1]),
    ],
)
def test_labels_become_positions_among_the_sorted_classes(tmp_path, labels, classes, positions):
    (path := tmp_path / "a.csv").write_text("x,label\n" + "".join(f"1,{label}\n" for label in labels))
    data = read(path)
    assert data.classes == classes
    assert data.labels.tolist() == positions


@pytest.mark.parametrize(
    "text", ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD + "\n  \n", GOOD.replace(",", " , ")]
)
def test_csv_as_spreadsheets_write_it(tmp_path, text):
    (path := tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert read(path).x.tolist() == [[0.5, 1.0], [2.0, -300.0]]
    assert read(path).features == ("x1", "x2")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty; add a header"),
        ("x1,label\n", "has a header, but no rows"),
        ("label\n0\n1\n", "has only one column, but features and a label are needed"),
        ("x1,x2,label\n1,2,0\n3,1\n", ", row 3: has 2 columns, but the header has 3"),
        ("x1,x2,label\n1,2,0\n\n3,1,1,7\n", ", row 4: has 4 columns, but the header has 3"),
        ("x1,x2,label\n1,2,0\n3,oops,1\n", ", row 3, column 2 (x2): must be a finite number, got 'oops'"),
        ("x1,x2,label\n1,1_0,0\n3,4,1\n", ", row 2, column 2 (x2): must be a finite number, got '1_0'"),
        ("x1,x2,label\n1,,0\n3,4,1\n", ", row 2, column 2 (x2): must be a finite number, got an empty cell"),
        ("x1,x2,label\nnan,2,0\n3,4,1\n", ", row 2, column 1 (x1): must be a finite number, got 'nan'"),
        ("x1,x2,label\n1,2,0\ninf,4,1\n", ", row 3, column 1 (x1): must be a finite number, got 'inf'"),
        ("x1,label\n1,0\n2,nan\n", ", row 3, column 2 (label): label must be a number like the others, got 'nan'"),
        (
            "x1,label\n1,0\n2,\n",
            ", row 3, column 2 (label): label must be a number like the others, got an empty cell",
        ),
        ("x1,label\n1,a\n2,\n", ", row 3, column 2 (label): label must be the name of a class, got an empty cell"),
        ("x1,label\n1,1\n2,1\n", ", column 2 (label): has only one class, 1,"),
    ],
)
def test_a_bad_csv_file_is_refused_with_file_row_and_column(tmp_path, text, problem):
    (path := tmp_path / "bad.csv").write_text(text)
    with pytest.raises(LabError, match=re.escape(f"data: {path}{'' if problem.startswith(',') else ': '}{problem}")):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", b"\xff\xfe\x00", "is not text in UTF-8 ('utf-8' codec can't decode"),
        ("a.npz", b"", "cannot be read (another kind of file); write it with np.savez"),
        ("a.npz", b"PK\x03\x04rubbish", "cannot be read (another kind of file); write it with np.savez"),
        ("a.npz", b"plain text", "cannot be read (another kind of file); write it with np.savez"),
        ("a.npz", b"PK\x05\x06" + bytes(18), "needs arrays x and y, but holds none"),
        ("a.txt", b"", "must be a .csv, .parquet or .npz file, got .txt"),
        ("a", b"", "must be a .csv, .parquet or .npz file, got no extension"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, problem):
    (path := tmp_path / name).write_bytes(content)
    with pytest.raises(LabError, match=re.escape(f"{path}: {problem}")) as error:
        read(path)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(LabError, match=r"cannot be read \(No such file or directory\);"):
        read(tmp_path / "missing.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(LabError, match=r"cannot be read \(Is a directory"):
        read(tmp_path / "folder.csv")


def npz(path, **content):
    np.savez(path, **content)
    return path


@given(arrays(np.float64, (7, 3), elements=st.floats(-1e300, 1e300)))
def test_npz_gives_back_what_was_saved(tmp_path_factory, x):
    path = npz(tmp_path_factory.mktemp("npz") / "a.npz", x=x, y=np.array([3, 1, 3, 1, 1, 1, 3]))
    data = read(path)
    assert np.array_equal(data.x, x)
    assert data.labels.tolist() == [1, 0, 1, 0, 0, 0, 1]
    assert data.classes == ("1", "3")
    assert data.features == ("x1", "x2", "x3")


@pytest.mark.parametrize("y", [[0, 1], [[0], [1]], [0.0, 1.0], [False, True], ["no", "yes"]])
def test_npz_labels_may_be_a_column_or_numbers_or_names(tmp_path, y):
    assert read(npz(tmp_path / "a.npz", x=np.eye(2, dtype=np.float32), y=np.array(y))).labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"x": np.eye(2)}, ": needs arrays x and y, but holds x;"),
        ({}, ": needs arrays x and y, but holds none;"),
        (
            {"x": np.ones(2), "y": np.arange(2)},
            ", array x: must be numbers of shape (points, features), got float64 of (2,)",
        ),
        (
            {"x": np.array([["a"]]), "y": np.arange(1)},
            ", array x: must be numbers of shape (points, features), got <U1",
        ),
        ({"x": np.eye(2), "y": np.arange(3)}, ", array y: must have shape (2,), one label per row of x, got (3,)"),
        ({"x": np.diag([1, np.nan]), "y": [0, 1]}, ", array x, row 1, column 1: must be a finite number, got nan"),
        ({"x": np.eye(2), "y": [0, np.nan]}, ", array y, row 1: label must be a number like the others, got 'nan'"),
        (
            {"x": np.ones((200, 1)), "y": np.array([f"c{i}" for i in range(200)])},
            ", array y: has 200 classes in 200 rows, but at most 100 are",
        ),
        ({"x": np.eye(2), "y": [4, 4]}, ", array y: has only one class, 4,"),
    ],
)
def test_a_bad_npz_file_is_refused_with_array_row_and_column(tmp_path, content, problem):
    path = npz(tmp_path / "bad.npz", **content)
    with pytest.raises(LabError, match=re.escape(f"data: {path}{problem}")):
        read(path)


def test_python_objects_in_npz_are_refused(tmp_path):
    path = npz(tmp_path / "a.npz", x=np.eye(2), y=np.array([0, "a"], dtype=object))
    with pytest.raises(LabError, match="write it with np\\.savez, without Python objects"):
        read(path)
