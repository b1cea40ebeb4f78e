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
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from tinygrad_lab.calls import graph_refusals, refusals
from tinygrad_lab.calls.binding import Binder, positional_names
from tinygrad_lab.calls.receivers import Receiver, Recorder
from tinygrad_lab.errors import ArgumentTypeError, GradientLostError
from tinygrad_lab.typing import Args, Function, Keywords, Rule

F = TypeVar("F", bound=Function)

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
        into: adds the first gradient into an array of the sweep's own, `into(total, g, y, *inputs)`, or None.
        residuals: `forward` returns its result and what the rules need beside it.
        twin: the operation whose result is the vector of several results: see `outputs`.
        bind: brings a call into its canonical form, whichever way its arguments were given: see `binding`.
        least, direct: from so many to so many arguments, all by position, a call is canonical as it stands.
    """

    __slots__ = (
        "bind", "body", "direct", "elementwise", "family", "forward", "function", "into", "kind", "least", "name",
        "named", "residuals", "rules", "twin",
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
        self.residuals = False
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

    def _read_and_bind(self, args: Args, kwargs: Keywords) -> Any:
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


class JointRules(VariadicRules):
    """One rule of all arguments: `rule(needed, g, y, *inputs, **kwargs)`, a gradient for each position in `needed`.

    The sweep asks it once for all that somebody needs; `rules[i]` asks it for one.
    """

    def __getitem__(self, position: int) -> Function:
        return lambda g, y, *inputs, **kwargs: self.rule((position,), g, y, *inputs, **kwargs)[0]

    def together(self, op: Op, needed: tuple[int, ...], g: Any, inputs: Any, kwargs: Keywords) -> dict[int, Rule]:
        """Return a rule for each position in `needed`, which gives what was found for all of them at once."""
        found = self.rule(needed, g, *inputs, **kwargs)
        if not isinstance(found, tuple | list) or len(found) != len(needed):
            raise graph_refusals.not_all_gradients(op.name, needed, found)
        return {position: lambda *_, one=one, **__: one for position, one in zip(needed, found, strict=True)}


OPS: dict[Function, Op] = {}
SELECTING: set[Op] = set()  # those, such as `where`, whose rules put zeros where an input was not taken
LATER: dict[str, str] = {}  # libraries, and the modules with their rules: imported once the library has been
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


def defvjp(
    function: Function,
    *rules: Function | None,
    variadic: Function | None = None,
    joint: Function | None = None,
    keywords: Mapping[str, Function] | None = None,
    elementwise: bool | None = None,
    selects: bool = False,
) -> Op:
    """Declare the derivative rules of a function, one per positional argument.

    Arguments:
        function: a NumPy function or ufunc, or any function of arrays.
        rules: `rule(g, y, *inputs, **keywords)`; None for an argument that is never differentiated.
        variadic: in their stead, one `rule(i, g, y, *inputs, **keywords)` for any number of arrays.
        joint: in their stead, one `rule(needed, g, y, *inputs, **keywords)` that returns a tuple: a gradient for each
            of the positions in `needed`, those of the arguments that somebody differentiates with respect to.
        keywords: rules of arguments that are given by name; every rule gets these after the positional inputs.
        elementwise: whether output elements depend on single input elements; ufuncs do.
        selects: whether the rule puts zeros where an input was not taken.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> @tl.primitive()
        ... def scaled(x, *, by=1.0):
        ...     return x * by
        >>> op = tl.defvjp(scaled, lambda g, y, x, by=1.0: g * by, keywords={"by": lambda g, y, x, by: g * x})
        >>> tl.grad(lambda by: scaled(3.0, by=by))(2.0)
        np.float64(3.0)
    """
    if (variadic or joint) and (rules or keywords or (variadic and joint)):
        raise ArgumentTypeError(
            f"defvjp: a variadic or a joint rule must be the only one, got more for {function.__name__}; leave them out"
        )
    op = operation(function)
    if op.kind is COMPOSED:
        op.forward = function
    own = getattr(op.forward, "by_position", op.forward)
    op.kind, op.named, op.into = RULE, tuple(keywords or ()), None
    given = (*rules, *(keywords or {}).values())
    op.forward = _by_name(own, len(rules), op.named) if keywords else own
    if keywords:
        op.body = None
    if joint is not None or variadic is not None:
        op.rules = JointRules(_refreshed(op, joint, 3)) if joint else VariadicRules(_refreshed(op, variadic, 3))
    else:
        op.rules = tuple(_refreshed(op, rule, 2) for rule in given)
    op.family = _family(next((rule for rule in (variadic, joint, *given) if rule is not None), own))
    op.unbind()
    (SELECTING.add if selects else SELECTING.discard)(op)
    if elementwise is not None:
        op.elementwise = elementwise
    return op


def _by_name(function: Function, count: int, named: tuple[str, ...]) -> Function:
    """Return a function that gives the arguments behind the first `count` by name."""

    @functools.wraps(function)
    def forward(*arrays: Any, **kwargs: Any) -> Any:
        return function(*arrays[:count], **dict(zip(named, arrays[count:], strict=False)), **kwargs)

    forward.by_position = function  # type: ignore[attr-defined]
    return forward


def _refreshed(op: Op, rule: Any, before: int) -> Any:
    """Return a rule that gets residuals: in a sweep that is recorded those of Values, as they depend on the inputs."""
    if rule is None or not op.residuals:
        return rule

    @functools.wraps(rule)
    def pulled(*args: Any, residuals: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Recorder) for x in args[before:]):
            residuals = op.forward(*args[before:], **kwargs)[1]
        return rule(*args, residuals=residuals, **kwargs)

    return pulled


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


def primitive(
    *rules: Function | None,
    joint: Function | None = None,
    keywords: Mapping[str, Function] | None = None,
    elementwise: bool = False,
    residuals: bool = False,
) -> Callable[[F], F]:
    """Make one operation of a function of arrays: its body is the forward pass, `rules` the derivatives.

    The body may return a tuple of arrays; then `g` and `y` are tuples in its rules.

    Arguments:
        rules: as in `defvjp`, plain NumPy in `g`, `y` and the inputs. Without them, add them later with `defvjp`,
            `defjvp` or `defzero`.
        joint: as in `defvjp`.
        keywords: as in `defvjp`.
        elementwise: whether output elements depend on single input elements.
        residuals: the body returns its result and what its rules need beside it, which they get by this name.

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
            result = function(*args, **kwargs)
            if type(result) not in _PLAIN and holds_values(result):
                raise refusals.escaped(op.name)
            return result[0] if residuals else result

        op = operation(call, forward=function if residuals else None)
        op.family, op.elementwise, op.residuals, op.body = _family(function), elementwise, residuals, function
        if rules or joint or keywords:
            defvjp(call, *rules, joint=joint, keywords=keywords).family = _family(function)
        return call  # type: ignore[return-value]

    return declare


_PLAIN = frozenset({np.ndarray, np.float64, np.float32})


def holds_values(result: Any) -> bool:
    """Whether the body of a primitive returned a Value: then something beside its arguments was differentiated."""
    return isinstance(result, Recorder) or (isinstance(result, tuple | list) and any(map(holds_values, result)))


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
