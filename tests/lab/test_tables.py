"""Tables as people have them: what is found by itself, and what is said about the rest."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.files import read
from tinygrad_lab.lab.tables import read_csv


@pytest.fixture
def table(tmp_path):
    def write(text, **options):
        (path := tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
        return read(path, **options)

    return write


NAMES = st.text(st.characters(categories=["Ll", "Lu"]), min_size=1, max_size=5)


@given(
    rows=st.lists(
        st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.sampled_from(["p", "q q", 'r"', "s;,"])), min_size=3
    ),
    delimiter=st.sampled_from(",;\t"),
    header=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writes_is_read_back(tmp_path_factory, rows, delimiter, header, end):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([("size", "weight", "kind")] * header + rows)
    path = tmp_path_factory.getbasetemp() / "a.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    found = read_csv(path)
    assert found.named == header
    assert found.names == (("size", "weight", "kind") if header else ("x1", "x2", "label"))
    assert [tuple(row) for row in zip(*found.cells, strict=True)] == [(str(a), str(b), c) for a, b, c in rows]


def test_a_file_whose_first_row_looks_like_data_is_not_robbed_of_it(table):
    assert table("1,2,0\n3,4,1\n").x.tolist() == [[1, 2], [3, 4]]
    assert table("1,2,apple\n3,4,pear\n").classes == ("apple", "pear")
    assert table("1,2,0\n3,4,1\n5,6,0\n", header=True).features == ("1", "2")
    assert table("a,2,0\nb,4,1\n", header=False).features == ("x1=a", "x1=b", "x2")


def test_columns_are_chosen_by_name(table):
    data = table("kind,size,weight\na,1,10\nb,2,20\n", label="kind")
    assert (data.features, data.classes, data.target) == (("size", "weight"), ("a", "b"), "kind")
    with pytest.raises(LabError, match="there is no column 'colour'; the columns are kind, size, weight"):
        table("kind,size,weight\na,1,10\nb,2,20\n", label="colour")


def test_columns_of_text_become_a_feature_for_each_category(table):
    data = table("colour,size,label\nred,1,0\nblue,2,1\nred,3,0\n")
    assert data.features == ("colour=blue", "colour=red", "size")
    assert data.x.tolist() == [[0, 1, 1], [1, 0, 2], [0, 1, 3]]


@pytest.mark.parametrize("empty", ["", "NA", "nan", "n/a", "NULL", "?"])
def test_empty_cells_are_refused_or_filled(table, empty):
    text = f"size,colour,label\n1,red,0\n{empty},red,1\n6,{empty},0\n8,blue,1\n"
    with pytest.raises(LabError, match=re.escape("row 3, column 1 (size): must be a finite number, got")) as caught:
        table(text)
    assert "or use --impute mean" in str(caught.value)
    assert table(text, impute="mean").x.tolist() == [[1, 0, 1], [5, 0, 1], [6, 0, 1], [8, 1, 0]]
    assert table(text, impute="median").x[1].tolist() == [6, 0, 1]
    with pytest.raises(LabError, match=re.escape("row 4, column 2 (colour): must be one of blue, red, got")):
        table(text.replace(f"{empty},red", "2,red"))


def test_labels_are_kept_as_text_where_numbers_would_join_them(table):
    assert table("x,label\n1,007\n2,7\n3,007\n").classes == ("007", "7")
    assert table("x,label\n1,1.0\n2,0\n3,1\n").classes == ("0", "1")


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["1.5", "2", "3"], "regression"),
        (list(map(str, range(40))), "regression"),
        (["0", "1", "0"], "classification"),
        (["5", "100", "5"], "classification"),
        (["a", "b", "a"], "classification"),
    ],
)
def test_quantities_are_told_from_classes(table, labels, task):
    text = "x,label\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels))
    assert table(text).task == task
    if "a" not in labels:
        np.testing.assert_array_equal(table(text, task="regression").labels, list(map(float, labels)))
    assert len(table(text, task="classification").classes) == len(set(labels))


def test_other_files_must_have_the_same_columns_and_classes(table):
    known = table("size,colour,kind\n1,red,a\n2,blue,b\n")
    data = table("kind,colour,size\nb,red,5\n", like=known)
    assert (data.x.tolist(), data.labels.tolist()) == ([[5, 0, 1]], [1])
    with pytest.raises(LabError, match=re.escape("row 2, column 3 (kind): label must be one of a, b, got 'c'")):
        table("size,colour,kind\n1,red,c\n", like=known)


@pytest.mark.parametrize("delimiter", ["", "ab", "\n", '"'])
def test_what_is_no_delimiter(table, delimiter):
    with pytest.raises(LabError, match="delimiter must be one character"):
        table("a,b\n1,2\n", delimiter=delimiter)


def test_too_many_categories_are_refused(table):
    text = "name,label\n" + "".join(f"t{'a' * i},{i % 2}\n" for i in range(150))
    with pytest.raises(LabError, match=re.escape("column 1 (name): has 150 categories, but at most 100 are allowed")):
        table(text)


def test_parquet_is_as_csv(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    content = {"size": [1.5, 2.0], "colour": ["red", "blue"], "label": [0, 1]}
    parquet.write_table(pyarrow.table(content), tmp_path / "a.parquet")
    data = read(tmp_path / "a.parquet")
    assert data.features == ("size", "colour=blue", "colour=red")
    assert data.x.tolist() == [[1.5, 0, 1], [2, 1, 0]]


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("a;b;l\n1,5;2;x\n-3;,5;y\n", [[1.5, 2], [-3, 0.5]]),
        ("a\tl\n0,125\tx\n1e2\ty\n", [[0.125], [100]]),
        ('a,l\n"1,5",x\n"2,25",y\n', [[1.5], [2.25]]),
        ("1,5;x\n2,5;y\n", [[1.5], [2.5]]),
        ("a|l\n1|x\n2|y\n", [[1], [2]]),
        ("sep=;\na;l\n1;x\n2;y\n", [[1], [2]]),
        ("a,l,\n1,x,\n2,y,\n", [[1], [2]]),
        (",a,l\n5,1,x\n3,2,y\n", [[1], [2]]),
    ],
)
def test_other_ways_to_write_a_table(table, text, x):
    data = table(text)
    assert (data.x.tolist(), data.classes) == (x, ("x", "y"))


@given(numbers=st.lists(st.floats(-1e6, 1e6), min_size=2), delimiter=st.sampled_from(";\t|"), header=st.booleans())
def test_decimal_commas_are_points(tmp_path_factory, numbers, delimiter, header):
    rows = ["size,weight".replace(",", delimiter)] * header + [
        f"{x!r}{delimiter}{x!r}".replace(".", ",") for x in numbers
    ]
    path = tmp_path_factory.getbasetemp() / "commas.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    found = read_csv(path)
    assert found.named == header
    assert [found.numbers(column).tolist() for column in (0, 1)] == [numbers, numbers]


@pytest.mark.parametrize("cell", ["1,500", "2.500,75", "10%", "$3", "7 €"])
def test_numbers_with_separators_or_units_are_no_categories(table, cell):
    with pytest.raises(LabError, match=re.escape(f"row 2, column 1 (a): must be a finite number, got '{cell}'; write")):
        table(f'a,l\n"{cell}",x\n"{cell}",y\n')
    with pytest.raises(LabError, match=re.escape(f"row 2, column 2 (l): label must be a plain number, got '{cell}'")):
        table(f'a,l\n1,"{cell}"\n2,"{cell}"\n')


def test_a_quote_that_is_never_closed_is_told_by_its_row(table):
    with pytest.raises(LabError, match=r"row 3: cannot be read .*; check the quotes"):
        table('a,l\n1,x\n2,"y\n3,x\n')


def test_parquet_files_without_what_is_needed(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    for columns, problem in [
        ({"a": pa.array([], pa.float64()), "l": pa.array([], pa.int64())}, "has no rows"),
        ({"l": [0, 1]}, "has only one column"),
        ({"a": [[1], [2]], "l": [0, 1]}, "column a: holds list<"),
    ]:
        parquet.write_table(pa.table(columns), path)
        with pytest.raises(LabError, match=problem):
            read(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(LabError, match="is not a Parquet file") as caught:
        read(path)
    assert "\n" not in str(caught.value)
