"""`Call`: a function with arguments, and strategies that draw calls for an operation from what the registry knows.

An operation added in its family's file needs no entry anywhere if it is elementwise, a reduction, a product, or takes
one array: its domain, and the shapes it takes, are found by trying. For whatever needs other arguments, draw calls with
`shaped_calls` or a strategy of your own.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.core.registry import COMPOSED, Op, VariadicRules
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.testing import strategies
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.domains import REAL, Domain, find_domains
from tinygrad_lab.testing.extra import DrawFn, SearchStrategy, composite, st


class Call(NamedTuple):
    """`function(*args, **kwargs)`: `args` are what is differentiated, `kwargs` are not.

    Example:
        >>> Call(np.sum, (np.ones(2),), {"axis": 0})
        sum(array([1., 1.]), axis=0)
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = {}  # noqa: RUF012  never written to

    def __repr__(self) -> str:
        keywords = [f"{name}={value!r}" for name, value in self.kwargs.items()]
        name = _name(self.function)
        name = name if name.isidentifier() else "fn"  # Hypothesis prints what is no Python, such as <lambda>, otherwise
        return f"{name}({', '.join([*map(repr, self.args), *keywords])})"

    @property
    def adapter(self) -> Adapter:
        """What the checks take: the function, its keywords bound, under its name."""
        given: Any = self.function
        if isinstance(given, Adapter):
            return given
        bound = functools.partial(self.function, **self.kwargs) if self.kwargs else self.function
        return Adapter(bound, _name(self.function))


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", None) or getattr(function, "name", type(function).__name__))


@functools.cache
def calls(op: Op) -> SearchStrategy[Call]:
    """Return a strategy for calls of an operation, chosen by its kind and by trying what it takes.

    Raises:
        ArgumentError: if it takes none of the arguments that are tried: draw its calls by hand.

    Example:
        >>> from hypothesis import find
        >>> from tinygrad_lab.core.registry import OPS
        >>> find(calls(OPS[np.log]), lambda call: call.args[0].size == 2)
        log(array([1., 1.]))
    """
    function = op.function
    arity = _arity(op)
    if op.elementwise:
        arrays = strategies.broadcastable(arity, find_domains(function, arity), strategies.dtypes())
        return arrays.map(functools.partial(_differentiable, op))
    if "keepdims" in op.parameters:
        return _reductions(function)
    shapes = [shapes for shapes in shapes_by_trying(arity) if _runs(function, shapes)]
    if not shapes:
        raise ArgumentError(
            f"{op.name}: no call was found by trying, which works where all arguments are arrays; "
            f"write calls for it yourself"
        )
    return shaped_calls(function, shapes)


def _differentiable(op: Op, arrays: tuple[Any, ...]) -> Call:
    """Return a call that leaves arguments without a rule as they are."""
    chosen = [i for i, rule in enumerate(op.rules) if rule is not None]
    if len(chosen) == len(arrays):
        return Call(op.function, arrays)

    @functools.wraps(op.function)
    def call(*some: Any) -> Any:
        given = dict(zip(chosen, some, strict=True))
        return op.function(*(given.get(i, array) for i, array in enumerate(arrays)))

    return Call(call, tuple(arrays[i] for i in chosen))


def _arity(op: Op) -> int:
    if isinstance(op.rules, VariadicRules):
        return 1
    if op.kind != COMPOSED:
        return len(op.rules)
    parameters = inspect.signature(op.forward).parameters.values()
    return max(sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters), 1)


def shaped_calls(
    function: Callable[..., Any],
    shapes: Sequence[tuple[tuple[int, ...], ...]],
    domain: Domain = REAL,
    **kwargs: Any,
) -> SearchStrategy[Call]:
    """Calls of a function with arrays of the given shapes: one tuple of shapes for each kind of call."""

    @composite
    def draw_call(draw: DrawFn) -> Call:
        dtype = draw(strategies.dtypes())
        arrays = [draw(strategies.tensors(shape, domain, dtype)) for shape in draw(st.sampled_from(list(shapes)))]
        return Call(function, tuple(arrays), kwargs)

    return draw_call()


def reduction_keywords(function: Callable[..., Any]) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
    """Return every shape with every `axis` and `keepdims` that a reduction takes."""
    every = [
        (shape, {"axis": axis, "keepdims": keepdims})
        for shape in (*strategies.SHAPES, *strategies.LARGER)
        for axis in strategies.axes(len(shape))
        for keepdims in (False, True)
    ]
    return [(shape, keywords) for shape, keywords in every if _runs(function, (shape,), **keywords)]


def _reductions(function: Callable[..., Any]) -> SearchStrategy[Call]:
    domain = find_domains(lambda x: function(x[..., None], axis=-1), 1)[0]
    cases = reduction_keywords(function)

    @composite
    def draw_call(draw: DrawFn) -> Call:
        shape, keywords = draw(st.sampled_from(cases))
        return Call(function, (draw(strategies.tensors(shape, domain, strategies.dtypes())),), keywords)

    return draw_call()


def shapes_by_trying(arity: int) -> list[tuple[tuple[int, ...], ...]]:
    """Return shapes of arguments that a function may take, which it shows when it is tried."""
    square = ((3, 3), (2, 2), (2, 3, 3))
    one = [*strategies.SHAPES, *strategies.LARGER, *square]
    if arity == 1:
        return [(shape,) for shape in one]
    if arity == 2:
        return [*strategies.matmul_shapes(), *itertools.product(((), (3,), (2, 3), (2, 1), *square), repeat=2)]
    return [(shape,) * arity for shape in one]


def _runs(function: Callable[..., Any], shapes: Sequence[tuple[int, ...]], **keywords: Any) -> bool:
    """Whether a function takes arrays of these shapes, quietly."""
    try:
        with warnings.catch_warnings(), np.errstate(all="raise"):
            warnings.simplefilter("error")
            function(*(REAL.fill(bytes(1000), shape) for shape in shapes), **keywords)
    except (TypeError, ValueError, IndexError, KeyError, ArithmeticError, RuntimeWarning, np.linalg.LinAlgError):
        return False
    return True
