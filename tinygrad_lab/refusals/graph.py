"""Errors of Values that are asked for gradients they cannot give, and of sweeps that meet what they cannot use."""

from __future__ import annotations

from typing import Any

from tinygrad_lab.errors import ArgumentTypeError, GraphError, NonFiniteError
from tinygrad_lab.typing import Shape


def no_graph() -> GraphError:
    """Describe backward() of what was computed from nothing that requires a gradient."""
    return GraphError(
        "backward: this Value has no recorded graph; compute it from a Value that requires a gradient, outside "
        "no_grad() and compiled functions"
    )


def no_seed(shape: Shape) -> GraphError:
    """Describe backward() of several numbers without their gradient."""
    return GraphError(
        f"backward: a result of shape {shape} is no scalar and needs a gradient to start from; "
        f"reduce it with .sum() or .mean(), or pass gradient=np.ones({shape})"
    )


def misshapen_seed(shape: Shape, given: Shape) -> GraphError:
    """Describe a gradient of another shape than the result's."""
    return GraphError(f"backward: gradient has shape {given}, but the result has {shape}; pass one number per element")


def complex_seed(dtype: Any, given: Any) -> GraphError:
    """Describe a complex gradient of a real result."""
    return GraphError(
        f"backward: a result of dtype {dtype} cannot take a gradient of dtype {given}; pass its real part"
    )


def needs_graph() -> GraphError:
    """Describe gradients that are to be recorded from a graph that is to be freed."""
    return GraphError(
        "backward: create_graph=True needs the graph that retain_graph=False frees; leave retain_graph out"
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
        f"requires_grad_: only leaves can be switched, and this is the result of {name}; detach() it to stop its "
        f"gradient"
    )


def not_copied(name: str) -> GraphError:
    """Describe a copy of what has a graph."""
    return GraphError(
        f"copy: only leaves can be copied, and this is the result of {name}; copy v.detach() or v.data instead"
    )


def bad_replacement(g: Any, given: Any) -> GraphError:
    """Describe what a hook returned in the place of a gradient."""
    shape = getattr(given, "shape", None)
    text = (
        type(given).__name__
        if shape is None
        else f"an array of shape {shape} and dtype {getattr(given, 'dtype', None)}"
    )
    return GraphError(
        f"register_hook: the hook returned {text} for a gradient of shape {g.shape} and dtype {g.dtype}; "
        f"compute it from the gradient, or return None to keep the gradient"
    )


def written(name: str, which: str, origin: str | None) -> GraphError:
    """Describe an array that was written into while a graph held it."""
    return GraphError(
        f"{name}: {which} was written into between the call and backward(), which needs it unchanged; "
        f"bind a new array, as in p.data = p.data - step, instead of writing into the old one "
        f"(called at {origin or 'an unknown place'})"
    )


def not_finite(what: str, number: Any, shapes: str, origin: str | None) -> NonFiniteError:
    """Describe, in debug mode, a result that is not finite."""
    return NonFiniteError(
        f"{what}: gave {number} from finite inputs of shape {shapes}; "
        f"keep the inputs inside the operation's domain (called at {origin or 'an unknown place'})"
    )


def runs_later(mode: str, function: str) -> ArgumentTypeError:
    """Describe a mode around what has not run when the mode is left."""
    return ArgumentTypeError(
        f"{mode}: cannot decorate {function}(), a generator or coroutine whose body runs later; "
        f"write `with {mode}():` inside it"
    )
