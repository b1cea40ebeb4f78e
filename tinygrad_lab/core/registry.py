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

from tinygrad_lab.errors import GradientLostError, NonFiniteError, OperationError, OperationIndexError

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
        family: the module that declared the operation.
        elementwise: each output element depends on one element of each broadcast input.
        selects: the rule puts zeros where an input was not taken (`where`).
    """

    __slots__ = ("_parameters", "elementwise", "family", "forward", "function", "kind", "name", "rules", "selects")

    def __init__(self, function: Function) -> None:
        self.function = function
        self.name: str = function.__name__
        self.kind = RULE
        self.forward = function
        self.rules: Any = ()
        self.family = ""
        self.elementwise = isinstance(function, np.ufunc) and function.signature is None
        self.selects = False
        self._parameters: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"<Op {self.name}: {self.kind}>"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that may be given by position, in order (empty where a C function is silent)."""
        if self._parameters is None:
            import inspect  # slow to import, and most programs never get here

            positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            try:
                parameters = list(inspect.signature(self.function).parameters.values())
            except ValueError:
                parameters = []
            self._parameters = tuple(parameter.name for parameter in parameters if parameter.kind in positional)
        return self._parameters

    def normalise(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Put the arguments that have rules first and the others into keywords, whichever way they were given."""
        arity = len(self.rules)
        if len(args) != arity:
            names = self.parameters
            if len(args) > max(arity, len(names)):
                raise TypeError(
                    f"{self.name}: arguments must be at most {len(names)}, got {len(args)}; give the others by keyword"
                )
            kwargs = {**dict(zip(names[arity:], args[arity:], strict=False)), **kwargs}
            args = args[:arity]
            while len(args) < min(arity, len(names)) and names[len(args)] in kwargs:
                args = (*args, kwargs.pop(names[len(args)]))
        for name, x in kwargs.items():
            if isinstance(x, Recorder):
                raise no_rule_for(self, name)
        return args, kwargs


class VariadicRules:
    """The rules of an operation on any number of arrays: `rules[i]` is `rule(i, g, y, *inputs, **kwargs)`."""

    def __init__(self, rule: Function) -> None:
        self.rule = rule

    def __getitem__(self, position: int) -> Function:
        return functools.partial(self.rule, position)

    def __len__(self) -> int:
        return 1_000_000  # as many as there are arguments

    def __contains__(self, rule: object) -> bool:
        return rule is self.rule


class Receiver:
    """Base of array types that primitives hand their call over to."""

    __slots__ = ()

    @staticmethod
    def record(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run `op` on arguments of which at least one is of this type."""
        raise NotImplementedError


class Recorder(Receiver):
    """Base of `Value`: a node of a graph, which holds an array."""

    __slots__ = ()

    data: Any


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
    op.rules = rules if variadic is None else VariadicRules(variadic)
    op.family = _family(variadic or next(rule for rule in rules if rule is not None))
    op.selects = selects
    if elementwise is not None:
        op.elementwise = elementwise
    return op


def defzero(*functions: Function) -> None:
    """Declare functions whose derivative is zero wherever it exists: they return plain arrays."""
    for function in functions:
        operation(function).kind = ZERO


def refuse(advice: str, *functions: Function) -> None:
    """Declare functions that have no derivative to give, or would write in place: they raise, with advice."""
    REFUSED.update(dict.fromkeys(functions, advice))


def composed(*functions: Function) -> Callable[[F], F]:
    """Declare that NumPy functions, called on Values, run the decorated function, written with other operations."""

    def declare(implementation: F) -> F:
        for function in functions:
            op = operation(function, forward=implementation)
            op.kind, op.family = COMPOSED, _family(implementation)
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
            for arg in args:
                if isinstance(arg, Receiver):
                    return arg.record(op, args, kwargs)
            for arg in kwargs.values():
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
        import difflib  # only on the way to an error

        name = getattr(function, "__name__", repr(function))
        if function in REFUSED:
            raise GradientLostError(f"{name}: arguments must be plain arrays, got a Value; {REFUSED[function]}")
        near = difflib.get_close_matches(name, [op.name for op in OPS.values() if op.name[0] != "_"], n=1, cutoff=0.0)
        raise GradientLostError(
            f"{name}: function must have a derivative rule, got none for it; the nearest that has one is "
            f"{near[0]}, declare one with tinygrad_lab.defvjp, or call it on v.data to leave the graph"
        )
    return op


def bad_inputs(op: Op, arrays: Any, error: Exception) -> OperationError:
    """Describe what NumPy refused."""
    shapes = " and ".join(str(np.shape(array)) for array in arrays if not isinstance(array, str))
    kind = OperationIndexError if isinstance(error, IndexError) else OperationError
    return kind(f"{op.name}: inputs must fit together, got shapes {shapes}; NumPy says: {error}")


def no_rule_for(op: Op, argument: str) -> GradientLostError:
    """Describe a Value in a place that no rule differentiates with respect to."""
    return GradientLostError(
        f"{op.name}: {argument} must be a plain number or array, got a Value; it has no derivative rule: pass v.data"
    )


def fail_if_not_finite(what: str, result: Any, inputs: tuple[Any, ...], origin: str | None) -> None:
    """In debug mode: raise if `result` is not finite although every input is."""
    arrays = [array for array in map(_numbers, inputs) if array is not None]
    array = _numbers(result)
    if array is None or np.all(np.isfinite(array)) or not all(np.all(np.isfinite(array)) for array in arrays):
        return
    shapes = " and ".join(str(array.shape) for array in arrays)
    raise NonFiniteError(
        f"{what}: result must be finite, got {array[~np.isfinite(array)].ravel()[0]} from inputs of shape {shapes}; "
        f"keep the inputs inside the operation's domain (called at {origin or 'an unknown place'})"
    )


def _numbers(x: Any) -> Any:
    """Return the array in `x` if it is one of numbers, else None."""
    array = np.asarray(x.data if isinstance(x, Recorder) else x)
    return array if array.dtype.kind in "iufc" else None


def _family(rule: Function) -> str:
    return rule.__module__.rpartition(".")[2]
