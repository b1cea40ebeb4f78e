from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.sweeps.grid import cells, listed, values


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("lr", ["0.5", "1"], [0.5, 1.0]),
        ("lr", ["0..1:5"], [0, 0.25, 0.5, 0.75, 1]),
        ("lr", ["1e-4..1e-1:4log"], [1e-4, 1e-3, 1e-2, 1e-1]),
        ("seed", ["0..3", "9"], [0, 1, 2, 3, 9]),
        ("epochs", ["10..1000:3log"], [10, 100, 1000]),
        ("hidden", ["3,3", "5;7,7"], [(3, 3), (5,), (7, 7)]),
        ("bias", ["yes", "no"], [True, False]),
        ("activation", ["relu", "tanh"], ["relu", "tanh"]),
        ("data", ["../a.csv"], ["../a.csv"]),
    ],
)
def test_how_several_values_are_said(name, words, expected):
    assert values(name, words) == expected


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("lr", "fast"),
        ("lr", "0..1:x"),
        ("lr", "0..1:5log"),
        ("seed", "3..1"),
        ("bias", "maybe"),
        ("hidden", "3,x"),
        ("seed", ".."),
        ("seed", "0..99999999"),
        ("lr", "1e-3..1:0"),
    ],
)
def test_what_is_no_value(name, word):
    with pytest.raises(LabError, match=re.escape(f"got {word!r}")):
        values(name, [word])


@given(low=st.integers(0, 50), count=st.integers(1, 50))
def test_a_range_has_both_ends(low, count):
    assert values("seed", [f"{low}..{low + count}"]) == list(range(low, low + count + 1))


@pytest.mark.parametrize(
    ("word", "problem"),
    [("4..0", "that goes up, with values, got '4..0'"), ("0..1:0", "that goes up, with values"),
     ("0..200000", "of at most 100,000 values"), ("0..1:200000", "of at most 100,000 values"),
     ("a..b", "such as 0..4"), ("0..1:x", "such as 0..4"), ("1..2..3", "such as 0..4"), ("0.5..2", "such as 0..4"),
     ("0..1:4log", "such as 0..4"), ("1..inf:4", "such as 0..4"), ("nan..1:3log", "such as 0..4")],
)  # fmt: skip
def test_what_is_no_range_is_refused_by_its_reason(word, problem):
    with pytest.raises(LabError, match=rf"sweep: lr must be a range {problem}.*; correct it"):
        values("lr", [word])


def test_a_grid_is_every_combination_once():
    found = cells(Config(), {"lr": [0.1, 0.2, 0.1], "seed": range(3)})
    assert [tuple(cell.options.values()) for cell in found] == [(lr, s) for lr in (0.1, 0.2) for s in range(3)]
    assert len({cell.identity for cell in found}) == 6
    assert found[0].config == Config(lr=0.1, seed=0)


def test_values_may_be_numpys_and_lists():
    found = cells(Config(), {"lr": np.geomspace(0.1, 1, 2), "hidden": [[3], (4, 4)], "seed": np.arange(1)})
    assert found[0].config == Config(lr=0.1, hidden=(3,), seed=0)


@given(sample=st.integers(1, 30), seed=st.integers(0, 5))
def test_a_sample_is_so_many_different_cells_of_the_grid(sample, seed):
    choices = {"lr": [0.1, 0.2, 0.4], "seed": range(4), "hidden": [(2,), (3,)]}
    whole = [cell.options for cell in cells(Config(), choices)]
    some = [cell.options for cell in cells(Config(), choices, sample, seed)]
    assert len(some) == min(sample, 24)
    assert [options for options in whole if options in some] == some


def test_options_that_cannot_be_meant_together_are_cells_without_a_configuration():
    found = cells(Config(momentum=0.9), {"optimizer": ["sgd", "adam"]})
    assert found[0].config is not None
    assert found[1].config is None
    assert "the optimizer adam has no momentum" in found[1].problem
    with pytest.raises(LabError, match="the optimizer adam has no momentum"):
        cells(Config(momentum=0.9), {"optimizer": ["adam", "adagrad"]})


def test_the_identity_is_that_of_configuration_and_content(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,label\n1,a\n2,b\n")
    one = cells(Config(data=str(path)), {"lr": [0.1]})[0].identity
    assert one == cells(Config(data=str(path), log_every=7), {"lr": [0.1]})[0].identity
    assert one != cells(Config(data=str(path)), {"lr": [0.2]})[0].identity


def test_a_file_lists_cells(tmp_path):
    (tmp_path / "cells.csv").write_text('lr,hidden,batch-size\n0.1,"3,3",4\n0.2,5,2\n')
    found = listed(Config(), tmp_path / "cells.csv")
    assert [cell.config for cell in found] == [
        Config(lr=0.1, hidden=(3, 3), batch_size=4),
        Config(lr=0.2, hidden=(5,), batch_size=2),
    ]
    for text, problem in [("colour\n1\n", "names 'colour', which is not an option"), ("lr\n", "lists no cells")]:
        (tmp_path / "cells.csv").write_text(text)
        with pytest.raises(LabError, match=problem):
            listed(Config(), tmp_path / "cells.csv")


@pytest.mark.parametrize(
    ("choices", "problem"),
    [({"colour": [1]}, "there is no option 'colour'"), ({"lr": []}, "lr has no value")],
)
def test_what_is_no_grid(choices, problem):
    with pytest.raises(LabError, match=problem):
        cells(Config(), choices)
