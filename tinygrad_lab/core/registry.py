"""The table of operations. Adding one is a single call: `defvjp`, `defzero`, `@composed` or `@primitive`.

A derivative rule is an ordinary NumPy expression in `g` (the gradient of the output), `y` (the output) and the inputs;
it returns the gradient of one input. It need not undo broadcasting or care for dtypes: the sweep does.

    defvjp(np.tanh,     lambda g, y, x: g * (1 - y * y))
    defvjp(np.multiply, lambda g, y, a, b: g * b,
                        lambda g, y, a, b: g * a)
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tinygrad_lab.calls import refusals
from tinygrad_lab.calls.binding import Binder, positional_names
from tinygrad_lab.calls.receivers import Receiver as Receiver
from tinygrad_lab.calls.receivers import Recorder as Recorder
from tinygrad_lab.errors import GradientLostError

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)

RULE, COMPOSED, ZERO = "rule", "composed", "zero derivative"


class Op:
    """One operation: what computes it, and how it is differentiated.

    Attributes:
        function: what users call; the key in `OPS`.
        name: its name in error messages, tables and pictures.
        kind: `RULE` (it has rules), `COMPOSED` (written with other operations) or `ZERO` (returns plain arrays).
        forward: what runs on the arrays; often an operator, which on NumPy scalars is much faster than the ufunc.
        rules: one derivative rule per positional argument, None where an argument is never differentiated.
        named: the keyword arguments that the last of the rules belong to.
        family: the module that declared the operation.
        elementwise: each output element depends on one element of each broadcast input.
        selects: the rule puts zeros where an input was not taken (`where`).
        bind: brings a call into its canonical form, whichever way its arguments were given: see `binding`.
        least, direct: from so many to so many arguments, all by position, a call is canonical as it stands.
    """

    __slots__ = (
        "bind", "direct", "elementwise", "family", "forward", "function", "kind", "least", "name", "named", "rules",
        "selects",
    )  # fmt: skip

    def __init__(self, function: Function) -> None:
        self.function = function
        self.name: str = function.__name__
        self.kind = RULE
        self.forward = function
        self.rules: Any = ()
        self.named: tuple[str, ...] = ()
        self.family = ""
        self.elementwise = isinstance(function, np.ufunc) and function.signature is None
        self.selects = False
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
        self.bind: Callable[[tuple[Any, ...], dict[str, Any]], Any] = self._read_and_bind
        self.least, self.direct = 0, -1

    def _read_and_bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.kind is RULE and self.rules == ():
            raise refusals.no_rules(self.name)
        self.bind = binder = Binder(self)
        self.least, self.direct = binder.least, binder.direct
        return binder(args, kwargs)


class VariadicRules:
    """The rules of an operation on any number of arrays: `rules[i]` is `rule(i, g, y, *inputs, **kwargs)`."""

    def __init__(self, rule: Function) -> None:
        self.rule = rule

    def __getitem__(self, position: int) -> Function:
        return functools.partial(self.rule, position)

    def __contains__(self, rule: object) -> bool:
        return rule is self.rule


OPS: dict[Function, Op] = {}
LATER: dict[str, str] = {}  # libraries, and the modules with their rules: imported once the library has been
REFUSED: dict[Function, str] = {}  # functions that no Value may enter, with advice


def operation(function: Function, forward: Function | None = None) -> Op:
    """Return the entry of `function` in `OPS`, made on first demand; `forward` says what runs in its stead."""
    op = OPS.get(function)
    if op is None:
        op = OPS[function] = Op(function)
    if forward is not None:
        op.forward = forward
        op.unbind()
    return op


def defvjp(
    function: Function,
    *rules: Function | None,
    variadic: Function | None = None,
    elementwise: bool | None = None,
    selects: bool = False,
) -> Op:
    """Declare the derivative rules of a function, one per positional argument.

    Arguments:
        function: a NumPy function or ufunc, or any function of arrays.
        rules: `rule(g, y, *inputs, **keywords)`; None for an argument that is never differentiated.
        variadic: in their stead, one `rule(i, g, y, *inputs, **keywords)` for any number of arrays.
        elementwise: whether output elements depend on single input elements; ufuncs do.
        selects: whether the rule puts zeros where an input was not taken.
    """
    op = operation(function)
    if op.kind is COMPOSED:
        op.forward = function
    op.kind = RULE
    op.rules = rules if variadic is None else VariadicRules(variadic)
    op.family = _family(next((rule for rule in (variadic, *rules) if rule is not None), op.forward))
    op.unbind()
    op.selects = selects
    if elementwise is not None:
        op.elementwise = elementwise
    return op


def defzero(*functions: Function) -> None:
    """Declare functions whose derivative is zero wherever it exists: they return plain arrays."""
    for function in functions:
        op = operation(function)
        op.kind = ZERO
        op.unbind()


def refuse(advice: str, *functions: Function) -> None:
    """Declare functions that have no derivative to give, or would write in place: they raise, with advice."""
    REFUSED.update(dict.fromkeys(functions, advice))


def composed(*functions: Function) -> Callable[[F], F]:
    """Declare that NumPy functions, called on Values, run the decorated function, written with other operations."""

    def declare(implementation: F) -> F:
        for function in functions:
            op = operation(function, forward=implementation)
            op.kind, op.family = COMPOSED, _family(implementation)
            op.unbind()
        return implementation

    return declare


def primitive(*rules: Function | None, elementwise: bool = False) -> Callable[[F], F]:
    """Make one operation of a function of arrays: its body is the forward pass, `rules` the derivatives.

    Arguments:
        rules: as in `defvjp`, plain NumPy in `g`, `y` and the inputs. Without them, add them later with `defvjp`.
        elementwise: whether output elements depend on single input elements.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> @tl.primitive(lambda g, y, x: g * 3 * x**2)
        ... def cube(x):
        ...     return x * x * x
        >>> tl.grad(cube)(2.0), tl.grad(tl.grad(cube))(2.0)
        (np.float64(12.0), np.float64(12.0))
    """

    def declare(function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            for arg in (*args, *kwargs.values()) if kwargs else args:
                if isinstance(arg, Receiver):
                    return arg.record(op, args, kwargs)
            return function(*args, **kwargs)

        op = operation(call)
        op.family, op.elementwise = _family(function), elementwise
        if rules:
            op.rules = rules
        return call  # type: ignore[return-value]

    return declare


def _find_later(function: Function) -> Op | None:
    """Import the rules of those libraries that have been imported by now, and look again."""
    for library in [name for name in LATER if name in sys.modules]:
        importlib.import_module(LATER.pop(library))
    return OPS.get(function)


def find(function: Function) -> Op:
    """Return the operation that differentiates `function`, or raise an error that names it and the nearest one."""
    op = OPS.get(function) or _find_later(function)
    if op is None:
        name = getattr(function, "__name__", repr(function))
        if function in REFUSED:
            raise GradientLostError(f"{name}: arguments must be plain arrays, got a Value; {REFUSED[function]}")
        raise refusals.no_operation(name, (op.name for op in OPS.values() if op.name[0] != "_"))
    return op


def _family(rule: Function) -> str:
    return rule.__module__.rpartition(".")[2]
