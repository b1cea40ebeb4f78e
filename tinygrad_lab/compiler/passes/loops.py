"""Makes loops smaller: drops what is not used, and moves out what is the same in every round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.compiler.passes.dead import prune
from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, replaced, uses, variables
from tinygrad_lab.core.operators import getitem

Pass = Callable[[Program], Program]


def in_bodies(step: Pass, program: Program) -> Program:
    """Return the program with a pass applied to the body of every loop."""
    calls = tuple(
        replace(call, function=replace(call.function, body=step(call.function.body)))
        if isinstance(call.function, Loop)
        else call
        for call in program.calls
    )
    return replace(program, calls=calls)


def slim(program: Program) -> Program:
    """Return the program with loops that carry, stack and take only what is used later.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> from tinygrad_lab.compiler.scanning import scan
        >>> total = lambda x: scan(lambda c, x: ((c[0] + x, c[1] * x), c[0]), (0.0, 1.0), x)[0][0]
        >>> program = trace(total, np.ones(3))
        >>> len(program.calls[0].outputs), len(slim(program).calls[0].outputs)
        (4, 2)
    """
    count = uses(program)
    calls = [
        _slim(call, {v for v in call.outputs if count.get(v)}) if isinstance(call.function, Loop) else call
        for call in program.calls
    ]
    return replace(program, calls=tuple(calls))


def _slim(call: Call, used: set[Variable]) -> Call:
    loop: Loop = call.function  # type: ignore[assignment]
    body, carried = loop.body, loop.carried
    _, *made = call.outputs
    last = len(body.outputs) - loop.until
    kept = {k for k in range(carried, last) if made[k] in used}
    carries = {k for k in range(carried) if made[k] in used}
    while True:  # a carry is needed if a needed result of the round depends on it
        wanted = [body.outputs[k] for k in sorted(kept | carries)] + list(body.outputs[last:])
        slimmer = prune(replace(body, outputs=tuple(wanted)))
        reached = set(variables(list(slimmer.calls))) | set(slimmer.outputs)
        more = {k for k in range(carried) if body.inputs[k] in reached} | carries
        if more == carries:
            break
        carries = more
    taken = [i for i, v in enumerate(body.inputs) if (i in carries if i < carried else v in reached)]
    if len(taken) == len(body.inputs) and len(kept | carries) == last:
        return call
    smaller = replace(
        loop,
        body=replace(slimmer, inputs=tuple(body.inputs[i] for i in taken)),
        carried=len(carries),
        sliced=sum(carried <= i < carried + loop.sliced for i in taken),
        examples=tuple(loop.examples[i] for i in taken) if loop.examples else (),
    )
    outputs = (call.outputs[0], *(made[k] for k in sorted(carries | kept)))
    return replace(call, function=smaller, args=(call.args[0], *(call.args[1 + i] for i in taken)), outputs=outputs)


def hoist(program: Program) -> Program:
    """Return the program with calls moved out of loops if their result is the same in every round.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> from tinygrad_lab.compiler.scanning import scan
        >>> f = lambda x, w: scan(lambda c, x: (c + np.exp(w) * x, None), 0.0, x)[0]
        >>> program = hoist(trace(f, np.ones(3), 2.0))
        >>> [call.function.__name__ for call in program.calls]
        ['exp', 'loop']
    """
    calls: list[Call] = []
    constants = dict(program.constants)
    for call in program.calls:
        if isinstance(call.function, Loop):
            before, call, more = _hoisted(call, call.function)
            calls += before
            constants.update(more)
        calls.append(call)
    return replace(program, calls=tuple(calls), constants=constants)


def _hoisted(call: Call, loop: Loop) -> tuple[list[Call], Call, dict[Variable, Any]]:
    body, varying = loop.body, set(loop.body.inputs[: loop.carried + loop.sliced])
    inside: list[Call] = []
    outside: list[Call] = []
    for c in body.calls:
        if varying.isdisjoint(variables(c)) and not isinstance(c.function, Loop):
            outside.append(c)
        else:
            inside.append(c)
            varying.update(c.outputs)
    if not outside:
        return [], call, {}
    needed = set(variables(inside)) | set(body.outputs)
    passed = [v for c in outside for v in c.outputs if v in needed]
    fixed = body.inputs[loop.carried + loop.sliced :]
    operands = dict(zip(fixed, call.args[1 + loop.carried + loop.sliced :], strict=True))
    smaller = replace(loop, body=replace(body, inputs=(*body.inputs, *passed), calls=tuple(inside)), examples=())
    constants = {v: x for v, x in body.constants.items() if any(v in variables(c) for c in outside)}
    moved: list[Call] = []
    for c in outside:  # with new variables, as another loop may have the same body
        operands.update((v, Variable(v.name, v.shape, v.dtype, v.weak)) for v in c.outputs)
        args, kwargs, outputs = replaced((c.args, c.kwargs, c.outputs), operands)
        moved.append(replace(c, args=args, kwargs=kwargs, outputs=outputs))
    extra = tuple(operands[v] for v in passed)
    return moved, replace(call, function=smaller, args=(*call.args, *extra)), constants


def unroll(program: Program) -> Program:
    """Return the program with loops of known length written out, for writers without loops.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> from tinygrad_lab.compiler.scanning import scan
        >>> program = trace(lambda x: scan(lambda c, r: (c * r, None), 1 + x[0], x)[0], np.ones(3))
        >>> [call.function.__name__ for call in unroll(program).calls]
        ['getitem', 'add', 'getitem', 'multiply', 'getitem', 'multiply', 'getitem', 'multiply']
    """
    calls: list[Call] = []
    constants = dict(program.constants)
    known: dict[Variable, Any] = {}
    for call in program.calls:
        call = replace(call, args=replaced(call.args, known), kwargs=replaced(call.kwargs, known))
        loop = call.function
        if isinstance(loop, Loop) and type(call.args[0]) is int and not loop.until:
            constants.update(loop.body.constants)
            calls += _rounds(call, loop, known)
        else:
            calls.append(call)
    return replace(program, calls=tuple(calls), outputs=replaced(program.outputs, known), constants=constants)


def _rounds(call: Call, loop: Loop, known: dict[Variable, Any]) -> list[Call]:
    """Return the calls of all rounds; `known` gets the results of the loop."""
    length, *operands = call.args
    body = unroll(loop.body)
    carried, rest = list(operands[: loop.carried]), operands[loop.carried :]
    sliced, fixed = rest[: loop.sliced], rest[loop.sliced :]
    calls: list[Call] = []
    made: list[tuple[Variable, ...]] = []
    for i in range(length):
        rows = [Variable(v.name, v.shape, v.dtype) for v in body.inputs[loop.carried : loop.carried + loop.sliced]]
        calls += [
            replace(call, function=getitem, args=(x, i), kwargs={}, outputs=(row,), several=False)
            for x, row in zip(sliced, rows, strict=True)
        ]
        new = dict(zip(body.inputs, (*carried, *rows, *fixed), strict=True))
        for c in body.calls:
            new.update((v, Variable(v.name, v.shape, v.dtype, v.weak)) for v in c.outputs)
            args, kwargs, outputs = replaced((c.args, c.kwargs, c.outputs), new)
            calls.append(replace(c, args=args, kwargs=kwargs, outputs=outputs))
        results = replaced(body.outputs, new)
        carried = list(results[: loop.carried])
        made.append(results[loop.carried :])
    count, *outputs = call.outputs
    known.update(zip((count, *outputs[: loop.carried]), (length, *carried), strict=True))
    for v, column in zip(outputs[loop.carried :], zip(*made, strict=True), strict=True):
        calls.append(replace(call, function=np.stack, args=(column,), kwargs={}, outputs=(v,), several=False))
    return calls
