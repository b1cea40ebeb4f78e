"""Running a function under observation: which module call made which node, and how parameters and inputs are named."""

from __future__ import annotations

import inspect
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import modes
from tinygrad_lab.core.value import Value
from tinygrad_lab.nn.module import Module, observer


@dataclass(eq=False, slots=True)
class Call:
    """One call of a module: the nodes made in it are numbered from `start` to `end`."""

    parent: Call | None
    path: str
    kind: str
    detail: str
    start: int
    end: int = -1


@dataclass(eq=False)
class Trace:
    """What was seen of a run.

    Attributes:
        calls: in the order in which they began.
        origin: the source line that the run was started from; "" for none.
        names: of parameters and inputs.
        inputs: the Values made of the arguments.
        plain: the other arrays among the arguments, such as integer labels, with their names.
    """

    calls: list[Call] = field(default_factory=list)
    names: dict[Value, str] = field(default_factory=dict)
    inputs: set[Value] = field(default_factory=set)
    plain: list[tuple[Any, str]] = field(default_factory=list)
    origin: str = ""

    def calls_of(self, indices: list[int]) -> list[Call | None]:
        """Return, for each node number, the innermost call in which it was made."""
        starts = [call.start for call in self.calls]
        found = []
        for index in indices:
            position = bisect_right(starts, index) - 1
            call = self.calls[position] if position >= 0 else None
            while call is not None and call.end < index:
                call = call.parent
            found.append(call)
        return found


def run(function: Callable[..., Any], inputs: tuple[Any, ...]) -> tuple[Any, Trace]:
    """Call `function` on its inputs made into fresh Values, and return its result and what was seen of the call.

    Arguments:
        function: a module or any function; it is run as it stands, random layers draw and all.
        inputs: floating and complex arrays and numbers among them, also in lists, tuples and dicts, become Values that
            require a gradient and are named after the parameter; a Value loses its history; others stay what they are.

    Raises:
        TypeError: if the function does not take these inputs.
    """
    signature = _signature(function)
    _check_fit(function, signature, inputs)
    trace = Trace(origin=modes.caller())
    paths: dict[int, str] = {}
    if isinstance(function, Module):
        _register(trace, paths, function, "")
    arguments = [_fresh(trace, name, x) for name, x in zip(_names(signature, len(inputs)), inputs, strict=True)]
    token = observer.set(_observer(trace, paths))
    try:
        with modes.enable_grad(), modes.trace_origin():
            return function(*arguments), trace
    finally:
        observer.reset(token)


def _observer(trace: Trace, paths: dict[int, str]) -> Callable[[Module], Any]:
    kept: list[Module] = []  # alive until the end, so that no `id` is given twice
    stack: list[Call] = []

    @contextmanager
    def observe(module: Module) -> Iterator[None]:
        if id(module) not in paths:
            kept.append(module)
            _register(trace, paths, module, _free(type(module).__name__, set(paths.values())))
        path, parent = paths[id(module)], stack[-1] if stack else None
        call = Call(parent, path, type(module).__name__, module.extra_repr(), _now())
        trace.calls.append(call)
        stack.append(call)
        try:
            yield
        finally:
            stack.pop()
            call.end = _now()

    return observe


def _now() -> int:
    """Return a number above those of all nodes made so far and below those to come."""
    return Value(0.0).index


def _register(trace: Trace, paths: dict[int, str], root: Module, prefix: str) -> None:
    for path, module in root.named_modules():
        paths.setdefault(id(module), _join(prefix, path))
    for name, parameter in root.named_parameters():
        trace.names.setdefault(parameter, _join(prefix, name))


def _join(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if prefix and path else prefix or path


def _free(name: str, taken: set[str]) -> str:
    """Return `name`, or the first of `name-2`, `name-3`, … that is free."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


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
        raise TypeError(
            f"draw: inputs must be what {name}({', '.join(signature.parameters)}) takes, got {len(inputs)}; "
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
    if isinstance(x, Value):
        name, x = x.name or name, x.data
    if not isinstance(x, float | complex) and getattr(getattr(x, "dtype", None), "kind", "") not in ("f", "c"):
        trace.plain.append((x, name))
        return x
    value = Value(x, name=name)
    trace.names[value] = name
    trace.inputs.add(value)
    return value
