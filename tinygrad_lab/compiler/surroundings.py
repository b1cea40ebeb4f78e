"""The variables around a function, closed-over or global. A program holds them as constants.

So they must stay what they were: they are looked through when the function is traced, and compared before every call.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from tinygrad_lab.compiler.arguments import COMPARED, content
from tinygrad_lab.compiler.holders import Place, is_container, is_leaf
from tinygrad_lab.compiler.lifting import Invocation
from tinygrad_lab.compiler.reaching import MISSING, Lookup, Reach
from tinygrad_lab.errors import CompileError
from tinygrad_lab.generators import same_state

_CHUNK = 1 << 20  # bytes; of a larger array, each call compares only as many, the next ones


class Surroundings:
    """The variables around a function, as they were when it was traced.

    Attributes:
        names: names for arrays found there, by identity.
        lookups: each with what it held.
        places: places in what the variables hold, each with what was there.
        lengths: name, container and number of items.
        contents: name, elements, and a copy of these, for each array, set and the like.
    """

    def __init__(self, function: Any) -> None:
        self._function = function
        self.lookups: list[tuple[Lookup, Any]] = []
        self.places: list[tuple[Place, Any]] = []
        self.lengths: list[tuple[str, Any, int]] = []
        self.contents: list[tuple[str, Any, Any]] = []
        self.names: dict[int, str] = {}
        self._turn = 0
        self._known: set[Any] = set()

    @contextlib.contextmanager
    def watched(self, call: Invocation) -> Iterator[None]:
        """Note what is around the function, let it be traced, and refuse if it has changed any of it."""
        reach = self._look(call)
        around = reach.around
        before, was = around.snapshot(), [place.get() for place in around.places]
        held = {id(holder): content for holder, content in before}
        lookups = [(lookup, lookup.get()) for lookup in reach.lookups]
        compared = [(name, live, content(live)) for name, live, _ in self.contents if isinstance(live, COMPARED)]
        try:
            yield
            for lookup, x in lookups:
                if lookup.get() is not x:
                    lookup.set(x)
                    self._refuse(lookup.name)
            for path, holder in around.holders:
                if is_container(holder) and len(held[id(holder)]) != len(holder):
                    self._refuse(path)
            for place, x in zip(around.places, was, strict=True):
                if place.get() is not x and place.key != "grad":
                    self._refuse(place.path)
            for name, live, saved in compared:
                if content(live) != saved:
                    self._refuse(name)
        finally:
            around.restore(before)

    @contextlib.contextmanager
    def rewinding(self, call: Invocation) -> Iterator[None]:
        """Let the function be traced, and put all random generators back; refuse if it drew from one."""
        reach = self._reach(call)
        numpy, python = np.random.get_state(), random.getstate()  # noqa: NPY002  it is looked after, not drawn from
        drawn: list[str] = []
        try:
            yield
        finally:
            if not same_state(np.random.get_state(), numpy):  # noqa: NPY002
                drawn.append("np.random")
            if random.getstate() != python:
                drawn.append("random")
            np.random.set_state(numpy)  # noqa: NPY002
            random.setstate(python)
            drawn += [type(x).__name__ for x in (*reach.around.rewind(), *call.held.rewind())]
        if drawn:
            raise CompileError(
                f"compile: numbers drawn from {drawn[0]} would be the same in every call; "
                f"pass them as an argument, or draw from a tinygrad_lab.random.Generator in the state"
            )

    @property
    def takes_turns(self) -> bool:
        """Whether an array is so large that each call compares only a part of it."""
        return any(len(saved) > _CHUNK for _, _, saved in self.contents if isinstance(saved, bytes))

    def check(self, whole: bool = False) -> None:
        """Raise if something around the function has changed since it was traced; `whole`: compare large arrays
        entirely.
        """
        for lookup, x in self.lookups:
            now = lookup.get()
            if now is not x and not (type(now) in (int, float, str) and type(now) is type(x) and now == x):
                self._changed(lookup.name)
        for place, x in self.places:
            try:
                now = place.get()
            except (KeyError, IndexError):
                now = MISSING
            if now is not x:
                self._changed(place.path)
        for name, container, length in self.lengths:
            if len(container) != length:
                self._changed(name)
        for name, live, saved in self.contents:
            if not self._same(live, saved, whole):
                self._changed(name)
        self._turn += 1

    def _same(self, live: Any, saved: Any, whole: bool) -> bool:
        if isinstance(live, COMPARED):
            return content(live) == saved
        if whole or len(saved) <= _CHUNK or isinstance(live, np.ndarray):
            return bool(live.tobytes() == saved)  # copying is still ten times faster than comparing a memoryview
        start = self._turn * _CHUNK % len(saved)
        return bool(live[start : start + _CHUNK].tobytes() == saved[start : start + _CHUNK])

    def _reach(self, call: Invocation) -> Reach:
        reach = Reach(call.held)
        reach.follow(self._function, *call.arguments.functions)
        return reach

    def _look(self, call: Invocation) -> Reach:
        """Look for variables; new ones are noted, and compared from now on."""
        reach = self._reach(call)
        new: list[tuple[str, Any]] = []
        for lookup in reach.lookups:
            x, key = lookup.get(), (id(lookup.where), lookup.key)
            if key not in self._known:
                self._known.add(key)
                self._refuse_iterator(lookup.name, x)
                self.lookups.append((lookup, x))
                new.append((lookup.name, x))
        for place in reach.around.places:
            key = id(place.holder), place.key
            if key not in self._known and place.key != "grad":
                self._known.add(key)
                self._refuse_iterator(place.path, place.get())
                self.places.append((place, place.get()))
                new.append((place.path, place.get()))
        for path, holder in reach.around.holders:
            if is_container(holder) and id(holder) not in self._known:
                self._known.add(id(holder))
                self.lengths.append((path, holder, len(holder)))
        for name, x in new:
            self._note(name, x)
        return reach

    def _note(self, name: str, x: Any) -> None:
        """Keep a copy of something that can change in place."""
        if isinstance(x, COMPARED):
            self.contents.append((name, x, content(x)))
        elif isinstance(x, np.ndarray) and is_leaf(x) and x.size and id(x) not in self.names:
            self.names[id(x)] = name
            flat = x.reshape(-1).view(np.uint8).data if x.flags.c_contiguous else x
            self.contents.append((name, flat, x.tobytes()))

    def _refuse_iterator(self, name: str, x: Any) -> None:
        if hasattr(type(x), "__next__"):
            raise CompileError(
                f"compile: the iterator {name} would move on only while the function is compiled; "
                f"pass what it gives as an argument"
            )

    def _refuse(self, name: str) -> NoReturn:
        raise CompileError(
            f"compile: a compiled function cannot change {name}, only its state; return the new "
            f"value, or pass the object that holds it in state=(...)"
        )

    def _changed(self, name: str) -> NoReturn:
        raise CompileError(
            f"compile: {name} has changed since the function was compiled, and the program has its old value; "
            f"pass {name} as an argument, or the object that holds it in state=(...)"
        )
