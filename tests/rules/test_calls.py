"""A Value is called exactly as NumPy is: every legal form of a call is the same call, every other raises as NumPy does.

The forms are generated from NumPy's signatures: each argument by position, by keyword, left out, None for `out`; lists,
tuples and numbers beside Values; unknown keywords; too many arguments.
"""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.forms import (
    UNASKED,
    compare,
    describe,
    forms,
    is_real,
    method_samples,
    quietly,
    same,
    samples,
    slopes,
    spelled,
    with_values,
)
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import OperationError


def forms_that_differ(one):
    for group in forms(one):
        first = None
        for args, kwargs in group:
            what, found = compare(one, args, kwargs)
            if what:
                yield f"{describe(args, kwargs)}: {what}"
            elif first is None:
                first = found
            elif found is not None and not all(map(same, first, found)):
                yield f"{describe(args, kwargs)}: gradient {found}, but {first} in the first form"


def gradients_that_are_wrong(one):
    for (args, kwargs), *_ in forms(one):
        found = slopes(one, args, kwargs)
        if found is None or not np.isfinite(found[1]):  # of no elements, or with more parameters than elements
            continue
        if not np.isclose(*found[:2], rtol=found[2], atol=found[2]):
            yield f"{describe(args, kwargs)}: {found[0]} by gradients, {found[1]} by differences"


def lists_that_fail(one):
    """Each array alone is a Value, and every other array a list or a tuple."""
    for call in (group[0] for group in forms(one, others=False)):
        places = range(len(with_values(call)[1]))
        for kind, place in itertools.product((list, tuple), places if len(places) > 1 else ()):
            seen = itertools.count()
            args, kwargs = tree.map(
                lambda x, kind=kind, place=place, seen=seen: (
                    x if not is_real(x) or next(seen) == place or not x.shape else kind(x.tolist())
                ),
                call,
            )
            what, _ = compare(one, args, kwargs)
            if what and not (one.function.__name__ in UNASKED and "GradientLostError" in what):
                yield f"{describe(args, kwargs)}: {what}"


def refusals_that_differ(one):
    args, kwargs = next(forms(one))[0]
    for more, others in (((), {"no_such_keyword": 1}), ((None,) * 12, {})):
        if not one.more if more else one.exact:
            what, _ = compare(one, (*args, *more), kwargs | others)
            if what:
                yield f"{describe((*args, *more), kwargs | others)}: {what}"
    for name in one.required:
        if name in one.keywords and len(one.required) > 1 and not one.more:
            what, _ = compare(one, (), {n: x for n, x in one.required.items() if n != name})
            if what:
                yield f"without {name}: {what}"


def spellings_that_fail(one):
    for given, (args, kwargs) in spelled(one):
        what, _ = compare(given, args, kwargs)
        if what:
            yield f"{describe(args, kwargs)}: {what}"


# Looked for in one test: nearly two thousand that take a millisecond each would take as long again to be started. How
# options may be spelled takes a third of the time, and is left out of the fast lane.
FAULTS = (forms_that_differ, gradients_that_are_wrong, refusals_that_differ, spellings_that_fail)
CALLS = [pytest.param(one, (*FAULTS, lists_that_fail), id=one.name) for one in samples()]
CALLS += [pytest.param(one, FAULTS, id=one.name) for one in method_samples()]


@pytest.mark.parametrize(("one", "faults"), CALLS)
def test_a_value_is_called_as_an_array_is(one, faults, whole):
    looked_for = [kind for kind in faults if whole or kind is not spellings_that_fail]
    wrong = [f"{kind.__name__}: {fault}" for kind in looked_for for fault in kind(one)]
    assert not wrong, "\n".join(wrong)


# -- ufuncs ----------------------------------------------------------------------------------------------------------

A, B, C = np.random.default_rng(1).uniform(0.2, 0.8, (3, 3, 2, 4))


@pytest.mark.parametrize(
    ("function", "arrays", "kwargs"),
    [
        (np.matmul, (A, B), {"axes": [(0, 2), (2, 0), (1, 2)]}),
        (np.matmul, (A, B), {"axes": [(-2, -1), (2, 1), (0, 1)]}),
        (np.matmul, (A[0], B[0, 0]), {"axes": [(0, 1), (0,), (0,)]}),
        (np.vecdot, (A, B), {"axis": 0}),
        (np.vecdot, (A, B), {"axis": 1, "keepdims": True}),
        (np.vecdot, (A, B), {"axes": [0, 0, ()]}),
        (np.vecdot, (A, B), {"keepdims": True, "dtype": np.float32}),
        (np.linalg.vecdot, (A, B), {"axis": 0}),
        (np.matmul, (A, B), {"axis": 0}),
        (np.matmul, (A, B), {"keepdims": True}),
        (np.matmul, (A, B), {"axes": [(0, 1)]}),
        (np.vecdot, (A, B), {"axis": 7}),
        (np.add, (A, B), {"axis": 0}),
        (np.add, (A, B), {"signature": (None, None, np.float32)}),
        (np.add, (A, B), {"signature": "ff->f"}),
        (np.add, (A, B), {"sig": "dd->d"}),
        (np.add, (A, B), {"dtype": np.float32, "casting": "no"}),
        (np.add, (A, B), {"dtype": int}),
        (np.add, (A, B), {"dtype": int, "casting": "unsafe"}),
        (np.add, (A, B), {"dtype": "text"}),
        (np.add, (A, B), {"order": "X"}),
        (np.add, (A, 2), {"dtype": np.longdouble}),
        (np.add, (2.5, B), {"dtype": np.float32}),
        (np.add, (A.tolist(), B), {"dtype": np.float32}),
        (np.add, (A, B), {"where": True, "out": (None,)}),
        (np.add, (A, B, None), {}),
        (np.isnan, (A,), {"where": A > 0, "out": np.zeros(A.shape, bool)}),
        (np.multiply, (A, B), {"no_such": 1}),
    ],
    ids=lambda x: getattr(x, "__name__", None) or (str(x) if isinstance(x, dict) else ""),
)
def test_keywords_of_ufuncs(function, arrays, kwargs):
    one = SimpleNamespace(function=function, name=function.__name__)
    what, _ = compare(one, arrays, kwargs)
    assert what is None, what
    found = slopes(one, arrays, kwargs)
    assert found is None or np.isclose(found[0], found[1], rtol=found[2])


def test_where_of_a_ufunc_is_refused_with_advice():
    v = tl.Value(A)
    with pytest.raises(TypeError, match=r"divide: where of shape \(3, 2, 4\) would leave .*np\.where"):
        np.divide(1, v, where=A > 0.5)


def test_what_zero_derivatives_write_into_must_be_a_plain_array():
    v, out = tl.Value(A), tl.Value(B)
    for call in (lambda: np.round(v, 1, out), lambda: np.argmax(v, 0, out=out), lambda: np.floor(v, out=out)):
        with pytest.raises(TypeError, match="out= cannot take the result"):
            call()
    np.testing.assert_array_equal(out.data, B)


# -- what no signature tells -----------------------------------------------------------------------------------------

NUMBERS = np.array([1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda v: np.repeat(v[0], 2, axis=0),
        lambda v: np.repeat(v[0], 2, axis=1),
        lambda v: np.transpose(v, 0),
        lambda v: v.transpose(-1),
        lambda v: v[None].transpose(0),
        lambda v: np.concatenate([v, v], dtype=np.float32, casting="no"),
        lambda v: np.concatenate([v, v], dtype=int),
        lambda v: np.stack([v, v], dtype=np.float32),
        lambda v: np.multiply.reduce(array=v, axis=0),
        lambda v: np.add.accumulate(array=v),
        lambda v: np.add.reduceat(v, indices=[0, 1]),
        lambda v: np.add.reduceat(v, [0, 7]),
        lambda v: np.subtract.reduce(v[None], axis=(0, 1)),
        lambda v: np.maximum.reduce(v, where=NUMBERS > 1),
        lambda v: np.logaddexp.reduce(v, axis=3),
        lambda v: np.logical_and.reduce(v),
        lambda v: np.divide.reduce(v, initial=1.5),
        lambda v: np.subtract.reduce(v[None], axis=1, initial=2.0, keepdims=True),
        lambda v: np.hypot.reduce(v, initial=2.0),
        lambda v: np.copysign.reduce(v, initial=None),
        lambda v: np.logaddexp.reduce(v, initial=None, where=NUMBERS > 1),
        lambda v: np.hypot.reduce(v[0]),
        lambda v: np.add.accumulate(v, axis=None),
        lambda v: np.add.accumulate(v[None], axis=None),
        lambda v: np.interp(v, [0.0, 1.0, 2.0], [3.0, 4.0, 5.0], period=2.5),
        lambda v: np.linspace([0.0, 1.0, 2.0], v, 4),
        lambda v: np.einsum("i,i", v, [1.0, 2.0, 3.0], order="F", dtype=np.float32, casting="unsafe"),
        lambda v: np.einsum("i,i", v, v, dtype=np.float32),
        lambda v: np.clip(v, 1.5),
        lambda v: v.astype(np.float32, casting="safe"),
        lambda v: v.astype(np.float32, copy=False),
        lambda v: np.block([[v], [[1.0, 2.0, 3.0]]]),
        lambda v: np.block([[v], [[[1.0]]]]),
        lambda v: np.pad(v, 1, constant_values=2.0),
        lambda v: np.pad(v, 1, no_such=2.0),
        lambda v: np.pad(v, 1.5),
        lambda v: v.astype(np.float32, order="f"),
        lambda v: v.astype(np.float32, order="x"),
        lambda v: v.astype(np.float32, casting="no such"),
        lambda v: np.add(v, 1, order="f"),
        lambda v: np.insert(v, [1], [5.0, 6.0]),
        lambda v: np.insert(v, slice(1, 3), [5.0, 6.0]),
        lambda v: np.take(v, []),
        lambda v: np.take(v, [1.0, 0.0]),
        lambda v: np.add.reduce(v, dtype=bool),
        lambda v: np.vander(v, -1),
        lambda v: np.polyder(v, -1),
        lambda v: np.polyfit(v, v, -1),
        lambda v: np.compress(True, v),
        lambda v: np.linalg.matrix_power(np.outer(v, v), 2.0),
        lambda v: v[np.newaxis, :, np.newaxis],
        lambda v: np.diff(v, 0, 0, v, v),
        lambda v: np.diff(v, append=None),
        lambda v: np.average(v[0], axis=0),
        lambda v: np.setxor1d(v[:0], v[:0]),
        lambda v: np.roots(v[:1].astype(np.float32)),
        lambda v: np.roots(np.concatenate([v[:1], v[1:2] - 5, 0 * v])),
        lambda v: np.nan_to_num(np.log(v - 2), copy=False),
        lambda v: np.cross(v[:0], v[:0]),
        lambda v: np.interp(v.astype(complex), NUMBERS, NUMBERS),
        lambda v: np.interp(v, [-np.inf, 2.0, np.inf], [10.0, 10.0, np.inf]),
        lambda v: np.interp(v, [1.0, 2.0, 4.0], [np.inf, 1.0, -np.inf]),
        lambda v: np.einsum("i,i->", v),
        lambda v: np.einsum("i", v, v),
        lambda v: np.stack([v, v.astype(np.float32)], casting="no"),
        lambda v: np.hstack([v, v.astype(np.float32)], casting="equiv"),
        lambda v: np.concatenate([v.astype(np.float32), v], dtype=np.float32, casting="safe"),
        lambda v: np.insert(v, 1, 1j),
        lambda v: np.roll(v, True),
        lambda v: np.rot90(v[None], 2.5),
        lambda v: np.prod(v, dtype=bool, where=NUMBERS > 1),
        lambda v: np.linalg.cond(
            v[:, None] * 0.0 + np.array([[1.0, -1.0, -0.0], [-0.0, -1.0, -1.0], [1.0, -1.0, -0.0]])
        ),
        lambda v: v[:1].reshape(),
        lambda v: v[:1].reshape(()),
        lambda v: np.matvec(v, v),
        lambda v: np.vecmat(v, v),
        lambda v: np.prod(v, dtype=np.float32, initial=np.float64(0.3)),
        lambda v: np.prod(v.astype(np.float32), initial=np.float64(0.3)),
        lambda v: np.interp(v, NUMBERS, NUMBERS, left=1j),
        lambda v: np.min(v, initial=np.array(1.5)),
        lambda v: np.prod(v, initial=[1.0]),
        lambda v: np.prod(v, keepdims="yes"),
        lambda v: np.std(v, keepdims=[]),
        lambda v: np.sum(v, keepdims=1),
        lambda v: np.max(v, keepdims=np.True_),
        lambda v: np.var(v, ddof=1, correction=1),
        lambda v: np.var(v, mean=None),
        lambda v: np.sort(v, kind="introselect"),
        lambda v: np.sort(v, kind="stable"),
        lambda v: np.sort(v, kind="stable", stable=True),
        lambda v: np.trim_zeros(v, ""),
        lambda v: np.trim_zeros(v[0], "b", 0),
        lambda v: np.setxor1d(v, v[:1], assume_unique=True),
        lambda v: np.setxor1d(np.tile(v, 2), v[:1], assume_unique=True),
        lambda v: np.select([np.array([1, 0, 1])], [v]),
        lambda v: np.select([], []),
        lambda v: np.piecewise(v[None], [np.array([True, False, True])], [np.sin, np.cos]),
        lambda v: np.piecewise(v, NUMBERS > 1, [np.sin, np.cos]),
        lambda v: np.piecewise(v, [NUMBERS > 1, NUMBERS > 2], [np.sin]),
        lambda v: np.pad(v, 1, end_values=2.0),
        lambda v: np.pad(v, 1, "reflect", stat_length=2),
        lambda v: np.pad(v, 1, "mean", stat_length=2),
        lambda v: np.pad(v, 1, reflect_type="odd"),
        lambda v: np.linalg.tensorsolve(v[:1], v[:1]),
        lambda v: np.roots(0 * v.astype(np.float32)),
        lambda v: np.sum(v, axis=np.int64(-1)),
        lambda v: np.sum(v, axis=np.array(0)),
        lambda v: np.sum(v, axis=[0]),
        lambda v: np.sum(v, axis=True),
        lambda v: np.prod(v, axis=True),
        lambda v: np.concatenate([v, v], axis=False),
    ],
)
def test_a_value_fares_as_an_array_does(call):
    expected, got = quietly(lambda: call(NUMBERS)), quietly(lambda: call(tl.Value(NUMBERS)))
    if isinstance(expected, Exception):
        kind = next(k for k in (np.exceptions.AxisError, IndexError, TypeError, ValueError) if isinstance(expected, k))
        assert isinstance(got, kind), got
    else:
        np.testing.assert_allclose(plain(got), expected, rtol=1e-6)
        assert plain(got).dtype == expected.dtype


@pytest.mark.parametrize("shift", [True, 2.0, np.int64(-1), (1, 2), np.array([1, 2])], ids=repr)
def test_rolls_back_by_any_shift(shift):
    x, weights = NUMBERS, np.array([1.0, 10.0, 100.0])
    gradient = tl.grad(lambda x: np.sum(np.roll(x, shift, (0, 0) if np.ndim(shift) else None) * weights))(x)
    np.testing.assert_array_equal(gradient, np.roll(weights, -int(np.sum(shift))))


@pytest.mark.parametrize("k", [0, 1, 2, 3, -1, 5, True])
def test_turns_back(k):
    x, weights = np.arange(4.0).reshape(2, 2), np.array([[1.0, 10.0], [100.0, 1000.0]])
    gradient = tl.grad(lambda x: np.sum(np.rot90(x, k) * weights))(x)
    np.testing.assert_array_equal(np.rot90(gradient, k), weights)


@pytest.mark.filterwarnings("ignore:Passing a value for k:DeprecationWarning")
def test_what_is_no_quarter_turn_is_refused():
    with pytest.raises(OperationError, match=r"rot90: k must be a whole number of quarter turns, got 2.5; round it"):
        tl.grad(lambda x: np.sum(np.rot90(x, 2.5)))(np.ones((2, 2)))


@pytest.mark.parametrize("other", ["a", None, np.datetime64("2026-01-01")], ids=repr)
def test_what_is_no_number_does_not_enter_a_graph(other):
    with pytest.raises(TypeError, match=r"which has no derivative; pass numbers only|promot"):
        np.append(tl.Value(NUMBERS), other)


def test_numpys_own_classes_of_error_are_kept():
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.inv(tl.Value(np.zeros((2, 2))))
    with pytest.raises(np.exceptions.AxisError) as caught:
        np.sum(tl.Value(NUMBERS), axis=7)
    assert isinstance(caught.value, OperationError)
