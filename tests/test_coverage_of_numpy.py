"""Every public callable of numpy, numpy.linalg and numpy.fft has a class; and behaves as its class says."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing.overrides import get_overridable_numpy_array_functions, get_overridable_numpy_ufuncs

import tinygrad_lab as tl
from tinygrad_lab.core.registry import OPS, REFUSED, find
from tinygrad_lab.errors import GradientLostError

pytest.importorskip("scipy")
PATH = Path(__file__).parents[1] / "docs" / "numpy_coverage.py"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("numpy_coverage", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def public(coverage):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated names warn when they are looked up
        return list(coverage.public())


def test_nothing_is_unclassified(coverage, public):
    assert [name for name, thing in public if coverage.classify(name, thing) is None] == []
    assert len(public) > 400


def test_no_function_has_two_classes():
    assert not OPS.keys() & REFUSED.keys()


def test_what_is_said_to_see_no_value_is_not_passed_one_by_numpy(coverage, public):
    dispatched = get_overridable_numpy_array_functions() | get_overridable_numpy_ufuncs()
    apart = {thing for name, thing in public if coverage.classify(name, thing) == coverage.NO_VALUE}
    assert apart & dispatched == set()


def test_the_lists_name_nothing_that_numpy_has_not(coverage, public):
    names = {name.rpartition(".")[2] for name, _ in public}
    known = names | {"row_stack"}  # gone from later versions
    assert set().union(*coverage.APART.values()) <= known


@pytest.mark.parametrize("function", REFUSED, ids=lambda function: function.__name__)
def test_what_is_refused_says_what_to_do(function):
    with pytest.raises(GradientLostError, match=rf"{function.__name__}: does not take Values; "):
        find(function)


def test_zero_derivatives_are_plain_arrays_of_the_right_values():
    x = np.array([0.3, -1.5, 2.0])
    for function in (np.floor, np.sign, np.isnan, np.argsort, np.spacing, np.count_nonzero, np.array_repr):
        result = function(tl.Value(x))
        assert not isinstance(result, tl.Value)
        np.testing.assert_array_equal(result, function(x))
    assert np.linalg.matrix_rank(tl.Value(np.ones((2, 2)))) == 1
    np.testing.assert_array_equal(np.isin(tl.Value(x), [2.0]), [False, False, True])
    np.testing.assert_array_equal(np.zeros(2, like=tl.Value(x)), [0, 0])


def test_creation_that_numpy_does_not_hand_over_refuses_aloud():
    v = tl.Value(2.0)
    for make in (lambda: np.array([v, v]), lambda: np.full(3, v), lambda: np.asarray(v)):
        with pytest.raises(GradientLostError, match=r"asarray: .*tl\.array|np\.broadcast_to"):
            make()
    assert isinstance(np.array([v, 1.0], like=v), tl.Value)


def test_the_page_counts_more_than_the_peers(coverage):
    table = [line.split("|")[1:-1] for line in coverage.comparison().splitlines() if line.startswith("| all")]
    ours, *theirs = (int(cell) for cell in table[0][1:])
    assert all(ours > count for count in theirs)
