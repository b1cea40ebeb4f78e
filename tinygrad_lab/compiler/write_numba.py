"""The writer of machine code: loops over everything that belongs together, compiled by Numba and kept on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.compiler.counting import merged, without_counts
from tinygrad_lab.compiler.program import Inline, Program, Written, uses
from tinygrad_lab.extras import require

_LARGE = 1 << 20  # bytes; a larger constant becomes an input


def write(program: Program, parallel: bool = False) -> Written:
    """Return a program as source for Numba, and the compiled function; `parallel`: long loops run on all cores.

    Raises:
        MissingExtraError: Numba is not installed.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> written = write(trace(lambda x: np.tanh(x) * 2, np.zeros(3), name="squash"))
        >>> written.run(np.zeros(3))
        [array([0., 0., 0.])]
    """
    require("compile", "numba")
    from tinygrad_lab.compiler.numba import building, entries, running
    from tinygrad_lab.compiler.numba.module import Module

    compiled, counts = without_counts(program)
    large = {v: x for v, x in compiled.constants.items() if isinstance(x, np.ndarray) and x.nbytes > _LARGE}
    small = {v: x for v, x in compiled.constants.items() if v not in large}
    compiled = replace(compiled, inputs=(*program.inputs, *large), constants=small)
    module = Module(building.vector_bytes(), parallel)
    body = module.body(compiled)
    bodies = [body, *module.interpreted.values()]
    stages = {stage.name: entries.write_stage_entry(module, b, stage) for b in bodies for stage in b.compiled}
    loops = {loop.name: entries.write_loop_entry(module, loop) for b in bodies for loop in b.reader.loops.values()}
    source = module.source()
    build = building.Building(program.name, source, module.signatures())
    code = running.Code(module.pool.memory(), interpreted=module.interpreted)
    blocked = {stage.name for b in bodies for stage in b.compiled if stage.blocks}
    code.stages = {name: build.entry(entry, 6 if name in blocked else 3) for name, entry in stages.items()}
    code.loops = {name: (build.entry(entry, 4), size) for name, (entry, size) in loops.items()}
    inputs, used = program.inputs, uses(compiled)
    used |= {v: 1 for v in inputs if not v.weak}  # the shape of an unused array may have led to what is used
    left = dict.fromkeys(name for b in bodies for name in b.left_to_numpy)

    live = {f"large_{i}": x for i, x in enumerate(large.values())}

    def inlined(names: Sequence[str]) -> Inline | None:
        made = running.Runner(body, code).inline([*names, *live])
        if made is None:
            return None
        checked = made.checked | {i for i, v in enumerate(inputs) if v not in used}
        return Inline(made.lines, merged(counts, made.results, names), {**made.scope, **live}, checked)

    def run() -> Callable[..., Sequence[Any]]:
        inner = running.Runner(body, code).run
        if not any(counts) and not live:
            return inner
        names = [f"x{i}" for i in range(len(inputs))]
        results = merged(counts, [f"r[{i}]" for i in range(len(compiled.outputs))], names)
        call = Inline([f"r = inner({', '.join([*names, *live])})"], results, {"inner": inner, **live})
        return running.as_function(inlined(names) or call, names)

    return Written(source, _per_thread(run), tuple(left), inlined, body.fused)


def _per_thread(make: Callable[[], Callable[..., Sequence[Any]]]) -> Callable[..., Sequence[Any]]:
    """Return a function that has its own memory in each thread."""
    local = threading.local()

    def run(*arrays: Any) -> Sequence[Any]:
        try:
            function = local.function
        except AttributeError:
            function = local.function = make()
        return function(*arrays)

    return run
