"""Programs as machine code give what they give call by call."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view as windows

import tinygrad_lab as tl
from tinygrad_lab import viz
from tinygrad_lab.compiler import Loop, trace
from tinygrad_lab.compiler.numba.module import READING
from tinygrad_lab.compiler.numba.reading import Outside, Reader
from tinygrad_lab.compiler.passes import optimise
from tinygrad_lab.compiler.traced import record
from tinygrad_lab.compiler.write_numba import write
from tinygrad_lab.errors import OperationIndexError

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYGRAD_LAB_CACHE", str(tmp_path_factory.mktemp("compiled")))
        yield


def drawn(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


MATRIX, TALL, WIDE, LONG, CUBE = drawn(5, 7), drawn(7, 3), drawn(37, 53), drawn(1000), drawn(4, 5, 6)
PLACES, BITS = np.array([1, -1, 4, 1, 0]), np.random.default_rng(1).integers(0, 2**64, 37, dtype=np.uint64)
BLOCKS = drawn(20, 30), drawn(30, 25)
SINGLE = LONG.astype(np.float32)
LARGE_CUBE = drawn(20, 30, 40)

# Functions that are compiled together, each of the arrays after it. One by one they would take longer, and so would
# many more at once: to optimise machine code takes more than twice as long where there is twice as much.
GROUPS = {
    "matrices": [
        (lambda a, b: a @ b, MATRIX[:, :2], TALL[:2]),
        (lambda a, b: a @ b, *BLOCKS),
        (lambda a, b: a.T @ b.T, BLOCKS[0], drawn(25, 20)),
        (lambda a, b: a @ b.T, BLOCKS[0], drawn(25, 30)),
        (lambda a, b: (a.astype("f4") @ b.astype("f4")), *BLOCKS),
        (lambda a, b: (a @ b, b @ a.T), MATRIX[:, :3], drawn(7)[:3]),
        (lambda a, b: a @ b, drawn(9, 2, 1), drawn(9, 1, 2)),
        (lambda a, b: a @ b, drawn(3, 20, 30), drawn(3, 30, 10)),
        (lambda a, b: a @ b, drawn(3, 20, 30), drawn(30, 10)),
        (lambda a, b: np.einsum("ij,ij->i", a, b), MATRIX, MATRIX + 1),
        (lambda a, b: np.tensordot(a, b, axes=([0, 2], [1, 0])), CUBE, drawn(6, 4, 3)),
        (lambda a: (np.outer(a, a[:2]), np.inner(a, a), np.dot(a, a)), drawn(7)),
        (lambda a: a[::2, 1:] @ a[:, 1:].T, WIDE),
        (lambda a, b: np.tanh(a @ b) @ b.T, *BLOCKS),
    ],
    "totals": [
        (lambda a: (a.sum(0), a.sum(1), a.sum(), a.mean(0), a.mean(1, keepdims=True)), WIDE),
        (lambda a: (a.max(0), a.min(1), a.max(), np.prod(a[:3], axis=0)), WIDE),
        (lambda a: (a.sum((0, 2)), a.sum(1), a.max((1, 2)), a.min((0, 2))), LARGE_CUBE),
        (lambda a: a.sum(), np.random.default_rng(0).uniform(size=1_000_003).astype("f4")),
        (lambda a: (np.any(a > 3), np.all(a > -9, axis=0)), WIDE),
        (lambda a: np.exp(a - a.max(1, keepdims=True)) / a.sum(1, keepdims=True), drawn(128, 3)),
        (lambda a: (np.linalg.norm(a), np.linalg.norm(a, axis=1), np.linalg.norm(a[0], keepdims=True)), WIDE),
        (lambda a: (np.sum(a > 0, axis=1, dtype=float), tl.grad(lambda b: np.sum(np.max(b, axis=1)))(a)), WIDE),
        (lambda a: tl.value_and_grad(lambda b: np.sum(tl.functional.gelu(b)))(a), WIDE),
        (lambda a: (a.max(), a.sum(0)), np.where(WIDE > 2, np.nan, WIDE)),
    ],
    "rearranged": [
        (lambda a: (a.T * 2 + 1, a[1:, ::2] * a[:-1, ::2], a[::-1] * 2, a[3] * 2, a[2, 2] + a[:, 5]), WIDE),
        (lambda a: (np.transpose(a, (2, 0, 1)) * 2, a.reshape(4, -1) + 1, np.swapaxes(a, 0, 2) - 1), CUBE),
        (lambda a: (a.T.reshape(-1) * 2, a.T.ravel() - a.ravel()), MATRIX),
        (lambda a: np.concatenate([a, a[:2] * 2, a], axis=0), MATRIX),
        (lambda a: np.concatenate([a, np.tanh(a)], axis=1) * 3, MATRIX),
        (lambda a: (np.stack([a, a * 2], axis=1), np.hstack([a, a]), np.vstack([a, a])), MATRIX),
        (lambda a: np.split(a * 2, [2, 3], axis=0), MATRIX),
        (lambda a: (a, a.T, a[0], a), MATRIX),
        (lambda a: (np.stack([a[0, 0], a[1, 2]]), np.stack([a[0, 0] * 2, a.sum()])), MATRIX),
        (lambda a: tl.grad(lambda b: np.sum(b[1:3, 2] ** 2) + np.sum(b[:, -1]) + b[0, 0])(a), MATRIX),
        (lambda a: (windows(a, 3, axis=1) * 2, windows(a, (2, 3)).sum((2, 3)), np.tanh(windows(a, 2, axis=0))), MATRIX),
        (lambda a: windows(np.exp(a), (3, 3)).reshape(15, 9) @ np.arange(18.0).reshape(9, 2), MATRIX),
        (lambda a: a * np.arange(7.0) + np.broadcast_to(a[0], (3, 5, 7)), MATRIX),
    ],
    "elements": [
        (lambda a: (~(a > 0), ~np.isfinite(a[0, 0])), MATRIX),
        (lambda a: ((a > 0) & (a[0, 0] < 1), (a[0, 0] < 1) | (a > 0), (a > 0) & (a[0, 0] > 9)), MATRIX),
        (lambda a: (np.where(a > 0, a, 0.1 * a), np.clip(a, -0.5, 0.5), (a > 0) * a, (a > 0) & (a < 1)), WIDE),
        (lambda a: (np.sum((a > 0) == (a < 1)), np.sum((a > 0) != (a > 1), axis=0)), WIDE),
        (lambda a: (np.tanh(a) * 2 + a.sum(), np.exp(a) - 1, 1 / a, np.sign(a), a * 0.1 + 2), SINGLE),
        (lambda a, b: a * b + 1, SINGLE, LONG),
        (lambda a: (np.abs(a) ** 1.7, a**2, np.sqrt(np.abs(a)), a**-1.0, np.maximum(a, 0), np.fmin(a, 0.5)), LONG),
        (lambda a: (np.sin(a * 1e8), np.cos(a), np.arctan2(a, 2.0), np.logaddexp(a, -a), np.rint(a * 9)), LONG),
        (lambda a: (np.hypot(a, a[::-1]), np.hypot(a * 1e300, a), np.hypot(a * 1e-310, a * 1e-309)), LONG),
        (lambda a: (a != a, np.isfinite(a), np.logical_not(a > 0), np.signbit(a)), np.where(LONG > 1, np.nan, -LONG)),
        (lambda a: (a * 2 + 1, a / 2, np.sqrt(a), np.maximum(a, 7), a < 9), np.arange(50)),
        (lambda a, s: a * s + s, MATRIX, np.float64(2.0)),
        (lambda a: (a.astype(int), np.floor(a * 9).astype(np.int64) * 2, (a * 1e30).astype(int)), LONG),
        (lambda a: ((a * 9).astype(int) + 1, (a > 0).astype(int)), SINGLE),
    ],
    "rows": [
        (lambda a, i: (a[i] * 2, a[:, i], np.take(a, i, axis=1), a.T[i].T, a[i[:2].reshape(2, 1)]), MATRIX, PLACES),
        (lambda a, i: tl.grad(lambda b: np.sum(np.tanh(b[i]) ** 2))(a), MATRIX, PLACES),
        (lambda a, i: tl.grad(lambda b: np.sum(np.tanh(b[:, i, i]) ** 2) + np.sum(b[i, :, i]))(a), CUBE, PLACES[:2]),
    ],
    "rows and columns": [
        (lambda a, i, j: (a[i[:3], j] * 2, a[i[:, None], j] + 1, a[np.arange(5), i]), MATRIX, PLACES, PLACES[:3]),
        (lambda a, i: tl.grad(lambda b: np.sum(np.tanh(b[:, i, i]) ** 2) + np.sum(b[:, i] ** 2))(a), CUBE, PLACES[:3]),
        (lambda a, i: tl.grad(lambda b: np.sum(np.tanh(b[np.arange(5), i]) ** 2))(a), MATRIX, PLACES),
    ],
    "running totals": [
        (lambda a: (np.cumsum(a, axis=0), np.cumsum(a, axis=1) * 2, np.cumsum(a), np.cumprod(a.T, axis=0)), MATRIX),
        (lambda a: (np.var(a), np.std(a, axis=0), np.var(a, axis=1, keepdims=True), np.var(a, axis=1, ddof=1)), MATRIX),
        (lambda a: (np.argmax(a, axis=1), np.argmin(a), np.argmax(np.where(a > 1, np.nan, a), axis=0)), MATRIX),
        (lambda u: ((u >> np.uint64(30)) * u ^ u, u + u[3], (u >> np.uint64(11)).astype(float) * 2.0**-53), BITS),
    ],
    "NumPy between": [
        (lambda a: np.linalg.eigh(a @ a.T)[0] * 2, MATRIX),
        (lambda a: np.exp(np.linalg.solve(a @ a.T + 7 * np.eye(5), a)) * 2, MATRIX),
        (lambda a: np.sort(np.cumsum(a * 2) + 1), LONG),
        (lambda a: np.abs(np.fft.fft(a)) ** 2 + np.real(a * 1j), LONG),
    ],
}  # fmt: skip


def flat(results):
    return [x for result in results for x in (result if isinstance(result, tuple | list) else (result,))]


@functools.cache
def together(group):
    """One program of many functions, and its arguments."""
    functions = GROUPS[group]
    arrays = [array for _, *own in functions for array in own]

    def run(*given):
        rest = iter(given)
        return tuple(flat([function(*(next(rest) for _ in own)) for function, *own in functions]))

    with np.errstate(all="ignore"):
        return optimise(trace(run, *arrays)), arrays


def assert_same(actual, expected, digits=200):
    for a, e in zip(actual, expected, strict=True):
        assert np.shape(a) == np.shape(e)
        assert np.asarray(a).dtype == np.asarray(e).dtype
        if np.asarray(e).dtype.kind != "f":
            np.testing.assert_array_equal(a, e)
        else:
            eps = np.finfo(np.asarray(e).dtype).eps
            scale = np.max(np.abs(e), initial=0, where=np.isfinite(e))
            np.testing.assert_allclose(a, e, rtol=digits * eps, atol=20 * eps * scale)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # from NumPy, which says so where it meets NaN
@pytest.mark.parametrize("group", [pytest.param(g, marks=pytest.mark.slow) if g != "elements" else g for g in GROUPS])
def test_programs_give_what_their_calls_give(group):
    program, arrays = together(group)
    written = write(program)
    expected = program(*arrays)
    for _ in range(2):
        assert_same(written.run(*arrays), expected)
    with_gaps = [np.repeat(a, 2, axis=-1)[..., ::2] if np.ndim(a) else a for a in arrays]
    assert_same(written.run(*with_gaps), expected)


@pytest.mark.parametrize("group", [group for group in GROUPS if group != "NumPy between"])
def test_loops_do_everything_that_they_know(group):
    assert READING  # the modules of what is known are loaded
    program, _ = together(group)
    reader = Reader(program)
    reader.read()
    assert [item.call.function for item in reader.items if isinstance(item, Outside)] == []


def test_the_table_says_what_is_left_to_numpy():
    fast = tl.compile(lambda x: np.sort(np.tanh(x))[::-1] * 2, backend="numba")
    fast(drawn(5))
    assert fast.table().splitlines()[-1] == "left to NumPy: sort"


def test_results_are_the_callers_own():
    program = optimise(trace(lambda x: (x, x * 2, x[0]), MATRIX))
    written = write(program)
    first = written.run(MATRIX)
    kept = [np.array(x) for x in first]
    written.run(MATRIX + 1)
    assert_same(first, kept, 0)
    assert not any(np.shares_memory(x, MATRIX) for x in first)


def body_of(function, *arrays):
    return optimise(trace(function, *arrays))


def test_loops_with_slices_and_stacks():
    def step(carry, total, x, w):
        h = np.tanh(carry @ w + x)
        return h, total + h.sum(), h * 2

    xs, w, start = drawn(30, 4), drawn(4, 4), drawn(4)
    loop = Loop(body_of(step, start, np.float64(0), xs[0], w), carried=2, sliced=1)
    program = optimise(trace(lambda *given: loop_call(loop, 30, *given), start, np.float64(0), xs, w))
    assert_same(write(program).run(start, np.float64(0), xs, w), program(start, np.float64(0), xs, w))


def loop_call(loop, length, *operands):
    return record(loop, (length, *operands), {})[1:]


@pytest.mark.slow
def test_a_loop_inside_a_loop():
    inner = Loop(body_of(lambda x, a: (x * a + 1,), drawn(5), drawn(5)), carried=1)

    def step(x, a):
        (x,) = record(inner, (3, x, a), {})[1:]
        return np.sin(x), x.sum()

    outer = Loop(body_of(step, drawn(5), drawn(5)), carried=1)
    program = optimise(trace(lambda x, a: loop_call(outer, 7, x, a), drawn(5), drawn(5)))
    assert_same(write(program).run(drawn(5), drawn(5) / 2), program(drawn(5), drawn(5) / 2))


def test_a_loop_whose_body_needs_numpy():
    loop = Loop(body_of(lambda x: (np.sort(x * 0.5 + 1)[::-1], np.max(x)), drawn(5)), carried=1)
    program = optimise(trace(lambda x: loop_call(loop, 4, x), drawn(5)))
    assert_same(write(program).run(drawn(5)), program(drawn(5)))


@pytest.mark.slow
def test_training_steps_repeat_in_one_call():
    x, y = drawn(50, 2), drawn(50, 1)

    def training():
        rng = np.random.default_rng(0)
        model = tl.nn.Sequential(tl.nn.Linear(2, 3, rng=rng), tl.nn.Tanh(), tl.nn.Linear(3, 1, rng=rng))
        state = tl.optim.Adam(model.parameters(), lr=0.05)

        def step(x, y):
            state.zero_grad()
            loss = np.mean((model(x) - y) ** 2)
            loss.backward()
            state.step()
            return loss

        return model, state, step

    model, _, step = training()
    compiled_model, compiled_state, fast = training()
    fast = tl.compile(fast, backend="numba", state=(compiled_model, compiled_state))
    losses = [step(x, y).item() for _ in range(60)]
    first = fast(x, y).item()
    calls, rest = fast.repeat(1000, x, y, until=lambda loss: loss <= losses[-1] * (1 + 1e-9))
    assert calls == 59
    np.testing.assert_allclose([first, *np.asarray(getattr(rest, "data", rest))], losses, rtol=1e-11)
    for a, b in zip(model.parameters(), compiled_model.parameters(), strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-9)


def test_an_index_out_of_bounds_raises_as_ever():
    fast = tl.compile(lambda a, i: a[i] * 2, backend="numba")
    np.testing.assert_array_equal(fast(MATRIX, PLACES), MATRIX[PLACES] * 2)
    with pytest.raises(OperationIndexError, match="an index is out of bounds for its axis"):
        fast(MATRIX, PLACES + 4)
    np.testing.assert_array_equal(fast(MATRIX, PLACES), MATRIX[PLACES] * 2)
    pairs = tl.compile(lambda a, i: a[np.arange(5), i] * 2, backend="numba")
    np.testing.assert_array_equal(pairs(MATRIX, PLACES), MATRIX[np.arange(5), PLACES] * 2)
    with pytest.raises(OperationIndexError, match="an index is out of bounds for its axis"):
        pairs(MATRIX, PLACES + 4)


def test_embeddings_and_dropout_are_machine_code_throughout():
    layer, drop = tl.nn.Embedding(10, 3, rng=np.random.default_rng(0)), tl.nn.Dropout(0.5, rng=tl.random.Generator(0))
    optimizer = tl.optim.SGD(layer.parameters(), lr=0.1)  # the steps of a test above take Adam

    def step(i):
        optimizer.zero_grad()
        loss = np.sum(drop(layer(i)) ** 2)
        loss.backward()
        optimizer.step()
        return loss

    fast = tl.compile(step, state=(layer, drop, optimizer), backend="numba")
    for _ in range(3):
        fast(PLACES)
    assert "left to NumPy" not in fast.table()


def test_what_shares_a_loop_is_listed_and_framed():
    fast = tl.compile(lambda a, b: np.linalg.inv(np.tanh(a) * 2 + b) + 1, backend="numba")
    fast(np.eye(5), np.ones((5, 5)))
    assert "one loop of 5 × 5: tanh, multiply, add" in fast.table()
    snapshot = viz.draw(fast.fused, level="op").snapshot
    assert [group.name for group in snapshot.groups] == ["one loop of 5 × 5"]
    assert sum(node.group == snapshot.groups[0].id for node in snapshot.nodes) == 3
    assert viz.draw(fast.program).snapshot.groups == ()
