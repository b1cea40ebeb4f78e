"""What random draws miss, in full: every axis of every reduction, and every way in which batches of matrices meet."""

import numpy as np
import pytest

from tests.rules.cases import OPERATIONS
from tinygrad_lab.testing.calls import Call, reduction_keywords
from tinygrad_lab.testing.examples import check_call
from tinygrad_lab.testing.strategies import matmul_shapes

pytestmark = pytest.mark.slow
SHAPES = ((), (3,), (2, 1, 3), (2, 0))  # the axes of a matrix are among those of three
NUMPYS = [op for op in OPERATIONS if getattr(op.function, "__module__", "numpy").startswith("numpy")]
REDUCTIONS = [op for op in NUMPYS if op.parameters[1:2] == ("axis",) and "keepdims" in op.parameters]


@pytest.mark.parametrize("op", REDUCTIONS, ids=lambda op: f"{op.family}.{op.name}")
def test_every_axis_of_a_reduction(op):
    rng = np.random.default_rng(0)
    cases = reduction_keywords(op.function)
    assert {keywords["keepdims"] for _, keywords in cases} == {False, True}
    for shape, keywords in cases:
        axis = keywords["axis"]
        if shape not in SHAPES or (keywords["keepdims"] and isinstance(axis, int) and axis < 0):
            continue  # counted from the end, an axis is the same axis
        x = rng.permutation(np.arange(1.0, 13.0))[: int(np.prod(shape))].reshape(shape)
        call = Call(op.function, (x,), keywords)
        check_call(call)


@pytest.mark.parametrize("function", [np.matmul, lambda a, b: a @ b], ids=["matmul", "@"])
def test_every_way_in_which_batches_of_matrices_meet(function):
    rng = np.random.default_rng(0)
    for a, b in matmul_shapes():
        check_call(Call(function, (rng.uniform(0.5, 2, a), rng.uniform(-2, -0.5, b))))
