"""Random programs and their gradients as machine code, against NumPy: `tests/compiler/numba_programs.py [MANY]`."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.compiler import trace
from tinygrad_lab.compiler.passes import optimise
from tinygrad_lab.compiler.write_numba import write
from tinygrad_lab.testing.programs import programs

TOGETHER = 8  # programs that are compiled at once: each compilation has a price of its own


def with_gradients(function: Any, count: int) -> Any:
    """A function that gives the results of another, and the gradients of their sum."""

    def total(*args: Any) -> Any:
        results = function(*args)
        return sum(np.sum(result) for result in results), results

    def both(*args: Any) -> Any:
        (_, results), gradients = tl.value_and_grad(total, argnums=tuple(range(count)), has_aux=True)(*args)
        return (*results, *gradients)

    return both


def check(calls: list[Any]) -> None:
    """Compile calls together and compare what they give."""
    arrays = [array for call in calls for array in call.args]

    def run(*given: Any) -> Any:
        rest = iter(given)
        results = []
        for call in calls:
            own = [next(rest) for _ in call.args]
            results += with_gradients(call.function, len(own))(*own)
        return tuple(results)

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = optimise(trace(run, *arrays))
        expected, actual = program(*arrays), write(program).run(*arrays)
    for e, a in zip(expected, actual, strict=True):
        assert np.shape(e) == np.shape(a)
        scale = np.max(np.abs(e), initial=0, where=np.isfinite(e))
        np.testing.assert_allclose(a, e, rtol=1e-9, atol=1e-11 * scale)


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 20

    @settings(
        max_examples=many,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(st.lists(programs(), min_size=TOGETHER, max_size=TOGETHER))
    def run(calls: list[Any]) -> None:
        check(calls)

    run()
    print(f"{many * TOGETHER} programs agree")


if __name__ == "__main__":
    main()
