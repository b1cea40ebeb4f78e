"""The reverse sweep. It knows nodes, rules and arrays, and does not know `Value`.

Going through the nodes latest first, each node's gradient `g` is complete when its turn comes, because everything
computed from it came later. The node's rules turn `g` into one contribution per parent; contributions add up.

The same loop runs on plain arrays and on Values. Called on the arrays that a node saved, its rules cost what NumPy
costs; called on Values, they record themselves, and the gradient can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.foreign import MET, careful
from tinygrad_lab.core import modes
from tinygrad_lab.core.checks import fail_if_not_finite
from tinygrad_lab.core.graph import N, Node
from tinygrad_lab.core.masks import masked, masks
from tinygrad_lab.core.registry import JointRules, Op
from tinygrad_lab.typing import Array


def sweep(  # noqa: C901  one loop, and calls cost
    order: list[N], gradients: dict[N, Any], recorded: bool = False, release: bool = False
) -> dict[N, Any]:
    """Pull gradients back through `order`, and return those of its leaves and of the nodes that retain theirs.

    Arguments:
        order: nodes, latest first; a node none of whose parents is among them counts as a leaf.
        gradients: the roots' gradients by node; emptied on the way, so that memory is freed early.
        recorded: whether the rules run on Values, so that the gradients have a graph themselves.
        release: whether to empty `order`, and every node that has been passed.

    Raises:
        GraphError: a node has been released by an earlier sweep.
    """
    if recorded and not modes.current() & modes.RECORD:
        with modes.enable_grad():
            return sweep(order, gradients, recorded)
    found: dict[N, Any] = {}
    made: set[N] = set()  # nodes whose gradient is a sum that nobody else holds, so that it may be added to in place
    wanted, partial = set(order), masks(order, gradients)
    check = modes.current() & modes.CHECK
    for node in _emptied(order) if release else order:
        g = gradients.pop(node, None)
        if g is None:
            continue
        if node.watch is not None:
            g = node.watch(node, g, found)
        op = node.op
        if op is None or wanted.isdisjoint(node.parents):
            if op is not None and not node.parents:
                raise refusals.graph.freed(op.name)
            found[node] = g
            continue
        inputs, kwargs = _as_values(node) if recorded else node.saved, node.kwargs
        rules = op.rules
        if type(rules) is JointRules:
            needed = tuple(position for position, parent in enumerate(node.parents) if parent in wanted)
            rules = rules.together(op, needed, g, inputs, kwargs)
        for position, parent in enumerate(node.parents):
            if parent not in wanted:
                continue
            if op.into and parent in made and node not in partial:
                gradients[parent] = op.into(gradients[parent], g, *inputs, **kwargs)
                continue
            rule, like = rules[position] if not MET else careful(op.name, rules[position]), node.saved[position + 1]
            if node in partial:
                contribution = masked(rule, g, inputs, kwargs, partial[node])
            else:
                contribution = rule(g, *inputs, **kwargs)
            try:
                fits = contribution.shape == like.shape and contribution.dtype is like.dtype
            except AttributeError:
                raise refusals.rules.gradient_is_no_array(op.name, position, contribution) from None
            if not fits:
                contribution = unbroadcast(contribution, like, op, position)
            if check:
                fail_if_not_finite(f"gradient of {op.name}", contribution, (g, *inputs), node.origin)
            # A rule may have returned `g` itself, or a view of an array that others hold: only a sum is our own.
            if parent in gradients:
                contribution = gradients[parent] + contribution
                made.add(parent)
            gradients[parent] = contribution
        if release:
            wanted.remove(node)
            node.release()
    return found


def _emptied(order: list[N]) -> Iterator[N]:
    order.reverse()
    while order:
        yield order.pop()


def _as_values(node: Node) -> tuple[Any, ...]:
    """Return what the rules of `node` are called on, `(y, *inputs)`, as Values wherever a gradient may flow."""
    inputs = (
        array if parent is None or not parent.requires_grad else parent.as_of(array)
        for parent, array in zip(node.parents, node.saved[1:], strict=True)
    )
    return (node.as_of(node.saved[0]), *inputs)


def unbroadcast(contribution: Array, like: Array, op: Op, position: int) -> Array:
    """Undo broadcasting: sum over the axes that were added or stretched, and return to the input's dtype."""
    extra = contribution.ndim - like.ndim
    stretched = tuple(
        axis
        for axis, size in enumerate(contribution.shape)
        if axis < extra or (like.shape[axis - extra] == 1 and size != 1)
    )
    if stretched:
        contribution = np.sum(contribution, axis=stretched, keepdims=True)
    if extra > 0:
        contribution = np.reshape(contribution, contribution.shape[extra:])
    if contribution.shape != like.shape:
        raise refusals.rules.gradient_does_not_fit(op.name, position, like.shape, contribution.shape)
    if contribution.dtype != like.dtype:
        if contribution.dtype.kind == "c" and like.dtype.kind != "c":
            contribution = np.real(contribution)  # a real input has no imaginary direction
        contribution = contribution.astype(like.dtype)
    return contribution
