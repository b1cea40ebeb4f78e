"""Averages of parameters are the means of what the parameters were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError

paths = st.lists(st.floats(-10, 10), min_size=1, max_size=8)


@given(path=paths, decay=st.sampled_from([None, 0.0, 0.5, 0.99]))
def test_the_average_is_its_formula(path, decay):
    w = tl.Value(np.zeros(2, np.float32))
    average = tl.optim.ParameterAverage([w], decay)
    for x in path:
        w.data = np.array([x, -x], np.float32)
        average.update()
    expected = path[0]
    for x in path[1:]:
        expected = expected * decay + (1 - decay) * x if decay is not None else expected
    expected = np.mean(path) if decay is None else expected
    np.testing.assert_allclose(average.averages[0], [expected, -expected], rtol=1e-4, atol=1e-5)
    assert average.averages[0].dtype == np.float32


def test_parameters_hold_their_averages_in_a_block_and_get_their_own_back():
    w = tl.Value(1.0)
    average = tl.optim.ParameterAverage([w], decay=0.5)
    average.update()
    w.data = np.float64(3.0)
    average.update()
    with average.applied():
        assert w.data == 2
    assert w.data == 3


def test_states_go_on_and_those_of_other_parameters_are_refused():
    w = tl.Value([1.0, 2.0])
    first, second = tl.optim.ParameterAverage([w]), tl.optim.ParameterAverage([w])
    first.update()
    second.load_state_dict(first.state_dict())
    w.data = np.array([3.0, 2.0])
    for average in (first, second):
        average.update()
        np.testing.assert_array_equal(average.averages[0], [2, 2])
    with pytest.raises(ArgumentError, match=r"ParameterAverage: the state .* does not fit"):
        second.load_state_dict({"updates": 1, "0": np.zeros(3)})
    with pytest.raises(ArgumentError, match=r"decay must be in \[0, 1\), got 1"):
        tl.optim.ParameterAverage([w], 1)


def test_whatever_takes_parameters_refuses_a_module_and_a_single_value():
    model, w = tl.nn.Sequential(tl.nn.Linear(2, 1)), tl.Value([1.0, 2.0])
    takers = {
        "Adam": tl.optim.Adam,
        "ParameterAverage": tl.optim.ParameterAverage,
        "clip_grad_norm": lambda params: tl.optim.clip_grad_norm(params, 1.0),
        "clip_grad_value": lambda params: tl.optim.clip_grad_value(params, 1.0),
    }
    for name, take in takers.items():
        for params, kind in ((model, "Linear"), (w, "Value"), (model[0], "Linear"), ([np.ones(2)], "ndarray")):
            with pytest.raises(ArgumentTypeError, match=f"{name}: params must be Values, .*{kind}; pass model.para"):
                take(params)
