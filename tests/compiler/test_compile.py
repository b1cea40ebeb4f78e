"""`compile`: what a compiled function returns and leaves behind is what the function would have."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import CompileError, GradientLostError


def equal(actual, expected):
    assert type(actual) is type(expected)
    if isinstance(expected, tl.Value):
        actual, expected = actual.data, expected.data
    if isinstance(expected, list | tuple):
        for a, e in zip(actual, expected, strict=True):
            equal(a, e)
    elif isinstance(expected, dict):
        equal(list(actual.items()), list(expected.items()))
    elif isinstance(expected, np.ndarray | np.generic):
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-13)
    else:
        assert actual == expected


def loss(parameters, x):
    h = np.tanh(x @ parameters["w"] + parameters["b"][0])
    return np.sum(h * h)


PARAMETERS = {"w": np.arange(6.0).reshape(3, 2) / 10, "b": [np.array([0.5, -0.5])]}
X = np.linspace(-1, 1, 12).reshape(4, 3)


@pytest.mark.parametrize(
    "function",
    [
        tl.value_and_grad(loss),
        lambda p, x: tl.hvp(lambda q: loss(q, x), p, p),
        lambda p, x: tl.grad(lambda q: np.sum(tl.grad(loss)(q, x)["w"] ** 2))(p),
        lambda p, x: {"x": x.T, "none": None, "text": "t", "pair": (x[0], x[:, 1:])},
        lambda p, x: tuple(np.linalg.eigh(x.T @ x)),
        lambda p, x: np.split(x, 2, axis=0),
        lambda p, x: x[np.argsort(x[:, 0] * p["w"][0, 1])],
        lambda p, x: np.take(p["w"], np.array([0, 2]), axis=0) @ x[[0, 1]],
        lambda p, x: np.fft.fft(x, axis=0) * 1j,
        lambda p, x: (x.astype(np.float32) * 2.0 + 1).sum(axis=0),
        lambda p, x: x.item(3) if isinstance(x, np.ndarray) else x[1, 0].item(),
        lambda p, x: np.array([1.0, 2.0]),
        lambda p, x: tl.grad(lambda v, i: np.sum(v[np.arange(len(i)), i]))(x, np.argmax(x, axis=1)),
        lambda p, x: tl.Value(np.zeros((4, 3))).at[np.arange(len(x)), np.argmax(x, axis=1)].set(1.0).data,
    ],
)
def test_functions_of_nested_containers(function):
    fast = tl.compile(function)
    for _ in range(3):
        equal(fast(PARAMETERS, X), function(PARAMETERS, X))
    equal(fast(PARAMETERS, X[:2]), function(PARAMETERS, X[:2]))
    assert len(fast.programs) == 2


def training(optimizer, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=(20, 2)).astype(dtype), rng.uniform(size=(20, 1)).astype(dtype)
    model = tl.nn.Sequential(
        tl.nn.Linear(2, 4, rng=rng, dtype=dtype), tl.nn.Tanh(), tl.nn.Linear(4, 1, rng=rng, dtype=dtype)
    )
    chosen, mse = optimizer(model.parameters()), tl.nn.MSELoss()

    def step(x, y):
        chosen.zero_grad()
        error = mse(model(x), y)
        error.backward()
        chosen.step()
        return error

    return model, chosen, step, (x, y)


def left(model, optimizer):
    return [(p.data, p.grad) for p in model.parameters()], optimizer.states


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda p: tl.optim.SGD(p, lr=0.1),
        lambda p: tl.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_step_leaves_the_model_and_the_optimizer_as_the_function_does(optimizer, dtype):
    model, chosen, step, batch = training(optimizer, dtype=dtype)
    twin, other, plain, _ = training(optimizer, dtype=dtype)
    fast = tl.compile(step, state=(model, chosen))
    for _ in range(5):
        assert fast(*batch).item() == pytest.approx(plain(*batch).item(), rel=1e-6)
        for (a, ga), (e, ge) in zip(left(model, chosen)[0], left(twin, other)[0], strict=True):
            assert a.dtype == ga.dtype == dtype
            np.testing.assert_allclose(a, e, rtol=1e-13 if dtype == np.float64 else 1e-5)
            np.testing.assert_allclose(ga, ge, rtol=1e-11 if dtype == np.float64 else 1e-3)
    assert [state["step"] for state in chosen.states] == [5] * 4
    assert len(fast.programs) == 2  # the first step finds no states


def test_what_is_not_state_must_not_change():
    model, _, step, batch = training(lambda p: tl.optim.SGD(p, lr=0.1))
    before = [p.data for p in model.parameters()]
    with pytest.raises(
        CompileError, match=r"cannot change .*, only its state; return the new value, or pass the object"
    ):
        tl.compile(step)(*batch)
    assert all(p.data is array for p, array in zip(model.parameters(), before, strict=True))


def test_random_draws_counters_and_globals_are_refused():
    rng = np.random.default_rng(0)
    state = rng.bit_generator.state
    with pytest.raises(CompileError, match=r"changes from call to call at test_compile\.py"):
        tl.compile(lambda x: x * (rng.random(3) > 0.5))(np.ones(3))
    assert rng.bit_generator.state == state
    counter = itertools.count()
    with pytest.raises(CompileError, match=r"the iterator counter would move on .*; pass what it gives"):
        tl.compile(lambda x: x * next(counter))(np.ones(3))
    scale = np.array([2.0])
    fast = tl.compile(lambda x: x * scale)
    equal(fast(np.ones(3)), np.full(3, 2.0))
    scale[0] = 3.0
    with pytest.raises(CompileError, match=r"scale has changed .*; pass scale as an argument"):
        fast(np.ones(3))
    scale[0] = 2.0
    equal(fast(np.ones(3)), np.full(3, 2.0))
    scale = np.array([4.0])
    with pytest.raises(CompileError, match="scale has changed"):
        fast(np.ones(3))


def test_results_belong_to_the_caller():
    fast = tl.compile(lambda x: (np.exp(x) * 2, x, x.T))
    first = fast(np.ones((2, 3)))
    kept = [x.copy() for x in first]
    fast(np.zeros((2, 3)))
    for x, y in zip(first, kept, strict=True):
        np.testing.assert_array_equal(x, y)


def test_a_pasted_source_runs():
    fast = tl.compile(tl.value_and_grad(loss))
    expected = fast(PARAMETERS, X)
    scope = {}
    exec(fast.source, scope)
    value, w, b = scope["loss"](PARAMETERS["w"], PARAMETERS["b"][0], X)
    equal((value, {"w": w, "b": [b]}), expected)


def test_static_arguments_and_the_notice():
    fast = tl.compile(lambda x, n: x**n)
    for n in range(2, 9):
        equal(fast(np.arange(3.0), n), np.arange(3.0) ** n)
    with pytest.warns(UserWarning, match="has been compiled 8 times"):
        fast(np.arange(3.0), 9)
    fast(np.arange(3.0), 9)
    assert len(fast.programs) == 8


@pytest.mark.parametrize(
    "first",
    [
        "import tinygrad_lab.compiler",
        "from tinygrad_lab.compiler import trace",
        "import tinygrad_lab.compiler.compiling",
        "",
    ],
)
def test_compile_is_a_function_whatever_was_imported_first(first):
    code = "import tinygrad_lab as tl\nimport tinygrad_lab.compiler\nassert tl.compile(lambda x: x + 1)(1.0) == 2.0"
    subprocess.run([sys.executable, "-c", f"{first}\n{code}"], check=True)


def test_writing_into_an_array_is_refused_by_name():
    def fill(x):
        y = np.zeros(3)
        y[0] = x[0]
        return y

    with pytest.raises(CompileError, match=r"cannot have float\(\) of computed data, as at .*test_compile\.py"):
        tl.compile(fill)(np.ones(3))


def test_counters_and_lists_of_the_state_are_kept():
    class Model(tl.nn.Module):
        def __init__(self):
            self.w, self.calls, self.seen, self.scale = tl.Value([1.0, 2.0]), 0, [], 2.0

        def forward(self, x):
            self.calls += 1
            self.seen.append(np.sum(x))
            return self.w * x * self.scale

    model = Model()
    fast = tl.compile(lambda x: model(x).data, state=model)
    for i in range(4):
        equal(fast(np.full(2, float(i))), np.array([2.0 * i, 4.0 * i]))
    assert model.calls == 4
    assert model.seen == [0.0, 2.0, 4.0, 6.0]
    model.scale = 3.0
    equal(fast(np.ones(2)), np.array([3.0, 6.0]))
    model.w.data = np.array([5.0, 5.0])
    equal(fast(np.ones(2)), np.array([15.0, 15.0]))
    model.w.data[0] = 1.0
    equal(fast(np.ones(2)), np.array([3.0, 15.0]))


def test_gradient_clipping_in_a_step():
    found = []
    for compiled in (False, True):
        w = tl.Value([3.0, 4.0])
        optimizer = tl.optim.SGD([w], lr=0.1)

        def step(w=w, optimizer=optimizer):
            optimizer.zero_grad()
            loss = np.sum(w * w)
            loss.backward()
            norm = tl.optim.clip_grad_norm([w], 1.0)
            optimizer.step()
            return loss, norm

        run = tl.compile(step, state=(w, optimizer)) if compiled else step
        found.append([(loss.item(), norm) for loss, norm in (run() for _ in range(60))] + [w.data.tolist()])
    np.testing.assert_allclose(np.ravel(found[1][:-1]), np.ravel(found[0][:-1]), rtol=1e-12)
    np.testing.assert_allclose(found[1][-1], found[0][-1], rtol=1e-12)


def test_a_gradient_through_a_compiled_function_is_refused():
    fast = tl.compile(lambda x: np.sum(x * x))
    with pytest.raises(GradientLostError, match=r"compile\(grad\(f\)\), or pass v.detach\(\)"):
        tl.grad(fast)(np.ones(3))
    with pytest.raises(GradientLostError, match="is the recorded result of multiply"):
        fast(tl.Value(np.ones(3)) * 2)
    model = tl.nn.Linear(3, 1)
    with pytest.raises(GradientLostError):
        tl.grad(tl.compile(lambda model, x: np.sum(model(x))))(model, np.ones(3))
    assert fast((tl.Value(np.ones(3)) * 2).detach()).item() == 12


def test_copies_of_a_module_that_transforms_make_share_one_program():
    fast, x = tl.compile(tl.value_and_grad(lambda model, x: np.sum(np.tanh(model(x))))), np.ones((2, 3))
    leaves, rebuild = tl.nn.Linear(3, 1, rng=np.random.default_rng(0)).tree_flatten()
    for factor in (1.0, 2.0, 3.0):
        value, gradient = fast(rebuild([factor * leaf.data for leaf in leaves]), x)
        assert value.item() == pytest.approx(2 * np.tanh(factor * (leaves[0].data.sum() + leaves[1].data[0])))
        assert gradient.weight.shape == (1, 3)
    assert len(fast.programs) == 1


class Averaging:
    def __init__(self):
        self.mean, self.calls = np.zeros(3), 0

    def update(self, x):
        self.calls += 1
        self.mean = 0.9 * self.mean + np.mean(x, axis=0) / self.calls
        return self.mean

    fast = tl.compile(update)


def test_methods_belong_to_their_objects():
    first, second, plain = Averaging(), Averaging(), Averaging()
    for _ in range(3):
        equal(first.fast(X), plain.update(X))
    equal(second.fast(X), Averaging().update(X))
    assert (first.calls, second.calls) == (3, 1)
    equal(first.fast.repeat(2, X).outputs[1], [plain.update(X) for _ in range(2)][1])
    assert len(Averaging.fast.programs) == 1
    assert "def update" in first.fast.source


def test_a_compiled_function_in_another_is_part_of_it():
    inner = tl.compile(lambda x: np.sin(x) * 2)
    outer = tl.compile(lambda x: inner(x) + inner(x * 2))
    equal(outer(X), np.sin(X) * 2 + np.sin(X * 2) * 2)
    assert [call.function.__name__ for call in outer.program.calls].count("sin") == 2
    with pytest.raises(CompileError, match="cannot be called in a compiled function; write the loop as tl"):
        tl.compile(lambda x: inner.repeat(3, x))(X)


def test_isinstance_answers_as_uncompiled():
    def kinds(x, y, z):
        return [isinstance(part, kind) for part in (x, y, z) for kind in (np.ndarray, np.float32, float, tl.Value)]

    arguments = X, np.float32(2), 3.0
    assert tl.compile(kinds)(*arguments) == kinds(*arguments)


def test_functions_that_yield_are_refused():
    def rows(x):
        yield from x

    with pytest.raises(CompileError, match="takes a function that returns, not one that yields or awaits"):
        tl.compile(rows)


def test_repeat_returns_what_the_state_was_in_every_round():
    w = tl.Value(np.array(8.0))

    @tl.compile(state=w)
    def halve():
        w.data = w.data / 2
        return {"w": w, "double": w * 2, "three": 3}

    calls, found = halve.repeat(20, until=lambda result: result["w"] < 1)
    assert calls == 4
    assert w.item() == 0.5
    equal(found, {"w": 0.5 ** np.arange(-2.0, 2), "double": 0.5 ** np.arange(-3.0, 1), "three": np.array([3] * 4)})
