"""Every operation, with its gradients, as machine code: `python tests/compiler/numba_operations.py [NAME ...]`."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.compiler.test_operations import FEW, REFUSED, flat, gradients_of
from tests.rules.cases import OPERATIONS, calls_of


def compare(call: Any) -> None:
    """Compile a call and its gradients, and compare with what it gives uncompiled."""
    function = gradients_of(call)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, actual = function(*call.args), tl.compile(function, backend="numba")(*call.args)
    for mine, theirs in zip(flat(actual), flat(expected), strict=True):
        dtype = np.asarray(theirs).dtype
        assert np.shape(mine) == np.shape(theirs), (np.shape(mine), np.shape(theirs))
        assert np.asarray(mine).dtype == dtype, (np.asarray(mine).dtype, dtype)
        rounding = 4000 * np.finfo(dtype).eps if dtype.kind in "fc" else 0
        size = np.max(np.abs(theirs), initial=0, where=np.isfinite(theirs))
        np.testing.assert_allclose(mine, theirs, rtol=rounding, atol=max(rounding * size, rounding))


def _run(op: Any) -> None:
    @settings(max_examples=2, deadline=None, **FEW)
    @given(st.data())
    def run(data: Any) -> None:
        compare(data.draw(calls_of(op)))

    run()


def main() -> None:
    failures = []
    for op in OPERATIONS:
        if op.name in REFUSED or (len(sys.argv) > 1 and op.name not in sys.argv[1:]):
            continue

        try:
            _run(op)
        except Exception as error:
            failures.append(op.name)
            print(f"{op.family}.{op.name}: {str(error)[:600]}", flush=True)
    print(f"{len(failures)} operations differ: {', '.join(failures)}")


if __name__ == "__main__":
    main()
