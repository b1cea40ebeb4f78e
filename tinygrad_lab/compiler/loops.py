"""Loops on Values, and their derivative, which is a loop too.

The body of a loop is a program, which runs on Values as it does on arrays: the rules of its calls give its pullback,
and tracing that gives the body of the reverse loop. That one is differentiated in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from tinygrad_lab.compiler.passes.dead import prune
from tinygrad_lab.compiler.program import Loop, Program, Variable, replaced
from tinygrad_lab.compiler.traced import Traced, record
from tinygrad_lab.compiler.tracing import Tracer, tracing, trial
from tinygrad_lab.core import modes
from tinygrad_lab.core.registry import JointRules, Op
from tinygrad_lab.core.transforms import vjp
from tinygrad_lab.core.value import Value
from tinygrad_lab.vectors import pack, unpack


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


# -- the derivative ----------------------------------------------------------------------------------------------------


def _recorded(loop: Loop, length: Any, operands: Sequence[Any]) -> tuple[Any, ...]:
    """Run a loop on Values; the results that have a derivative are Values."""
    value = next(x for x in operands if type(x) is Value)
    packed = value.record(_PACKED, tuple(operands), {"loop": _saving(loop), "length": length})
    outputs = loop.body.outputs
    found = _parts(packed, outputs, loop.carried, length)
    plain: Any = (length,)
    if len(found) < len(outputs):
        plain = run_loop(loop, length, [x.data if type(x) is Value else x for x in operands])
    return length, *(found[i] if i in found else plain[1 + i] for i in range(len(outputs)))


def _saving(loop: Loop) -> Loop:
    """Return the loop that also stacks the carry at the start of each round."""
    body = loop.body
    return replace(loop, body=replace(body, outputs=(*body.outputs, *body.inputs[: loop.carried])))


def _packed(*operands: Any, loop: Loop, length: Any) -> Any:
    """Return the results of a saving loop, without what it saves, as one vector, because a node has one result."""
    outputs = run_loop(loop, length, operands)[1:]
    made = outputs[: len(outputs) - loop.carried]
    return pack([x for x in made if x.dtype.kind in "fc"])


def _parts(vector: Any, outputs: Sequence[Variable], carried: int, length: Any) -> dict[int, Any]:
    """Return the results in such a vector, or their gradients, by position among the body's outputs."""
    smooth = [i for i, v in enumerate(outputs) if v.dtype.kind in "fc"]
    shapes = [outputs[i].shape if i < carried else (int(length), *outputs[i].shape) for i in smooth]
    return dict(zip(smooth, unpack(vector, shapes, [outputs[i].dtype for i in smooth]), strict=True))


def _packed_rule(needed: tuple[int, ...], g: Any, y: Any, *operands: Any, loop: Loop, length: Any) -> Any:
    """The reverse loop, from the last round to the first."""
    carried, sliced = loop.carried, loop.sliced
    made = len(loop.body.outputs) - carried
    saved = run_loop(loop, length, operands)[1 + made :]
    given = _parts(g, loop.body.outputs[:made], carried, length)
    reverse, places = _reverse(loop, made)
    first = [given[k] for k in range(carried) if k in given]
    sums = [np.zeros_like(operands[k]) for k in places if k >= carried + sliced]
    rows = [
        *saved,
        *operands[carried : carried + sliced],
        *(given[k] for k in range(carried, made) if k in given),
    ]
    flipped = [np.flip(x, 0) for x in rows]
    _, *found = run_loop(reverse, length, [*first, *sums, *flipped, *operands[carried + sliced :]])
    gradients = (found[places.index(i)] for i in needed)
    return [np.flip(x, 0) if carried <= i < carried + sliced else x for i, x in zip(needed, gradients, strict=True)]


_PACKED = Op(_packed)  # nobody calls it by name, so it is not in the table
_PACKED.rules = JointRules(_packed_rule)


_REVERSED: WeakKeyDictionary[Loop, dict[int, tuple[Loop, list[int]]]] = WeakKeyDictionary()


def _reverse(loop: Loop, made: int) -> tuple[Loop, list[int]]:
    """Return the reverse loop, made once, and for each of its results the operand whose gradient it is."""
    known = _REVERSED.setdefault(loop, {})
    if made not in known:
        known[made] = _made_reverse(loop, made)
    return known[made]


def _made_reverse(loop: Loop, made: int) -> tuple[Loop, list[int]]:
    """Make the reverse loop; return it, and for each of its results the operand whose gradient it is.

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
