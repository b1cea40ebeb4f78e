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
    from tinygrad_lab.compiler.numba import building, entries, running
    from tinygrad_lab.compiler.numba.module import Module

    module = Module(building.vector_bytes())
    body = module.body(program)
    bodies = [body, *module.interpreted.values()]
    stages = {stage.name: entries.write_stage_entry(module, b, stage) for b in bodies for stage in b.compiled}
    loops = {loop.name: entries.write_loop_entry(module, loop) for b in bodies for loop in b.reader.loops.values()}
    source = module.source()
    build = building.Building(program.name, source, module.signatures())
    code = running.Code(module.pool.memory(), interpreted=module.interpreted)
    code.stages = {name: build.entry(entry, 3) for name, entry in stages.items()}
    code.loops = {name: (build.entry(entry, 4), size) for name, (entry, size) in loops.items()}
    left = dict.fromkeys(name for b in bodies for name in b.left_to_numpy)
    return Written(source, _per_thread(lambda: running.Runner(body, code).run), tuple(left))


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
