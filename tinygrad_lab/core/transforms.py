"""Function transforms: functions in, functions of their derivatives out.

Each takes and gives nested lists, tuples, dicts and Modules of arrays, and nests to any order. A transform gives its
function fresh inputs, then sweeps back to exactly those; so an outer transform's inputs are never mistaken for an inner
one's. A result is a Value, recorded in turn, if it depends on a Value that requires a gradient (an argument, or one the
function closes over); otherwise, and always inside `no_grad()`, it is a plain array.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import graph, modes
from tinygrad_lab.core.arrays import as_array, owned, plain
from tinygrad_lab.core.backward import sweep
from tinygrad_lab.core.value import Value, alias, cotangent
from tinygrad_lab.errors import GraphError

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]


class _Trace:
    """One call of a function on fresh inputs, ready to be swept back to them, any number of times."""

    def __init__(
        self, name: str, function: Function, argnums: tuple[int, ...], args: Any, kwargs: Any, has_aux: bool = False
    ) -> None:
        recording = modes.current() & modes.RECORD
        _check_positions(name, argnums, len(args))
        arguments = list(args)
        self.rebuilds = []
        self.inputs: list[Value] = []
        for position in argnums:
            leaves, rebuild = tree.flatten(args[position])
            fresh = [alias(leaf, leaf.data if isinstance(leaf, Value) else as_array(leaf)) for leaf in leaves]
            self.rebuilds.append((rebuild, len(fresh)))
            self.inputs += fresh
            arguments[position] = rebuild(fresh)
        self.since = self.inputs[0].index if self.inputs else 0
        with modes.enable_grad():
            result = function(*arguments, **kwargs)
        result, aux = _pair(name, result) if has_aux else (result, None)
        self.outputs, self._rebuild_output = tree.flatten(result)
        self.roots = [output for output in self.outputs if isinstance(output, Value) and output.requires_grad]
        self.order = graph.ancestors(self.roots, self.since)
        self.recorded = bool(recording) and graph.reaches_back(self.order, self.since)
        self.aux = self.shown(aux)
        self.value = self.shown(result)

    def shown(self, results: Any) -> Any:
        """Return results as the caller sees them: Values if they are recorded, plain arrays if not."""
        return results if self.recorded else tree.map(plain, results)

    def pull(self, cotangents: list[Any], recorded: bool) -> list[Any]:
        """Sweep from the outputs' cotangents to the inputs' gradients, a list of arrays or of Values."""
        seeds: dict[Value, Any] = {}
        for output, g in zip(self.outputs, cotangents, strict=True):
            if isinstance(output, Value) and output.requires_grad:
                seed = cotangent(output, g, recorded)
                seeds[output] = seeds[output] + seed if output in seeds else seed
        given = list(seeds.values())
        found = sweep(graph.between(self.order, self.inputs), seeds, recorded)
        found = owned({x: found[x] for x in self.inputs if x in found}, given)
        return [found[x] if x in found else np.zeros_like(x.data)[()] for x in self.inputs]

    def arguments_like(self, leaves: list[Any]) -> tuple[Any, ...]:
        """Put one leaf per input back into containers shaped like the arguments."""
        rebuilt, start = [], 0
        for rebuild, count in self.rebuilds:
            rebuilt.append(rebuild(leaves[start : start + count]))
            start += count
        return tuple(rebuilt)

    def output_like(self, leaves: list[Any]) -> Any:
        """Put one leaf per output back into a container shaped like the result."""
        return self._rebuild_output(leaves)


def value_and_grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """Return a function that gives `(function(*args), gradient)`.

    Arguments:
        function: returns a scalar, or `(scalar, auxiliary)` with `has_aux`.
        argnums: the position of the argument to differentiate with respect to, or a tuple of positions.
        has_aux: whether `function` returns something beside the scalar, which is handed on: `((y, aux), gradient)`.

    Raises:
        GraphError: if the result is no scalar, or a position names no argument.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> def loss(parameters, x):
        ...     return np.sum(parameters["w"] * x) + parameters["b"]
        >>> tl.value_and_grad(loss)({"w": np.array([1.0, 2.0]), "b": 0.5}, np.array([3.0, 4.0]))
        (np.float64(11.5), {'w': array([3., 4.]), 'b': np.float64(1.0)})
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(function)
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        trace = _Trace("grad", function, positions, args, kwargs, has_aux)
        _require_scalar(trace)
        gradients = trace.arguments_like(trace.pull([None], trace.recorded))
        value = (trace.value, trace.aux) if has_aux else trace.value
        return value, gradients[0] if isinstance(argnums, int) else gradients

    return evaluate


def grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """Return a function that gives the gradient of `function`, shaped like the argument.

    Arguments and errors are those of `value_and_grad`; with `has_aux` the result is `(gradient, auxiliary)`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.grad(np.tanh)(0.0)
        np.float64(1.0)
        >>> tl.grad(tl.grad(lambda x: x**3))(2.0)
        np.float64(12.0)
    """
    both = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return evaluate


def vjp(function: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
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
    trace = _Trace("vjp", function, tuple(range(len(primals))), primals, {}, has_aux)

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        leaves = tree.match("vjp: cotangents", trace.value, cotangents)
        recorded = bool(modes.current() & modes.RECORD) and (trace.recorded or _any_recorded(leaves))
        return trace.arguments_like(trace.pull(leaves, recorded))

    return (trace.value, pullback, trace.aux) if has_aux else (trace.value, pullback)


def jvp(function: Function, primals: Any, tangents: Any) -> tuple[Any, Any]:
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
    trace = _Trace("jvp", function, tuple(range(len(primals))), primals, {})
    directions = tree.match("jvp: tangents", primals, tangents)
    if [np.shape(plain(t)) for t in directions] != [x.shape for x in trace.inputs]:
        raise GraphError(
            f"jvp: tangents must have the shapes {[x.shape for x in trace.inputs]} of the primals, "
            f"got {[np.shape(plain(t)) for t in directions]}; nest them alike"
        )
    recorded = trace.recorded or _any_recorded(directions)
    # The pullback is linear, so any cotangent would do; from zeros, rules that guard 0/0 would hide an infinity.
    duals = [Value(np.ones_like(plain(output))) for output in trace.outputs]
    linear = _Linear(trace.pull(duals, recorded=True), duals)
    value = trace.output_like(trace.outputs) if recorded else trace.value
    return value, trace.output_like(linear.pull(directions, recorded))


class _Linear(_Trace):
    """What a recorded pullback made of its cotangents; sweeping it back to them transposes it."""

    def __init__(self, outputs: list[Any], inputs: list[Value]) -> None:
        self.inputs, self.outputs = inputs, outputs
        roots = [output for output in outputs if isinstance(output, Value)]
        self.order = graph.ancestors(roots, inputs[0].index if inputs else 0)


def jacobian(function: Function, argnums: Argnums = 0) -> Function:
    """Return a function that gives the Jacobian `∂yᵢ/∂xⱼ`, of shape `y.shape + x.shape`, one sweep per output element.

    For nested results and arguments it is nested likewise: each output's place holds what is shaped like the argument.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(function)
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        trace = _Trace("jacobian", function, positions, args, kwargs)
        blocks = []
        for chosen, output in enumerate(trace.outputs):
            rows = [trace.pull(seeds, trace.recorded) for seeds in _one_hots(trace.outputs, chosen)]
            block = [_stacked([row[i] for row in rows], output, x) for i, x in enumerate(trace.inputs)]
            nested = trace.arguments_like(block)
            blocks.append(nested[0] if isinstance(argnums, int) else nested)
        return trace.output_like(blocks)

    return evaluate


def hessian(function: Function, argnums: Argnums = 0) -> Function:
    """Return a function that gives the Hessian `∂²y/∂xᵢ∂xⱼ` of a scalar function, of shape `x.shape + x.shape`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.hessian(lambda x: x[0] * x[0] * x[1])(np.array([2.0, 3.0]))
        array([[6., 4.],
               [4., 0.]])
    """
    return jacobian(grad(function, argnums), argnums)


def hvp(function: Function, primals: Any, tangents: Any) -> Any:
    """Return the Hessian-vector product `H · tangent` of a scalar function, without forming H.

    Two sweeps, one over the other (B. Pearlmutter, "Fast exact multiplication by the Hessian", 1994).

    Arguments:
        function: returns a scalar.
        primals: a tuple of arguments, or anything else as the only one; the result is shaped likewise.
        tangents: directions, nested and shaped like `primals`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
        array([ 6., 12.])
    """
    arguments = _as_tuple(primals)
    _, pullback = vjp(grad(function, tuple(range(len(arguments)))), *arguments)
    products = pullback(_as_tuple(tangents))
    return products if isinstance(primals, tuple) else products[0]


def _check_positions(name: str, argnums: tuple[int, ...], count: int) -> None:
    for position in argnums:
        if not -count <= position < count:
            raise GraphError(
                f"{name}: argnums must be positions among {count} arguments, got {position}; "
                f"pass what to differentiate by position, not by keyword"
            )
    if len({position % count for position in argnums}) < len(argnums):
        raise GraphError(f"{name}: argnums must name each argument once, got {argnums}; drop the repeated one")


def _pair(name: str, result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        kind = type(result).__name__
        raise GraphError(f"{name}: function must return a pair, got {kind}; with has_aux, return (result, auxiliary)")
    return result


def _require_scalar(trace: _Trace) -> None:
    if len(trace.outputs) != 1 or np.shape(plain(trace.outputs[0])) != ():
        shapes = [np.shape(plain(output)) for output in trace.outputs]
        raise GraphError(
            f"grad: function must return a scalar, got {'shape ' + str(shapes[0]) if len(shapes) == 1 else shapes}; "
            f"reduce it with .sum() or .mean(), return (scalar, rest) with has_aux=True, or use jacobian"
        )


def _one_hots(outputs: list[Any], chosen: int) -> Any:
    """Yield, for each element of one output, cotangents that are 1 there and 0 everywhere else."""
    zeros = [np.zeros_like(plain(output)) for output in outputs]
    for index in np.ndindex(np.shape(zeros[chosen])):
        hot = np.zeros_like(zeros[chosen])
        hot[index] = 1
        yield [*zeros[:chosen], hot, *zeros[chosen + 1 :]]


def _stacked(rows: list[Any], output: Any, x: Any) -> Any:
    """Return the gradients of an output's elements as one array of shape `output.shape + x.shape`."""
    shape = np.shape(plain(output)) + x.shape
    return np.reshape(np.stack(rows), shape)[()] if rows else np.zeros_like(x.data, shape=shape)


def _any_recorded(leaves: list[Any]) -> bool:
    recording = bool(modes.current() & modes.RECORD)
    return recording and any(isinstance(leaf, Value) and leaf.requires_grad for leaf in leaves)


def _as_tuple(arguments: Any) -> tuple[Any, ...]:
    return arguments if type(arguments) is tuple else (arguments,)
