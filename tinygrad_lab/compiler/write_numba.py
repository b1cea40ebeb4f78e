"""The writer of machine code: loops over everything that belongs together, compiled by Numba and kept on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_lab.compiler.program import Program, Written
from tinygrad_lab.extras import extra


def write(program: Program) -> Written:
    """Return a program as source for Numba, and the compiled function.

    Raises:
        MissingExtraError: Numba is not installed.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> written = write(trace(lambda x: np.tanh(x) * 2, np.zeros(3), name="squash"))
        >>> written.run(np.zeros(3))
        [array([0., 0., 0.])]
    """
    with extra("compile"):
        import numba  # noqa: F401
    from tinygrad_lab.compiler.numba import building, running
    from tinygrad_lab.compiler.numba.module import Module, Stage

    module = Module(building.vector_bytes())
    body = module.body(program)
    stages = [stage for stage in body.stages if isinstance(stage, Stage)]
    inner = module.signatures()
    entries = {stage.name: running.write_entry(module, body, stage) for stage in stages}
    source = module.source()
    loaded = building.load_module(program.name, source) if stages else None
    compiled = {
        stage.name: building.compile_entry(loaded, entries[stage.name], running.signature(body, stage), inner)
        for stage in stages
    }
    constants = module.pool.memory()
    return Written(source, _per_thread(lambda: running.Runner(body, compiled, constants)))


def _per_thread(make: Callable[[], Callable[..., Sequence[Any]]]) -> Callable[..., Sequence[Any]]:
    """Return a function that runs with memory of the thread's own."""
    local = threading.local()

    def run(*arrays: Any) -> Sequence[Any]:
        try:
            function = local.function
        except AttributeError:
            function = local.function = make()
        return function(*arrays)

    return run
