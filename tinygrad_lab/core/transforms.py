"""Function transforms: functions in, functions of their derivatives out.

Each takes and gives nested lists, tuples, dicts and Modules of arrays, and nests to any order. A transform gives its
function fresh inputs, then sweeps back to exactly those; so an outer transform's inputs are never mistaken for an inner
one's. A result is a Value, recorded in turn, if it depends on a Value that requires a gradient (an argument, or one the
function closes over); otherwise, and always inside `no_grad()`, it is a plain array.

Complex numbers: a real function of `z = x + iy` has the gradient `∂f/∂x − i ∂f/∂y`. A complex result has no
gradient, but if the function is holomorphic a derivative `f'(z)`: `holomorphic=True` promises that. `vjp` and `jvp`
need no promise.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lab import refusals, tree
from tinygrad_lab.core import modes
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.trace import Argnums, Pullback, Trace
from tinygrad_lab.core.value import Value
from tinygrad_lab.typing import Array, Function, Tree


def value_and_grad(
    function: Function, argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False
) -> Function:
    """Return a function that gives `(function(*args), gradient)`.

    Arguments:
        function: returns a real scalar, or `(scalar, auxiliary)` with `has_aux`.
        argnums: the position of the argument to differentiate with respect to, or a tuple of positions.
        has_aux: whether `function` returns something beside the scalar, which is handed on: `((y, aux), gradient)`.
        holomorphic: promises that `function` is holomorphic; its arguments and its result are complex then.

    Raises:
        GraphError: if the result is no scalar, not real (without `holomorphic`) or not floating, or a position names
            no argument.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> def loss(parameters, x):
        ...     return np.sum(parameters["w"] * x) + parameters["b"]
        >>> tl.value_and_grad(loss)({"w": np.array([1.0, 2.0]), "b": 0.5}, np.array([3.0, 4.0]))
        (np.float64(11.5), {'w': array([3., 4.]), 'b': np.float64(1.0)})
    """
    return _value_and_grad("grad", function, argnums, has_aux, holomorphic)


def _value_and_grad(name: str, function: Function, argnums: Argnums, has_aux: bool, holomorphic: bool) -> Function:
    refusals.transforms.require_function(name, function, argnums)

    @functools.wraps(function)
    def evaluate(*args: Tree, **kwargs: Any) -> Tree:
        trace = Trace(name, function, argnums, args, kwargs, has_aux)
        trace.require_scalar()
        trace.require_floating(holomorphic)
        gradient = trace.arguments_like(trace.pull([None], trace.recorded))
        return ((trace.value, trace.aux) if has_aux else trace.value), gradient

    return evaluate


def grad(function: Function, argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False) -> Function:
    """Return a function that gives the gradient of `function`, shaped like the argument.

    Arguments and errors are those of `value_and_grad`; with `has_aux` the result is `(gradient, auxiliary)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.grad(np.tanh)(0.0)
        np.float64(1.0)
        >>> tl.grad(tl.grad(lambda x: x**3))(2.0)
        np.float64(12.0)
        >>> tl.grad(lambda z: z * z, holomorphic=True)(3 + 1j)
        np.complex128(6+2j)
    """
    return _grad("grad", function, argnums, has_aux, holomorphic)


def _grad(name: str, function: Function, argnums: Argnums, has_aux: bool, holomorphic: bool) -> Function:
    both = _value_and_grad(name, function, argnums, has_aux, holomorphic)

    @functools.wraps(function)
    def evaluate(*args: Tree, **kwargs: Any) -> Tree:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return evaluate


def vjp(function: Function, *primals: Tree, has_aux: bool = False) -> tuple[Any, ...]:
    """Return `function(*primals)` and its pullback `cotangent -> (cotangent · J₁, …)`, a gradient per argument.

    Arguments:
        function: may return any nested container of arrays; the cotangent has its shape.
        primals: the arguments, all of which are differentiated.
        has_aux: whether `function` returns `(y, auxiliary)`; then the result is `(y, pullback, auxiliary)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> y, pullback = tl.vjp(lambda x: x * x, np.array([1.0, 2.0]))
        >>> pullback(np.array([1.0, 10.0]))
        (array([ 2., 40.]),)
    """
    trace = Trace("vjp", function, tuple(range(len(primals))), primals, {}, has_aux)

    def pullback(cotangents: Tree) -> tuple[Tree, ...]:
        leaves = tree.match("vjp: cotangents", trace.value, cotangents)
        recorded = bool(modes.current() & modes.RECORD) and (trace.recorded or _any_recorded(leaves))
        return trace.arguments_like(trace.pull(leaves, recorded))

    return (trace.value, pullback, trace.aux) if has_aux else (trace.value, pullback)


def jvp(function: Function, primals: Tree, tangents: Tree) -> tuple[Tree, Tree]:
    """Return `function(*primals)` and its directional derivative `Σ Jᵢ · tangentᵢ`.

    The vjp is linear in its cotangent, so its derivative with respect to that is the jvp: forward mode from the same
    rules as reverse mode (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    Arguments:
        function: may return any nested container of arrays.
        primals: a tuple of arguments; anything else counts as the only one.
        tangents: directions, nested and shaped like `primals`.

    Raises:
        GraphError: if the tangents do not match the primals.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.jvp(np.sin, (0.0,), (2.0,))
        (np.float64(0.0), np.float64(2.0))
    """
    primals, tangents = _as_tuple(primals), _as_tuple(tangents)
    trace = Trace("jvp", function, tuple(range(len(primals))), primals, {})
    directions = tree.match("jvp: tangents", primals, tangents)
    shapes, given = [x.shape for x in trace.inputs], [np.shape(plain(t)) for t in directions]
    if given != shapes:
        raise refusals.transforms.misshapen_tangents(shapes, given)
    recorded = trace.recorded or _any_recorded(directions)
    # The pullback is linear, so any cotangent would do; from zeros, rules that guard 0/0 would hide an infinity.
    duals = [Value(np.ones_like(plain(output))) for output in trace.outputs]
    transposed = Pullback(duals, trace.pull(duals, recorded=True))
    value = trace.output_like(trace.outputs) if recorded else trace.value
    return value, trace.output_like(transposed(directions, recorded))


def jacobian(function: Function, argnums: Argnums = 0, holomorphic: bool = False) -> Function:
    """Return a function that gives the Jacobian `∂yᵢ/∂xⱼ`, of shape `y.shape + x.shape`, one sweep per output element.

    For nested results and arguments it is nested likewise: each output's place holds what is shaped like the argument.

    Arguments:
        function: may return any nested container of real arrays.
        argnums: as in `grad`.
        holomorphic: as in `grad`.

    Raises:
        GraphError: if a result is not real (without `holomorphic`) or not floating, or a position names no argument.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """
    return _jacobian("jacobian", function, argnums, holomorphic)


def _jacobian(name: str, function: Function, argnums: Argnums, holomorphic: bool) -> Function:
    refusals.transforms.require_function(name, function, argnums)

    @functools.wraps(function)
    def evaluate(*args: Tree, **kwargs: Any) -> Tree:
        trace = Trace(name, function, argnums, args, kwargs)
        trace.require_floating(holomorphic)
        blocks = []
        for chosen, output in enumerate(trace.outputs):
            rows = [trace.pull(seeds, trace.recorded) for seeds in _one_hots(trace.outputs, chosen)]
            block = [_stacked([row[i] for row in rows], output, x) for i, x in enumerate(trace.inputs)]
            blocks.append(trace.arguments_like(block))
        return trace.output_like(blocks)

    return evaluate


def hessian(function: Function, argnums: Argnums = 0, holomorphic: bool = False) -> Function:
    """Return a function that gives the Hessian `∂²y/∂xᵢ∂xⱼ` of a scalar function, of shape `x.shape + x.shape`.

    Arguments and errors are those of `grad`. Complex arguments take `holomorphic`: the gradient of a real function of
    complex numbers is not holomorphic, and has no Jacobian.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.hessian(lambda x: x[0] * x[0] * x[1])(np.array([2.0, 3.0]))
        array([[6., 4.],
               [4., 0.]])
    """
    return _jacobian("hessian", _grad("hessian", function, argnums, False, holomorphic), argnums, holomorphic)


def hvp(function: Function, primals: Tree, tangents: Tree, holomorphic: bool = False) -> Tree:
    """Return the Hessian-vector product `H · tangent` of a scalar function, without forming H.

    Two sweeps, one over the other (B. Pearlmutter, "Fast exact multiplication by the Hessian", 1994).

    Arguments:
        function: returns a scalar.
        primals: a tuple of arguments, or anything else as the only one; the result is shaped likewise.
        tangents: directions, nested and shaped like `primals`.
        holomorphic: as in `hessian`.

    Raises:
        GraphError: as `hessian` does, or if the tangents do not match the primals.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
        array([ 6., 12.])
    """
    arguments = _as_tuple(primals)
    everything = tuple(range(len(arguments)))
    trace = Trace("hvp", _grad("hvp", function, everything, False, holomorphic), everything, arguments, {})
    trace.require_floating(holomorphic)
    directions = tree.match("hvp: tangents", arguments, _as_tuple(tangents))
    products = trace.arguments_like(trace.pull(directions, trace.recorded or _any_recorded(directions)))
    return products if isinstance(primals, tuple) else products[0]


def _one_hots(outputs: list[Array], chosen: int) -> Iterator[list[Array | None]]:
    """Yield, for each element of one output, cotangents that are 1 there and 0 everywhere else."""
    zeros = [np.zeros_like(plain(output)) for output in outputs]
    for index in np.ndindex(np.shape(zeros[chosen])):
        hot = np.zeros_like(zeros[chosen])
        hot[index] = 1
        yield [*zeros[:chosen], hot, *zeros[chosen + 1 :]]


def _stacked(rows: list[Array], output: Array, x: Value) -> Array:
    """Return the gradients of an output's elements as one array of shape `output.shape + x.shape`."""
    shape = np.shape(plain(output)) + x.shape
    return np.reshape(np.stack(rows), shape)[()] if rows else np.zeros_like(x.data, shape=shape)


def _any_recorded(leaves: list[Array]) -> bool:
    return bool(modes.current() & modes.RECORD) and any(isinstance(x, Value) and x.requires_grad for x in leaves)


def _as_tuple(arguments: Tree) -> tuple[Tree, ...]:
    return arguments if type(arguments) is tuple else (arguments,)
