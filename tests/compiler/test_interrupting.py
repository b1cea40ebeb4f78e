"""Ctrl-C ends compiled loops soon, and loses nothing that was left before. An alarm stands for it."""

from __future__ import annotations

import contextlib
import signal
import time

import numpy as np
import pytest

import tinygrad_lab as tl

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms on this system")
BACKENDS = ["numpy", pytest.param("numba", marks=pytest.mark.slow)]


@contextlib.contextmanager
def interrupted(seconds):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # again, if it came where Python cannot raise
    start = time.perf_counter()
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
        assert time.perf_counter() - start < seconds + 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def decay(x, rounds):
    return tl.scan(lambda c, _: (np.sin(c) * 0.5, None), x, length=rounds)[0]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [1, 20_000])
def test_a_long_scan_ends_at_ctrl_c(backend, size):
    pytest.importorskip(backend)
    fast, x = tl.compile(decay, backend=backend), np.ones(size)
    try:
        before = signal.signal(signal.SIGALRM, lambda *_: None)  # handled, and nothing raised: it goes on
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        start = time.perf_counter()
        np.testing.assert_allclose(fast(x, 3), decay(x, 3), rtol=1e-15)
        soon = time.perf_counter() - start
    finally:
        signal.signal(signal.SIGALRM, before)
    endless = tl.compile(decay, backend=backend)
    with interrupted(0.3):  # while it is traced or compiled, perhaps
        endless(x, 10**9)
    with interrupted(min(0.1 + 1.5 * soon, 3)):  # it is compiled by then
        endless(x, 10**9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_repeat_has_done_until_ctrl_c_is_left(backend):
    pytest.importorskip(backend)
    w = tl.Value(np.zeros(3))

    @tl.compile(state=w, backend=backend)
    def step():
        w.data = w.data + 1.0
        return w.data[0]

    step.repeat(2)
    with interrupted(0.3):
        step.repeat(10**8)
    made = w.data[0]
    assert made > 100
    np.testing.assert_array_equal(w.data, np.full(3, made))
    assert step.repeat(2).outputs.tolist() == [made + 1, made + 2]
