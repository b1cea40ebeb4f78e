"""Compilation: tracing a function into a program of NumPy calls, passes over programs, and writers that run them.

The package is named `compiler` so that `tinygrad_lab.compile` is the function, whatever was imported first.
"""

from __future__ import annotations

from tinygrad_lab.compiler.compiling import Compiled, compile
from tinygrad_lab.compiler.passes import optimise
from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, Writer, Written
from tinygrad_lab.compiler.scanning import scan
from tinygrad_lab.compiler.tracing import trace

__all__ = [
    "Call",
    "Compiled",
    "Loop",
    "Program",
    "Variable",
    "Writer",
    "Written",
    "compile",
    "optimise",
    "scan",
    "trace",
]
