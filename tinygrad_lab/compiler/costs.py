"""What a program costs: calls, floating-point operations, bytes moved, buffers and peak memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.compiler.buffers import plan
from tinygrad_lab.compiler.lines import name_of
from tinygrad_lab.compiler.program import Call, Fused, Loop, Program, Variable, replaced, variables

_REDUCTIONS = {
    np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.cumsum, np.cumprod, np.any, np.all, np.argmax,
    np.argmin,
}  # fmt: skip


@dataclass
class Cost:
    """The costs of some calls.

    Attributes:
        calls: how many calls.
        flops: floating-point operations: one for each element of an elementwise result, two for each product of a
            matrix product, one for each element that is reduced.
        moved: bytes read and written.
        seconds: how long they took, where that was measured.
    """

    calls: int = 0
    flops: int = 0
    moved: int = 0
    seconds: float | None = None

    def add(self, other: Cost, times: int = 1) -> None:
        """Add other costs, this many times."""
        self.calls += other.calls * times
        self.flops += other.flops * times
        self.moved += other.moved * times
        if other.seconds is not None:
            self.seconds = (self.seconds or 0.0) + other.seconds


def cost_of(call: Call) -> Cost:
    """Return the cost of one call; for a loop that of all rounds, or of one if their number is unknown."""
    if isinstance(call.function, Loop):
        total = Cost()
        for inner in call.function.body.calls:
            total.add(cost_of(inner), call.args[0] if type(call.args[0]) is int else 1)
        return total
    operands = list(variables(call))
    moved = sum(v.nbytes for v in (*operands, *call.outputs) if not v.weak)
    return Cost(1, _flops(call, operands), moved)


def _flops(call: Call, operands: Sequence[Variable]) -> int:
    function, size = call.function, sum(v.size for v in call.outputs)
    if function in (np.matmul, np.dot) and len(operands) == 2:
        return 2 * size * (operands[0].shape[-1] if operands[0].shape else 1)
    if isinstance(function, np.ufunc):
        return size
    return operands[0].size if function in _REDUCTIONS and operands else 0


def peak_memory(program: Program) -> int:
    """Return the most bytes that results take at one time, if each is freed after its last use."""
    last: dict[Variable, int] = {v: len(program.calls) for v in program.outputs}
    for position, call in enumerate(program.calls):
        for v in variables(call):
            last[v] = max(position, last.get(v, 0))
    alive: dict[Variable, int] = {}
    most = 0
    for position, call in enumerate(program.calls):
        alive.update({v: max(v.nbytes, 0) for v in call.outputs})
        inside = peak_memory(call.function.body) if isinstance(call.function, Loop) else 0
        most = max(most, sum(alive.values()) + inside)
        alive = {v: size for v, size in alive.items() if last.get(v, -1) > position}
    return most


def by_function(program: Program, seconds: dict[Call, float] | None = None) -> dict[str, Cost]:
    """Return the costs of a program by function; loops have their own name."""
    found: dict[str, Cost] = {}
    for call in program.calls:
        cost = cost_of(call)
        cost.seconds = None if seconds is None else seconds[call]
        found.setdefault(name_of(call.function), Cost()).add(cost)
    return found


def table(program: Program, seconds: dict[Call, float] | None = None) -> str:
    """Return the costs of a program as text: a row for each function, the most expensive first, and the totals.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> print(table(trace(lambda x, w: np.tanh(x @ w), np.ones((100, 4)), np.ones((4, 8)))))
        function  calls  flops  bytes moved
        matmul        1  6,400        9,856
        tanh          1    800       12,800
        all           2  7,200       22,656
        1 buffer of 6,400 bytes, peak memory 12,800 bytes
    """
    costs, total = by_function(program, seconds), Cost()
    for cost in costs.values():
        total.add(cost)
    order = sorted(costs, key=lambda name: -(costs[name].seconds or costs[name].flops or costs[name].moved / 8))
    head = ["function", "calls", "flops", "bytes moved", *(["µs"] if seconds is not None else [])]
    rows = [head] + [_row(name, costs[name]) for name in order] + [_row("all", total)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    chosen = plan(program)
    buffers = f"{len(chosen.buffers)} buffer{'' if len(chosen.buffers) == 1 else 's'} of {chosen.nbytes:,} bytes"
    return "\n".join([*lines, f"{buffers}, peak memory {peak_memory(program):,} bytes"])


def together(fused: Sequence[Fused]) -> list[str]:
    """Return a line for each fused loop, with the names of its functions."""
    lines = []
    for how, calls in fused:
        counts = Counter(name_of(call.function) for call in calls)
        names = ", ".join(name if n == 1 else f"{n} {name}" for name, n in counts.items())
        lines.append(f"{how}: {names}")
    return lines


def _row(name: str, cost: Cost) -> list[str]:
    cells = [name, f"{cost.calls:,}", f"{cost.flops:,}", f"{cost.moved:,}"]
    return cells if cost.seconds is None else [*cells, f"{cost.seconds * 1e6:,.1f}"]


def measure(program: Program, arrays: Sequence[Any], rounds: int = 20) -> dict[Call, float]:
    """Return the seconds that each call of a program takes in NumPy: the median of several runs."""
    times: dict[Call, list[float]] = {call: [] for call in program.calls}
    with np.errstate(all="ignore"):
        for _ in range(rounds):
            values: dict[Variable, Any] = {**program.constants, **dict(zip(program.inputs, arrays, strict=True))}
            for call in program.calls:
                args, kwargs = replaced((call.args, call.kwargs), values)
                function: Callable[..., Any] = call.function
                start = time.perf_counter()
                result = function(*args, **kwargs)
                times[call].append(time.perf_counter() - start)
                values.update(zip(call.outputs, result if call.several else (result,), strict=True))
    return {call: float(np.median(found)) for call, found in times.items()}
