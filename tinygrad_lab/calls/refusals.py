"""What a call is refused with: one line that says what is wrong, with the value, and what to do."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_lab.errors import (
    ArgumentTypeError,
    CallError,
    GradientLostError,
    GraphError,
    OperationError,
    OperationIndexError,
    RuleError,
)
from tinygrad_lab.typing import Shape

# -- arguments that NumPy's signature does not allow -----------------------------------------------------------------


def unknown(name: str, keyword: str, known: Collection[str]) -> CallError:
    """Describe a keyword that a function does not have."""
    near = difflib.get_close_matches(keyword, sorted(known), n=1, cutoff=0.6)
    return CallError(
        f"{name}: keyword must be one of {', '.join(sorted(known)) or 'none'}, got {keyword!r}; "
        + (f"write {near[0]}" if near else "leave it out")
    )


def too_many(name: str, names: Sequence[str], given: int) -> CallError:
    """Describe more arguments by position than a function has."""
    return CallError(
        f"{name}: arguments by position must be at most {len(names)}, got {given}; give the others by keyword"
    )


def twice(name: str, argument: str) -> CallError:
    """Describe an argument that was given by position and by keyword."""
    return CallError(f"{name}: {argument} must be given once, got it by position and by keyword; leave one out")


def missing(name: str, arguments: Iterable[str]) -> CallError:
    """Describe arguments without a default that were not given."""
    return CallError(f"{name}: {' and '.join(arguments)} must be given, got nothing for it; pass it")


def bad_option(name: str, option: str, allowed: str, x: Any) -> OperationError:
    """Describe an option that is none of those allowed."""
    return OperationError(f"{name}: {option} must be {allowed}, got {x!r}; take one of these, or leave it out")


# -- arguments that no rule or implementation takes ------------------------------------------------------------------


def not_taken(name: str, argument: str, x: Any) -> GradientLostError:
    """Describe an argument that NumPy takes, and no derivative rule here does."""
    text = repr(x) if np.ndim(x) == 0 else f"an array of shape {np.shape(x)}"
    return GradientLostError(
        f"{name}: {argument} must be left out, got {text}; it has no derivative rule with it: "
        f"leave it out, or pass v.data to leave the graph"
    )


def no_rule_for(name: str, argument: str) -> GradientLostError:
    """Describe a Value in a place that no rule differentiates with respect to."""
    return GradientLostError(
        f"{name}: {argument} must be a plain number or array, got a Value; it has no derivative rule: pass v.data"
    )


def no_out(name: str) -> GradientLostError:
    """Describe an array to write a result into."""
    return GradientLostError(
        f"{name}: out must be left out, got an array; a Value is never written in place, "
        f"write array = array + v instead of array += v"
    )


def no_rules(name: str) -> GradientLostError:
    """Describe a primitive of which no derivative was declared."""
    return GradientLostError(
        f"{name}: function must have a derivative rule, got none for it; declare one with "
        f"tinygrad_lab.defvjp, or call it on v.data to leave the graph"
    )


def escaped(name: str) -> GradientLostError:
    """Describe a primitive whose body met a Value that is none of its arguments."""
    return GradientLostError(
        f"{name}: the body of a primitive must compute with its arguments' arrays, got a Value inside it; pass each "
        f"Value as an argument of its own, not in a closure, a container or a Module"
    )


def no_operation(name: str, known: Iterable[str]) -> GradientLostError:
    """Describe a function that is not in the registry."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return GradientLostError(
        f"{name}: function must have a derivative rule, got none for it; the nearest that has one is "
        f"{near[0]}, declare one with tinygrad_lab.defvjp, or call it on v.data to leave the graph"
    )


# -- graphs, and what is asked of them -------------------------------------------------------------------------------


def no_graph() -> GraphError:
    """Describe backward() of what was computed from nothing that requires a gradient."""
    return GraphError(
        "backward: the Value must require a gradient, got one without a recorded graph; "
        "compute it from a Value outside no_grad()"
    )


def no_seed(shape: Shape) -> GraphError:
    """Describe backward() of several numbers without their gradient."""
    return GraphError(
        f"backward: gradient must be given for a non-scalar, got none for shape {shape}; "
        f"reduce the Value with .sum() or .mean(), or pass gradient=np.ones({shape})"
    )


def misshapen_seed(shape: Shape, given: Shape) -> GraphError:
    """Describe a gradient of another shape than the result's."""
    return GraphError(
        f"backward: gradient must have the shape {shape} of the result, got {given}; pass one number per element"
    )


def complex_seed(dtype: Any, given: Any) -> GraphError:
    """Describe a complex gradient of a real result."""
    return GraphError(f"backward: gradient must be real for a result of dtype {dtype}, got {given}; pass its real part")


def needs_graph() -> GraphError:
    """Describe gradients that are to be recorded from a graph that is to be freed."""
    return GraphError(
        "backward: retain_graph must be True with create_graph, got False; gradients that are recorded need it"
    )


def freed(name: str) -> GraphError:
    """Describe a result whose graph an earlier sweep has freed."""
    return GraphError(
        f"backward: the graph behind the result of {name} was freed by an earlier backward(retain_graph=False); "
        f"leave that out there, or compute the result again"
    )


def not_copied(name: str) -> GraphError:
    """Describe a copy of what has a graph."""
    return GraphError(f"copy: a Value must be a leaf, got the result of {name}; copy v.detach() or v.data instead")


def hidden_values(name: str) -> GraphError:
    """Describe Values inside a Value, or among the objects of an array."""
    return GraphError(
        f"{name}: inputs must hold numbers, got Values as the data of a Value or as the elements of an array; "
        f"join Values with np.stack, and assign arrays, as in p.data = p.data - lr * p.grad"
    )


def subclass(name: str) -> ArgumentTypeError:
    """Describe a subclass of Value."""
    return ArgumentTypeError(
        f"Value: the class must not be subclassed, got {name}; operations ask for the exact type: "
        f"hold Values as attributes, as nn.Module does"
    )


def in_place() -> GradientLostError:
    """Describe v[i] = x."""
    return GradientLostError(
        "setitem: a Value must not be written in place, got v[i] = x; "
        "write v = v.at[i].set(x), or v = v.at[i].add(x) to add"
    )


def gradient_does_not_fit(name: str, position: int, like: Shape, given: Shape) -> RuleError:
    """Describe a rule whose result has a shape that broadcasting cannot explain."""
    return RuleError(
        f"{name}: the gradient of argument {position} must broadcast from shape {like}, "
        f"got {given}; check that argument's rule"
    )


def gradient_is_no_array(name: str, position: int, given: object) -> RuleError:
    """Describe a rule that returned something else."""
    return RuleError(
        f"{name}: the gradient of argument {position} must be an array, got {type(given).__name__}; "
        f"write that argument's rule as an expression in g"
    )


# -- functions that are to be differentiated -------------------------------------------------------------------------


def no_position(name: str, count: int, given: int) -> GraphError:
    """Describe an entry of argnums that names no argument."""
    return GraphError(
        f"{name}: argnums must be positions among {count} arguments, got {given}; "
        f"pass what to differentiate by position, not by keyword"
    )


def position_twice(name: str, argnums: object) -> GraphError:
    """Describe argnums that name an argument twice."""
    return GraphError(f"{name}: argnums must name each argument once, got {argnums}; drop the repeated one")


def no_pair(name: str, given: object) -> GraphError:
    """Describe a result that is no pair where has_aux promised one."""
    return GraphError(
        f"{name}: function must return a pair, got {type(given).__name__}; with has_aux, return (result, auxiliary)"
    )


def no_scalar(name: str, shapes: list[Shape]) -> GraphError:
    """Describe a result that is no scalar, or a container of one."""
    got = f"shape {shapes[0]}" if len(shapes) == 1 and shapes != [()] else shapes or "nothing"
    return GraphError(
        f"{name}: function must return a scalar, got {got}; "
        f"reduce it with .sum() or .mean(), return (scalar, rest) with has_aux=True, or use jacobian"
    )


def not_floating(name: str, given: str) -> GraphError:
    """Describe a result that is no number, or an integer."""
    return GraphError(
        f"{name}: function must return floating-point numbers, got {given}; "
        f"what is not a number that varies smoothly has no derivative"
    )


def not_real(name: str, given: str) -> GraphError:
    """Describe a complex result without a promise about it."""
    return GraphError(
        f"{name}: function must return real numbers, got {given}; return the .real or .imag part of its result or "
        f"np.abs of it, use vjp or jvp, or, for a holomorphic function of complex numbers, pass holomorphic=True"
    )


def not_complex(name: str, what: str, given: str) -> GraphError:
    """Describe a real argument or result of a function that is promised to be holomorphic."""
    return GraphError(
        f"{name}: with holomorphic=True every {what} must be complex, got {given}; "
        f"leave it out, or convert the {what} to complex"
    )


# -- what NumPy itself refused ---------------------------------------------------------------------------------------


def bad_inputs(name: str, arrays: Iterable[Any], error: Exception) -> OperationError:
    """Describe what NumPy refused; the error is of NumPy's class too, such as AxisError or LinAlgError."""
    shapes = " and ".join(str(np.shape(array)) for array in arrays if not isinstance(array, str))
    kind: Any = type(error)  # mypy takes no class of exceptions for hashable
    return _both(kind)(f"{name}: inputs must fit together, got shapes {shapes}; NumPy says: {error}")


@functools.cache
def _both(kind: Any) -> type[OperationError]:
    own = OperationIndexError if issubclass(kind, IndexError) else OperationError
    if issubclass(own, kind):
        return own
    attributes = {"__module__": own.__module__, "__doc__": own.__doc__}
    return type(own.__name__, (own, kind), attributes)
