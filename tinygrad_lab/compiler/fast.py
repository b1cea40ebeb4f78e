"""The fast path into a program: generated Python that checks the objects of the last call, and fetches the arrays in
them.

Walking through a model takes longer than a small program does. So once a call has been made, the next one is expected
to find the same objects holding arrays of the same shapes: Python is written that compares them one by one, runs the
program, and puts its results back. At the first difference it gives up, before anything has happened.
"""

from __future__ import annotations

import contextvars
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.calls.defaults import current_default
from tinygrad_lab.compiler import arguments
from tinygrad_lab.compiler.arguments import content
from tinygrad_lab.compiler.holders import is_container, is_leaf, is_number, refill
from tinygrad_lab.compiler.lifting import Invocation, Lifted
from tinygrad_lab.compiler.program import Written
from tinygrad_lab.compiler.reaching import Lookup
from tinygrad_lab.compiler.surroundings import Surroundings
from tinygrad_lab.compiler.templates import Hole, Rebuilt, filled, held
from tinygrad_lab.core import modes
from tinygrad_lab.core.value import Value

Quick = Callable[[tuple[Any, ...], dict[str, Any]], Any]
OTHER = object()  # what the fast path returns for a call of another kind


def quick_call(call: Invocation, lifted: Lifted, written: Written, surroundings: Surroundings) -> Quick:
    """Return `quick(args, kwargs)`: the result of the call, or `OTHER` if it is of another kind.

    Arguments:
        call: the call as it will be made next.
        lifted: the traced call that serves it.
        written: its program.
        surroundings: the variables around the function, which must be unchanged.
    """
    writer = _Writer(lifted)
    writer.arguments(call)
    writer.places(call)
    inline = written.inline(writer.inputs, len(lifted.program.outputs))
    for i, x in enumerate(writer.examples):
        if i not in inline.checked:
            writer.kind(writer.inputs[i], x)
    same = writer.surroundings(surroundings)
    lines = ["def quick(args, kwargs):", "    try:", *(f"        {line}" for line in writer.lines)]
    lines += ["    except (KeyError, IndexError, AttributeError, TypeError):", "        return OTHER"]
    lines += ["    try:", f"        same = {same}", "    except (KeyError, IndexError, AttributeError, ValueError):"]
    lines += ["        same = False", "    if not same: check()", *(f"    {line}" for line in inline.lines)]
    writer.results = inline.results
    lines += [f"    {line}" for line in writer.writes(call)]
    lines.append(f"    return {writer.expression(lifted.result)}")
    scope = {**writer.scope, **inline.scope, **_KNOWN, "check": surroundings.check}
    exec("\n".join(lines), scope)  # noqa: S102  written here
    quick: Quick = scope["quick"]
    return quick


_KNOWN = {
    "OTHER": OTHER, "filled": filled, "held": held, "refill": refill, "content": content, "ndarray": np.ndarray,
    "mode": modes.current, "dtype": current_default,
}  # fmt: skip


class _Writer:
    """Collects the lines that check a call and fetch its inputs."""

    def __init__(self, lifted: Lifted) -> None:
        self._lifted = lifted
        self.lines: list[str] = []
        self.inputs: list[str] = []
        self.examples: list[Any] = []  # their present values
        self.results: list[str] = []  # an expression for each output
        self.scope: dict[str, Any] = {}
        self._names: dict[int, str] = {}  # the names of holders, by identity
        self._known: dict[int, str] = {}  # the names of constants, by identity

    def arguments(self, call: Invocation) -> None:
        """Check the arguments, and fetch the arrays among them."""
        if call.args:
            self._argument("args", call.args)
        self._require(f"list(kwargs) == {list(call.kwargs)}" if call.kwargs else "not kwargs")
        self._require("not args" if not call.args else "")
        self._require(f"mode() == {modes.current()} and dtype() is {self._constant(current_default())}")
        for name, x in call.kwargs.items():
            self._argument(f"kwargs[{name!r}]", x)

    def places(self, call: Invocation) -> None:
        """Check the content of the holders, and fetch the inputs in it."""
        lifted = self._lifted
        new = {(write.holder, write.key) for write in lifted.writes if type(write.template) in (dict, list)}
        numbers = {id(holder): i for i, (_, holder) in enumerate(call.held.holders)}
        read = {i for i, _ in lifted.read}
        replaced = {id(place.get()) for place in call.held.places if (numbers[id(place.holder)], place.key) in new}
        for _, holder in call.held.holders:
            if is_container(holder) and id(holder) not in replaced:
                self._require(f"len({self._name(holder)}) == {len(holder)}" if holder else f"not {self._name(holder)}")
        for i, place in enumerate(call.held.places):
            x, name = place.get(), self._name(place.holder)
            found = _item(name, place.holder, self._literal(place.key))
            if i in read:
                self._leaf(found, x, place.lifted)
            elif (numbers[id(place.holder)], place.key) in new and id(x) in numbers:
                self._names[id(x)] = self._fetched(found, x)
            elif type(place.holder) is Value and place.key == "grad":
                if call.gradients:
                    self._require(self._same(found, x))
            else:
                self._require(self._same(found, x))

    def writes(self, call: Invocation) -> list[str]:
        """Return the lines that put results back."""
        lines = []
        for write in self._lifted.writes:
            holder = call.held.holders[write.holder][1]
            name, x = self._name(holder), self.expression(write.template)
            if write.key is None:
                lines.append(f"refill({name}, {x})")
            else:
                key = write.key
                lines.append(f"{_item(name, holder, self._literal(key))} = {x}")
        return lines

    def expression(self, template: Any) -> str:
        """Return code that fills a template with the results."""
        kind = type(template)
        if kind is Hole:
            array = self.results[template.index]
            return f"held({array}, {template.name!r})" if template.value else array
        if kind is list:
            return f"[{', '.join(map(self.expression, template))}]"
        if kind is tuple:
            return f"({', '.join(map(self.expression, template))}{',' if len(template) == 1 else ''})"
        if kind is dict:
            parts = (f"{self._literal(key)}: {self.expression(x)}" for key, x in template.items())
            return "{" + ", ".join(parts) + "}"
        if kind is Rebuilt:
            return f"filled({self._constant(template)}, [{', '.join(self.results)}])"
        return self._literal(template)

    def _argument(self, found: str, x: Any) -> None:
        if is_leaf(x) or type(x) in (float, complex):
            self._leaf(found, x)
        elif isinstance(x, tuple | list | dict):
            name = self._fetched(found, x)
            for key, part in x.items() if isinstance(x, dict) else enumerate(x):
                self._argument(f"{name}[{self._literal(key)}]", part)
        else:
            self._require(self._same(found, x))

    def _same(self, found: str, x: Any) -> str:
        """Return the condition that a static value is unchanged; Python warns about `is` with a number or a text."""
        if isinstance(x, arguments.COMPARED):
            return f"type({found}) is {self._constant(type(x))} and content({found}) == {self._constant(content(x))}"
        if type(x) in (int, str):
            return f"type({found}) is {type(x).__name__} and {found} == {x!r}"
        return f"{found} is {self._literal(x)}"

    def _leaf(self, found: str, x: Any, lifted: bool = True) -> None:
        """Fetch an input, or the inputs in a tuple; its other items must be unchanged."""
        if isinstance(x, tuple):
            name = self._fetched(found, x)
            for i, part in enumerate(x):
                if is_leaf(part) or (lifted and is_number(part)) or isinstance(part, tuple):
                    self._leaf(f"{name}[{i}]", part, lifted)
                else:
                    self._require(self._same(f"{name}[{i}]", part))
            return
        self.lines.append(f"x{len(self.inputs)} = {found}")
        self.inputs.append(f"x{len(self.inputs)}")
        self.examples.append(x)

    def kind(self, name: str, x: Any) -> None:
        """Require that an input has the class, shape and dtype of `x`."""
        if type(x) is np.ndarray:
            dtype = self._constant(x.dtype)
            self._require(f"type({name}) is ndarray and {name}.shape == {x.shape} and {name}.dtype is {dtype}")
        else:
            self._require(f"type({name}) is {self._constant(type(x))}")

    def surroundings(self, known: Surroundings) -> str:
        """Return the condition that everything around the function is unchanged; "False" if that takes several calls to
        tell.
        """
        parts = [self._around(lookup, x) for lookup, x in known.lookups]
        for place, x in known.places:
            found = _item(self._name(place.holder), place.holder, self._literal(place.key))
            parts.append(f"{found} is {self._constant(x)}")
        parts += [f"len({self._constant(container)}) == {length}" for _, container, length in known.lengths]
        for _, live, saved in known.contents:
            if not isinstance(live, arguments.COMPARED):
                parts.append(f"{self._constant(live)}.tobytes() == {self._constant(saved)}")
            else:
                parts.append(f"content({self._constant(live)}) == {self._constant(saved)}")
        return " and ".join(parts or ["True"]) if not known.takes_turns else "False"

    def _around(self, lookup: Lookup, x: Any) -> str:
        where, key = self._constant(lookup.where), lookup.key
        if isinstance(lookup.where, contextvars.ContextVar):
            found = f"{where}.get(None)"
        elif isinstance(lookup.where, types.CellType):
            found = f"{where}.cell_contents"
        else:
            found = f"{where}[{key!r}]" if isinstance(lookup.where, dict) else f"{where}.{key}"
        return f"{found} is {self._constant(x)}"

    def _fetched(self, found: str, x: Any) -> str:
        """Fetch a container whose parts are checked one by one."""
        name = f"c{len(self.lines)}"
        self.lines.append(f"{name} = {found}")
        same = f"len({name}) == {len(x)}"
        if isinstance(x, dict) and len(x) > 1:  # the order may matter
            same = f"list({name}) == {self._constant(list(x))}"
        self._require(f"type({name}) is {self._constant(type(x))} and {same}")
        return name

    def _require(self, condition: str) -> None:
        if condition:
            self.lines.append(f"if not ({condition}): return OTHER")

    def _name(self, holder: Any) -> str:
        if id(holder) not in self._names:
            self._names[id(holder)] = self._constant(holder)
        return self._names[id(holder)]

    def _literal(self, x: Any) -> str:
        return repr(x) if x is None or type(x) in (bool, str, int) else self._constant(x)

    def _constant(self, x: Any) -> str:
        if id(x) not in self._known:
            self._known[id(x)] = name = f"o{len(self.scope)}"
            self.scope[name] = x
        return self._known[id(x)]


def _item(name: str, holder: Any, key: str) -> str:
    return f"{name}[{key}]" if is_container(holder) else f"{name}.{key[1:-1]}"
