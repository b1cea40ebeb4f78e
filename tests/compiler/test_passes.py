"""Each pass alone: what it takes out, and that the results keep their bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import tinygrad_lab as tl
from tinygrad_lab.compiler import passes, trace
from tinygrad_lab.compiler.scanning import scan
from tinygrad_lab.testing.programs import programs

X = np.linspace(-2, 3, 12).reshape(3, 4)


def names(program):
    return [call.function.__name__ for call in program.calls]


def check(step, function, *arrays, left):
    """Apply a pass to a traced function; return the names of the calls that are left."""
    program = trace(function, *arrays)
    made = step(program)
    for actual, expected in zip(made(*arrays), program(*arrays), strict=True):
        np.testing.assert_array_equal(actual, expected)
        assert np.asarray(actual).dtype == np.asarray(expected).dtype
    assert names(made) == left


def _pruned(program):
    return passes.prune(passes.simplify(program))


@pytest.mark.parametrize(
    ("step", "function", "left"),
    [
        (passes.prune, lambda x: (np.exp(x), np.tanh(x), x)[1], ["tanh"]),
        (passes.share, lambda x: np.exp(x) + np.exp(x) * np.sum(x, axis=0), ["exp", "sum", "multiply", "add"]),
        (passes.share, lambda x: np.sum(x, axis=0) + np.sum(x, axis=1)[:1], ["sum", "sum", "getitem", "add"]),
        (passes.share, lambda x: (x * 1, x * 1.0, x * True), ["multiply"] * 3),
        (passes.share, lambda x: (x * 0.0, x * -0.0), ["multiply"] * 2),
        (passes.fold, lambda x: x * np.tanh(np.ones_like(x)) + np.arange(4.0), ["multiply", "add"]),
        (passes.simplify, lambda x: 1 * x - 0, []),
        (passes.simplify, lambda x: x / 1.0 + -0.0, []),
        (passes.simplify, lambda x: x + 0, ["add"]),  # −0 + 0 is 0
        (passes.simplify, lambda x: np.transpose(x.T), []),
        (passes.simplify, lambda x: x[None].transpose(2, 0, 1).transpose(1, 2, 0), ["getitem"]),
        (passes.simplify, lambda x: np.swapaxes(x, 0, 1).T, []),
        (passes.simplify, lambda x: np.reshape(np.reshape(x, (2, 6)), (4, 3)), ["reshape"]),
        (passes.simplify, lambda x: np.reshape(np.reshape(x, 12), (3, 4)), []),
        (passes.simplify, lambda x: np.ravel(x, "F"), ["ravel"]),
        (passes.simplify, lambda x: np.negative(np.negative(x)), []),
        (passes.simplify, lambda x: x.astype(np.float32).astype(np.float64), ["astype", "astype"]),
        (passes.simplify, lambda x: np.real(np.conj(x)), []),
        (passes.simplify, lambda x: x * np.ones((5, 3, 4)), ["multiply"]),  # it broadcasts
        (passes.simplify, lambda x: x * np.float32(1), []),
        (passes.simplify, lambda x: x * np.full((3, 4), 2.5), ["multiply"]),
        (passes.inline, tl.functional.sigmoid, ["negative", "exp", "add", "divide"]),
        (passes.slim, lambda x: scan(lambda c, r: ((c[0] + r, c[1] * r), c[1]), (0 * x[0], 1 + x[0]), x)[0][0], None),
        (passes.hoist, lambda x: scan(lambda c, r: (c + np.exp(x[0]) * r, None), x[0], x)[0], None),
    ],
)
def test_what_is_left(step, function, left):
    if left is None:
        program = trace(function, X)
        made = step(program)
        inner = [len(c.function.body.calls) for p in (program, made) for c in p.calls if hasattr(c.function, "body")]
        assert inner[1] < inner[0]
        np.testing.assert_array_equal(made(X)[0], program(X)[0])
    else:
        check(_pruned if step is passes.simplify else step, function, X, left=left)


@given(programs())
@settings(max_examples=25, deadline=None, phases=[Phase.generate], database=None, derandomize=True,
          suppress_health_check=list(HealthCheck))  # fmt: skip
def test_all_of_them_keep_the_bits_of_random_programs_and_of_their_gradients(call):
    def value_and_gradients(*arrays):
        inputs = [tl.Value(x) for x in arrays]
        outputs = [y for y in call.function(*inputs) if isinstance(y, tl.Value)]
        total = sum((np.sum(y * y) for y in outputs), np.float64(0))
        if outputs:
            total.backward()
        return [*(y.data for y in outputs), *(x.grad for x in inputs if x.grad is not None)]

    with np.errstate(all="ignore"):
        program = trace(value_and_gradients, *call.args)
        made = passes.optimise(program)
        for actual, expected in zip(made(*call.args), program(*call.args), strict=True):
            np.testing.assert_array_equal(actual, expected)
    assert len(made.calls) <= len(passes.inline(program).calls)


def test_what_only_rounds_otherwise_must_be_allowed():
    def function(a, b, c):
        return a**3, np.einsum("ij,jk,kl->il", a, b, c), np.transpose(a.T @ a), np.einsum("ij,jk,ki", a, b, c)

    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(4, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 4))
    exact, fast = tl.compile(function), tl.compile(function, exact=False)
    for actual, expected in zip(fast(*arrays), exact(*arrays), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-13)
    assert names(exact.program).count("einsum") == 2
    assert names(fast.program).count("einsum") == 3  # two pairs each, of which one is the same
    assert "power" in names(exact.program)
    assert "power" not in names(fast.program)


def test_powers_are_what_the_operator_calls():
    for n in (2, 0.5, -1, 1, 3, 2.0):
        for dtype in (np.float64, np.float32):
            x = np.linspace(0.1, 3, 50).astype(dtype)
            actual = tl.compile(lambda x: x**n)(x)  # noqa: B023
            assert actual.dtype == dtype
            np.testing.assert_array_equal(actual, x**n)


def test_the_inverse_of_bools_is_their_negation():
    program = passes.simplify(trace(lambda x, n: (~(x > 0), ~n), X, np.arange(3)))
    assert [call.function for call in program.calls] == [np.greater, np.logical_not, np.invert]


def test_threads_may_compile_at_once(tmp_path):
    """Workers of a cluster have several threads; Python 3.11 cannot parse in two of them at a time."""
    import gc
    import threading
    import time
    from concurrent.futures import ThreadPoolExecutor

    from tinygrad_lab.compiler.passes import naming

    start, path = threading.Barrier(4), tmp_path / "long.py"
    path.write_text("y = [[[[[f(a) + [b, (c, {d: e})]]]]]]\n" * 1000)

    def parse(number, depth=0):
        if depth < 10 * number:  # threads as deep as each other do not disturb one another
            return parse(number, depth + 1)
        start.wait()
        return len(naming._assignments.__wrapped__(str(path)))

    yielding = lambda phase, info: time.sleep(1e-4)  # to another thread, in the middle of a tree
    gc.callbacks.append(yielding)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(parse, range(4))) == {1000}
    finally:
        gc.callbacks.remove(yielding)


@pytest.mark.parametrize("form", ["ij->j", "ij->", "ij->ij", "ij->ji", "i j -> i j", "ii->i", "ij", "ji", "ij,jk->ik"])
def test_what_einsum_gives_is_not_overwritten_where_it_is_a_view(form):
    def function(x):
        doubled = 2.0 * x
        seen = np.einsum(form, *[doubled] * (1 + form.count(",")))
        return np.sum(np.exp(x) * 3.0), np.sin(seen), seen

    x = np.linspace(-1, 1, 9).reshape(3, 3)
    fast = tl.compile(function, backend="numpy")
    for _ in range(3):
        for actual, expected in zip(fast(x), function(x), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-15)
