"""`checkpoint` computes again what it does not keep, and nothing else changes."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab import nn
from tinygrad_lab.errors import ArgumentTypeError, GraphError

X = np.random.default_rng(0).normal(size=(4, 3))


@pytest.mark.parametrize(
    "function",
    [
        np.tanh,
        lambda x: np.sin(x) * x,
        lambda x: {"a": np.exp(x), "b": [x**2, np.sum(x)]},
        lambda x, n=2: (x**n, np.argmax(x)),
        tl.checkpoint(lambda x: np.cos(x) ** 2),
    ],
)
def test_results_and_gradients_of_two_orders_are_the_same(function):
    def flat(function):
        return lambda x: [y for y in tl.tree.leaves(function(x)) if getattr(y, "dtype", np.dtype(int)).kind == "f"]

    check_gradients(flat(tl.checkpoint(function)), X)
    for mine, plain in zip(flat(tl.checkpoint(function))(tl.Value(X)), flat(function)(tl.Value(X)), strict=True):
        np.testing.assert_array_equal(mine.data, plain.data)


def block(seed=0, p=0.5):
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(3, 8, rng=rng), nn.BatchNorm1D(8), nn.Tanh(), nn.Dropout(p, rng=rng), nn.Linear(8, 3, rng=rng)
    )


def train(model, steps=3, through=lambda model: model):
    optimizer = tl.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        np.sum(through(model)(X) ** 2).backward()
        optimizer.step()
    return model.state_dict()


def test_a_module_trains_as_without_dropout_and_running_statistics_included():
    plain, again = train(block()), train(block(), through=tl.checkpoint)
    for name, array in plain.items():
        np.testing.assert_allclose(again[name], array, rtol=1e-12, err_msg=name)


def test_second_orders_reach_a_modules_parameters():
    model = block(p=0.0).eval()

    def penalty(call):
        return lambda model, x: np.sum(tl.grad(lambda x: np.sum(call(model)(x) ** 2))(x) ** 2)

    mine = tl.grad(penalty(tl.checkpoint))(model, X)
    plain = tl.grad(penalty(lambda model: model))(model, X)
    for a, b in zip(mine.parameters(), plain.parameters(), strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-10, atol=1e-12)


def test_only_arguments_are_kept():
    y = tl.checkpoint(lambda x: np.exp(np.exp(np.exp(x))))(tl.Value(X))
    assert y.op.name == "checkpoint"
    assert len(y.parents) == 1


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState, tl.random.Generator])
def test_generators_that_are_arguments_repeat_and_then_go_on(make):
    rng, twin = make(3), make(3)
    function = lambda x, rng: x * rng.normal(size=x.shape)
    x = tl.Value(X)
    np.sum(tl.checkpoint(function)(x, rng)).backward()
    np.testing.assert_array_equal(x.grad, twin.normal(size=X.shape))
    assert rng.normal() == twin.normal()


W = np.random.default_rng(1).normal(size=(3, 3))


def test_a_closure_over_values_has_gradients_of_two_orders():
    def through(call):
        def function(w, x, scale):
            hidden = np.sin(w)  # an intermediate result, captured as well as the leaf it came from
            return np.sum(call(lambda x: np.tanh(x @ hidden) * w[0] * scale)(x) ** 2)

        return function

    check_gradients(through(tl.checkpoint), W, X, np.array(0.7))
    plain, again = (tl.hessian(through(call))(W, X, 0.7) for call in (lambda f: f, tl.checkpoint))
    np.testing.assert_allclose(again, plain, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", ["closure", "method", "partial", "list"])
def test_modules_that_a_function_closes_over_train_as_without(kind):
    def through(model):
        functions = {
            "closure": lambda x: model(x) + 0.0,
            "method": model.forward,
            "partial": functools.partial(lambda m, x: m(x), model),
            "list": lambda x, models=[model]: [m(x) for m in [model]][0],  # noqa: RUF015
        }
        return tl.checkpoint(functions[kind])

    plain, again = train(block()), train(block(), through=through)
    for name, array in plain.items():
        np.testing.assert_allclose(again[name], array, rtol=1e-12, err_msg=name)


def test_a_step_between_the_call_and_the_sweep_changes_nothing():
    w = tl.Value(W)
    result = np.sum(tl.checkpoint(lambda x: np.tanh(x @ w))(X))
    w.data = 2 * W
    result.backward()
    expected = tl.grad(lambda w: np.sum(np.tanh(X @ w)))(W)
    np.testing.assert_allclose(w.grad, expected, rtol=1e-12)
    np.testing.assert_array_equal(w.data, 2 * W)


def test_another_result_the_second_time_is_an_error():
    class Hidden:
        rng = np.random.default_rng(0)

    x = tl.Value(X)
    result = np.sum(tl.checkpoint(lambda x: x * Hidden.rng.normal(size=x.shape))(x))
    with pytest.raises(GraphError, match="gave another result when it was called again; pass generators"):
        result.backward()


def test_what_is_no_function_is_refused():
    w = tl.Value(2.0)
    with pytest.raises(
        ArgumentTypeError, match=r"checkpoint: takes a function, not a Value; write tl\.checkpoint\(block\)"
    ):
        tl.checkpoint(w)
