"""`scan`: a loop that is an ordinary loop when eager, and one call with a program as its body when traced.

Its derivative is a loop too. The body is a program, which runs on Values as it does on arrays: the rules of its calls
give its pullback, and tracing that gives the body of the reverse loop. That one is differentiated in the same way.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.compiler.passes.dead import prune
from tinygrad_lab.compiler.program import Loop, Program, Variable, replaced
from tinygrad_lab.compiler.traced import Traced, current, record
from tinygrad_lab.compiler.tracing import Tracer, tracing, trial
from tinygrad_lab.core import graph, modes
from tinygrad_lab.core.registry import JointRules, Op
from tinygrad_lab.core.transforms import vjp
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import OperationError


def scan(step: Callable[[Any, Any], tuple[Any, Any]], carry: Any, xs: Any = None, length: int | None = None) -> Any:
    """Call `carry, y = step(carry, x)` for each row `x` of `xs`; return the last carry and all `y`, stacked.

    Eagerly this is a Python loop. In a compiled function it is one loop in the program, however long, and so is its
    derivative, of any order.

    Arguments:
        step: a function of the carry and one row of each of the `xs`, that returns the next carry, of the same nesting,
            shapes and dtypes, and anything nested to be stacked.
        carry: nested arrays or Values.
        xs: nested arrays or Values with a common first axis; None for none.
        length: the number of steps, where there are no `xs`.

    Returns:
        The last carry, and what the steps returned beside it, each array with a new first axis.

    Raises:
        OperationError: if the lengths differ or are 0, or the carry changes its nesting or its shapes.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.scan(lambda total, x: (total + x, total), np.float64(0), np.array([1.0, 2.0, 3.0]))
        (np.float64(6.0), array([0., 1., 3.]))
    """
    rows, rebuild = tree.flatten(xs)
    count = _length(rows, length)
    if current() is not None:
        return _traced(step, carry, rows, rebuild, count)
    made = []
    for i in range(count):
        carry, y = step(carry, rebuild([x[i] for x in rows]))
        made.append(y)
    columns, shape = zip(*(tree.flatten(y)[0] for y in made), strict=True), tree.flatten(made[0])[1]
    return carry, shape([np.stack(column) for column in columns])


def _length(rows: list[Any], length: int | None) -> int:
    found = {np.shape(x)[0] if np.ndim(x) else 0 for x in rows} | ({length} if length is not None else set())
    if len(found) != 1 or min(found) < 1:
        raise OperationError(
            f"scan: xs must have one common first axis of at least 1, got {sorted(found)}; without xs, pass length="
        )
    return int(found.pop())


def interpret(program: Program, arrays: Sequence[Any]) -> list[Any]:
    """Run a program on Values or Traced arrays, its loops as loops."""
    values: dict[Variable, Any] = {**program.constants, **dict(zip(program.inputs, arrays, strict=True))}
    for call in program.calls:
        args, kwargs = replaced((call.args, call.kwargs), values)
        function = call.function
        result = run_loop(function, args[0], args[1:]) if isinstance(function, Loop) else function(*args, **kwargs)
        values.update(zip(call.outputs, result if call.several else (result,), strict=True))
    return [values[output] for output in program.outputs]


def run_loop(loop: Loop, length: Any, operands: Sequence[Any]) -> tuple[Any, ...]:
    """Return `(count, *carried, *stacked)` of a loop on arrays, Traced arrays or Values."""
    if modes.current() & modes.RECORD and any(type(x) is Value and x.requires_grad for x in operands):
        return _recorded(loop, length, operands)
    arrays = [x.data if type(x) is Value else x for x in operands]
    if any(type(x) is Traced for x in (length, *arrays)):
        result: tuple[Any, ...] = record(loop, (length, *arrays), {})
        return result
    return loop(length, *arrays)


# -- tracing a loop ----------------------------------------------------------------------------------------------------


def _traced(step: Any, carry: Any, rows: list[Any], rebuild: tree.Rebuild, count: int) -> Any:
    carries, nest = tree.flatten(carry)
    closed = _closed_over(step, carries, nest, rows, rebuild)
    body, examples, lifted, nests = _body(step, carries, nest, rows, rebuild, closed)
    changed = [(c, v) for c, v in zip(carries, body.outputs, strict=False) if _kind(c) != (v.shape, v.dtype, v.weak)]
    if changed:
        if any(np.shape(c) != v.shape for c, v in changed):
            shapes = [np.shape(c) for c, _ in changed], [v.shape for _, v in changed]
            raise OperationError(
                f"scan: step must return a carry of the shapes {shapes[0]} that it was given, got {shapes[1]}; start "
                f"with a carry of the final shapes"
            )
        carries = [_converted(c, v) for c, v in zip(carries, body.outputs, strict=False)]
        return _traced(step, nest(carries), rows, rebuild, count)
    loop = Loop(body, len(carries), len(rows), examples=examples)
    _, *made = run_loop(loop, count, [*carries, *rows, *closed, *lifted])
    return nests[0](made[: len(carries)]), nests[1](made[len(carries) :])


def _closed_over(step: Any, carries: list[Any], nest: Any, rows: list[Any], rebuild: Any) -> list[Value]:
    """Return the Values that a step uses beside its arguments, and that a gradient may be asked for."""
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
        if not isinstance(result, tuple) or len(result) != 2:
            raise OperationError(
                f"scan: step must return a pair (carry, y), got {type(result).__name__}; return (carry, None) for no y"
            )
        parts = [tree.flatten(part) for part in result]
        leaves = [x.data if type(x) is Value else x for part, _ in parts for x in part]
        if len(parts[0][0]) != len(carries):
            raise OperationError(
                f"scan: step must return a carry nested like the one it was given, got {len(parts[0][0])} arrays for "
                f"{len(carries)}; nest them alike"
            )
        examples = [_concrete(x) for x in carries] + [_concrete(x)[0] for x in rows] + [_concrete(v) for v in closed]
        program = tracer.program(leaves)
    lifted = list(tracer.lifted.values())
    return prune(program), (*examples, *(x.array for x in lifted)), lifted, (parts[0][1], parts[1][1])


def _fresh(tracer: Tracer, x: Any, example: Any, graph: bool = False) -> Any:
    """Return a new input in place of `x`: a Value if that is one."""
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
    """Return the first carry as the array that the rounds make of it."""
    return np.positive(x).astype(v.dtype) if not isinstance(x, bool | int | float | complex) else v.dtype.type(x)


# -- the derivative ----------------------------------------------------------------------------------------------------


def _recorded(loop: Loop, length: Any, operands: Sequence[Any]) -> tuple[Any, ...]:
    """Run a loop on Values; the results that have a derivative are Values."""
    saving = _saving(loop)
    kinds = _kinds(loop, length)
    smooth = [i for i, (_, dtype) in enumerate(kinds) if dtype.kind in "fc"]
    plain = run_loop(saving, length, [x.data if type(x) is Value else x for x in operands])
    parts = unpack(
        Value.record(_PACKED, tuple(operands), {"loop": saving, "length": length}), [kinds[i] for i in smooth]
    )
    made: list[Any] = list(plain[1 : 1 + len(kinds)])
    for i, part in zip(smooth, parts, strict=True):
        made[i] = part
    return plain[0], *made


def _saving(loop: Loop) -> Loop:
    """Return the loop that also stacks what is carried into each round."""
    body = loop.body
    return replace(loop, body=replace(body, outputs=(*body.outputs, *body.inputs[: loop.carried])))


def _kinds(loop: Loop, length: Any) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
    outputs = loop.body.outputs
    stacked = [((int(length), *v.shape), v.dtype) for v in outputs[loop.carried :]]
    return [(v.shape, v.dtype) for v in outputs[: loop.carried]] + stacked


def _packed(*operands: Any, loop: Loop, length: Any) -> Any:
    """Return what a saving loop gives, without what it saves, as one vector: a node has one result."""
    outputs = run_loop(loop, length, operands)[1:]
    made = outputs[: len(outputs) - loop.carried]
    smooth = [np.ravel(x) for x in made if x.dtype.kind in "fc"]
    return np.concatenate(smooth)


def unpack(vector: Any, kinds: list[tuple[tuple[int, ...], np.dtype[Any]]]) -> list[Any]:
    """Return the arrays that were put into one vector."""
    found, start = [], 0
    for shape, dtype in kinds:
        stop = start + int(np.prod(shape, dtype=np.int64))
        part = np.reshape(vector[start:stop], shape)
        if part.dtype != dtype:
            part = (np.real(part) if dtype.kind != "c" else part).astype(dtype)
        found.append(part[()] if isinstance(part, np.ndarray) and not shape else part)
        start = stop
    return found


def _packed_rule(needed: tuple[int, ...], g: Any, y: Any, *operands: Any, loop: Loop, length: Any) -> Any:
    """The reverse loop, from the last round to the first."""
    carried, sliced = loop.carried, loop.sliced
    kinds = _kinds(
        replace(loop, body=replace(loop.body, outputs=loop.body.outputs[: len(loop.body.outputs) - carried])), length
    )
    outputs = run_loop(loop, length, operands)[1:]
    saved = outputs[len(outputs) - carried :] if carried else ()
    smooth = [k for k, (_, dtype) in enumerate(kinds) if dtype.kind in "fc"]
    given = dict(zip(smooth, unpack(g, [kinds[k] for k in smooth]), strict=True))
    reverse, places = _reverse(loop, len(kinds))
    first = [given[k] for k in range(carried) if k in given]
    sums = [np.zeros_like(operands[k]) for k in places if k >= carried + sliced]
    rows = [
        *saved,
        *operands[carried : carried + sliced],
        *(given[k] for k in range(carried, len(kinds)) if k in given),
    ]
    flipped = [np.flip(x, 0) for x in rows]
    _, *found = run_loop(reverse, length, [*first, *sums, *flipped, *operands[carried + sliced :]])
    gradients = (found[places.index(i)] for i in needed)
    return [np.flip(x, 0) if carried <= i < carried + sliced else x for i, x in zip(needed, gradients, strict=True)]


_PACKED = Op(_packed)  # no operation of its own that anyone could call, so it is not in the table
_PACKED.rules = JointRules(_packed_rule)


@functools.lru_cache(maxsize=256)
def _reverse(loop: Loop, made: int) -> tuple[Loop, list[int]]:
    """Return the reverse loop, and the operand whose gradient each of its results is.

    It carries the gradients of what the loop carries, and sums those of what is the same in every round.
    """
    body = replace(loop.body, outputs=loop.body.outputs[:made])
    inputs, carried, sliced = body.inputs, loop.carried, loop.sliced
    smooth = [i for i, v in enumerate(inputs) if v.dtype.kind in "fc"]
    carries = [i for i in smooth if i < carried]
    rows = [i for i in smooth if carried <= i < carried + sliced]
    fixed = [i for i in smooth if i >= carried + sliced]
    outs = [k for k, v in enumerate(body.outputs) if v.dtype.kind in "fc"]
    stacked = [k for k in outs if k >= carried]

    def round(*arrays: Any) -> list[Any]:
        rest = list(arrays)
        counts = len(carries), len(fixed), carried + sliced, len(stacked)
        g_carried, sums, primals, g_stacked = ([rest.pop(0) for _ in range(count)] for count in counts)
        primals += rest

        def forward(*leaves: Any) -> list[Any]:
            values = list(primals)
            for i, leaf in zip(smooth, leaves, strict=True):
                values[i] = leaf
            results = interpret(body, values)
            return [results[k] for k in outs]

        _, pullback = vjp(forward, *(primals[i] for i in smooth))
        gradients = dict(zip(smooth, pullback([*g_carried, *g_stacked]), strict=True))
        total = [s + gradients[i] for s, i in zip(sums, fixed, strict=True)]
        return [gradients[i] for i in carries] + total + [gradients[i] for i in rows]

    examples = loop.examples
    ones = [np.ones_like(examples[i]) for i in carries], [np.ones_like(examples[i]) for i in fixed]
    given = [np.ones(body.outputs[k].shape, body.outputs[k].dtype)[()] for k in stacked]
    start = [*ones[0], *ones[1], *examples[: carried + sliced], *given, *examples[carried + sliced :]]
    with trial(), tracing(Tracer("reverse_round")) as tracer, modes.no_grad():
        names = [f"g_{inputs[i].name}" for i in (*carries, *fixed)]
        names += [v.name for v in inputs[: carried + sliced]] + [f"g_{body.outputs[k].name}" for k in stacked]
        names += [v.name for v in inputs[carried + sliced :]]
        traced = [tracer.input(name, x) for name, x in zip(names, start, strict=True)]
        program = prune(tracer.program(round(*traced)))
    reverse = Loop(program, len(carries) + len(fixed), carried + sliced + len(stacked), examples=tuple(start))
    return reverse, [*carries, *fixed, *rows]
