"""Which module call made which node, and how modules and parameters are named: read from the nodes themselves.

What a module call returned knows the call, and the number of the moment before it: so all nodes numbered in between
were made in it. This needs no observation, and works for whatever was computed before, by whomever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

from tinygrad_lab.core.value import Value
from tinygrad_lab.nn.module import Module


@dataclass(eq=False, slots=True)
class Call:
    """One call of a module: the nodes made in it are numbered from `start` to `end`."""

    module: Module
    start: int
    end: int
    parent: Call | None = None
    path: str = ""
    name: str = ""

    @property
    def kind(self) -> str:
        """The module's class."""
        return type(self.module).__name__


class Calls:
    """The module calls of a graph.

    Arguments:
        order: the graph's nodes.
        drawn: the module that the picture is of, if it is of one: it needs no name.

    Attributes:
        all: the calls in the order in which they began.
        names: of parameters, by the path in the module that holds them.
    """

    def __init__(self, order: list[Value], drawn: Module | None = None) -> None:
        found: dict[int, Call] = {}
        for value in order:
            signature = value.call
            while signature is not None:
                module, start, signature = signature
                call = found.setdefault(start, Call(module, start, value.index))
                call.end = max(call.end, value.index)
        self.all = sorted(found.values(), key=lambda call: call.start)
        self._starts = [call.start for call in self.all]
        self.drawn = drawn
        self._nest()
        self._name()

    def around(self, index: int) -> Call | None:
        """Return the innermost call in which the node of this number was made."""
        position = bisect_right(self._starts, index) - 1
        call = self.all[position] if position >= 0 else None
        while call is not None and call.end < index:
            call = call.parent
        return call

    def _nest(self) -> None:
        opened: list[Call] = []
        for call in self.all:
            while opened and opened[-1].end < call.start:
                opened.pop()
            call.parent = opened[-1] if opened else None
            for outer in opened:
                outer.end = max(outer.end, call.end)
            opened.append(call)

    def _name(self) -> None:
        """Name modules and parameters by their path in the outermost module; with its name if that is ambiguous."""
        roots = {id(call.module): call.module for call in self.all if call.parent is None}
        if self.drawn is not None:
            roots = {id(self.drawn): self.drawn, **roots}
        inside = {id(module) for root in roots.values() for module in root.modules()}
        for call in self.all:  # what is held by no module around it, as in a closure
            if id(call.module) not in inside:
                roots[id(call.module)] = call.module
                inside |= {id(module) for module in call.module.modules()}
        same = Counter(name for root in roots.values() for name, _ in root.named_parameters())
        self.names: dict[Value, str] = {}
        paths: dict[int, str] = {}
        taken: set[str] = set()
        own: dict[int, str] = {}
        for root in roots.values():
            own[id(root)] = _free(type(root).__name__, taken)
            taken.add(own[id(root)])
            ambiguous = root is not self.drawn and any(same[name] > 1 for name, _ in root.named_parameters())
            prefix = f"{own[id(root)]}." if ambiguous else ""
            for path, module in root.named_modules():
                paths.setdefault(id(module), f"{prefix}{path}".removesuffix("."))
            for name, parameter in root.named_parameters():
                self.names.setdefault(parameter, prefix + name)
        for call in self.all:
            call.path = paths[id(call.module)]
            above = call.parent.path if call.parent is not None else ""
            name = call.path.removeprefix(f"{above}.") if above else call.path
            call.name = own[id(call.module)] if id(call.module) in roots else name


def _free(name: str, taken: set[str]) -> str:
    """Return `name`, or the first of `name-2`, `name-3`, … that is free."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
