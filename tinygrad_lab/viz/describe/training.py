"""A function's graph in one training step after another, with everything as before in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lab import tree
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import GraphError
from tinygrad_lab.optim.base import Optimizer
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.snapshot import Snapshot
from tinygrad_lab.viz.describe.tracing import run
from tinygrad_lab.viz.describe.updates import gradients_by


def values_in(result: Any) -> list[Value]:
    """Return the Values in nested containers."""
    return [leaf for leaf in tree.flatten(result)[0] if isinstance(leaf, Value)]


def training(
    function: Callable[..., Any], inputs: tuple[Any, ...], title: str, optimizer: Optimizer | None, steps: int
) -> list[Snapshot]:
    """Return the graph of `function(*inputs)` at each of so many training steps.

    Arguments:
        function: a module or any other function.
        inputs: what to call it on.
        title: what to call the graph.
        optimizer: what updates the parameters between the steps; it and they are as before in the end.
        steps: how many; without an optimizer, one.

    Raises:
        GraphError: if it returns no Value.
    """
    if optimizer is None:
        result, trace = run(function, inputs)
        return [capture(_outputs(result), trace, title)]
    kept, states = [parameter.data for parameter in optimizer.params], list(optimizer.states)
    found = []
    try:
        for _ in range(steps):
            result, trace = run(function, inputs)
            outputs = _outputs(result)
            found.append(capture(outputs, trace, title, optimizer))
            _update(optimizer, [output for output in outputs if output.requires_grad])
    finally:
        optimizer.states = states
        for parameter, data in zip(optimizer.params, kept, strict=True):
            parameter.data = data
    return found


def _outputs(result: Any) -> list[Value]:
    found = values_in(result)
    if not found:
        raise GraphError(
            f"draw: the function returned a {type(result).__name__}, not a Value; "
            "return what is to be drawn, computed from the inputs"
        )
    return found


def _update(optimizer: Optimizer, roots: list[Value]) -> None:
    gradients, states = gradients_by(roots, optimizer), list(optimizer.states)
    for position, parameter in enumerate(optimizer.params):
        if parameter in gradients:
            rule = optimizer.rule_of(position)
            parameter.data, states[position] = rule.updated(parameter.data, gradients[parameter], states[position])
    optimizer.states = states
