"""Where arrays lie: constants one after the other, intermediate results in one piece of memory that is used again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.reading import Outside
from tinygrad_lab.compiler.numba.stage import Part
from tinygrad_lab.compiler.program import Variable, variables

ALIGNMENT = 64


@dataclass
class Pool:
    """Constants, one after the other in one piece of memory."""

    arrays: list[tuple[int, Any]] = field(default_factory=list)
    size: int = 0

    def add(self, x: Any, dtype: np.dtype[Any]) -> int:
        """Return where an array will lie."""
        array = np.ascontiguousarray(x, dtype)
        offset = self.size
        self.arrays.append((offset, array))
        self.size = _aligned(offset + array.nbytes)
        return offset

    def memory(self) -> Any:
        """Return the bytes of all constants."""
        memory = aligned_bytes(self.size)
        for offset, array in self.arrays:
            memory[offset : offset + array.nbytes] = array.reshape(-1).view(np.uint8)
        return memory


def placed(
    parts: list[list[Part]], elsewhere: set[Variable], stages: list[Any], looks: dict[Variable, Variable]
) -> tuple[dict[Variable, int], int]:
    """Return where in the arena each intermediate result lies, and the arena's size; memory is used again when free."""
    first: dict[Variable, int] = {}
    last: dict[Variable, int] = {}
    moment = 0
    for stage, made in zip(stages, parts, strict=True):
        used = [part.bases for part in made]
        if not made and stage and isinstance(stage[0], Outside):
            used = [[looks.get(v, v) for item in stage for v in variables(item.call)]]
        for bases in used:
            for base in bases:
                if base not in elsewhere:
                    first.setdefault(base, moment)
                    last[base] = moment
            moment += 1
    return _packed(first, last)


def _packed(first: dict[Variable, int], last: dict[Variable, int]) -> tuple[dict[Variable, int], int]:
    places: dict[Variable, int] = {}
    size = 0
    free: list[tuple[int, int]] = []
    ending: dict[int, list[Variable]] = {}
    for base in sorted(first, key=lambda v: first[v]):
        for moment in [m for m in ending if m < first[base]]:
            free += [(places[old], _aligned(old.nbytes)) for old in ending.pop(moment)]
        wanted = _aligned(base.nbytes)
        fitting = [gap for gap in free if gap[1] >= wanted]
        if fitting:
            offset, room = min(fitting, key=lambda gap: gap[1])
            free.remove((offset, room))
            if room > wanted:
                free.append((offset + wanted, room - wanted))
        else:
            offset, size = size, size + wanted
        places[base] = offset
        ending.setdefault(last[base], []).append(base)
    return places, size


def _aligned(n: int) -> int:
    return -(-n // ALIGNMENT) * ALIGNMENT


def aligned_bytes(size: int) -> Any:
    """Return so many bytes, zeros, that begin at a multiple of 64."""
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    start = -int(memory.__array_interface__["data"][0]) % ALIGNMENT
    return memory[start : start + size]
