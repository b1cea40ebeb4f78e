"""Tracing: the program equals the function, and what is no computation with arrays is refused by name."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.compiler import trace
from tinygrad_lab.errors import CompileError


def test_a_whole_training_step_is_written_down_and_equals_the_eager_one():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=(5, 2)), rng.uniform(size=(5, 1))
    model = tl.nn.Sequential(tl.nn.Linear(2, 4, rng=rng), tl.nn.Sigmoid(), tl.nn.Linear(4, 1, rng=rng))
    optimizer, mse = tl.optim.SGD(model.parameters(), lr=0.1), tl.nn.MSELoss()
    before = [p.data for p in model.parameters()]

    def step(*arrays):
        for parameter, array in zip(model.parameters(), arrays, strict=True):
            parameter.data = array
        optimizer.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        optimizer.step()
        return [loss.data, *(p.data for p in model.parameters())]

    expected = step(*before)
    program = trace(step, *before)
    for actual, wanted in zip(program(*before), expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)
    assert len(program.calls) < 30


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (lambda x: x if x[0] > 0 else -x, "np.where"),
        (lambda x: float(x[0]) * x, r"\.item\(\)"),
        (lambda x: math.sin(x[0]), r"np\.sin, not math\.sin"),
        (lambda x: np.asarray(x), "np.stack"),
        (lambda x: x[x > 0], "np.where"),
        (lambda x: np.nonzero(x), "np.where"),
        (lambda x: np.eye(3)[x.argmax()], r"tl\.Value\(table\)\[i\]"),
        (lambda x: [0, 1, 2][x.argmax()], r"tl\.Value\(table\)\[i\]"),
        (lambda x: np.add(x, x, out=np.zeros(3)), "write array = array"),
        (lambda x: x.__setitem__(0, 1.0), r"np\.stack"),
    ],
)
def test_what_depends_on_data_in_python_is_refused_with_the_line_and_what_to_write(function, advice):
    with pytest.raises(CompileError, match=rf"test_tracing\.py:\d+; .*{advice}"):
        trace(function, np.arange(3.0))


def test_python_numbers_stay_weak():
    def update(x, step):
        return x - (1 - 0.9 ** (step + 1)) * x

    x = np.ones(3, np.float32)
    program = trace(update, x, 2)
    assert program.outputs[0].dtype == np.float32
    np.testing.assert_array_equal(program(x, 5)[0], update(x, 5))


def test_a_constant_is_indexed_by_a_computed_position_through_a_value():
    table = np.arange(12.0).reshape(4, 3)

    def pick(x):
        return tl.Value(table)[np.argmax(x), 1:] * x[0] + np.interp(x[1], [0.0, 1.0], [2.0, 5.0])

    x = np.array([0.25, 0.5, 4.0])
    np.testing.assert_array_equal(trace(lambda x: pick(x).data, x)(x[::-1])[0], pick(x[::-1]).data)


def test_primitives_of_several_results_are_one_call():
    @tl.primitive(lambda g, y, x: g[0] * np.cos(x) - g[1] * np.sin(x))
    def turn(x):
        return np.sin(x), np.cos(x) if np.sum(x) > 0 else -np.cos(x)  # it decides on data: that is its own business

    def both(x):
        value, gradient = tl.value_and_grad(lambda x: np.sum(turn(x)[0] * turn(x)[1]))(x)
        return value, gradient

    x = np.array([0.5, 1.0])
    for actual, expected in zip(trace(both, x)(x * 2), both(x * 2), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-14)
