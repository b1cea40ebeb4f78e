"""A program read as operations that loops can do; what they cannot do stays a call of NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import Access, whole
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.numba.rounds import Rounds, scratch_of
from tinygrad_lab.compiler.numba.tasks import Task
from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, variables

SUPPORTED = {np.dtype(name) for name in ("float32", "float64", "int64", "uint64", "bool")}

Handler = Callable[["Reader", Call], bool]
HANDLERS: dict[Any, Handler] = {}  # filled by the modules of handlers


@dataclass(frozen=True, slots=True, eq=False)
class Outside:
    """A call that NumPy makes, between two stretches of compiled code."""

    call: Call


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A loop whose body is compiled: the loop's function, and the bytes of the body's arena."""

    name: str
    loop: Loop
    size: int


Item = Operation | Rounds | Task | Outside


class Reader:
    """Turns the calls of a program into operations, one after the other.

    Attributes:
        items: what was made of the calls.
        looks: for each variable that is no base of its own, what it is a look at.
        loops: the loops that are compiled, but called from Python.
        calls: which call each item was made for.

    Arguments:
        program: what to read.
        compile_loop: called with a loop; compiles its body.
    """

    def __init__(self, program: Program, compile_loop: Callable[[Call], Compiled | None] = lambda call: None) -> None:
        self._compile_loop = compile_loop
        self.program = program
        self.items: list[Item] = []
        self.loops: dict[Call, Compiled] = {}
        self.looks: dict[Variable, Access] = {}
        self.calls: dict[Item, Call] = {}

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

    def in_order(self, look: Access, name: str) -> Access:
        """Return a look as all of an array, which is a copy unless it is that already."""
        if look.whole:
            return look
        copied = whole(self.fresh(name, look.shape, look.base.dtype))
        self.copy(look, copied)
        return copied

    def read(self) -> None:
        """Read all calls."""
        for call in self.program.calls:
            before = len(self.items)
            if isinstance(call.function, Loop):
                self._loop(call)
            else:
                handler = HANDLERS.get(call.function) or _by_kind(call.function)
                if handler is None or not simple(call) or not handler(self, call):
                    self.items.append(Outside(call))
            self.calls.update((item, call) for item in self.items[before:])

    def _loop(self, call: Call) -> None:
        loop: Any = call.function
        compiled = self._compile_loop(call) if simple(call, loop.body.outputs) else None
        if compiled is None:
            self.items.append(Outside(call))
            return
        length, *operands = call.args
        if not isinstance(length, int) or compiled.loop.until or any(not isinstance(x, Variable) for x in operands):
            self.loops[call] = compiled
            self.items.append(Outside(call))
            return
        reads = [self.in_order(self.look(x), x.name) for x in operands]
        scratch = scratch_of(compiled.loop, compiled.size)
        self.items.append(Rounds(compiled.name, length, reads, list(call.outputs[1:]), scratch))
        self.elementwise(whole(call.outputs[0]), "{0}", (length,), (call.outputs[0].dtype,))


def simple(call: Call, outputs: tuple[Variable, ...] | None = None) -> bool:
    """Whether loops know all dtypes of a call, and nothing is empty."""
    made = call.outputs if outputs is None else outputs
    return all(v.dtype in SUPPORTED and 0 not in v.shape for v in (*made, *variables(call)))


def _by_kind(function: Any) -> Handler | None:
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc) and getattr(function, "__name__", "") == "reduce":
        return HANDLERS.get((owner, "reduce"))
    return None


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler: it adds operations for a call, or returns False and adds none."""

    def register(handler: Handler) -> Handler:
        for function in functions:
            HANDLERS[function] = handler
        return handler

    return register
