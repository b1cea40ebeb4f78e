"""JAX runs the same programs: steps, loops, and what it has no function for."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.compiler.test_loops import OPTIMIZERS, H, U, W, X, nested, recurrent, training
from tinygrad_lab.errors import CompileError

pytest.importorskip("jax", reason="the extra [jax] is not installed")


@pytest.mark.parametrize("function", [recurrent, nested])
def test_loops_and_their_gradients(function):
    gradient = tl.grad(function, (0, 1, 2, 3))
    fast = tl.compile(gradient, backend="jax")
    for actual, expected in zip(fast(W, U, H, X), gradient(W, U, H, X), strict=True):
        assert isinstance(actual, np.ndarray)
        np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.slow
def test_steps_one_by_one_and_many_at_once():
    model, optimizer, step = training(OPTIMIZERS["adam"])
    twin, _, plain = training(OPTIMIZERS["adam"])
    fast = tl.compile(step, state=(model, optimizer), backend="jax")
    losses = [fast().item() for _ in range(3)] + fast.repeat(50).outputs.tolist()
    np.testing.assert_allclose(losses, [plain().item() for _ in range(53)], rtol=1e-10)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        assert p.data.dtype == np.float64
        np.testing.assert_allclose(p.data, q.data, rtol=1e-9)
    assert optimizer.states[0]["step"] == 53
    stopped = fast.repeat(500, until=lambda loss: loss < losses[-1] * 0.9)
    assert stopped.calls < 500
    assert stopped.outputs[-1] < losses[-1] * 0.9 <= stopped.outputs[-2]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.interp(x, [0.0, 1.0], [2.0, 5.0]),
        lambda x: np.polyfit(np.arange(4.0), x, 1),
        lambda x: np.linalg.eigh(np.outer(x, x) + np.eye(4)).eigenvalues,
        lambda x: x.astype(np.float32) * 2.0,
        lambda x: tl.Value(x).at[1:3].add(1.0).data,
        lambda x: tl.random.Generator(3).random(4) + x,
        lambda x: np.sqrt((x * 9).astype(np.int32)) + np.mean(x > 0.3),  # JAX alone would compute in float32
        lambda x: x.astype(np.float32) @ (x * 9).astype(int),
    ],
)
def test_functions_that_jax_has_and_has_not(function):
    x = np.array([0.1, 0.7, 0.4, 0.2])
    actual, expected = tl.compile(function, backend="jax")(x), function(x)
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-14)


def test_another_order_of_bytes_is_refused():
    with pytest.raises(CompileError, match=r"in the processor's order of bytes, got >f8 at input x; convert them"):
        tl.compile(lambda x: x * 2, backend="jax")(np.ones(3, ">f8"))


@pytest.mark.skipif(np.dtype(np.longdouble) == np.float64, reason="nothing is wider here")
def test_what_is_wider_than_float64_is_refused():
    with pytest.raises(CompileError, match=r"at most float64 or complex128, .* got float128 at .*; convert them"):
        tl.compile(lambda x: np.sum(x.astype(np.longdouble)), backend="jax")(np.ones(2))
