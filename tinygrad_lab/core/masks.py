"""What `where` did not take has gradient 0, even if a rule further back divides by zero there.

Below a `where`, elementwise operations apply their rules only to the elements that were taken. A sweep over arrays
reads those off the gradient: it is 0 elsewhere. A recorded sweep must not: a gradient that happens to be 0 is still a
function of others. It carries masks from node to node.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_lab.core.graph import N, Node
from tinygrad_lab.core.registry import SELECTING
from tinygrad_lab.typing import Array, Rule

_op = attrgetter("op")


def masks(order: list[N], roots: Collection[N], recorded: bool) -> dict[N, Array | None]:
    """Return a mask for each elementwise node of `order` that is used by nothing but `where`, or by nodes such as it.

    Arguments:
        order: nodes, latest first.
        roots: those that a sweep starts with; all their elements count.
        recorded: whether to work masks out; without, they are None, for "wherever the gradient is not 0".
    """
    if SELECTING.isdisjoint(map(_op, order)):
        return {}
    found: dict[N, Any] = {}
    whole = set(roots)  # nodes of which another use takes everything
    for node in order:
        if node.op is None:
            continue
        partial = node.op in SELECTING or node in found
        for position, parent in enumerate(node.parents):
            if parent is None or parent in whole:
                continue
            if not partial:
                whole.add(parent)
                found.pop(parent, None)
                continue
            mask = _taken(node, position, found.get(node)) if recorded else None
            found[parent] = found[parent] | mask if found.get(parent) is not None else mask
    return {node: mask for node, mask in found.items() if node.op is not None and node.op.elementwise}


def masked(rule: Rule, g: Array, inputs: tuple[Any, ...], kwargs: dict[str, Any], mask: Array | None) -> Array:
    """Apply a rule where `mask` is true; the contribution is 0 elsewhere, whatever the rule divides by there."""
    with np.errstate(all="ignore"):
        return np.where(g != 0 if mask is None else mask, rule(g, *inputs, **kwargs), 0)


def _taken(node: Node, position: int, mask: Array | None) -> Array:
    """Return the mask of a parent, given that of the node; all of it where the operation mixes elements."""
    op, like = node.op, node.saved[position + 1]
    assert op is not None
    if op in SELECTING:
        chosen = op.rules[position](np.ones_like(node.saved[0]), *node.saved, **node.kwargs) != 0
        mask = chosen if mask is None else mask & chosen
    assert mask is not None
    if op.elementwise and mask.shape == like.shape:
        return mask
    return np.broadcast_to(np.any(mask), like.shape)
