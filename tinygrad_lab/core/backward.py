"""The reverse sweep. It knows nodes, rules and arrays, and does not know `Value`.

Going through the nodes latest first, each node's gradient `g` is complete when its turn comes, because everything
computed from it came later. The node's rules turn `g` into one contribution per parent; contributions add up.

The same loop runs on plain arrays and on Values. Called on the arrays that a node saved, its rules cost what NumPy
costs; called on Values, they record themselves, and the gradient can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_lab.core import modes
from tinygrad_lab.core.registry import fail_if_not_finite
from tinygrad_lab.errors import RuleError


def sweep(
    order: list[Any],
    gradients: dict[Any, Any],
    recorded: bool = False,
    needed: Collection[Any] | None = None,
    sources: Collection[Any] = (),
) -> dict[Any, Any]:
    """Pull gradients back through `order`, and return those of the sources and of the nodes that retain theirs.

    Arguments:
        order: nodes, latest first.
        gradients: the roots' gradients by node; emptied on the way, so that memory is freed early.
        recorded: whether the rules run on Values, so that the gradients have a graph themselves.
        needed: where given, only these nodes are visited.
        sources: nodes to stop at; nodes without parents are sources too.
    """
    if not recorded:
        return _sweep(order, gradients, False, needed, sources)
    with modes.enable_grad():
        return _sweep(order, gradients, True, needed, sources)


def _sweep(  # noqa: C901  one loop, and calls cost
    order: list[Any],
    gradients: dict[Any, Any],
    recorded: bool,
    needed: Collection[Any] | None,
    sources: Collection[Any],
) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    taken: dict[Any, Any] = {}  # of nodes that only a `where` depends on: the elements that it took
    arguments = _as_values if recorded else attrgetter("saved")
    check = modes.current() & modes.CHECK
    for node in order:
        g = gradients.pop(node, None)
        if g is None:
            continue
        if node.watch is not None:
            g = node.watch(node, g, found)
        if not node.parents or node in sources:
            found[node] = g
            continue
        op, kwargs, inputs = node.op, node.kwargs, arguments(node)
        mask = taken.pop(node, None) if taken else None
        for position, parent in enumerate(node.parents):
            if parent is None or not parent.requires_grad or (needed is not None and parent not in needed):
                continue
            rule = op.rules[position]
            if mask is not None or op.selects:
                contribution = _masked(rule, g, inputs, node, mask)
                if parent not in gradients:
                    taken[parent] = _taken(node, position, mask) if recorded else _NONZERO
                elif parent in taken and recorded:
                    taken[parent] = taken[parent] | _taken(node, position, mask)
            else:
                contribution = rule(g, *inputs, **kwargs) if kwargs else rule(g, *inputs)
                if taken:
                    taken.pop(parent, None)
            like = node.saved[position + 1]
            try:
                fits = contribution.shape == like.shape and contribution.dtype is like.dtype
            except AttributeError:
                raise _no_array(contribution, op, position) from None
            if not fits:
                contribution = fit(contribution, like, op, position)
            if check:
                fail_if_not_finite(f"gradient of {op.name}", contribution, (g, *inputs), node.origin)
            # Never in place: a rule may have returned `g` itself, or a view of an array that others hold.
            gradients[parent] = gradients[parent] + contribution if parent in gradients else contribution
    return found


def _as_values(node: Any) -> tuple[Any, ...]:
    """Return what the rules of `node` are called on, `(y, *inputs)`, as Values wherever a gradient may flow."""
    inputs = (
        array if parent is None or not parent.requires_grad else parent.as_of(array)
        for parent, array in zip(node.parents, node.saved[1:], strict=True)
    )
    return (node.as_of(node.saved[0]), *inputs)


def fit(contribution: Any, like: Any, op: Any, position: int) -> Any:
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
        raise RuleError(
            f"{op.name}: the gradient of argument {position} must broadcast from shape {like.shape}, "
            f"got {contribution.shape}; check that argument's rule"
        )
    if contribution.dtype != like.dtype:
        if contribution.dtype.kind == "c" and like.dtype.kind != "c":
            contribution = np.real(contribution)  # a real input has no imaginary direction
        contribution = contribution.astype(like.dtype)
    return contribution


def _no_array(contribution: Any, op: Any, position: int) -> RuleError:
    return RuleError(
        f"{op.name}: the gradient of argument {position} must be an array, got {type(contribution).__name__}; "
        f"write that argument's rule as an expression in g"
    )


# Where `where` did not take a branch, the gradient is 0, even if a rule further back divides by zero there. Which
# elements those are is read off the gradient in a sweep over arrays. A recorded sweep must not do that: a gradient may
# also happen to be 0, and is still a function of others then; so it carries masks from node to node.

_NONZERO = object()


def _masked(rule: Callable[..., Any], g: Any, inputs: tuple[Any, ...], node: Any, mask: Any) -> Any:
    """Apply a rule whose result counts only where `mask` is true."""
    if mask is None or not node.op.elementwise:
        return rule(g, *inputs, **node.kwargs)
    with np.errstate(all="ignore"):
        return np.where(g != 0 if mask is _NONZERO else mask, rule(g, *inputs, **node.kwargs), 0)


def _taken(node: Any, position: int, mask: Any) -> Any:
    """Return the mask of a parent, given that of the node; all of it where the operation mixes elements."""
    op, like = node.op, node.saved[position + 1]
    if op.selects:
        chosen = op.rules[position](np.ones_like(node.saved[0]), *node.saved, **node.kwargs) != 0
        mask = chosen if mask is None else mask & chosen
    if op.elementwise and mask.shape == like.shape:
        return mask
    return np.broadcast_to(np.any(mask), like.shape)
