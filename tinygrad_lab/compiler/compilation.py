"""One program of a compiled function with its writer and loops, and the choice of the writer."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass, field
from typing import Any

from tinygrad_lab.compiler.lifting import Lifted
from tinygrad_lab.compiler.program import Program, Writer, Written
from tinygrad_lab.compiler.repeating import Repetition
from tinygrad_lab.errors import CompileError
from tinygrad_lab.refusals.nearest import none_of

BACKENDS = ("numpy", "numba", "jax")


@dataclass
class Compilation:
    """One program of a compiled function, ready to run."""

    lifted: Lifted
    program: Program
    write: Writer
    repetitions: dict[Any, tuple[Repetition, Written]] = field(default_factory=dict)  # by their condition

    @functools.cached_property
    def written(self) -> Written:
        """What the writer made of the program, when it is first needed."""
        return self.write(self.program)


def writer_of(backend: str, parallel: bool = False) -> Writer:
    """Return the writer of a backend; `parallel` is an option of Numba's alone."""
    if backend not in BACKENDS:
        raise CompileError(f"compile: backend {none_of(BACKENDS, backend, 'choose one')}")
    if parallel and backend != "numba":
        raise CompileError(
            f'compile: parallel must be left out unless backend is "numba", got {backend!r}; BLAS and XLA have threads '
            f"of their own"
        )
    module = importlib.import_module(f"tinygrad_lab.compiler.write_{backend}")
    write: Writer = functools.partial(module.write, parallel=True) if parallel else module.write
    return write
