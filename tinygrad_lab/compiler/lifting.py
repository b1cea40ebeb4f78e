"""One call of a function, traced: its arguments and the state it changes become inputs and outputs of a program."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.calls.defaults import current_default
from tinygrad_lab.compiler import arguments
from tinygrad_lab.compiler.holders import (
    Holders,
    Place,
    is_container,
    is_leaf,
    is_number,
    items_of,
    leaves,
    refilled,
    slots_of,
)
from tinygrad_lab.compiler.program import Program
from tinygrad_lab.compiler.templates import Write, template
from tinygrad_lab.compiler.traced import current
from tinygrad_lab.compiler.tracing import Tracer, tracing
from tinygrad_lab.core import modes
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import CompileError


@dataclass
class Lifted:
    """A traced call.

    Attributes:
        program: its inputs are the arrays of the arguments, then those of the places; its outputs fill the templates.
        read: the places that inputs come from, each with the number of its arrays.
        result: the template of the result.
        writes: how the state changes.
        names: the wanted names of the outputs.
        counted: paths of Python numbers that it changed, which therefore have to be inputs.
    """

    program: Program
    read: list[tuple[int, int]]
    result: Any
    writes: list[Write]
    names: list[str]
    counted: set[str]


class Invocation:
    """A call of a compiled function: the function, its arguments, and all that these and the state hold."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        names: tuple[str, ...],
        state: list[tuple[str, Any]],
        lifts: frozenset[str],
        gradients: bool,
    ) -> None:
        self.gradients = gradients  # whether existing gradients are inputs
        self._rest = names, state, lifts, gradients
        self.function, self.args, self.kwargs = function, args, kwargs
        self.arguments = arguments.read(args, kwargs, names)
        self.held = Holders(lifts)
        for path, x in (*state, *self.arguments.objects):
            self.held.walk(path, x)

    def again(self) -> Invocation:
        """Return the same call with the present content of its objects."""
        return Invocation(self.function, self.args, self.kwargs, *self._rest)

    @property
    def key(self) -> Hashable:
        """Equal for calls that the same program serves."""
        numbers = {id(holder): i for i, (_, holder) in enumerate(self.held.holders)}
        places = (place for place in self.held.places if self.gradients or not _is_gradient(place))
        around = modes.current(), current_default()
        return around, self.arguments.key, tuple(_place_key(place, numbers) for place in places)

    def inputs(self, read: list[tuple[int, int]]) -> list[Any]:
        """Return the arrays for a program with this key."""
        found = [array for _, array in self.arguments.arrays]
        for i, _ in read:
            place = self.held.places[i]
            found += leaves(place.get(), place.lifted)
        return found

    def trace(self, flip_gradients: bool = False) -> Lifted:
        """Trace the call and leave everything unchanged; with `flip_gradients`, missing gradients are 0."""
        name = str(getattr(self.function, "__name__", "program"))
        tracer = Tracer("function" if name == "<lambda>" else name, current())
        before = self.held.snapshot()
        was = [place.get() for place in self.held.places]
        try:
            with tracing(tracer):
                traced = iter([tracer.input(path, x) for path, x in self.arguments.arrays])
                args, kwargs = arguments.mapped(lambda x: next(traced), (self.args, self.kwargs))
                read = self._lift(tracer, flip_gradients)
                given = [place.get() for place in self.held.places]
                passed = arguments.contents((args, kwargs))
                result = self.function(*args, **kwargs)
                arguments.refuse_changes(passed)
                outputs = _Outputs({id(holder) for _, holder in self.held.holders})
                returned = outputs.template(result, "")
                writes, counted = self._changes(was, given, outputs)
                program = tracer.program(outputs.arrays)
        except ValueError as error:
            cause = error.__cause__ or error.__context__  # NumPy asked for a number, and hides why it could not get it
            if isinstance(cause, CompileError):
                raise cause from error
            raise
        finally:
            self.held.restore(before)
        return Lifted(program, read, returned, writes, outputs.names, counted)

    def _lift(self, tracer: Tracer, flip_gradients: bool) -> list[tuple[int, int]]:
        """Put inputs of the program into the places that hold arrays."""
        read = []
        for i, place in enumerate(self.held.places):
            x = place.get()
            if _is_gradient(place) and not self.gradients:
                if flip_gradients:
                    place.set(_other_gradient(place))
                continue
            new = [tracer.input(place.path, leaf) for leaf in leaves(x, place.lifted)]
            if new:
                place.set(refilled(x, place.lifted, iter(new)))
                read.append((i, len(new)))
        return read

    def _changes(self, was: list[Any], given: list[Any], outputs: _Outputs) -> tuple[list[Write], set[str]]:
        """Compare the holders with what was put into them, and note the Python numbers that changed."""
        writes: list[Write] = []
        counted: set[str] = set()
        known = {(id(place.holder), place.key): i for i, place in enumerate(self.held.places)}
        keys: dict[int, set[Any]] = {}
        for owner, key in known:
            keys.setdefault(owner, set()).add(key)
        for number, (path, holder) in enumerate(self.held.holders):
            now: dict[Any, Any]
            if type(holder) is Value:
                now = {key: getattr(holder, key) for key in ("data", "grad", "requires_grad", "watch")}
            elif is_container(holder):
                now = dict(items_of(holder))
            else:
                now = {name: getattr(holder, name) for name in slots_of(holder)}
            had = keys.get(id(holder), set())
            if not had <= now.keys() or (not isinstance(holder, dict) and had != now.keys()):
                whole = dict(now) if isinstance(holder, dict) else list(holder)
                writes.append(Write(number, None, outputs.template(whole, path)))
                continue
            for key, x in now.items():
                i = known.get((id(holder), key))
                if i is not None and x is given[i]:
                    continue
                where = f"{path}.{key}" if i is None else self.held.places[i].path
                if i is not None:
                    counted |= _counted(where, was[i], x)
                writes.append(Write(number, key, outputs.template(x, where)))
        return writes, counted


class _Outputs:
    """The arrays that leave a program, collected while templates are made, and their wanted names."""

    def __init__(self, keep: set[int]) -> None:
        self.arrays: list[Any] = []
        self.names: list[str] = []
        self._keep = keep

    def template(self, x: Any, path: str) -> Any:
        """Return a template, and note a name for each of its outputs; `path` is "" for results."""
        if path and type(x) is dict and id(x) not in self._keep:
            return {key: self.template(part, f"{path}.{key}") for key, part in x.items()}
        if path and type(x) in (list, tuple) and id(x) not in self._keep:
            return type(x)(self.template(part, f"{path}.{i}") for i, part in enumerate(x))
        made = template(x, self.arrays, self._keep)
        name = f"g_{path.removesuffix('.grad')}" if path.endswith(".grad") else path.removesuffix(".data")
        self.names += [f"new_{name}" if path and not path.endswith(".grad") else name] * (
            len(self.arrays) - len(self.names)
        )
        return made


def _is_gradient(place: Place) -> bool:
    return place.key == "grad" and type(place.holder) is Value


def _other_gradient(place: Place) -> Any:
    """Return None in place of an existing gradient, and zeros where there could be one."""
    value = place.holder
    if value.grad is not None or value.op is not None or not value.requires_grad:
        return None
    return np.zeros_like(getattr(value.data, "array", value.data))[()]


def _counted(path: str, before: Any, after: Any) -> set[str]:
    """Return the paths at which a Python number has changed."""
    if is_number(before) and is_number(after):
        return {path} if before != after else set()
    if isinstance(before, dict) and isinstance(after, dict):
        return {p for key in before.keys() & after.keys() for p in _counted(f"{path}.{key}", before[key], after[key])}
    if type(before) in (list, tuple) and type(after) is type(before):
        pairs = enumerate(zip(before, after, strict=False))
        return {p for i, (a, b) in pairs for p in _counted(f"{path}.{i}", a, b)}
    return set()


def _place_key(place: Place, numbers: dict[int, int]) -> Hashable:
    return place.path, place.key, _content_key(place.get(), place.lifted, numbers)


def _content_key(x: Any, lifted: bool, numbers: dict[int, int]) -> Hashable:
    if is_leaf(x):
        return type(x) is np.ndarray, x.shape, x.dtype
    if lifted and is_number(x):
        return "number", type(x)
    if isinstance(x, tuple):
        return type(x), tuple(_content_key(part, lifted, numbers) for part in x)
    if id(x) in numbers:
        return type(x), numbers[id(x)]
    if hasattr(x, "__dict__") and id(vars(x)) in numbers:
        return type(x), numbers[id(vars(x))]
    return arguments.static(x)
