"""Where no gradient arrives none is passed on, even by a rule that divides by zero there.

A zero in a gradient can mean two things. It is a product, such as the `2 * y` of `y ** 2` at 0: times an infinite slope
it may be any number, and is NaN. Or nothing arrives there: the element was not taken by `where`, an index or a maximum,
or was multiplied by the constant 0, or the sweep started with zeros. Then elementwise operations further back pass on
none, however steep they are. The two cannot be told apart by the gradient: which elements are reached is followed here
from node to node.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import MET, careful
from tinygrad_lab.calls.receivers import plain
from tinygrad_lab.core.graph import N
from tinygrad_lab.core.operators import MULTIPLY
from tinygrad_lab.core.registry import Op
from tinygrad_lab.typing import Args, Array, Keywords, Rule


class Reached:
    """Which elements of each node a gradient reaches, while a sweep goes back; True stands for all of a node."""

    def __init__(self, masks: dict[Any, Any]) -> None:
        self.masks = masks
        self._made: set[Any] = set()  # nodes whose mask nobody else holds, so that it may be added to in place

    def hand_on(self, node: Any, position: int, mask: Any) -> None:
        """Note which elements of a parent are reached, given the mask of the node."""
        parent = node.parents[position]
        before = self.masks.get(parent)
        if parent.op is None or before is True:
            return
        if mask is not True or node.masked:
            mask = _handed_on(node, position, mask, before if parent in self._made else None)
        if before is not None and mask is not before and mask is not True:
            mask = before | mask
            self._made.add(parent)
        self.masks[parent] = mask


def reached_by(seeds: dict[N, Any]) -> Reached | None:
    """Return which elements of the roots a sweep's first gradients reach; None where there is nothing to follow.

    Numbers, and arrays of other libraries, are not looked into.
    """
    masks, matters = {}, False
    for root, g in seeds.items():
        masks[root] = mask = _not_zero(g, True) if isinstance(plain(g), np.ndarray) else True
        matters = matters or root.masked or mask is not True
    return Reached(masks) if matters else None


def pulled(op: Op, rule: Rule, args: Args, kwargs: Keywords, mask: Any) -> Array:
    """Apply a rule of any kind; where `mask` is false the contribution is 0, whatever an elementwise one divides by."""
    rule = careful(op.name, rule) if MET else rule
    if mask is True or not op.elementwise:
        return rule(*args, **kwargs)
    with np.errstate(all="ignore"):
        return np.where(mask, rule(*args, **kwargs), 0)


def _handed_on(node: Any, position: int, mask: Any, total: Any) -> Any:
    """Return which elements of a parent are reached, given those of the node; all of them where elements are mixed.

    With a `total`, an array that nobody else holds, they may be added to it.
    """
    op, y, like = node.op, node.saved[0], node.saved[position + 1]
    hands_on = op.selects or (op.moves and (mask is not True or "where" in node.kwargs))
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
