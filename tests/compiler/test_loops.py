"""`scan` and `repeat`: loops in a program do what Python's do, and have the derivatives of the unrolled loop."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.compiler import Loop
from tinygrad_lab.errors import CompileError, OperationError

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
W, U, H, X = RNG.normal(size=(3, 3)) / 2, RNG.normal(size=(2, 3)), RNG.normal(size=3), RNG.normal(size=(6, 2))


def recurrent(w, u, h, x):
    """A closed-over weight, a sliced input, a stacked output, a counter that has no derivative."""

    def step(carry, row):
        h, n = carry
        h = np.tanh(h @ w + row @ u)
        return (h, n + 1), {"energy": np.sum(h * h), "h": h}

    (h, n), made = tl.scan(step, (h, np.int64(0)), x)
    return np.sum(h) + np.sum(made["energy"] * np.arange(6)) + np.mean(made["h"]) + n


def nested(w, u, h, x):
    def outer(h, row):
        h, _ = tl.scan(lambda h, r: (np.sin(h @ w + r), None), h, np.stack([row @ u, row @ u * 2]))
        return h, h[0]

    h, first = tl.scan(outer, h, x)
    return np.sum(h * h) + np.sum(first)


def loops_in(program):
    return [call for call in program.calls if isinstance(call.function, Loop)]


@pytest.mark.parametrize("function", [recurrent, nested])
@pytest.mark.parametrize(
    "transform",
    [
        lambda f: f,
        lambda f: tl.grad(f, (0, 1, 2, 3)),
        lambda f: lambda w, u, h, x: tl.hvp(lambda w: f(w, u, h, x), w, w),
        lambda f: lambda w, u, h, x: tl.jvp(lambda w, h: f(w, u, h, x), (w, h), (w, h)),
    ],
)
def test_scan_and_its_derivatives_equal_the_unrolled_loop(function, transform):
    eager = transform(function)
    fast = tl.compile(eager)
    expected = eager(W, U, H, X)
    for actual, wanted in zip(flat(fast(W, U, H, X)), flat(expected), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-11, atol=1e-12)
    assert loops_in(fast.program)


def flat(x):
    return [y for part in x for y in flat(part)] if isinstance(x, tuple) else [x]


def test_a_program_with_a_loop_does_not_grow_with_its_length():
    sizes = []
    for n in (5, 50):
        fast = tl.compile(tl.grad(lambda h: np.sum(tl.scan(lambda h, _: (np.sin(h), None), h, length=n)[0])))  # noqa: B023
        fast(H)
        sizes.append(len(fast.program.calls))
    assert sizes[0] == sizes[1]


def test_scan_in_a_training_step_reaches_the_parameters_of_a_module():
    def make():
        cell = tl.nn.Linear(3, 3, rng=np.random.default_rng(1))
        optimizer = tl.optim.Adam(cell.parameters(), lr=0.01)

        def step(x):
            optimizer.zero_grad()
            h, _ = tl.scan(lambda h, row: (np.tanh(cell(h) + row), None), np.zeros(3), x)
            loss = np.sum(h * h)
            loss.backward()
            optimizer.step()
            return loss

        return cell, optimizer, step

    x = RNG.normal(size=(7, 3))
    cell, optimizer, step = make()
    other, _, plain = make()
    fast = tl.compile(step, state=(cell, optimizer))
    for _ in range(4):
        np.testing.assert_allclose(fast(x).item(), plain(x).item(), rtol=1e-12)
    for p, q in zip(cell.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-11)


def test_a_carry_starts_in_the_dtype_that_it_gets():
    f = lambda x: tl.scan(lambda c, row: (c + row, c), 0.0, x)
    x = np.arange(3, dtype=np.float32)
    actual, expected = tl.compile(f)(x), f(x)
    assert actual[0].dtype == np.float32
    np.testing.assert_array_equal(actual[1], expected[1])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: tl.scan(lambda c, x: (c, x), 0.0, (np.ones(2), np.ones(3))),
            r"share one first axis .* got lengths \[2, 3\]",
        ),
        (lambda: tl.scan(lambda c, x: (c, x), 0.0, length=0), r"got lengths \[0\]"),
        (lambda: tl.compile(lambda x: tl.scan(lambda c, r: (c[None], r), x, x))(np.ones(3)), r"shapes \[\(3,\)\]"),
        (lambda: tl.compile(lambda x: tl.scan(lambda c, r: c, x, x))(np.ones(3)), "must return a pair"),
    ],
)
def test_what_is_no_loop_is_refused(call, text):
    with pytest.raises(OperationError, match=text):
        call()


# -- checkpoints ------------------------------------------------------------------------------------------------------


def rolled(checkpoint, rows=X[[0, 1, 2, 3, 4, 5, 1]]):
    """Seven steps: two chunks of two carries and more, and some that remain."""

    def f(w, u, h):
        step = lambda h, row: (np.tanh(h @ w + row @ u), np.sum(h * h))
        h, energies = tl.scan(step, h, rows, checkpoint=checkpoint)
        return np.sum(h) + np.sum(energies * np.arange(len(rows)))

    return f


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    "transform",
    [
        lambda f: lambda *args: (f(*args),),
        lambda f: tl.grad(f, (0, 1, 2)),
        lambda f: lambda w, u, h: (tl.hvp(lambda w: f(w, u, h), w, w),),
        lambda f: lambda w, u, h: tl.jvp(lambda w, h: f(w, u, h), (w, h), (w, h)),
    ],
)
def test_checkpoints_change_no_derivative(transform, compiled):
    chosen = transform(rolled(True))
    found = (tl.compile(chosen) if compiled else chosen)(W, U, H)
    for actual, expected in zip(found, transform(rolled(False))(W, U, H), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 3, 4, 5, 9, 11])
def test_checkpoints_for_any_length_reach_the_parameters_of_a_module(steps):
    cell = tl.nn.Linear(3, 3, rng=np.random.default_rng(1))
    gradients = []
    for checkpoint in (False, True):
        (h, n), seen = tl.scan(
            lambda carry, _: ((np.tanh(cell(carry[0])), carry[1] + 1), carry[0]),
            (np.ones(3), np.int64(0)),
            length=steps,
            checkpoint=checkpoint,
        )
        assert n == steps
        assert seen.shape == (steps, 3)
        cell.zero_grad()
        np.sum(h + seen).backward()
        gradients.append(cell.weight.grad)
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-12)


def test_checkpoints_keep_the_square_root_of_what_is_kept_otherwise():
    def kept(checkpoint):
        rows = np.ones((400, 2))
        gradient = tl.grad(rolled(checkpoint, rows), (0, 2))
        tracemalloc.start()
        gradient(W, U, np.tile(H, (100, 1)))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert kept(True) < kept(False) / 5


def test_a_checkpointed_step_that_draws_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(OperationError, match="depends on more than its arguments: a number that changes from call to"):
        tl.scan(lambda c, x: (c * rng.normal(), None), tl.Value(1.0), np.ones(9), checkpoint=True)


# -- repeat ------------------------------------------------------------------------------------------------------------


def training(optimizer):
    rng = np.random.default_rng(3)
    x, y = rng.uniform(size=(20, 2)), rng.uniform(size=(20, 1))
    model = tl.nn.Sequential(tl.nn.Linear(2, 4, rng=rng), tl.nn.Tanh(), tl.nn.Linear(4, 1, rng=rng))
    chosen, mse = optimizer(model.parameters()), tl.nn.MSELoss()

    def step():
        chosen.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        chosen.step()
        return loss

    return model, chosen, step


OPTIMIZERS = {
    "sgd": lambda p: tl.optim.SGD(p, lr=0.1),
    "momentum": lambda p: tl.optim.SGD(p, lr=tl.optim.schedules.step(0.1, 100), momentum=0.9, nesterov=True),
    "adam": lambda p: tl.optim.Adam(p, lr=tl.optim.schedules.cosine(0.01, 800)),
    "adamw": lambda p: tl.optim.AdamW(p, lr=tl.optim.schedules.linear_warmup(0.01, 50)),
    "rmsprop": lambda p: tl.optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "adagrad": lambda p: tl.optim.Adagrad(p, lr=tl.optim.schedules.exponential(0.1, 0.999), lr_decay=0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_thousand_steps_in_one_call_are_a_thousand_steps(name):
    model, optimizer, step = training(OPTIMIZERS[name])
    twin, other, plain = training(OPTIMIZERS[name])
    done = tl.compile(step, state=(model, optimizer)).repeat(1000)
    expected = np.array([plain().item() for _ in range(1000)])
    assert done.calls == 1000
    np.testing.assert_allclose(done.outputs, expected, rtol=1e-10)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(p.grad, q.grad, rtol=1e-8, atol=1e-12)
    assert [s["step"] for s in optimizer.states] == [s["step"] for s in other.states] == [1000] * 4
    assert all(type(s["step"]) is int for s in optimizer.states)


def test_repeat_stops_at_the_same_call():
    model, optimizer, step = training(OPTIMIZERS["adam"])
    _, _, plain = training(OPTIMIZERS["adam"])
    losses = [plain().item() for _ in range(400)]
    for bound in (losses[0] * 1.1, losses[1], losses[57], losses[100], losses[101], losses[250]):
        model, optimizer, step = training(OPTIMIZERS["adam"])
        done = tl.compile(step, state=(model, optimizer)).repeat(400, until=lambda loss: loss <= bound)  # noqa: B023
        expected = next(i for i, loss in enumerate(losses) if loss <= bound) + 1
        assert abs(done.calls - expected) <= 1  # rounding may decide about the very number
        assert done.outputs.shape == (done.calls,)
        assert optimizer.states[0]["step"] == done.calls


def test_repeat_refuses_what_makes_no_sense():
    model, optimizer, step = training(OPTIMIZERS["sgd"])
    fast = tl.compile(step, state=(model, optimizer))
    with pytest.raises(CompileError, match="positive Python integer, got 0"):
        fast.repeat(0)
    with pytest.raises(CompileError, match="until must return one bool"):
        fast.repeat(5, until=lambda loss: np.ones(2) > loss)
