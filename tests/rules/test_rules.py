"""What holds for every operation: right gradients at two orders in both modes, NumPy's values, arguments left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.cases import DRAWN, LISTED, OPERATIONS, calls_of
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing.examples import check_call, run
from tinygrad_lab.testing.profiles import Profile, active, running


def label(op):
    return f"{op.family}.{op.name}"


@pytest.mark.parametrize("op", DRAWN, ids=label)
def test_gradients_are_right(op):
    with running(Profile(4)):  # the slow lane draws three times as many, of both orders
        run(op.name, calls_of(op))


@pytest.mark.slow
@pytest.mark.parametrize("op", DRAWN, ids=label)
def test_gradients_of_two_orders_are_right(op):
    with running(Profile(active().examples // 2)):  # `--gradient-profile thorough` draws a hundred
        run(op.name, calls_of(op), order=2)


@pytest.mark.parametrize("order", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("function", LISTED, ids=lambda function: function.__name__)
def test_gradients_of_the_calls_written_out_are_right(function, order):
    for call in LISTED[function]:
        check_call(call, order=order)


@pytest.mark.parametrize("op", OPERATIONS, ids=label)
@given(data=st.data())
@settings(max_examples=6)
def test_values_are_those_of_numpy(op, data):
    call = data.draw(calls_of(op))
    copies = [np.copy(array) for array in call.args]
    with np.errstate(over="ignore"):  # of a narrow dtype
        got = tree.flatten(call.function(*map(tl.Value, call.args), **call.kwargs))[0]
        expected = tree.flatten(call.function(*call.args, **call.kwargs))[0]
    for mine, theirs in zip(map(plain, got), expected, strict=True):
        assert mine.shape == np.shape(theirs)
        assert mine.dtype == np.asarray(theirs).dtype
        rounding = 50 * np.finfo(mine.dtype).eps if mine.dtype.kind in "fc" else 0
        sizes = [np.abs(array)[np.isfinite(array)] for array in (theirs, *call.args)]  # what may have cancelled
        scale = max(np.max(size, initial=0) for size in sizes)
        np.testing.assert_allclose(mine, theirs, rtol=rounding, atol=rounding * scale)
    for array, copy in zip(call.args, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
