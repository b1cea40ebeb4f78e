"""Passes: functions from a program to a program that computes the same with less.

Each works alone and may be left out. `exact` programs have the bits of the traced one; `fast` ones may reassociate.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_lab.compiler.passes.algebra import simplify
from tinygrad_lab.compiler.passes.apart import keep_apart
from tinygrad_lab.compiler.passes.common import share
from tinygrad_lab.compiler.passes.dead import prune
from tinygrad_lab.compiler.passes.folding import fold
from tinygrad_lab.compiler.passes.inline import inline
from tinygrad_lab.compiler.passes.loops import hoist, in_bodies, slim, unroll
from tinygrad_lab.compiler.passes.naming import rename
from tinygrad_lab.compiler.passes.reassociating import reassociate
from tinygrad_lab.compiler.program import Program

__all__ = [
    "fold",
    "hoist",
    "inline",
    "keep_apart",
    "optimise",
    "prune",
    "reassociate",
    "rename",
    "share",
    "simplify",
    "slim",
    "unroll",
]


EXACT = (inline, prune, share, slim, fold, simplify, share, simplify, share, prune)
FAST = (inline, prune, share, slim, fold, simplify, reassociate, share, simplify, share, prune)


def optimise(program: Program, names: Sequence[str] = (), exact: bool = True) -> Program:
    """Return the program after all passes, with unique readable names; `names` are the wanted ones for outputs."""

    def passed(program: Program) -> Program:
        for step in EXACT if exact else FAST:
            program = step(program)
        return hoist(in_bodies(passed, program))

    return rename(passed(program), names)
