"""Calls: every legal form of a call becomes one and the same call, before a rule or an implementation sees it.

NumPy's own signature says which forms are legal. In the canonical form the arguments that have rules (of a composed
function: those that must be given) stand by position, all others by keyword under NumPy's names, and what equals
NumPy's default is left out. What a rule or an implementation does not take, says its own signature: it is refused here.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import typing
from inspect import Parameter
from typing import Any, Protocol

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.receivers import Recorder
from tinygrad_lab.calls.spelling import ask, is_usual, of_numpy, usual, usual_types
from tinygrad_lab.typing import Args, Function, Keywords

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_COMPARABLE = frozenset({bool, int, float, str, type})  # an array is equal to no default
_NOTHING = Parameter.empty


def parameters(function: Function, own: bool = False) -> list[Parameter] | None:
    """Return the parameters of a function, None where it is silent: C functions of NumPy before 2.4 are.

    `own`: those that it takes itself, rather than those of the function that it wraps.
    """
    try:
        return list(inspect.signature(function, follow_wrapped=not own).parameters.values())
    except ValueError:
        return None


@functools.cache
def positional_names(function: Function) -> tuple[str, ...]:
    """Return the names of the parameters that may be given by position, in order."""
    return tuple(p.name for p in parameters(function) or () if p.kind in _POSITIONAL)


class Operation(Protocol):
    """What binding asks of an operation: `core.registry.Op` is one."""

    name: str
    kind: str
    function: Function
    forward: Function
    rules: Any
    named: tuple[str, ...]

    @property
    def arity(self) -> int | None:
        """How many arguments have a rule by position; None for any number."""


class Binder:
    """Binds the arguments of one operation; made on its first call that needs it."""

    def __init__(self, op: Operation) -> None:
        composed = op.kind == "composed"
        found = parameters(op.function) or (parameters(op.forward) if composed else None) or [_ANY_POSITION]
        self.name, self.function, self.of_numpy = op.name, op.function, of_numpy(op.function)
        self.recorded = not composed
        self.names = tuple(p.name for p in found if p.kind in _POSITIONAL)
        self.defaults = {p.name: p.default for p in found if p.default is not _NOTHING}
        self.many = any(p.kind is Parameter.VAR_POSITIONAL for p in found)
        self.required = sum(p.default is _NOTHING for p in found if p.kind in _POSITIONAL)
        self.lead = self.required if composed else op.arity if op.arity is not None else len(self.names)
        self.behind = self.names[self.lead :]
        self.leading = (*self.names[: self.lead], *op.named)
        only = {p.name for p in found if p.kind is Parameter.POSITIONAL_ONLY}
        self.keywords = {p.name for p in found} - only
        self.open = any(p.kind is Parameter.VAR_KEYWORD for p in found) or found == [_ANY_POSITION]
        self.by_keyword = frozenset(self.leading) - only
        callees = _callees(op, len(self.leading))
        taken = _taken(callees)
        self.taken = None if taken is None else frozenset(taken) - ({"out"} if composed else set())
        self.choices = _choices(callees)
        lacking = [] if composed or not taken else [p.name for p in taken.values() if p.default is _NOTHING]
        self.fill = {name: self.defaults[name] for name in lacking if name in self.defaults}
        self.usual = {} if self.fill else self._usual()
        self.least = min(self.required, self.lead)
        self.direct = self._direct_composed(op) if composed else self._direct_recorded(op)

    def _usual(self) -> dict[str, tuple[Any, frozenset[type]]]:
        """Return the keywords that need no second look where they are of certain types: their defaults, and these."""
        names = self.keywords if self.taken is None else self.taken if self.open else self.taken & self.keywords
        defaults = {n: self.defaults.get(n, _NOTHING) for n in names - self.by_keyword - self.choices.keys()}
        return {name: (default, usual_types(name, default)) for name, default in defaults.items()}

    def _direct_recorded(self, op: Operation) -> int:
        """Return up to how many arguments by position are in canonical form already; -1 if none are."""
        if op.named or self.fill:
            return -1
        return sys.maxsize if op.arity is None else op.arity

    def _direct_composed(self, op: Operation) -> int:
        """Return up to how many arguments by position an implementation takes unchanged (but no options)."""
        for count, p in enumerate(parameters(op.forward, own=True) or [_ANY_POSITION]):
            if p.kind is Parameter.VAR_POSITIONAL and self.many:
                return sys.maxsize
            if count >= self.required or p.kind not in _POSITIONAL:
                return count
        return self.required

    def __call__(self, args: Args, kwargs: Keywords) -> tuple[Args, Keywords]:
        """Return the canonical form of a call."""
        given: Any = kwargs.items()
        if len(args) > self.lead and not kwargs and len(args) <= len(self.names):
            given = zip(self.behind, args[self.lead :], strict=False)
        elif not self.least <= len(args) <= self.lead:
            return self._bind(args, kwargs)
        kept, usual = self.fill.copy(), self.usual
        for name, x in given:
            default, types = usual.get(name, _UNUSUAL)
            if type(x) not in types:
                return self._bind(args, kwargs)
            if x is not default:
                kept[name] = x
        return args[: self.lead], kept

    def _bind(self, args: Args, kwargs: Keywords) -> tuple[Args, Keywords]:
        """Do the same where some argument needs a second look."""
        call = args, kwargs
        if len(args) > self.lead:
            if len(args) <= len(self.names):
                kwargs = self._with_positional(args, kwargs)
                args = args[: self.lead]
            elif not self.many:
                raise refusals.arguments.too_many(self.name, self.names, len(args))
        if kwargs and not self.by_keyword.isdisjoint(kwargs):
            args, kwargs = self._with_leading(args, kwargs)
        kept = dict(self.fill)
        for name, given in kwargs.items():
            if not self._is_default(name, given):
                x = self._spelled(name, given, call)
                if x is given or not self._is_default(name, x):
                    self._check(name, x)
                    kept[name] = x
        if len(args) < self.required and (
            missing := [n for n in self.names[len(args) : self.required] if n not in kept]
        ):
            raise refusals.arguments.missing(self.name, missing)
        return args, kept

    def _with_positional(self, args: Args, kwargs: Keywords) -> Keywords:
        """Move the arguments behind the leading ones into the keywords."""
        moved = dict(zip(self.behind, args[self.lead :], strict=False))
        for name in moved.keys() & kwargs.keys():
            raise refusals.arguments.twice(self.name, name)
        return {**moved, **kwargs}

    def _with_leading(self, args: Args, kwargs: Keywords) -> tuple[Args, Keywords]:
        """Move leading arguments that were given by keyword to their positions, defaults into the gaps before them."""
        kwargs, given = dict(kwargs), list(args)
        for position, name in enumerate(self.leading):
            if position < len(args):
                if name in self.by_keyword and name in kwargs:
                    raise refusals.arguments.twice(self.name, name)
            elif name in kwargs and name in self.by_keyword:
                given.append(kwargs.pop(name))
            elif name in self.defaults and not kwargs.keys().isdisjoint(self.leading[position:]):
                given.append(self.defaults[name])
            else:
                break
        return tuple(given), kwargs

    def _is_default(self, name: str, x: Any) -> bool:
        """Whether NumPy would do the same without this argument."""
        if name not in self.keywords and not self.open:
            raise refusals.arguments.unknown(self.name, name, self.keywords)
        default = self.defaults.get(name, _NOTHING)
        return x is default or x is np._NoValue or (type(x) is type(default) in _COMPARABLE and bool(x == default))

    def _spelled(self, name: str, x: Any, call: tuple[Args, Keywords]) -> Any:
        """Return an option in the spelling that rules know; what is unusual, or known to none, NumPy is asked about."""
        default = self.defaults.get(name, _NOTHING)
        unknown = self.taken is not None and name not in self.taken | self.keywords
        if not self.of_numpy or isinstance(x, Recorder) or (is_usual(name, x, default) and not unknown):
            return x
        ask(self.function, *call)
        return usual(name, x, default)

    def _check(self, name: str, x: Any) -> None:
        """Refuse an argument that no rule, or not the implementation, takes."""
        if self.recorded and isinstance(x, Recorder):
            raise refusals.arguments.no_rule_for(self.name, name)
        if self.taken is not None and name not in self.taken:
            raise (
                refusals.arguments.no_out(self.name)
                if name == "out"
                else refusals.arguments.not_taken(self.name, name, x)
            )
        if name in self.choices and not any(type(x) is type(one) and x == one for one in self.choices[name]):
            raise refusals.arguments.bad_option(self.name, name, " or ".join(map(repr, self.choices[name])), x)


_UNUSUAL: tuple[Any, frozenset[type]] = (None, frozenset())
_ANY_POSITION = Parameter("args", Parameter.VAR_POSITIONAL)
_ANY_KEYWORD = Parameter("kwargs", Parameter.VAR_KEYWORD)


def _callees(op: Operation, lead: int) -> list[tuple[Function, int]]:
    """Return what gets the keywords of a call, the rules or the implementation, and how many arguments precede."""
    if op.kind == "composed":
        return [(op.forward, 0)]
    if op.arity is None:
        return [(op.rules.rule, 3)]  # i, g, y
    return [(rule, 2 + lead) for rule in op.rules if rule is not None]  # g, y


def _taken(callees: list[tuple[Function, int]]) -> dict[str, Parameter] | None:
    """Return the keywords that all callees take; None for any."""
    taken: dict[str, Parameter] | None = None
    for callee, skipped in callees:
        found = parameters(callee, own=True) or [_ANY_KEYWORD]
        if not any(p.kind is Parameter.VAR_KEYWORD for p in found):
            behind = [p for p in found if p.kind in _POSITIONAL][skipped:]
            own = {p.name: p for p in found if p in behind or p.kind is Parameter.KEYWORD_ONLY}
            if taken is not None:  # of those that all take, one without a default wins: the call must give it
                own = {n: taken[n] if taken[n].default is _NOTHING else p for n, p in own.items() if n in taken}
            taken = own
    return taken


def _choices(callees: list[tuple[Function, int]]) -> dict[str, tuple[Any, ...]]:
    """Return the values that are taken of the parameters whose type is a `Literal`."""
    hints: dict[str, Any] = {}
    for callee, _ in callees:
        with contextlib.suppress(NameError, AttributeError, TypeError):  # annotations may be of any kind
            hints.update(typing.get_type_hints(callee))
    return {name: typing.get_args(hint) for name, hint in hints.items() if typing.get_origin(hint) is typing.Literal}
