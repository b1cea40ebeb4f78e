"""Declaring operations: `defvjp`, `defzero`, `@composed` and `@primitive`, one call each, and no other place to change.

A derivative rule is an ordinary NumPy expression in `g` (the gradient of the output), `y` (the output) and the inputs;
it returns the gradient of one input. It need not undo broadcasting or care for dtypes: the sweep does.

    defvjp(np.tanh,     lambda g, y, x: g * (1 - y * y))
    defvjp(np.multiply, lambda g, y, a, b: g * b,
                        lambda g, y, a, b: g * a)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tinygrad_lab import refusals
from tinygrad_lab.calls.foreign import ARRAYS
from tinygrad_lab.calls.receivers import Receiver, Recorder, holds_values
from tinygrad_lab.core import registry
from tinygrad_lab.core.registry import JointRules, Op, VariadicRules, operation
from tinygrad_lab.typing import Function, Result

F = TypeVar("F", bound=Function)


def defvjp(
    function: Function,
    *rules: Function | None,
    variadic: Function | None = None,
    joint: Function | None = None,
    keywords: Mapping[str, Function] | None = None,
    elementwise: bool | None = None,
    selects: bool = False,
    moves: bool = False,
    masked: bool = False,
) -> Op:
    """Declare the derivative rules of a function, one per positional argument.

    Arguments:
        function: a NumPy function or ufunc, or any function of arrays.
        rules: `rule(g, y, *inputs, **keywords)`; None for an argument that is never differentiated.
        variadic: instead of them, one `rule(i, g, y, *inputs, **keywords)` for any number of arrays.
        joint: instead of them, one `rule(needed, g, y, *inputs, **keywords)` that returns a tuple: a gradient for each
            of the positions in `needed`, those of the arguments that somebody differentiates with respect to.
        keywords: rules of arguments that are given by name; every rule gets these after the positional inputs.
        elementwise: whether output elements depend on single input elements; ufuncs do.
        selects: whether the rules hand some elements of the gradient on, drop others, and do nothing else.
        moves: whether they hand all elements on, and do nothing else but rearrange them or add them up.
        masked: whether the sweep, from this operation back, follows which elements the gradient reaches, and passes
            none on at the others: for a slope that may be infinite or NaN there.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> @tl.primitive()
        ... def scaled(x, *, by=1.0):
        ...     return x * by
        >>> op = tl.defvjp(scaled, lambda g, y, x, by=1.0: g * by, keywords={"by": lambda g, y, x, by: g * x})
        >>> tl.grad(lambda by: scaled(3.0, by=by))(2.0)
        np.float64(3.0)
    """
    refusals.declaring.check_rules("defvjp", function, rules, {"variadic": variadic, "joint": joint}, keywords)
    op = operation(function)
    if op.kind is registry.COMPOSED:
        op.forward = function
    own = getattr(op.forward, "by_position", op.forward)
    op.kind, op.named, op.into = registry.RULE, tuple(keywords or ()), None
    given = (*rules, *(keywords or {}).values())
    op.forward, op.body = (_by_name(own, len(rules), op.named), None) if keywords else (own, op.body)
    if joint is not None or variadic is not None:
        op.rules = JointRules(_refreshed(op, joint, 3)) if joint else VariadicRules(_refreshed(op, variadic, 3))
    else:
        op.rules = tuple(_refreshed(op, rule, 2) for rule in given)
    op.family = _family(next((rule for rule in (variadic, joint, *given) if rule is not None), own))
    op.unbind()
    op.selects, op.moves, op.masked = selects, moves, masked
    if elementwise is not None:
        op.elementwise = elementwise
    return op


def _by_name(function: Function, count: int, named: tuple[str, ...]) -> Function:
    """Return a function that gives the arguments behind the first `count` by name."""

    @functools.wraps(function)
    def forward(*arrays: Any, **kwargs: Any) -> Result:
        return function(*arrays[:count], **dict(zip(named, arrays[count:], strict=False)), **kwargs)

    forward.by_position = function  # type: ignore[attr-defined]
    return forward


def _refreshed(op: Op, rule: Any, before: int) -> Result:
    """Return a rule that gets residuals: in a sweep that is recorded those of Values, as they depend on the inputs."""
    if rule is None or not op.residuals:
        return rule
    refusals.declaring.require_residuals(op.name, rule)

    @functools.wraps(rule)
    def pulled(*args: Any, residuals: Any, **kwargs: Any) -> Result:
        if any(isinstance(x, Recorder) for x in args[before:]):
            residuals = op.forward(*args[before:], **kwargs)[1]
        return rule(*args, residuals=residuals, **kwargs)

    return pulled


def defzero(*functions: Function) -> None:
    """Declare functions whose derivative is zero wherever it exists: they return plain arrays."""
    refusals.declaring.require_functions("defzero", functions)
    for function in functions:
        op = operation(function)
        op.kind = registry.ZERO
        op.unbind()


def refuse(advice: str, *functions: Function) -> None:
    """Declare functions that have no derivative to give, or would write in place: they raise, with advice."""
    registry.REFUSED.update(dict.fromkeys(functions, advice))


def composed(*functions: Function) -> Callable[[F], F]:
    """Declare that NumPy functions, called on Values, run the decorated function, written with other operations."""

    def declare(implementation: F) -> F:
        for function in functions:
            op = operation(function, forward=implementation)
            op.kind, op.family = registry.COMPOSED, _family(implementation)
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
    refusals.declaring.check_shape_of_rules(rules)

    def declare(function: F) -> F:
        body = refusals.declaring.checked_primitive(function, registry.OPS, rules, joint, keywords, residuals)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Result:
            for arg in (*args, *kwargs.values()) if kwargs else args:
                if isinstance(arg, Receiver):
                    return arg.record(op, args, kwargs)
            result = body(*args, **kwargs)
            if type(result) not in ARRAYS and holds_values(result):
                raise refusals.rules.escaped(op.name)
            return result[0] if residuals else result

        op = operation(call, forward=body if residuals else None)
        op.family, op.elementwise, op.residuals, op.body = _family(function), elementwise, residuals, body
        if rules or joint or keywords:
            defvjp(call, *rules, joint=joint, keywords=keywords).family = _family(function)
        return call  # type: ignore[return-value]

    return declare


def _family(rule: Function) -> str:
    return (getattr(rule, "__module__", None) or "").rpartition(".")[2]
