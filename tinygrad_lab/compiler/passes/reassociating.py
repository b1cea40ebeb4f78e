"""Rewrites that are exact in mathematics but round differently: only if `exact=False` allows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.compiler.program import Call, Program, Variable


def reassociate(program: Program) -> Program:
    """Return the program with small powers as products, `einsum` in pairs, and transposes taken into products.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> program = reassociate(trace(lambda x: x**3, np.ones(3)))
        >>> [call.function.__name__ for call in program.calls]
        ['multiply', 'multiply']
    """
    makers: dict[Variable, Call] = {}
    calls: list[Call] = []
    for call in program.calls:
        rule = _RULES.get(call.function) if len(call.outputs) == 1 else None
        made = rule(call, makers) if rule is not None else None
        for one in made or [call]:
            calls.append(one)
            makers.update(dict.fromkeys(one.outputs, one))
    return replace(program, calls=tuple(calls))


Makers = dict[Variable, Call]


def _like(v: Variable) -> Variable:
    return Variable(v.name, v.shape, v.dtype)


def _power(call: Call, makers: Makers) -> list[Call] | None:
    """`x ** 3` is `x * x * x`, `x ** 4` is `(x * x) * (x * x)`."""
    x, n = call.args
    if type(n) not in (int, float) or n not in (3, 4) or type(x) is not Variable or x.dtype != call.output.dtype:
        return None
    square = _like(call.output)
    first = replace(call, function=np.multiply, args=(x, x), outputs=(square,))
    return [first, replace(call, function=np.multiply, args=(square, x if n == 3 else square))]


def _einsum(call: Call, makers: Makers) -> list[Call] | None:
    """Sum over pairs of operands, the cheapest first, as `np.einsum_path` has them."""
    equation, *operands = call.args
    if call.kwargs or len(operands) < 3 or type(equation) is not str or "..." in equation:
        return None
    if any(type(x) is not Variable for x in operands):
        return None
    arrays = [np.broadcast_to(np.zeros((), x.dtype), x.shape) for x in operands]
    inputs, _, result = equation.replace(" ", "").partition("->")
    if "->" not in equation:
        result = "".join(sorted(c for c in set(inputs) - {","} if inputs.count(c) == 1))
    terms, steps = inputs.split(","), np.einsum_path(f"{inputs}->{result}", *arrays, optimize="optimal")[0][1:]
    sizes = {c: n for term, x in zip(terms, operands, strict=True) for c, n in zip(term, x.shape, strict=True)}
    calls: list[Call] = []
    for number, chosen in enumerate(steps):
        picked = [(terms[i], operands[i]) for i in chosen]
        terms = [term for i, term in enumerate(terms) if i not in chosen]
        operands = [x for i, x in enumerate(operands) if i not in chosen]
        used = {c for term, _ in picked for c in term}
        kept = "".join(sorted(used & (set("".join(terms)) | set(result))))
        last = number == len(steps) - 1
        kept = result if last else kept
        made = call.output if last else Variable("einsum", tuple(sizes[c] for c in kept), call.output.dtype)
        text = f"{','.join(term for term, _ in picked)}->{kept}"
        calls.append(replace(call, args=(text, *(x for _, x in picked)), outputs=(made,)))
        terms.append(kept)
        operands.append(made)
    return calls


def _transpose(call: Call, makers: Makers) -> list[Call] | None:
    """`(aᵀ b)ᵀ` is `bᵀ a`, without the transpose of the product."""
    product = makers.get(call.args[0]) if len(call.args) == 1 and not call.kwargs else None
    if product is None or product.function is not np.matmul:
        return None
    a, b = product.args
    if any(type(x) is not Variable or len(x.shape) != 2 for x in (a, b)):
        return None
    turned = [makers.get(x) for x in (b, a)]
    if not all(t is not None and t.function is np.transpose and len(t.args) == 1 and not t.kwargs for t in turned):
        return None
    return [replace(product, args=tuple(t.args[0] for t in turned if t is not None), outputs=call.outputs)]


_RULES: dict[Any, Callable[[Call, Makers], list[Call] | None]] = {
    np.power: _power,
    np.einsum: _einsum,
    np.transpose: _transpose,
}
