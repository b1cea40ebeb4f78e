"""Mutants: wrong rules on purpose.

A mutant is one wrong rule of one operation: off by a thousandth, a sign, an element, an axis, a tie. What a rule
returns is changed by plain NumPy, so mutants are wrong at every order. An operation that is written with others has no
rule of its own; there the gradients are falsified on their way to its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.core.operators import getitem
from tinygrad_lab.core.registry import COMPOSED, Op, VariadicRules
from tinygrad_lab.rules.writing import set_at

Rule = Callable[..., Any]
Change = Callable[[Any], Any]


class Mutant(NamedTuple):
    """One wrong rule: what is wrong about it, for which argument, and how to make it from the right one."""

    name: str
    argument: int
    wrong: Callable[[Rule], Rule]


# -- what may be wrong with what a rule returns ----------------------------------------------------------------------


def _last_element(c: Any, factor: float) -> Any:
    ones = np.ones(c.shape)
    if c.ndim:
        ones.flat[-1:] = factor
    return c * ones if c.ndim else c * factor


def _transposed(c: Any) -> Any:
    return np.reshape(np.transpose(c), c.shape)


def _noisy(rng: np.random.Generator) -> Change:
    return lambda c: c * (1 + 1e-6 * rng.random(c.shape))


RESULTS: dict[str, Change] = {
    "factor 1.001": lambda c: 1.001 * c,
    "factor 0.999": lambda c: 0.999 * c,
    "counted twice": lambda c: 2 * c,
    "sign of every element": lambda c: -c,
    "sign of the last element": lambda c: _last_element(c, -1),
    "last element off by a thousandth": lambda c: _last_element(c, 1.001),
    "last element left out": lambda c: _last_element(c, 0),
    "elements rolled by one": lambda c: np.reshape(np.roll(np.reshape(c, (-1,)), 1), c.shape),
    "transposed": _transposed,
    "reversed along the last axis": lambda c: np.flip(c, -1) if c.ndim else c,
    "argument dropped": lambda c: 0 * c,
    "absolute value": lambda c: np.abs(c),
    "wrong divisor": lambda c: c * (1 + 1 / (c.size + 1)),
}

# -- and with how it uses the cotangent ------------------------------------------------------------------------------

COTANGENTS: dict[str, Change] = {
    "|g| for g": lambda g: np.abs(g),
    "g squared for g": lambda g: g * g,
    "g ignored": lambda g: np.ones_like(g),
}


def _on_result(change: Change) -> Callable[[Rule], Rule]:
    def wrong(rule: Rule) -> Rule:
        return lambda *args, **kwargs: change(rule(*args, **kwargs))

    return wrong


def _on_cotangent(change: Change) -> Callable[[Rule], Rule]:
    def wrong(rule: Rule) -> Rule:
        return lambda g, *args, **kwargs: rule(change(g), *args, **kwargs)

    return wrong


def _unsummed(argument: int, average: bool) -> Callable[[Rule], Rule]:
    """Take the first slice, or the mean, where a broadcast argument needs the sum."""

    def wrong(rule: Rule) -> Rule:
        def apply(g: Any, y: Any, *inputs: Any, **kwargs: Any) -> Any:
            c, shape = rule(g, y, *inputs, **kwargs), np.shape(inputs[argument])
            extra = c.ndim - len(shape)
            for axis in range(c.ndim):
                if axis < extra or (shape[axis - extra] == 1 != c.shape[axis]):
                    n = max(c.shape[axis], 1)
                    share = np.sum(c, axis, keepdims=True) / n
                    c = share if average or c.shape[axis] == 0 else c[(slice(None),) * axis + (slice(1),)]
            return c

        return apply

    return wrong


def _wrong_axis(rule: Rule) -> Rule:
    def apply(g: Any, y: Any, x: Any, *others: Any, **kwargs: Any) -> Any:
        axis = kwargs.get("axis")
        if isinstance(axis, int) and np.ndim(x) > 1:
            kwargs["axis"] = (axis + 1) % np.ndim(x)
        return rule(g, y, x, *others, **kwargs)

    return apply


def _swapped(other: Rule) -> Callable[[Rule], Rule]:
    return lambda rule: other


def _every_tie(rule: Rule) -> Rule:
    """Give everyone who shares at a tie the whole gradient."""

    def apply(g: Any, y: Any, x: Any, *others: Any, **kwargs: Any) -> Any:
        c, axis = rule(g, y, x, *others, **kwargs), kwargs.get("axis")
        g = np.expand_dims(g, axis) if axis is not None and not kwargs.get("keepdims", False) else g
        return np.where(c != 0, g, 0)

    return apply


def _assigned(rule: Rule) -> Rule:
    return lambda g, y, x, index: set_at(np.zeros_like(y, shape=np.shape(x)), g, index)


# -- and with what it does besides ---------------------------------------------------------------------------------


def _writes_cotangent(rule: Rule) -> Rule:
    def apply(g: Any, *args: Any, **kwargs: Any) -> Any:
        c = 1 * rule(g, *args, **kwargs)
        if isinstance(g, np.ndarray) and g.flags.writeable:
            g *= 2
        return c

    return apply


def _writes_argument(rule: Rule) -> Rule:
    def apply(g: Any, y: Any, *inputs: Any, **kwargs: Any) -> Any:
        c = 1 * rule(g, y, *inputs, **kwargs)
        for x in inputs:
            if isinstance(x, np.ndarray) and x.flags.writeable and x.dtype.kind in "fc":
                x += 1
        return c

    return apply


def _nothing(rule: Rule) -> Rule:
    return lambda *args, **kwargs: None


def _random(rule: Rule) -> Rule:
    return _on_result(_noisy(np.random.default_rng(0)))(rule)


CONTRACT: dict[str, Callable[[Rule], Rule]] = {
    "writes into g": _writes_cotangent,
    "writes into its arguments": _writes_argument,
    "returns None": _nothing,
    "adds noise": _random,
}
_SHARING = frozenset({np.maximum, np.minimum, np.fmax, np.fmin, np.max, np.min, np.amax, np.amin})


def mutants(op: Op) -> list[Mutant]:
    """Return the mutants of an operation: all changes that make sense for it, for every argument it differentiates."""
    return [Mutant(name, position, wrong) for position in _positions(op) for name, wrong in _changes(op, position)]


def _positions(op: Op) -> list[int]:
    if op.kind == COMPOSED or isinstance(op.rules, VariadicRules):
        return [0]
    return [position for position, rule in enumerate(op.rules) if rule is not None]


def _changes(op: Op, position: int) -> Iterator[tuple[str, Callable[[Rule], Rule]]]:
    for name, change in RESULTS.items():
        yield name, _on_result(change)
    for name, change in COTANGENTS.items():
        yield name, _on_cotangent(change)
    yield from CONTRACT.items()
    if op.kind == COMPOSED or isinstance(op.rules, VariadicRules):
        return
    if len(op.rules) > 1 or op.function is np.broadcast_to:
        yield "first slice of a broadcast axis", _unsummed(position, average=False)
        yield "mean over a broadcast axis", _unsummed(position, average=True)
    for other, rule in enumerate(op.rules):
        if rule is not None and other != position and not _same_code(rule, op.rules[position]):
            yield f"rule of argument {other}", _swapped(rule)
    if "axis" in op.parameters:
        yield "wrong axis", _wrong_axis
    if op.function in _SHARING:
        yield "the whole gradient to every tie", _every_tie
    if op.function is getitem:
        yield "assignment for addition", _assigned


def _same_code(a: Any, b: Any) -> bool:
    """Whether two rules are written alike, so that exchanging them changes nothing."""
    codes = [getattr(rule, "__code__", rule) for rule in (a, b)]
    return codes[0] is codes[1] or all(
        getattr(codes[0], part, 0) == getattr(codes[1], part, 1) for part in ("co_code", "co_consts", "co_names")
    )
