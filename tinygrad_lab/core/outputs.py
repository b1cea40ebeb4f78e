"""What the body of a primitive returns: one array, or several; and what it must not return.

A node of the graph holds one array. Several results of one primitive are packed into one vector, of which each is a
part: slices and reshapes, which have derivatives of their own. The rules see the tuple again, of results and gradients.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.receivers import Recorder, holds_values
from tinygrad_lab.calls.results import Layout
from tinygrad_lab.core.arrays import as_array
from tinygrad_lab.core.registry import JointRules, Op, VariadicRules
from tinygrad_lab.typing import Result


def settled(op: Op, data: Any, kwargs: dict[str, Any]) -> tuple[Op, Any, dict[str, Any], Layout | None]:
    """Return what is recorded where an operation did not return one array of NumPy's.

    Values are refused: they would be hidden from the graph.
    """
    if op.body is not None and holds_values(data):
        raise refusals.rules.escaped(op.name)
    if any(isinstance(x, Recorder) for x in (data.flat if isinstance(data, np.ndarray) else [data])):
        raise refusals.arrays.hidden_values(op.name)
    if type(data) in (bool, int, float, complex):
        data = as_array(data)
    if op.residuals and type(data) is tuple and len(data) == 2:
        data, kept = data
        kwargs = {**kwargs, "residuals": kept}
    if isinstance(data, tuple):
        layout = Layout(data)
        return _twin(op), layout.pack(data), {**kwargs, "layout": layout}, layout
    if not hasattr(data, "dtype") or data.dtype.kind in "USVMm":
        raise refusals.rules.no_array(op.name, data)
    return op, data, kwargs, None


def _twin(op: Op) -> Op:
    """Return the operation whose result is the vector of all of `op`'s, with the rules of `op`."""
    if op.twin is not None:
        return op.twin
    op.twin = twin = Op(op.function)
    twin.name, twin.family, twin.forward, twin.named = op.name, op.family, op.forward, op.named
    if isinstance(op.rules, JointRules | VariadicRules):
        twin.rules = type(op.rules)(_of_vector(op.rules.rule, 1))
    else:
        twin.rules = tuple(rule and _of_vector(rule, 0) for rule in op.rules)
    return twin


def _of_vector(rule: Callable[..., Any], before: int) -> Callable[..., Any]:
    """Return a rule on the vector of results; `before` so many arguments precede `g` and `y`."""

    @functools.wraps(rule)
    def pulled(*args: Any, layout: Layout, **kwargs: Any) -> Result:
        first, (g, y), inputs = args[:before], args[before : before + 2], args[before + 2 :]
        return rule(*first, layout.unpack(g, gradient=True), layout.unpack(y), *inputs, **kwargs)

    return pulled
