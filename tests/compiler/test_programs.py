"""What users write compiles unchanged: the programs of tests/test_programs.py, and their gradients."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.test_programs import PROGRAMS
from tinygrad_lab import tree


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_and_its_gradient_compile(program):
    arguments = PROGRAMS[program]
    smooth = tuple(i for i, x in enumerate(arguments) if x.dtype.kind == "f")

    def total(*arrays):
        return sum(np.sum(x * x) for x in tree.flatten(program(*arrays))[0])

    function = tl.value_and_grad(total, smooth)
    fast = tl.compile(function)
    for actual, expected in zip(tree.flatten(fast(*arguments))[0], tree.flatten(function(*arguments))[0], strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-11)
