"""What a Value is refused with that is asked for gradients, and a sweep that meets what it cannot use."""

from __future__ import annotations

from typing import Any

from tinygrad_lab.errors import ArgumentTypeError, GraphError, NonFiniteError
from tinygrad_lab.typing import Shape


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


def no_leaf(name: str) -> GraphError:
    """Describe requires_grad_() of a result."""
    return GraphError(
        f"requires_grad_: the Value must be a leaf, got the result of {name}; detach() it to stop its gradient"
    )


def not_copied(name: str) -> GraphError:
    """Describe a copy of what has a graph."""
    return GraphError(f"copy: a Value must be a leaf, got the result of {name}; copy v.detach() or v.data instead")


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


def not_finite(what: str, number: Any, shapes: str, origin: str | None) -> NonFiniteError:
    """Describe, in debug mode, a result that is not finite."""
    return NonFiniteError(
        f"{what}: result must be finite, got {number} from inputs of shape {shapes}; "
        f"keep the inputs inside the operation's domain (called at {origin or 'an unknown place'})"
    )


def runs_later(mode: str, function: str) -> ArgumentTypeError:
    """Describe a mode around what has not run when the mode is left."""
    return ArgumentTypeError(
        f"{mode}: the decorated function must not be a generator or a coroutine, got {function}; "
        f"its body runs later: write `with {mode}():` inside it"
    )
