"""The short way of repeated calls: right whatever the caller does between two of them, and nothing it holds changes."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.compiler.templates import held

BACKENDS = ["numpy", pytest.param("numba", marks=pytest.mark.slow)]


def training():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 1))
    model = tl.nn.Sequential(tl.nn.Linear(3, 2, rng=rng), tl.nn.Tanh(), tl.nn.Linear(2, 1, rng=rng))
    optimizer = tl.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)

    def step(x, y):
        optimizer.zero_grad()
        error = model(x) - y
        loss = np.mean(error * error)
        loss.backward()
        optimizer.step()
        return {"loss": loss, "error": error.data}

    return model, optimizer, step, x, y


def _misaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    copy = memory.view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _first(model):
    return next(iter(model.parameters()))


def _assign(make):
    def act(model, optimizer, kept):
        p = _first(model)
        p.data = make(p.data)

    return act


def _freeze(model, optimizer, kept):
    p = _first(model)
    p.requires_grad = not p.requires_grad
    p.grad = None


ACTIONS = {
    "nothing": lambda model, optimizer, kept: None,
    "keep arrays": lambda model, optimizer, kept: kept.extend(p.data for p in model.parameters()),
    "keep gradients": lambda model, optimizer, kept: kept.extend(p.grad for p in model.parameters()),
    "keep views": lambda model, optimizer, kept: kept.extend(p.data[:1] for p in model.parameters()),
    "keep momenta": lambda model, optimizer, kept: kept.extend(
        x for state in optimizer.states for x in state.values() if isinstance(x, np.ndarray)
    ),
    "keep memory": lambda model, optimizer, kept: kept.append(np.asarray(memoryview(_first(model).data))),
    "another rate": lambda model, optimizer, kept: setattr(optimizer, "lr", optimizer.lr * 0.9),
    "a new array": _assign(lambda x: x * 0.5),
    "by columns": _assign(np.asfortranarray),
    "a part of another": _assign(lambda x: np.stack([x, x], axis=-1)[..., 0]),
    "misaligned": _assign(_misaligned),
    "read-only": _assign(lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape)),
    "clipped in place": lambda model, optimizer, kept: np.clip(_first(model).data, -0.1, 0.1, out=_first(model).data),
    "freeze": _freeze,
    "another momentum": lambda model, optimizer, kept: setattr(optimizer, "momentum", 0.25),
    "restart": lambda model, optimizer, kept: optimizer.states.__setitem__(slice(None), [{} for _ in optimizer.states]),
    "a graph": lambda model, optimizer, kept: kept.append(np.sum(_first(model) * 2.0).saved[1]),
}  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(actions=st.lists(st.sampled_from(sorted(ACTIONS)), min_size=8, max_size=12))
def test_a_step_is_what_it_was_whatever_is_done_between_calls(backend, actions):
    model, optimizer, step, x, y = training()
    twin, other, plain, _, _ = training()
    fast = tl.compile(step, state=(model, optimizer), backend=backend)
    kept, unused = [], []
    for action in ["nothing", "nothing", "nothing", *actions, "nothing"]:
        if action == "clipped in place":  # what a read-only array refuses
            _first(model).data = _first(model).data.copy()
            _first(twin).data = _first(twin).data.copy()
        ACTIONS[action](model, optimizer, kept)
        ACTIONS[action](twin, other, unused)
        before = [np.array(x) for x in kept]
        found, expected = fast(x, y), plain(x, y)
        np.testing.assert_allclose(found["loss"].data, expected["loss"].data, rtol=1e-12)
        np.testing.assert_allclose(found["error"], expected["error"], rtol=1e-11, atol=1e-13)
        for a, e in zip(model.parameters(), twin.parameters(), strict=True):
            np.testing.assert_allclose(a.data, e.data, rtol=1e-11, atol=1e-13)
            assert (a.grad is None) == (e.grad is None)
            if a.grad is not None:
                np.testing.assert_allclose(a.grad, e.grad, rtol=1e-11, atol=1e-13)
        kept.append(found["error"])
        for array, content in zip(kept, before, strict=False):
            np.testing.assert_array_equal(array, content)


@pytest.mark.parametrize("backend", BACKENDS)
def test_threads_have_ways_of_their_own(backend):
    fast = tl.compile(lambda x, y: np.tanh(x) * y + x, backend=backend)
    inputs = [(np.full(50, float(i)), np.arange(50.0)) for i in range(4)]
    wrong = []

    def work(x, y):
        for _ in range(300):
            if not np.allclose(fast(x, y), np.tanh(x) * y + x, rtol=1e-14):
                wrong.append(x[0])

    threads = [threading.Thread(target=work, args=pair) for pair in inputs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_calls_of_several_kinds_each_have_a_short_way():
    count = []
    fast = tl.compile(lambda x, double: x * 2 if double else x)
    for _ in range(3):
        for n in (2, 3):
            for double in (True, False):
                np.testing.assert_array_equal(fast(np.ones(n), double), np.ones(n) * (1 + double))
    made = fast._call
    fast._call = lambda *args: count.append(1) or made(*args)
    for n in (2, 3):
        for double in (True, False):
            fast(np.ones(n), double)
    assert not count


def test_what_a_program_returns_is_a_value_like_any_other():
    made = held(np.float64(2.0), "loss")
    expected = tl.Value(np.float64(2.0), requires_grad=False, name="loss")
    slots = [name for name in tl.Value.__slots__ if name not in ("__weakref__", "index")]
    assert {name: getattr(made, name) for name in slots} == {name: getattr(expected, name) for name in slots}
    assert made.index < tl.Value(1.0).index


def test_modes_and_the_default_dtype_are_those_of_the_call():
    fast = tl.compile(lambda x: tl.Value([1.0, 2.0]) * x)
    for dtype in ("float64", "float32", "float64"):
        with tl.default_dtype(dtype):
            assert fast(np.ones(2, np.float32)).dtype == dtype
    w = tl.Value([1.0, 2.0])

    def step():
        w.grad = None
        loss = np.sum(w * w)
        if loss.requires_grad:
            loss.backward()
        return loss

    fast = tl.compile(step, state=w)
    fast()
    assert w.grad is not None
    with tl.no_grad():
        fast()
    assert w.grad is None
