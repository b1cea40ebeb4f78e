"""What is refused to become a Value, and what a Value is refused to become."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentTypeError, GradientLostError, GraphError
from tinygrad_lab.typing import Shape


def no_numbers(given: str, advice: str) -> ArgumentTypeError:
    """Describe what a Value cannot hold."""
    return ArgumentTypeError(f"Value: data must be an array of numbers, got {given}; {advice}")


def no_numbers_in_table(kind: str, dtype: Any) -> ArgumentTypeError:
    """Describe a table with columns that hold no numbers."""
    return ArgumentTypeError(
        f"Value: this {kind} has columns without numbers, it becomes an array of {dtype}; select the columns of numbers"
    )


def tracked_elsewhere() -> GradientLostError:
    """Describe a tensor of PyTorch's that PyTorch differentiates with respect to."""
    return GradientLostError(
        "Value: a Tensor of PyTorch's that requires a gradient would become a constant here; pass tensor.detach(), or "
        "tl.Value(tensor.detach()) to differentiate with respect to it"
    )


def hidden_values(name: str) -> GraphError:
    """Describe Values inside a Value, or among the objects of an array."""
    return GraphError(
        f"{name}: an input holds Values as the elements of an array, or as the data of another Value; "
        f"join Values with np.stack, and assign arrays, as in p.data = p.data - lr * p.grad"
    )


def subclass(name: str) -> ArgumentTypeError:
    """Describe a subclass of Value."""
    return ArgumentTypeError(
        f"Value: {name} cannot be a subclass of Value, because operations ask for the exact type; "
        f"hold Values as attributes, as nn.Module does"
    )


_TWINS = {  # functions of other libraries, and what computes the same with a gradient
    "full": "np.broadcast_to(v, shape)",
    "full_like": "np.broadcast_to(v, a.shape)",
    "pandas.dot": "table.to_numpy() @ v",
    "scipy.linalg.cho_solve": "tl.functional.cho_solve",
    "scipy.linalg.expm": "tl.functional.expm",
    "scipy.linalg.solve_triangular": "tl.functional.solve_triangular",
    "scipy.sparse.multiply": "v * S, with the Value on the left,",
    "scipy.special.log_softmax": "tl.functional.log_softmax",
    "scipy.special.logsumexp": "tl.functional.logsumexp",
    "scipy.special.softmax": "tl.functional.softmax",
}


def lost_in_array(caller: str) -> GradientLostError:
    """Describe a Value that NumPy or another library would make a plain array of."""
    numpy = caller.rpartition(".")[2]
    twin = _TWINS.get(caller)
    if twin is None and caller.startswith("scipy.linalg.") and hasattr(np.linalg, numpy):
        twin = f"np.linalg.{numpy}"
    advice = f"use {twin} to keep it" if twin else "join Values with tl.array([v, w])"
    if not twin and caller.startswith(("scipy.", "sklearn.")):
        advice = "declare an operation of your own with tl.primitive to keep it"
    return GradientLostError(
        f"{caller}: a Value that requires a gradient would become a plain array and silently lose its graph; "
        f"{advice}, or pass v.data or v.detach() to leave the graph"
    )


def sparse(name: str, kind: str) -> GradientLostError:
    """Describe a sparse array where a dense one is needed."""
    return GradientLostError(
        f"{name}: needs dense arrays, not a {kind}; pass its .toarray(), or multiply with S @ v or v @ S"
    )


def in_place() -> GradientLostError:
    """Describe v[i] = x."""
    return GradientLostError(
        "setitem: v[i] = x cannot write into a Value; write v = v.at[i].set(x), or v = v.at[i].add(x) to add"
    )


def another_shape(shape: Shape, given: Shape) -> GraphError:
    """Describe p -= step under no_grad with a step that broadcasts p."""
    return GraphError(
        f"in-place update: the leaf has shape {shape} and would get {given}; reduce the other operand, or assign p.data"
    )
