"""What a graph is refused with, or a function that is to be differentiated: one line, and what to do."""

from __future__ import annotations

from typing import Any

from tinygrad_lab.errors import ArgumentTypeError, GradientLostError, GraphError, NonFiniteError, RuleError
from tinygrad_lab.typing import Shape

# -- Values ----------------------------------------------------------------------------------------------------------


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


def no_leaf(name: str) -> GraphError:
    """Describe requires_grad_() of a result."""
    return GraphError(
        f"requires_grad_: the Value must be a leaf, got the result of {name}; detach() it to stop its gradient"
    )


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


def another_shape(shape: Shape, given: Shape) -> GraphError:
    """Describe p -= step under no_grad with a step that broadcasts p."""
    return GraphError(
        f"in-place update: the leaf must keep its shape {shape}, got {given}; reduce the other, or assign p.data"
    )


def require_function(name: str, function: Any, argnums: Any = 0) -> None:
    """Refuse grad(y, x), as PyTorch has it, and grad(f, x): here a transform takes a function and gives one."""
    if not callable(function):
        how = f"{name}(f)(x)" if name in ("grad", "jacobian") else f"{name}(f, ...)"
        raise ArgumentTypeError(
            f"{name}: function must be callable, got {type(function).__name__}; write {how} with a function f, or "
            f"y.backward() and x.grad for a result y"
        )
    if not isinstance(argnums, int | tuple | list):
        raise ArgumentTypeError(
            f"{name}: argnums must be a position or a tuple of positions, got {type(argnums).__name__}; "
            f"write {name}(f)(x)"
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


def not_all_gradients(name: str, needed: tuple[int, ...], found: Any) -> RuleError:
    """Describe a joint rule that did not return a gradient for each argument it was asked for."""
    given = f"{len(found)} of them" if isinstance(found, tuple | list) else type(found).__name__
    return RuleError(
        f"{name}: the joint rule must return a tuple of {len(needed)} gradients, one for each argument in "
        f"{needed}, got {given}; return one per position in its first argument"
    )


def bad_replacement(g: Any, given: Any) -> GraphError:
    """Describe what a hook returned in the place of a gradient."""
    shape = getattr(given, "shape", None)
    text = type(given).__name__ if shape is None else f"shape {shape} and dtype {getattr(given, 'dtype', None)}"
    return GraphError(
        f"register_hook: the hook's replacement must have the gradient's shape {g.shape} and dtype {g.dtype}, "
        f"got {text}; compute it from the gradient, or return None to keep that"
    )


def written(name: str, which: str, origin: str | None) -> GraphError:
    """Describe an array that was written into while a graph held it."""
    return GraphError(
        f"{name}: the arrays of an operation must stay as they are until backward(), got {which} with another content; "
        f"bind a new array, as in p.data = p.data - step, instead of writing into the old one "
        f"(called at {origin or 'an unknown place'})"
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


def misshapen_tangents(shapes: list[Shape], given: list[Shape]) -> GraphError:
    """Describe directions that are not shaped like the point."""
    return GraphError(f"jvp: tangents must have the shapes {shapes} of the primals, got {given}; nest them alike")


def no_numbers(given: str, advice: str) -> ArgumentTypeError:
    """Describe what a Value cannot hold."""
    return ArgumentTypeError(f"Value: data must be an array of numbers, got {given}; {advice}")


def not_finite(what: str, number: Any, shapes: str, origin: str | None) -> NonFiniteError:
    """Describe, in debug mode, a result that is not finite."""
    return NonFiniteError(
        f"{what}: result must be finite, got {number} from inputs of shape {shapes}; "
        f"keep the inputs inside the operation's domain (called at {origin or 'an unknown place'})"
    )
