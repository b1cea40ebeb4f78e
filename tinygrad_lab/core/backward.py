"""The reverse sweep. It knows nodes, rules and arrays, and does not know `Value`.

Of the nodes that some gradient has arrived at, the latest comes next: its gradient `g` is complete, because everything
computed from it came later. The node's rules turn `g` into one contribution per parent; contributions add up.

The same loop runs on plain arrays and on Values. Called on the arrays that a node saved, its rules cost what NumPy
costs; called on Values, they record themselves, and the gradient can be differentiated again.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.foreign import MET, are_numpys
from tinygrad_lab.core import modes
from tinygrad_lab.core.checks import fail_if_not_finite
from tinygrad_lab.core.graph import N, Node
from tinygrad_lab.core.masks import pulled, reached_by
from tinygrad_lab.core.registry import JointRules, Op
from tinygrad_lab.typing import Array


def sweep(  # noqa: C901  one loop, and calls cost
    gradients: dict[N, Any], wanted: set[N] | None = None, recorded: bool = False, release: bool = False
) -> dict[N, Any]:
    """Pull gradients back through the graph, and return those of its leaves and of the nodes that retain theirs.

    Arrays among them share no memory with each other.

    Arguments:
        gradients: those of the roots, by node; emptied on the way, so that memory is freed early.
        wanted: the nodes to pass through; all that require a gradient without it. One with no parent among them counts
            as a leaf.
        recorded: whether the rules run on Values, so that the gradients have a graph themselves.
        release: whether every node that has been passed is emptied.

    Raises:
        GraphError: a node has been released by an earlier sweep.
    """
    if recorded and not modes.current() & modes.RECORD:
        with modes.enable_grad():
            return sweep(gradients, wanted, recorded)
    found: dict[N, Any] = {}
    made: set[N] = set()  # nodes whose gradient is a sum that nobody else holds, so that it may be added to in place
    lent: set[N] = set()  # nodes whose first contribution was handed on, so that others hold it
    reached = reached_by(gradients)
    check = modes.current() & modes.CHECK
    waiting = sorted([(-node.index, node) for node in gradients if node.op is not None])  # a heap: latest comes first
    while waiting:
        node = heappop(waiting)[1]
        g, parents = gradients.pop(node), node.parents
        op: Op = node.op  # type: ignore[assignment]  # only what an operation made waits
        if node.watch is not None:
            g = node.watch(node, g, found)
        if not parents:
            raise refusals.graph.freed(op.name)
        if wanted is not None and wanted.isdisjoint(parents):
            found[node] = g
            continue
        mask: Any = True if reached is None else reached.masks.pop(node, True)
        args, kwargs = (g,) + (_as_values(node) if recorded else node.saved), node.kwargs
        rules = op.rules
        if type(rules) is JointRules:
            rules = rules.together(op, _needed(parents, wanted), args, kwargs)
        usual = not (kwargs or op.into or reached) and (not MET or are_numpys(args))
        for position, parent in enumerate(parents):
            if parent is None or (not parent.requires_grad if wanted is None else parent not in wanted):
                continue
            rule, like = rules[position], node.saved[position + 1]
            if usual:
                contribution = rule(*args)
            else:
                if reached is not None:
                    reached.hand_on(node, position, mask)
                if op.into and parent in made:
                    gradients[parent] = op.into(gradients[parent], *args, **kwargs)
                    continue
                contribution = pulled(op, rule, args, kwargs, mask)
            try:
                fits = contribution.shape == like.shape and contribution.dtype is like.dtype
            except AttributeError:
                raise refusals.rules.gradient_is_no_array(op.name, position, contribution) from None
            if not fits:
                contribution = unbroadcast(contribution, like, op, position)
            if check:
                fail_if_not_finite(f"gradient of {op.name}", contribution, args, node.origin)
            if parent in gradients:
                contribution = gradients[parent] + contribution
                made.add(parent)
            else:
                if contribution is g or rules is not op.rules:
                    lent.add(parent)
                if parent.op is not None:
                    heappush(waiting, (-parent.index, parent))
            gradients[parent] = contribution
        if release:
            node.release()
    for leaf, g in gradients.items():
        found[leaf] = g if leaf.watch is None else leaf.watch(leaf, g, found)
    for node, g in () if recorded else found.items():
        if (node in lent and node not in made) or getattr(g, "base", None) is not None:  # a view has a base
            found[node] = np.positive(g)  # a copy, in whichever library
    return found


def _needed(parents: tuple[N | None, ...], wanted: set[N] | None) -> tuple[int, ...]:
    """Return the positions of the parents that need a gradient."""
    wants = enumerate(p is not None and (p.requires_grad if wanted is None else p in wanted) for p in parents)
    return tuple(position for position, needed in wants if needed)


def _as_values(node: Node) -> tuple[Any, ...]:
    """Return what the rules of `node` are called on, `(y, *inputs)`, as Values wherever a gradient may flow."""
    inputs = (
        array if parent is None or not parent.requires_grad else parent.as_of(array)
        for parent, array in zip(node.parents, node.saved[1:], strict=True)
    )
    return (node.as_of(node.saved[0]), *inputs)


def unbroadcast(contribution: Array, like: Array, op: Op, position: int) -> Array:
    """Undo broadcasting: sum over the axes that were added or stretched, and return to the input's dtype."""
    shape = (1,) * (contribution.ndim - like.ndim) + like.shape
    sizes = enumerate(zip(contribution.shape, shape, strict=False))
    stretched = tuple(axis for axis, (size, own) in sizes if own == 1 != size)
    if stretched:
        contribution = np.sum(contribution, axis=stretched, keepdims=True)
    if contribution.shape != shape:
        raise refusals.rules.gradient_does_not_fit(op.name, position, like.shape, contribution.shape)
    if shape != like.shape:
        contribution = np.reshape(contribution, like.shape)
    if contribution.dtype != like.dtype:
        if contribution.dtype.kind == "c" and like.dtype.kind != "c":
            contribution = np.real(contribution)  # a real input has no imaginary direction
        contribution = contribution.astype(like.dtype)
    return contribution
