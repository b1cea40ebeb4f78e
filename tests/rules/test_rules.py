"""What holds for every operation: right gradients at two orders in both modes, NumPy's values, arguments left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.cases import DRAWN, LISTED, OPERATIONS, calls_of
from tests.rules.drawing import CASES, DOMAINS
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing.calls import Call, _arity
from tinygrad_lab.testing.decorated import Options
from tinygrad_lab.testing.domains import Domain, find_domains
from tinygrad_lab.testing.examples import check_call, run
from tinygrad_lab.testing.profiles import PROFILES, Profile, active, running


def label(op):
    return f"{op.family}.{op.name}"


MEETING = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3))]  # shapes that tell elements and axes apart


def meeting(op):
    """Return calls of an elementwise operation in which its arguments broadcast: drawing them at once is luck."""
    if not op.elementwise or None in op.rules or (op.function in CASES and op.function not in DOMAINS):
        return ()
    domains = DOMAINS.get(op.function) or find_domains(op.function, _arity(op))
    shapes = MEETING if len(domains) == 2 else [((2, 3),) * len(domains)]
    fills = (bytes(range(7, 250, 5)), bytes(range(250, 7, -5)), bytes(range(3, 250, 3)))
    return [Call(op.function, tuple(map(Domain.fill, domains, fills, drawn))) for drawn in shapes]


@pytest.mark.parametrize("op", DRAWN, ids=label)
def test_gradients_are_right(op, whole):
    """Those of two orders contain those of one; where calls are written out or made besides, few draws are left."""
    examples = 2 if whole and op.function not in LISTED else 1
    with running(Profile(max(1, examples * active().examples // PROFILES["default"].examples))):
        run(op.name, calls_of(op), 2 if whole else 1, Options(examples=tuple(meeting(op))))


@pytest.mark.parametrize("function", LISTED, ids=lambda function: function.__name__)
def test_gradients_of_the_calls_written_out_are_right(function, whole):
    """Every third to second order: that takes as long as all the rest, and all the calls share one rule."""
    for number, call in enumerate(LISTED[function]):
        if whole:
            check_call(call, order=2 if number % 3 == 0 else 1)
        elif number % 4 == 0:
            check_call(call)


# The fast lane compares the forms of calls with NumPy, which are those of most functions whose calls are written out.
VALUES = [pytest.param(op, marks=pytest.mark.slow) if op.function in LISTED else op for op in OPERATIONS]


@pytest.mark.parametrize("op", VALUES, ids=label)
@given(data=st.data())
@settings(max_examples=2)
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
