"""What Dask cannot do is refused by the operation's name, before anything is computed; `docs/dask.md` lists it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.cases import OPERATIONS
from tinygrad_lab.calls.foreign import are_numpys
from tinygrad_lab.errors import TinygradError

da = pytest.importorskip("dask.array")

PAGE = Path(__file__).parents[2] / "docs" / "dask.md"
REFUSED = {
    "sort": lambda x: np.sort(x, axis=0),
    "eigh": lambda x: np.linalg.eigh(x[:2] @ x[:2].T),
    "median": lambda x: np.median(x),
    "unique": lambda x: np.unique(x),
    "block": lambda x: np.block([[x, x[:, :1]], [1.0, x]]),
    "polymul": lambda x: np.polymul(x[0], x[1]),
    "set_at": lambda x: x.at[0].set(1.0),
    "embedding": lambda x: tl.functional.segment_sum(x, np.array([0, 1, 0, 1]), 2),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_by_name_and_nothing_is_computed(call):
    def refuse(block):
        raise AssertionError("a block was computed")

    lazy = da.from_array(np.arange(12.0).reshape(4, 3), chunks=(2, 2)).map_blocks(refuse, meta=np.zeros((0, 0)))
    with pytest.raises((TinygradError, AssertionError)) as told:
        np.sum(tl.tree.leaves(call(tl.Value(lazy)))[0]).backward()
    assert isinstance(told.value, TinygradError), told.value
    assert "\n" not in str(told.value)


LAZY = {
    "average": lambda x: np.average(x, axis=0),
    "polyadd": lambda x: np.polyadd(x[0], x[1]),
    "polyder": lambda x: np.polyder(x[0]),
    "diff": lambda x: np.diff(x, axis=1),
    "softmax": lambda x: tl.functional.softmax(x, axis=1),
}


@pytest.mark.parametrize("call", LAZY.values(), ids=LAZY)
def test_what_runs_lazily_still_does(call):
    """`docs/dask.md` tries every operation, when its script is run; these are tried always."""
    x, lazy = np.arange(12.0).reshape(4, 3), da.from_array(np.arange(12.0).reshape(4, 3), chunks=(2, 3))
    expected = tl.grad(lambda x: np.sum(call(x) ** 2))(x)
    np.testing.assert_allclose(tl.grad(lambda x: np.sum(call(x) ** 2))(lazy).compute(), expected, rtol=1e-12)


def test_other_arrays_do_as_before_once_dask_has_been_met():
    tl.Value(da.ones(3, chunks=3))
    x = tl.Value([3.0, 1.0, 2.0])
    np.sum(np.sort(x) * [1.0, 2.0, 3.0]).backward()
    np.testing.assert_array_equal(x.grad, [3.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="matmul: failed for inputs of shapes"):
        x @ np.ones(2)


def test_what_has_nothing_to_do_with_dask_is_soon_told():
    """Each call is looked at once Dask has been met; all else took three times as long then."""
    x, lazy = np.ones(2), da.ones(2, chunks=2)
    assert are_numpys((x, 2, tl.Value(x), tl.Value(2.0), np.float32(1), None))
    for one in (lazy, tl.Value(lazy), [lazy]):
        assert not are_numpys((x, one))


@pytest.fixture(scope="module")
def script():
    """The page's script; to try every operation, as it does when it is run, takes more than a minute."""
    spec = importlib.util.spec_from_file_location("make_dask", PAGE.with_name("make_dask.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_operation_is_on_the_page_once_and_nothing_fails_unrefused(script):
    text = PAGE.read_text(encoding="utf-8")
    assert "not refused" not in text
    tables, _, last = text.partition("## In all calls")
    listed = re.findall(r"^\| (`[\w.]+`)", tables, re.MULTILINE) + re.findall(r"`[\w.]+`", last)
    assert sorted(listed) == sorted(map(script.named, OPERATIONS)), "run `python docs/make_dask.py`"


TRIED = ("sort", "block", "where")  # in no calls, in some, in all


def test_the_page_says_what_the_script_finds(script):
    works, partly, not_at_all = script.sections([op for op in OPERATIONS if op.name in TRIED])
    assert (len(works), len(partly), len(not_at_all)) == (1, 1, 1)
    page = PAGE.read_text(encoding="utf-8")
    errors = re.compile(r"[^|]*\|$")  # Dask words them, as it does in this version
    assert errors.sub("", not_at_all[0]) in page.partition("## In some calls")[0]
    assert errors.sub("", partly[0]) in page
    assert works[0] in page.partition("## In all calls")[2]
