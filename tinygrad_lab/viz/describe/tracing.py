"""Running a function to draw it: its arguments become Values that are named after its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import modes
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentTypeError
from tinygrad_lab.nn.module import Module


@dataclass(eq=False)
class Trace:
    """What is known of a run beside its graph.

    Attributes:
        origin: the source line that the run was started from; "" for none.
        drawn: the module that was run, if it was one.
        names: of the inputs.
        inputs: the Values made of the arguments, and whether each asked for a gradient.
        plain: the other arrays among the arguments, such as integer labels, with their names.
    """

    origin: str = ""
    drawn: Module | None = None
    names: dict[Value, str] = field(default_factory=dict)
    inputs: dict[Value, bool] = field(default_factory=dict)
    plain: list[tuple[Any, str]] = field(default_factory=list)


def run(function: Callable[..., Any], inputs: tuple[Any, ...]) -> tuple[Any, Trace]:
    """Call `function` on its inputs made into fresh Values, and return its result and what is known of the call.

    Arguments:
        function: a module or any function; it runs as usual, so random layers draw.
        inputs: floating and complex arrays and numbers among them, also in lists, tuples and dicts, become Values that
            are named after the parameter; a Value loses its history; others stay what they are.

    Raises:
        ArgumentTypeError: if the function does not take these inputs.
    """
    signature = _signature(function)
    _check_fit(function, signature, inputs)
    trace = Trace(modes.caller(), function if isinstance(function, Module) else None)
    arguments = [_fresh(trace, name, x) for name, x in zip(_names(signature, len(inputs)), inputs, strict=True)]
    with modes.enable_grad(), modes.trace_origin():
        return function(*arguments), trace


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function.forward if isinstance(function, Module) else function)
    except (TypeError, ValueError):  # a function written in C
        return None


def _check_fit(function: Callable[..., Any], signature: inspect.Signature | None, inputs: tuple[Any, ...]) -> None:
    if signature is None:
        return
    try:
        signature.bind(*inputs)
    except TypeError as error:
        name = type(function).__name__ if isinstance(function, Module) else getattr(function, "__name__", "function")
        raise ArgumentTypeError(
            f"draw: {len(inputs)} inputs do not fit {name}({', '.join(signature.parameters)}); "
            f"give them after it, as in viz.draw(model, x)"
        ) from error


def _names(signature: inspect.Signature | None, count: int) -> list[str]:
    """Return what a function calls its positional arguments."""
    parameters = list(signature.parameters.values()) if signature is not None else []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "input")
    return [*names, *(f"{rest}[{i}]" for i in range(count - len(names)))][:count]


def _fresh(trace: Trace, name: str, x: Any) -> Any:
    if isinstance(x, Module):
        return x
    if type(x) is list and x and all(isinstance(item, int | float) for item in tree.flatten(x)[0]):
        x = np.asarray(x)  # a nested list of numbers is an array
    leaves, rebuild = tree.flatten(x)
    several = len(leaves) > 1
    return rebuild([_leaf(trace, f"{name}[{i}]" if several else name, leaf) for i, leaf in enumerate(leaves)])


def _leaf(trace: Trace, name: str, x: Any) -> Any:
    asked = isinstance(x, Value) and x.requires_grad
    if isinstance(x, Value):
        name, x = x.name or name, x.data
    if not isinstance(x, float | complex) and getattr(getattr(x, "dtype", None), "kind", "") not in ("f", "c"):
        trace.plain.append((x, name))
        return x
    value = Value(x, name=name)
    trace.names[value] = name
    trace.inputs[value] = asked
    return value
