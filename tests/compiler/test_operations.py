"""Every operation of the registry, and random programs of them: compiled, their values and gradients stay the same."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.cases import OPERATIONS, calls_of
from tinygrad_lab import tree
from tinygrad_lab.errors import CompileError
from tinygrad_lab.testing.programs import programs

# The shape, or the dtype, of what these return may depend on data.
REFUSED = {
    "histogram", "poly", "polydiv", "polymul", "real_if_close", "roots", "trim_zeros", "unique",
    "unique_all", "unique_counts", "unique_inverse", "unique_values", "union1d", "intersect1d", "setdiff1d", "setxor1d",
}  # fmt: skip
FEW = {"phases": [Phase.generate], "database": None, "suppress_health_check": list(HealthCheck), "derandomize": True}


def gradients_of(call):
    """Return the function of the call's arrays that gives its value and the gradient of the sum of squares."""

    def value_and_gradients(*arrays):
        inputs = [tl.Value(x) if getattr(x, "dtype", np.dtype(float)).kind in "fc" else x for x in arrays]
        made = call.function(*inputs, **call.kwargs)
        outputs = [x for x in tree.flatten(made)[0] if type(x) is tl.Value and x.requires_grad]
        total = sum((np.sum(np.real(x * x)) for x in outputs), np.float64(0))
        if outputs:
            total.backward()
        return made, [x.grad for x in inputs if type(x) is tl.Value]

    return value_and_gradients


def flat(x):
    return [leaf.data if type(leaf) is tl.Value else leaf for leaf in tree.flatten(x)[0]]


def differences(actual, expected, rounding, least=0):
    """Return how results differ from the expected ones, or "".

    They may by `rounding` units in the last place of the largest element, or of `least`.
    """
    for mine, theirs in zip(flat(actual), flat(expected), strict=True):
        if np.shape(mine) != np.shape(theirs):
            return f"shape {np.shape(mine)}, expected {np.shape(theirs)}"
        dtype = np.asarray(theirs).dtype
        if np.asarray(mine).dtype != dtype:
            return f"dtype {np.asarray(mine).dtype}, expected {dtype}"
        allowed = rounding * np.finfo(dtype).eps if dtype.kind in "fc" else 0
        size = np.max(np.abs(theirs), initial=0, where=np.isfinite(theirs))
        if not np.allclose(mine, theirs, rtol=allowed, atol=allowed * max(size, least), equal_nan=True):
            off = np.nanmax(np.abs(np.subtract(mine, theirs, dtype=np.result_type(dtype, np.float64))))
            return f"off by {off:.2g} where the largest is {size:.2g}: {mine}, expected {theirs}"
    return ""


def compare(call):
    function = gradients_of(call)
    with np.errstate(all="ignore"):
        expected, actual = function(*call.args), tl.compile(function)(*call.args)
    assert not differences(actual, expected, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: f"{op.family}.{op.name}")
@given(data=st.data())
@settings(max_examples=1, deadline=None, **FEW)
def test_every_operation_compiles_or_says_why_not(op, data):
    call = data.draw(calls_of(op))
    if op.name not in REFUSED:
        compare(call)
    elif refusal := refused(call):
        assert re.search(r"a compiled function cannot have .* at .*:\d+; ", refusal)


def refused(call):
    try:
        compare(call)
    except CompileError as error:
        return str(error)
    return ""


@given(programs())
@settings(max_examples=15, deadline=None, **FEW)
def test_random_programs(call):
    compare(call)
