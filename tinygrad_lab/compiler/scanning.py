"""`scan`: an ordinary loop when eager; a single call, with a program as its body, when traced."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.compiler.changes import difference
from tinygrad_lab.compiler.loops import run_loop
from tinygrad_lab.compiler.passes.dead import prune
from tinygrad_lab.compiler.program import Loop, Program, Variable
from tinygrad_lab.compiler.traced import Traced, current
from tinygrad_lab.compiler.tracing import Tracer, tracing
from tinygrad_lab.core import graph, modes
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import OperationError


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    xs: Any = None,
    length: int | None = None,
    *,
    checkpoint: bool = False,
) -> Any:
    """Call `carry, y = step(carry, x)` for each row `x` of `xs`; return the last carry and all `y`, stacked.

    Eagerly this is a Python loop. In a compiled function it is one loop in the program, however long, and so is its
    derivative, of any order.

    Arguments:
        step: a function of the carry and one row of each of the `xs`, that returns the next carry, of the same nesting,
            shapes and dtypes, and anything nested to be stacked.
        carry: nested arrays or Values.
        xs: nested arrays or Values with a common first axis; None for none.
        length: the number of steps, where there are no `xs`.
        checkpoint: keep the carry of every √T-th of the T steps only, and compute what lies between again when the
            gradient is asked for (Griewank 1992, with one level): memory for 2√T steps instead of T. The step is then
            traced even when eager, so it must be what `compile` could take.

    Returns:
        The last carry, and what the steps returned beside it, each array with a new first axis.

    Raises:
        OperationError: if the lengths differ or are 0, the carry changes its nesting or shapes, or a checkpointed step
            changes from call to call.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.scan(lambda total, x: (total + x, total), np.float64(0), np.array([1.0, 2.0, 3.0]))
        (np.float64(6.0), array([0., 1., 3.]))
    """
    rows, rebuild = tree.flatten(xs)
    count = _length(rows, length)
    if checkpoint and count > 3:
        return _in_chunks(step, carry, rows, rebuild, count)
    if current() is not None:
        return _traced(step, carry, rows, rebuild, count)
    made = []
    for i in range(count):
        result = step(carry, rebuild([x[i] for x in rows]))
        _check_pair(result)
        carry, y = result
        made.append(y)
    columns, shape = zip(*(tree.flatten(y)[0] for y in made), strict=True), tree.flatten(made[0])[1]
    return carry, shape([np.stack(column) for column in columns])


def _check_pair(result: Any) -> None:
    if not isinstance(result, tuple) or len(result) != 2:
        raise OperationError(
            f"scan: step must return a pair (carry, y), got {type(result).__name__}; return (carry, None) for no y"
        )


def _length(rows: list[Any], length: int | None) -> int:
    found = {np.shape(x)[0] if np.ndim(x) else 0 for x in rows} | ({length} if length is not None else set())
    if len(found) != 1 or min(found) < 1:
        raise OperationError(
            f"scan: xs must share one first axis of at least 1, got lengths {sorted(found)}; without xs, pass length="
        )
    return int(found.pop())


def _in_chunks(step: Any, carry: Any, rows: list[Any], rebuild: tree.Rebuild, count: int) -> Any:
    """Make a loop of loops of √T steps, and then the steps that remain: only the outer loop's carries are kept."""
    inner = math.isqrt(count)
    outer = count // inner
    done = outer * inner

    def chunk(carry: Any, xs: Any) -> Any:
        return scan(step, carry, xs, inner)

    folded = [np.reshape(x[:done], (outer, inner, *np.shape(x)[1:])) for x in rows]
    carry, made = _traced(chunk, carry, folded, rebuild, outer)
    columns, shape = tree.flatten(made)
    columns = [np.reshape(x, (done, *np.shape(x)[2:])) for x in columns]
    if done < count:
        carry, rest = scan(step, carry, rebuild([x[done:] for x in rows]), count - done)
        columns = [np.concatenate(pair) for pair in zip(columns, tree.flatten(rest)[0], strict=True)]
    return carry, shape(columns)


# -- tracing a loop ----------------------------------------------------------------------------------------------------


def _traced(step: Any, carry: Any, rows: list[Any], rebuild: tree.Rebuild, count: int) -> Any:
    carries, nest = tree.flatten(carry)
    closed = _closed_over(step, carries, nest, rows, rebuild)
    body, examples, lifted, nests = _body(step, carries, nest, rows, rebuild, closed)
    if current() is None:  # otherwise the outermost function is traced twice anyway
        found = difference(body, _body(step, carries, nest, rows, rebuild, closed)[0])
        if found:
            raise OperationError(
                f"scan: a checkpointed step depends on more than its arguments: {found}; pass what changes in xs"
            )
    changed = [(c, v) for c, v in zip(carries, body.outputs, strict=False) if _kind(c) != (v.shape, v.dtype, v.weak)]
    if changed:
        if any(np.shape(c) != v.shape for c, v in changed):
            shapes = [np.shape(c) for c, _ in changed], [v.shape for _, v in changed]
            raise OperationError(
                f"scan: step was given a carry of shapes {shapes[0]} and returned one of shapes {shapes[1]}; start "
                f"with a carry of the final shapes"
            )
        carries = [_converted(c, v) for c, v in zip(carries, body.outputs, strict=False)]
        return _traced(step, nest(carries), rows, rebuild, count)
    loop = Loop(body, len(carries), len(rows), examples=examples)
    _, *made = run_loop(loop, count, [*carries, *rows, *closed, *lifted])
    return nests[0](made[: len(carries)]), nests[1](made[len(carries) :])


def _closed_over(step: Any, carries: list[Any], nest: Any, rows: list[Any], rebuild: Any) -> list[Value]:
    """Return the Values that a step uses beside its arguments and that may need a gradient."""
    if not modes.current() & modes.RECORD:
        return []
    with tracing(Tracer("scan", current())) as tracer:
        fresh = [_fresh(tracer, x, _concrete(x), True) for x in carries]
        sliced = [_fresh(tracer, x, _concrete(x)[0], True) for x in rows]
        first = Value(0.0).index
        result = step(nest(fresh), rebuild(sliced))
    roots = [x for x in tree.flatten(result)[0] if type(x) is Value]
    order = graph.ancestors(roots, first)
    reached = [*roots, *(parent for node in order if node.index >= first for parent in node.parents)]
    own = {id(x) for x in (*fresh, *sliced)}
    outside = [x for x in reached if x is not None and x.requires_grad and x.index < first and id(x) not in own]
    return list(dict.fromkeys(outside))


def _body(
    step: Any, carries: list[Any], nest: Any, rows: list[Any], rebuild: Any, closed: list[Value]
) -> tuple[Program, tuple[Any, ...], list[Any], tuple[Any, Any]]:
    """Trace a step; return its program, examples of its inputs, the outer arrays that it uses, and what it returns."""
    held = [value.data for value in closed]
    with tracing(Tracer("round", current())) as tracer, modes.no_grad():
        fresh = [_fresh(tracer, x, _concrete(x)) for x in carries]
        sliced = [_fresh(tracer, x, _concrete(x)[0]) for x in rows]
        try:
            for value in closed:
                value.data = tracer.input(value.name or "closed", _concrete(value))
            result = step(nest(fresh), rebuild(sliced))
        finally:
            for value, data in zip(closed, held, strict=True):
                value.data = data
        _check_pair(result)
        parts = [tree.flatten(part) for part in result]
        leaves = [x.data if type(x) is Value else x for part, _ in parts for x in part]
        if len(parts[0][0]) != len(carries):
            raise OperationError(
                f"scan: step returned a carry of {len(parts[0][0])} arrays, but was given one of {len(carries)}; "
                f"nest both alike"
            )
        examples = [_concrete(x) for x in carries] + [_concrete(x)[0] for x in rows] + [_concrete(v) for v in closed]
        program = tracer.program(leaves)
    lifted = list(tracer.lifted.values())
    return prune(program), (*examples, *(x.array for x in lifted)), lifted, (parts[0][1], parts[1][1])


def _fresh(tracer: Tracer, x: Any, example: Any, graph: bool = False) -> Any:
    """Return a new input in place of `x`, as a Value if `x` is one."""
    name = getattr(x, "name", None) or getattr(getattr(x, "variable", None), "name", "") or "x"
    traced = tracer.input(name, example)
    if type(x) is not Value:
        return traced
    return Value(cast(Any, traced), requires_grad=graph and x.requires_grad, name=x.name)


def _concrete(x: Any) -> Any:
    x = x.data if type(x) is Value else x
    return x.array if type(x) is Traced else x


def _kind(x: Any) -> tuple[Any, ...]:
    x = _concrete(x)
    weak = type(x) in (bool, int, float, complex)
    return np.shape(x), np.result_type(x) if not weak else np.dtype(type(x)), weak


def _converted(x: Any, v: Variable) -> Any:
    """Return the first carry with the dtype that it has after a round."""
    return np.positive(x).astype(v.dtype) if not isinstance(x, bool | int | float | complex) else v.dtype.type(x)
