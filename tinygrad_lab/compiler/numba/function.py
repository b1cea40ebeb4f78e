"""One function of the generated source while it is written: its names, its parameters, the helpers it calls."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba import (
    elementary,
    error_function,
    exponentials,
    intrinsics,
    logarithms,
    memory,
    signals,
    single,
    tasks,
    trigonometric,
)
from tinygrad_lab.compiler.program import Variable

_HOMES = {
    "exponentials": exponentials, "logarithms": logarithms, "trigonometric": trigonometric, "elementary": elementary,
    "error_function": error_function, "memory": memory, "intrinsics": intrinsics, "tasks": tasks,
    "signals": signals, "single": single,
}  # fmt: skip
_RESERVED = frozenset(
    {"inf", "nan", "float32", "uint64", "njit", "live", "start", "begin", "end", "block", "min", "range", "abs", "i"}
    | {f"i{n}" for n in range(64)}
    | {name for module in _HOMES.values() for name in vars(module)}
    | {"LANES", "product", "int64"}
)
# What compiled code alone calls needs no way in from Python or C: to compile one takes a fifth of the time.
HEAD = '@njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)'
_WORD = re.compile(r"\b([a-z_][a-z0-9_]*)\(")


class Helpers:
    """What the functions of one module call, and the lines that bring it in."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}
        self.made: dict[str, str] = {}

    def call(self, name: str) -> str:
        """Return the name of a compiled function, which is imported."""
        if name.endswith("_of_lanes"):
            self.imports.setdefault("elementary", set()).add("LANES")
            self.made[name] = f'LANES["{name.removesuffix("_of_lanes")}"]'
        else:
            home = next(home for home, module in _HOMES.items() if hasattr(module, name))
            self.imports.setdefault(home, set()).add(name)
        return name

    def make(self, name: str, factory: str, *arguments: Any, **flags: bool) -> str:
        """Return the name of what a factory of `memory` makes."""
        home = "blas" if factory == "product" else "memory" if hasattr(memory, factory) else "tasks"
        self.imports.setdefault(home, set()).add(factory)
        given = [repr(x) for x in arguments] + [f"{key}=True" for key, flag in flags.items() if flag]
        self.made[name] = f"{factory}({', '.join(given)})"
        return name

    def lines(self) -> list[str]:
        """Return the head of the module."""
        homes = sorted(self.imports.items())
        imports = [
            f"from tinygrad_lab.compiler.numba.{home} import {', '.join(sorted(names))}" for home, names in homes
        ]
        return ["from math import inf, nan", "", "from numba import float32, int64, njit, uint64", "", *imports, ""] + [
            f"{name} = {text}" for name, text in sorted(self.made.items())
        ]


class Function:
    """A function `name(addresses)` while it is written.

    Attributes:
        lines: its body.
        bases: whose addresses it takes.
        numbers: elements that are known as local names, by base and offset.
    """

    def __init__(
        self, name: str, helpers: Helpers, names: dict[Variable, str], stored: Callable[[Variable], bool]
    ) -> None:
        self.name, self.helpers, self.stored = name, helpers, stored
        self.lines: list[str] = []
        self.bases: dict[Variable, str] = {}
        self.numbers: dict[tuple[Variable, int], str] = {}
        self._names, self._used = names, set[str]()

    def base(self, base: Variable) -> str:
        """Return the name of an array's address."""
        return self.bases.setdefault(base, self._names[base])

    def fresh(self, like: str) -> str:
        """Return a name that is not in use."""
        number, name = 2, like
        while name in self._used or name in _RESERVED:
            name, number = f"{like}_{number}", number + 1
        self._used.add(name)
        return name

    def number(self, base: Variable, offset: int) -> str:
        """Return the name of one element that is the same in every round; it is loaded once."""
        if (base, offset) not in self.numbers:
            size = base.dtype.itemsize
            name = self.fresh(base.name if base.size == 1 else f"{base.name}_{offset}")
            address = self.base(base) + (f" + {offset * size}" if offset else "")
            self.lines.append(f"{name} = {self.load(base.dtype.name, 1, address, None, False)}")
            self.numbers[base, offset] = name
        return self.numbers[base, offset]

    def call(self, name: str) -> str:
        """Return the name of a helper."""
        return self.helpers.call(name)

    def expression(self, text: str, operands: list[str]) -> str:
        """Return an expression with its operands, and see to the helpers that it calls."""
        for name in _WORD.findall(text):
            self.call(name)
        return text.format(*operands)

    def load(self, dtype: str, lanes: int, address: str, step: int | None, part: bool) -> str:
        """Return the text that loads a number or a vector, whose elements may be `step` elements apart."""
        name = f"load{'_apart' if step is not None else ''}{'_part' if part else ''}_{dtype}x{lanes}"
        self.helpers.make(name, "loader", dtype, lanes, apart=step is not None, part=part)
        return f"{name}({', '.join([address, *self._steps(dtype, step), *(['live'] if part else [])])})"

    def store(self, dtype: str, lanes: int, address: str, x: str, step: int | None, part: bool) -> str:
        """Return the line that writes a number or a vector."""
        name = f"store{'_apart' if step is not None else ''}{'_part' if part else ''}_{dtype}x{lanes}"
        self.helpers.make(name, "storer", dtype, lanes, apart=step is not None, part=part)
        return f"{name}({', '.join([address, *self._steps(dtype, step), *(['live'] if part else []), x])})"

    @staticmethod
    def _steps(dtype: str, step: int | None) -> list[str]:
        return [] if step is None else [str(step * np.dtype(dtype).itemsize)]

    def fill(self, dtype: str) -> str:
        """Return the name of the helper that fills memory with a number."""
        return self.helpers.make(f"fill_{dtype}", "filler", dtype)

    def everywhere(self, dtype: str, lanes: int) -> str:
        """Return the name of the helper that makes a vector of a number."""
        return self.helpers.make(f"{dtype}x{lanes}", "everywhere", dtype, lanes)

    def converted(self, text: str, given: Any, wanted: Any) -> str:
        """Return an operand in another dtype."""
        if given == wanted:
            return text
        name = self.helpers.make(f"as_{wanted.name}", "converter", wanted.name)
        return f"{name}({text})"

    def literal(self, x: Any, dtype: np.dtype[Any]) -> str:
        """Return a number as source."""
        if dtype.kind == "b":
            return repr(bool(x))
        if dtype.kind == "i":
            return repr(int(x))
        if dtype.kind == "u":
            return f"uint64({int(x)})"
        number = float(dtype.type(x))
        text = repr(number) if math.isfinite(number) else ("nan" if number != number else f"{'-' * (number < 0)}inf")
        text = f"({text})" if text.startswith("-") else text
        return f"float32({text})" if dtype == np.float32 else text
