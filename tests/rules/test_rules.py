"""What holds for every operation: NumPy's values, right gradients at two orders, dtypes kept, arguments left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.cases import CASES
from tests.rules.numeric import check_gradients, noise, slope, weighted
from tinygrad_lab import rules
from tinygrad_lab.core import tree
from tinygrad_lab.core.arrays import plain

each = pytest.mark.parametrize("function", CASES, ids=lambda function: f"{function.__module__}.{function.__name__}")


def test_every_operation_has_a_case():
    operations = {op.function for op in tl.OPS.values() if op.kind != "zero derivative" and op.family in rules.__all__}
    assert operations == set(CASES)


@each
@given(data=st.data())
@settings(max_examples=8)
def test_values_are_those_of_numpy(function, data):
    for call in data.draw(CASES[function]):
        copies = [array.copy() for array in call.arrays]
        got = tree.flatten(call.function(*map(tl.Value, call.arrays)))[0]
        expected = tree.flatten(call.function(*call.arrays))[0]
        for mine, theirs in zip(map(plain, got), expected, strict=True):
            assert mine.shape == np.shape(theirs)
            assert mine.dtype == np.asarray(theirs).dtype
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-15)
        for array, copy in zip(call.arrays, copies, strict=True):
            np.testing.assert_array_equal(array, copy)


@each
@given(data=st.data())
@settings(max_examples=10)
def test_gradients_of_two_orders_are_right(function, data):
    for call in data.draw(CASES[function]):
        check_gradients(call.function, *call.arrays)


@each
@given(data=st.data())
@settings(max_examples=5)
def test_gradients_keep_shape_and_dtype_and_leave_the_arguments_alone(function, data):
    for call in data.draw(CASES[function]):
        arrays = [array.astype(np.complex64 if np.iscomplexobj(array) else np.float32) for array in call.arrays]
        values = [tl.Value(array.copy()) for array in arrays]
        rng = np.random.default_rng(0)
        for output in tree.flatten(call.function(*values))[0]:
            if isinstance(output, tl.Value):
                output.backward(noise(rng, output))
        for value, array in zip(values, arrays, strict=True):
            np.testing.assert_array_equal(value.data, array)
            if value.grad is not None:
                assert value.grad.shape == array.shape
                assert value.grad.dtype == array.dtype


@each
@given(data=st.data())
@settings(max_examples=5)
def test_forward_mode_follows_from_the_same_rules(function, data):
    for call in data.draw(CASES[function]):
        rng = np.random.default_rng(1)
        total = weighted(call.function, rng, call.arrays)
        directions = tuple(noise(rng, array) for array in call.arrays)
        if not any(np.iscomplexobj(array) for array in call.arrays):
            tangent = tl.jvp(total, call.arrays, directions)[1]
            np.testing.assert_allclose(tangent, float(slope(total, call.arrays, directions)), rtol=1e-6, atol=1e-6)
