"""Algebra that changes no bit: leaves out products with one, reshapes to the same shape, and double transposes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.compiler.program import Call, Program, Variable, replaced
from tinygrad_lab.core.protocols import astype

# A rule gets a call, and returns the variable that stands for its result, or a call with the same output that is to run
# in its place, or None to leave it.
Makers = dict[Variable, Call]
Rule = Callable[[Call, "Facts"], Any]


class Facts:
    """What rules may ask: which call made a variable, and what is constant."""

    def __init__(self, program: Program) -> None:
        self.constants = program.constants
        self.makers: Makers = {}

    def made_by(self, x: Any, *functions: Any) -> Call | None:
        """Return the call that made `x` if it is one of these functions."""
        call = self.makers.get(x) if type(x) is Variable else None
        return call if call is not None and call.function in functions else None

    def is_all(self, x: Any, number: float) -> bool:
        """Whether all elements of an operand are known to be `number`, with the same sign of zero."""
        if type(x) is Variable:
            if x not in self.constants:
                return False
            x = self.constants[x]
        if isinstance(x, bool | np.bool_) or not isinstance(x, int | float | complex | np.generic | np.ndarray):
            return False
        if np.size(x) > 1 << 16:
            return False
        return bool(np.all(np.equal(x, number)) and np.all(np.signbit(np.real(x)) == np.signbit(number)))


def simplify(program: Program) -> Program:
    """Return the program without calls whose result is an operand, bit for bit.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> program = simplify(trace(lambda x: np.reshape(1 * x.T.T, (3,)) - 0, np.zeros(3)))
        >>> program.calls
        ()
    """
    facts, known = Facts(program), dict[Variable, Any]()
    calls: list[Call] = []
    for call in program.calls:
        call = replace(call, args=replaced(call.args, known), kwargs=replaced(call.kwargs, known))
        if isinstance(call.function, np.ufunc) and not call.several:
            call = _with_scalars(call, facts)
        rule = RULES.get(call.function) if not call.several else None
        result = rule(call, facts) if rule is not None else None
        if type(result) is Call:
            call, result = result, None
        if type(result) is Variable and _alike(result, call.output):
            known[call.output] = result
        else:
            calls.append(call)
            facts.makers.update(dict.fromkeys(call.outputs, call))
    return replace(program, calls=tuple(calls), outputs=replaced(program.outputs, known))


def _with_scalars(call: Call, facts: Facts) -> Call:
    """Return an elementwise call with scalars in place of constants that repeat one number."""
    full = any(type(x) is Variable and x.shape == call.output.shape and x not in facts.constants for x in call.args)
    if not full or len(call.args) != 2 or call.kwargs or call.function.signature is not None:  # type: ignore[attr-defined]
        return call
    return replace(call, args=tuple(_scalar(x, facts) for x in call.args))


def _scalar(x: Any, facts: Facts) -> Any:
    array = facts.constants.get(x) if type(x) is Variable else None
    if not isinstance(array, np.ndarray) or not 1 < array.size <= 1 << 16 or array.dtype.kind not in "fc":
        return x
    first = array.reshape(-1)[0]
    return first if np.all(array == first) and np.all(np.signbit(array.real) == np.signbit(first.real)) else x


def _alike(a: Variable, b: Variable) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.weak == b.weak


def _multiply(call: Call, facts: Facts) -> Any:
    a, b = call.args
    return a if facts.is_all(b, 1) else b if facts.is_all(a, 1) else None


def _add(call: Call, facts: Facts) -> Any:
    a, b = call.args
    exact = (-0.0, 0) if call.output.dtype.kind not in "fc" else (-0.0,)  # 0.0 + -0.0 is 0.0
    for zero in exact:
        if facts.is_all(b, zero):
            return a
        if facts.is_all(a, zero):
            return b
    return None


def _subtract(call: Call, facts: Facts) -> Any:
    a, b = call.args
    return a if facts.is_all(b, 0) else None


def _divide(call: Call, facts: Facts) -> Any:
    a, b = call.args
    return a if facts.is_all(b, 1) else None


def _same(call: Call, facts: Facts) -> Any:
    return call.args[0]


def _negative(call: Call, facts: Facts) -> Any:
    inner = facts.made_by(call.args[0], np.negative)
    return inner.args[0] if inner is not None else None


def _invert(call: Call, facts: Facts) -> Any:
    """For bools `~x` is `not x`; backends without the bits of integers can do that."""
    if call.output.dtype != np.bool_ or call.output.weak:
        return None
    return replace(call, function=np.logical_not)


def _if_real(call: Call, facts: Facts) -> Any:
    x = call.args[0]
    return x if type(x) is Variable and x.dtype.kind != "c" else None


def _reshape(call: Call, facts: Facts) -> Any:
    x, *rest = call.args
    orders = rest if call.function is np.ravel else rest[1:]
    if set(call.kwargs) - {"shape"} or any(order != "C" for order in orders):
        return None
    if type(x) is Variable and x.shape == call.output.shape:
        return x
    inner = facts.made_by(x, np.reshape)
    if inner is None or set(inner.kwargs) - {"shape"} or len(inner.args) > 2:
        return None
    if type(inner.args[0]) is Variable and _alike(inner.args[0], call.output):
        return inner.args[0]
    return replace(call, args=(inner.args[0], call.output.shape), kwargs={})


def _permutation(call: Call) -> tuple[int, ...] | None:
    """Return the axes of a call that permutes axes; None if it does not."""
    x = call.args[0]
    if type(x) is not Variable:
        return None
    n = len(x.shape)
    if call.function is np.transpose:
        axes = call.args[1] if len(call.args) > 1 else call.kwargs.get("axes")
        return tuple(reversed(range(n))) if axes is None else tuple(int(axis) % n for axis in axes)
    if call.function is np.swapaxes and len(call.args) == 3:
        order = list(range(n))
        i, j = (int(axis) % n for axis in call.args[1:])
        order[i], order[j] = order[j], order[i]
        return tuple(order)
    return None


def _transpose(call: Call, facts: Facts) -> Any:
    axes = _permutation(call)
    if axes is None:
        return None
    if axes == tuple(range(len(axes))):
        return call.args[0]
    inner = facts.made_by(call.args[0], np.transpose, np.swapaxes)
    before = None if inner is None else _permutation(inner)
    if inner is None or before is None:
        return None
    both = tuple(before[axis] for axis in axes)
    if both == tuple(range(len(both))):
        return inner.args[0]
    return replace(call, function=np.transpose, args=(inner.args[0], both), kwargs={})


RULES: dict[Any, Rule] = {
    np.multiply: _multiply,
    operator.mul: _multiply,
    np.add: _add,
    np.subtract: _subtract,
    np.divide: _divide,
    np.positive: _same,
    np.copy: _same,
    astype: _same,
    np.negative: _negative,
    np.invert: _invert,
    np.conjugate: _if_real,
    np.real: _if_real,
    np.reshape: _reshape,
    np.ravel: _reshape,
    np.squeeze: _same,
    np.expand_dims: _same,
    np.broadcast_to: _same,
    np.transpose: _transpose,
    np.swapaxes: _transpose,
}
