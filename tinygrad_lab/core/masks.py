"""Where no gradient arrives none is passed on, even by a rule that divides by zero there.

A zero in a gradient can mean two things. It is a product, such as the `2 * y` of `y ** 2` at 0: times an infinite slope
it may be any number, and is NaN. Or nothing arrives there: the element was not taken by `where`, an index or a maximum,
or was multiplied by the constant 0, or the sweep started with zeros. Then elementwise operations further back pass on
none, however steep they are. The two cannot be told apart by the gradient: which elements are reached is followed here
from node to node.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import MET, careful
from tinygrad_lab.calls.receivers import plain
from tinygrad_lab.core.graph import N
from tinygrad_lab.core.operators import MULTIPLY
from tinygrad_lab.core.registry import MOVING, SELECTING, TRACKED
from tinygrad_lab.typing import Array, Rule


def masks(order: list[N], roots: dict[N, Any]) -> dict[N, Array]:
    """Return, for each elementwise node of `order` some elements of which may not be reached, which ones are.

    Arguments:
        order: nodes, latest first.
        roots: the gradients that a sweep starts with, by node.
    """
    # True stands for all of a node; numbers, and arrays of other libraries, are not looked into.
    reached: dict[N, Any] = {r: not isinstance(plain(g), np.ndarray) or _not_zero(g, True) for r, g in roots.items()}
    if TRACKED.isdisjoint(map(attrgetter("op"), order)) and all(mask is True for mask in reached.values()):
        return {}
    made: set[N] = set()  # nodes whose mask nobody else holds, so that it may be added to in place
    for node in order:
        for position, parent in enumerate(node.parents):
            before = reached.get(parent)
            if parent is None or parent.op is None or before is True:
                continue
            mask = _handed_on(node, position, reached.get(node, True), before if parent in made else None)
            if before is not None and mask is not before and mask is not True:
                mask = before | mask
                made.add(parent)
            reached[parent] = mask
    return {node: mask for node, mask in reached.items() if mask is not True and getattr(node.op, "elementwise", False)}


def masked(rule: Rule, g: Array, inputs: tuple[Any, ...], kwargs: dict[str, Any], mask: Array) -> Array:
    """Apply a rule where `mask` is true; the contribution is 0 elsewhere, whatever the rule divides by there."""
    with np.errstate(all="ignore"):
        return np.where(mask, rule(g, *inputs, **kwargs), 0)


def _handed_on(node: Any, position: int, mask: Any, total: Any) -> Any:
    """Return which elements of a parent are reached, given those of the node; all of them where elements are mixed.

    With a `total`, an array that nobody else holds, they may be added to it.
    """
    op, y, like = node.op, node.saved[0], node.saved[position + 1]
    hands_on = op in SELECTING or (op in MOVING and (mask is not True or "where" in node.kwargs))
    if hands_on:
        mask = np.logical_or(y, True) if mask is True else mask
        if op.into and total is not None:  # at the cost of a piece
            return op.into(total, mask, *node.saved, **node.kwargs)
        rule = careful(op.name, op.rules[position]) if MET else op.rules[position]
        mask = _not_zero(rule(np.where(mask, 1.0, 0.0), *node.saved, **node.kwargs), True)
    elif op is MULTIPLY and not getattr(node.parents[1 - position], "requires_grad", False):
        mask = _not_zero(node.saved[2 - position], mask)
    if mask is True or ((op.elementwise or hands_on) and mask.shape == like.shape):
        return mask
    return np.broadcast_to(np.any(mask), like.shape)


def _not_zero(factor: Any, mask: Any) -> Any:
    """Return `mask` without the elements at which `factor` is 0; a Value may be differentiated where it is 0."""
    taken = np.not_equal(plain(factor), 0) | getattr(factor, "requires_grad", False)
    if isinstance(taken, np.bool_ | np.ndarray) and taken.all():
        return mask
    return taken if mask is True else mask & taken
