"""no_grad, enable_grad and debug: nested, decorated, in threads, and what debug says."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.core import modes
from tinygrad_lab.errors import GraphError, NonFiniteError


def recording():
    return (tl.Value(1.0) * 2).requires_grad


def test_no_grad_and_enable_grad_nest():
    assert recording()
    with tl.no_grad():
        assert not recording()
        with tl.enable_grad():
            assert recording()
            with tl.no_grad():
                assert not recording()
            assert recording()
        assert not recording()
    assert recording()


def test_leaving_by_an_exception_restores_the_mode():
    for mode in (tl.no_grad, tl.debug):
        with pytest.raises(KeyError), mode():
            raise KeyError
    assert modes.current() == modes.RECORD


def test_one_instance_is_reusable_and_reentrant():
    quiet = tl.no_grad()
    with quiet:
        with quiet:
            assert not recording()
        assert not recording()
    assert recording()
    with quiet:
        assert not recording()


def test_decorated_functions_and_recursion():
    @tl.no_grad()
    def depth(n):
        """Doc."""
        assert not recording()
        return 0 if n == 0 else 1 + depth(n - 1)

    assert depth(5) == 5
    assert depth.__doc__ == "Doc."
    assert recording()


def test_debug_and_no_grad_are_independent():
    with tl.debug(), tl.no_grad():
        assert modes.current() == modes.CHECK | modes.ORIGIN
        with tl.enable_grad():
            assert modes.current() == modes.CHECK | modes.ORIGIN | modes.RECORD
    assert modes.current() == modes.RECORD


def test_a_thread_does_not_touch_the_mode_of_another():
    entered, leave = threading.Event(), threading.Event()
    seen = []

    def quiet():
        with tl.no_grad():
            entered.set()
            leave.wait(10)
            seen.append(recording())

    thread = threading.Thread(target=quiet)
    thread.start()
    assert entered.wait(10)
    assert recording()
    leave.set()
    thread.join()
    assert seen == [False]


def test_one_decorated_function_runs_in_many_threads_at_once():
    barrier = threading.Barrier(4)
    failures = []

    @tl.no_grad()
    def work():
        barrier.wait(10)
        for _ in range(50):
            assert not recording()

    def run():
        try:
            work()
            assert recording()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_threads_differentiate_independently():
    results = {}

    def work(k):
        x = tl.Value(np.arange(3.0) + k)
        for _ in range(20):
            x.grad = None
            np.sum(np.tanh(x) * k).backward()
        results[k] = (x.grad, k * (1 - np.tanh(x.data) ** 2), tl.grad(tl.grad(lambda z: z**3 * k))(2.0))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        grad, expected, second = results[k]
        np.testing.assert_allclose(grad, expected)
        assert second == 12.0 * k


def test_coroutines_do_not_touch_each_others_mode():
    async def quiet(gate):
        with tl.no_grad():
            await gate.wait()
            return recording()

    async def loud(gate):
        await asyncio.sleep(0)
        result = recording()
        gate.set()
        return result

    async def both():
        gate = asyncio.Event()
        return await asyncio.gather(quiet(gate), loud(gate))

    with ThreadPoolExecutor(1) as apart:  # a browser's tests leave their loop in this thread
        assert apart.submit(asyncio.run, both()).result() == [False, True]


def test_transforms_differentiate_inside_no_grad():
    with tl.no_grad():
        assert tl.grad(tl.grad(lambda x: x**3))(2.0) == 12.0
        assert not recording()


# -- debug -----------------------------------------------------------------------------------------------------------


def test_debug_names_the_operation_and_the_line_going_forward():
    x = tl.Value([1.0, 0.0])
    text = r"log: gave -inf from finite inputs of shape \(2,\)"
    with tl.debug(), np.errstate(divide="ignore"), pytest.raises(NonFiniteError, match=text) as e:
        np.log(x)
    assert "test_modes.py:" in str(e.value)


def test_debug_names_the_operation_and_the_line_going_backward():
    @tl.primitive(lambda g, y, x: g / (x - x))
    def vertical(x):
        return x + 1.0

    x = tl.Value([1.0, 2.0])
    with tl.debug(), np.errstate(divide="ignore"):
        y = np.sum(vertical(x))
        with pytest.raises(NonFiniteError, match=r"gradient of vertical: .*called at .*test_modes\.py:\d+"):
            y.backward()
        with pytest.raises(NonFiniteError, match=r"divide: gave inf from finite inputs"):  # the rule's own step
            y.backward(create_graph=True)
    assert x.grad is None
    tl.OPS.pop(vertical)


def test_debug_blames_only_the_first_that_made_it_not_finite():
    with tl.debug():
        x = tl.Value([np.inf, 1.0])
        y = np.sum(x * 2)
        assert np.isinf(y.data)
        assert y.origin is not None
    assert (x * 2).origin is None


def test_debug_also_checks_without_recording():
    with tl.debug(), tl.no_grad(), np.errstate(over="ignore"), pytest.raises(NonFiniteError, match="exp"):
        np.exp(tl.Value(1000.0))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex64])
def test_debug_changes_no_number(dtype):
    x = np.linspace(0.5, 1, 6).astype(dtype).reshape(2, 3)

    def f(z):
        y = np.sum(np.where(np.abs(z) > 0.7, np.tanh(z) @ z.T @ z, z[::-1]) * np.stack([z, z])[0])
        return np.real(y)

    expected = tl.grad(f)(x)
    with tl.debug():
        np.testing.assert_array_equal(tl.grad(f)(x), expected)
        tl.grad(lambda z: np.sum(np.real(tl.grad(f)(z))))(x)


@pytest.mark.parametrize("mode", [tl.no_grad, tl.enable_grad, tl.debug])
def test_functions_whose_body_runs_later_cannot_be_decorated(mode):
    def generator():
        yield recording()

    async def coroutine():
        return recording()

    async def stream():
        yield recording()

    for function in (generator, coroutine, stream):
        with pytest.raises(
            TypeError, match=rf"{mode.__name__}: cannot decorate {function.__name__}\(\), .*; write `with"
        ):
            mode()(function)


def test_a_generator_may_use_a_mode_between_two_yields():
    def batches():
        for _ in range(2):
            with tl.no_grad():
                quiet = recording()
            yield quiet

    assert [(quiet, recording()) for quiet in batches()] == [(False, True), (False, True)]


@pytest.mark.parametrize("callable_", [np.sin, abs, len])
def test_builtin_functions_can_be_decorated(callable_):
    assert tl.no_grad()(callable_)


def test_origins_are_noted_without_checking():
    x = tl.Value(0.0)
    with modes.trace_origin(), np.errstate(divide="ignore"):
        y = np.log(x)
        z = y + y
    assert y.origin.startswith(__file__)
    assert z.origin != y.origin
    assert (y * 2).origin is None


@given(st.lists(st.sampled_from([tl.no_grad, tl.enable_grad, tl.debug]), min_size=1, max_size=4), st.randoms())
def test_blocks_of_interleaved_generators_take_back_only_what_they_did(kinds, random):
    def held(kind):
        with kind():
            yield

    generators = [held(kind) for kind in kinds]
    for generator in generators:
        next(generator)
    random.shuffle(generators)
    for generator in generators:
        generator.close()
    assert modes.current() == modes.RECORD
    assert (tl.Value(1.0) * 2).requires_grad


@given(st.permutations([0, 1, 2]))
def test_while_a_generator_holds_no_grad_nothing_is_recorded_whichever_was_closed(closing):
    def held():
        with tl.no_grad():
            yield

    generators = [held() for _ in range(3)]
    for generator in generators:
        next(generator)
    for number, position in enumerate(closing):
        assert not (tl.Value(1.0) * 2).requires_grad
        generators[position].close()
        assert (tl.Value(1.0) * 2).requires_grad == (number == 2)


# -- debug: arrays that somebody writes into --------------------------------------------------------------------------

WRITTEN = {
    "square": (lambda x, c: x * x, "multiply", 0),
    "argument": (lambda x, c: np.sin(x) * c, "sin", 0),
    "constant": (lambda x, c: x * c, "multiply", 1),
    "matrix": (lambda x, c: c @ x, "matmul", 1),
    "mean": (lambda x, c: np.mean(x * 2.0), "multiply", 0),
}


@pytest.mark.parametrize("name", WRITTEN)
@given(position=st.integers(0, 2))
def test_debug_finds_what_is_written_between_forward_and_backward_and_names_the_operation(name, position):
    function, operation, argument = WRITTEN[name]
    x, c = tl.Value([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    with tl.debug():
        y = np.sum(function(x, c))
    (c if name == "constant" else x.data)[position] += 1
    with pytest.raises(GraphError, match=rf"{operation}: argument {argument} was written into .*test_modes.py:\d+"):
        y.backward()
    assert x.grad is None


def test_debug_finds_a_result_that_is_written_into():
    x = tl.Value([1.0, 2.0])
    with tl.debug():
        y = np.exp(x)
    y.data[0] = 0.0
    with pytest.raises(GraphError, match=r"exp: the result was written into .*; bind a new array"):
        y.sum().backward()


def test_debug_lets_rebound_data_pass():
    x = tl.Value([1.0, 2.0])
    with tl.debug():
        y = np.sum(x * x)
        x.data = x.data - 1.0
        y.backward()
    assert x.grad.tolist() == [2.0, 4.0]
