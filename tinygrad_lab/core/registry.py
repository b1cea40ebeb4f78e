"""The table of operations: what computes each, and how it is differentiated; `declare` fills it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.binding import Binder, positional_names
from tinygrad_lab.later import Table
from tinygrad_lab.typing import Args, Function, Keywords, Result, Rule

RULE, COMPOSED, ZERO = "rule", "composed", "zero derivative"


class Op:
    """One operation: what computes it, and how it is differentiated.

    Attributes:
        function: what users call; the key in `OPS`.
        name: its name in error messages, tables and pictures.
        kind: `RULE` (it has rules), `COMPOSED` (written with other operations) or `ZERO` (returns plain arrays).
        forward: what runs on the arrays; often an operator, which on NumPy scalars is much faster than the ufunc.
        body: what a primitive runs on NumPy's arrays, past the look at its arguments; None for the others.
        rules: one derivative rule per positional argument, None where an argument is never differentiated.
        named: the keyword arguments that the last of the rules belong to.
        family: the module that declared the operation.
        elementwise: each output element depends on one element of each broadcast input.
        selects: its rules hand some elements of the gradient on and drop others, as those of `where` do.
        moves: its rules hand all elements of the gradient on, as those of `reshape` do.
        masked: a sweep follows, from here back, which elements the gradient reaches: see `masks`.
        into: adds the first gradient into an array of the sweep's own, `into(total, g, y, *inputs)`, or None; not of
            elementwise operations, whose gradients may be masked.
        residuals: `forward` returns its result and what the rules need beside it.
        twin: the operation whose result is the vector of several results: see `outputs`.
        bind: brings a call into its canonical form, whichever way its arguments were given: see `binding`.
        least, direct: a call with between so many and so many arguments, all by position, is canonical already.
    """

    __slots__ = (
        "bind", "body", "direct", "elementwise", "family", "forward", "function", "into", "kind", "least", "masked",
        "moves", "name", "named", "residuals", "rules", "selects", "twin",
    )  # fmt: skip

    def __init__(self, function: Function) -> None:
        self.function = function
        self.name: str = function.__name__
        self.kind = RULE
        self.forward = function
        self.body: Function | None = None
        self.rules: Any = ()
        self.named: tuple[str, ...] = ()
        self.family = ""
        self.elementwise = isinstance(function, np.ufunc) and function.signature is None
        self.selects = self.moves = self.masked = self.residuals = False
        self.into: Function | None = None
        self.unbind()

    def __repr__(self) -> str:
        return f"<Op {self.name}: {self.kind}>"

    @property
    def arity(self) -> int | None:
        """How many arguments have a rule by position; None for any number."""
        return None if isinstance(self.rules, VariadicRules) else len(self.rules) - len(self.named)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that may be given by position, in order (empty where a C function is silent)."""
        return positional_names(self.function)

    def unbind(self) -> None:
        """Forget what was read off the signatures: the rules, or what computes the operation, have changed."""
        self.twin: Op | None = None
        self.bind: Callable[[tuple[Any, ...], dict[str, Any]], Any] = self._read_and_bind
        self.least, self.direct = 0, -1

    def _read_and_bind(self, args: Args, kwargs: Keywords) -> Result:
        if self.kind is RULE and self.rules == ():
            raise refusals.rules.no_rules(self.name)
        self.bind = binder = Binder(self)
        self.least, self.direct = binder.least, binder.direct
        return binder(args, kwargs)


class VariadicRules:
    """The rules of an operation on any number of arrays: `rules[i]` is `rule(i, g, y, *inputs, **kwargs)`."""

    def __init__(self, rule: Function) -> None:
        self.rule = rule

    def __getitem__(self, position: int) -> Function:
        return functools.partial(self.rule, position)


class JointRules(VariadicRules):
    """One rule of all arguments: `rule(needed, g, y, *inputs, **kwargs)`, a gradient for each position in `needed`.

    The sweep asks it once for all that somebody needs; `rules[i]` asks it for one.
    """

    def __getitem__(self, position: int) -> Function:
        return lambda g, y, *inputs, **kwargs: self.rule((position,), g, y, *inputs, **kwargs)[0]

    def together(self, op: Op, needed: tuple[int, ...], args: Args, kwargs: Keywords) -> dict[int, Rule]:
        """Return a rule for each position in `needed`, which gives what was found for all of them at once."""
        found = self.rule(needed, *args, **kwargs)
        if not isinstance(found, tuple | list) or len(found) != len(needed):
            raise refusals.rules.not_all_gradients(op.name, needed, found)
        return {position: lambda *_, one=one, **__: one for position, one in zip(needed, found, strict=True)}


OPS: Table[Function, Op] = Table()
REFUSED: dict[Function, str] = {}  # functions that no Value may enter, with advice


def operation(function: Function, forward: Function | None = None) -> Op:
    """Return the entry of `function` in `OPS`, made when it is first asked for; `forward` is what runs in its place."""
    op = OPS.get(function)
    if op is None:
        op = OPS[function] = Op(function)
    if forward is not None:
        op.forward = forward
        op.unbind()
    return op


def find(function: Function) -> Op:
    """Return the operation that differentiates `function`, or raise an error that names it and the nearest one."""
    op = OPS.here.get(function) or OPS.get(function)  # which is slower
    if op is None:
        known = (op.name for op in OPS.values() if op.name[0] != "_")
        raise refusals.rules.no_operation(function, REFUSED.get(function), known)
    return op
