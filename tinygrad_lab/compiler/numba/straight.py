"""A program that is one stage of compiled code, as a few lines of Python: for small programs these are what costs.

Results are written into arrays that take turns: two of each, and the next call writes into those that the last one did
not return. Whoever still holds one of them, or a view of it, shows in its count of references; then new ones are made.
So what was returned never changes in anyone's hands, and a training loop allocates nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.arrays import Ready, address, in_order, ready
from tinygrad_lab.compiler.numba.module import Body
from tinygrad_lab.compiler.numba.placing import aligned_bytes
from tinygrad_lab.compiler.program import Inline


class Straight:
    """One thread's way into a program of one stage.

    Arguments:
        body: the program, placed.
        enter: its stage's machine code, `(table, constants, arena)`.
        constants: the memory of its constants.
    """

    def __init__(self, body: Body, enter: Any, constants: Any) -> None:
        self._body, self._enter = body, enter
        self._memory = aligned_bytes(body.size), constants
        self._table = np.zeros(max(len(body.table), 1), np.int64)
        used = set(body.compiled[0].given)
        numbers = {v: i for v, i in body.table.items() if v in used and v.shape == ()}
        self._cells = {v: np.zeros(1, v.dtype) for v in numbers}
        for v, i in numbers.items():
            self._table[i] = address(self._cells[v])
        self._given = [v for v in dict.fromkeys(body.program.inputs) if v in used and v.shape]
        self._own = [v for v in body.own if v.shape]
        self._ready = Ready(self._table, *([(body.table[v], v) for v in group] for group in (self._given, self._own)))

    def inline(self, names: Sequence[str]) -> Inline:
        """Return the program as lines of Python, for inputs of these names."""
        body, inputs = self._body, self._body.program.inputs
        known = dict(zip(inputs, names, strict=True))
        scope: dict[str, Any] = {"ready": ready(), "enter": self._enter, "fitting": self._fitting}
        scope |= {"turns": [self._fresh(), self._fresh()], "memory": self}  # which lives as long as its addresses
        lines = []
        for v, cell in self._cells.items():
            scope[f"cell_{body.table[v]}"] = cell
            lines += [f"cell_{body.table[v]}[0] = {known[v]}"] if v in known else []
        lines += [
            f"given = [{', '.join(known[v] for v in self._given)}]",
            "free = turns[0]",
            f"if ready(id(given), id(free), {self._ready.address}):",
            "    given = fitting(given, free)",
            "    if given is None: return OTHER",
            f"enter({address(self._table)}, {address(self._memory[1])}, {address(self._memory[0])})",
            "turns.reverse()",
        ]
        lines += [f"{', '.join(f'own_{body.table[v]}' for v in self._own)}, = free"] if self._own else []
        results = []
        for holder, output in zip(body.outputs, body.program.outputs, strict=True):
            number = body.table[holder]
            item = f"cell_{number}.item()" if output.weak else f"cell_{number}[0]"
            results.append(item if holder in self._cells else f"own_{number}")
        places = {v: i for i, v in enumerate(inputs)}
        return Inline(lines, results, scope, frozenset(places[v] for v in self._given))

    def _fresh(self) -> list[Any]:
        return [np.empty(v.shape, v.dtype) for v in self._own]

    def _fitting(self, given: list[Any], free: list[Any]) -> list[Any] | None:
        """Provide what `ready` did not find: results that nobody holds, and inputs in order; None for another kind."""
        free[:] = self._fresh()
        copies = []
        for x, v in zip(given, self._given, strict=True):
            if type(x) is not np.ndarray or x.shape != v.shape or x.dtype != v.dtype:
                return None
            copies.append(in_order(x, v.dtype))
        self._ready(copies, free)
        return copies
