"""Long loops on several cores give the bits that they give on one."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import CompileError

LONG = np.random.default_rng(0).normal(size=(700, 300))


def elements(x):
    return np.tanh(np.sin(x) * np.exp(-x * x)).T + 1, np.where(x > 0, x, x.max(axis=1, keepdims=True))


def totals(x):
    return x.sum(), np.tanh(x).sum(axis=0), x.mean(axis=1), np.max(x), np.var(x), (x.T * 2).sum(axis=0), x[:, 1].sum()


def test_other_backends_say_that_they_have_threads_of_their_own():
    with pytest.raises(CompileError, match="parallel must be left out unless backend is \"numba\", got 'numpy'; BLAS"):
        tl.compile(elements, parallel=True)


@pytest.mark.slow
@pytest.mark.parametrize("function", [elements, totals, tl.value_and_grad(lambda x: np.sum(np.exp(np.sin(x)) * x))])
def test_results_do_not_depend_on_the_number_of_cores(function, monkeypatch):
    threads = pytest.importorskip("tinygrad_lab.compiler.numba.threads")
    fast = tl.compile(function, backend="numba", parallel=True)
    first = fast(LONG)
    assert " blocks: " in fast.table()
    for actual, expected in zip(first, function(LONG), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)
    for count in (1, 3):
        monkeypatch.setattr(threads, "cores", lambda count=count: count)
        for actual, expected in zip(fast(LONG), first, strict=True):
            np.testing.assert_array_equal(actual, expected)


@pytest.mark.slow
def test_elements_are_those_of_one_core_in_every_thread():
    pytest.importorskip("numba")
    fast, expected = tl.compile(elements, backend="numba", parallel=True), tl.compile(elements, backend="numba")(LONG)
    found = {}
    threads = [threading.Thread(target=lambda i=i: found.update({i: fast(LONG)})) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(4):
        for actual, e in zip(found[i], expected, strict=True):
            np.testing.assert_array_equal(actual, e)
