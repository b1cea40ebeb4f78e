"""A program read as operations that loops can do; what they cannot do stays a call of NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import Access, whole
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, variables

SUPPORTED = {np.dtype(name) for name in ("float32", "float64", "int64", "bool")}

Handler = Callable[["Reader", Call], bool]
HANDLERS: dict[Any, Handler] = {}  # filled by the modules of handlers


@dataclass(frozen=True, slots=True, eq=False)
class Outside:
    """A call that NumPy makes, between two stretches of compiled code."""

    call: Call


Item = Operation | Outside


class Reader:
    """Turns the calls of a program into operations, one after the other.

    Attributes:
        items: what was made of the calls.
        looks: for each variable that is no base of its own, what it is a look at.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.items: list[Item] = []
        self.looks: dict[Variable, Access] = {}
        self._call: Call | None = None

    def look(self, x: Variable) -> Access:
        """Return a variable as a look at its base."""
        return self.looks[x] if x in self.looks else whole(x)

    def operand(self, x: Any, shape: tuple[int, ...]) -> Any:
        """Return an operand of an operation over a domain: a look, or a number."""
        return self.look(x).broadcast(shape) if isinstance(x, Variable) else x

    def fresh(self, like: str, shape: tuple[int, ...], dtype: Any) -> Variable:
        """Return a new variable for what a call computes on its way."""
        return Variable(like, shape, np.dtype(dtype))

    def elementwise(self, target: Access, expression: str, operands: Any, dtypes: Any, computed: Any = None) -> None:
        """Add an operation that maps elements to elements."""
        shape = target.shape
        self.items.append(
            Operation(
                target,
                expression,
                tuple(self.operand(x, shape) for x in operands),
                tuple(np.dtype(d) for d in dtypes),
                np.dtype(computed if computed is not None else dtypes[0]),
                shape,
            )
        )

    def copy(self, source: Access, target: Access) -> None:
        """Add an operation that copies."""
        dtype = source.base.dtype
        self.items.append(Operation(target, "{0}", (source,), (dtype,), dtype, target.shape))

    def read(self) -> None:
        """Read all calls."""
        for call in self.program.calls:
            handler = HANDLERS.get(call.function)
            if handler is None:
                handler = _by_kind(call.function)
            if handler is None or not simple(call) or not handler(self, call):
                self.items.append(Outside(call))


def simple(call: Call) -> bool:
    """Whether loops know all dtypes of a call, and nothing is empty."""
    return all(v.dtype in SUPPORTED and 0 not in v.shape for v in (*call.outputs, *variables(call)))


def _by_kind(function: Any) -> Handler | None:
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc) and getattr(function, "__name__", "") == "reduce":
        return HANDLERS.get((owner, "reduce"))
    return None


def is_loop(item: Item) -> bool:
    """Whether an item is a loop of a sub-program."""
    return isinstance(item, Outside) and isinstance(item.call.function, Loop)


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler: it adds operations for a call, or returns False and adds none."""

    def register(handler: Handler) -> Handler:
        for function in functions:
            HANDLERS[function] = handler
        return handler

    return register
