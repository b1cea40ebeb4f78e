"""An autograd micro-framework on NumPy: a `Value` records a computation and differentiates it in reverse."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tinygrad_lab import refusals, rules, tree
from tinygrad_lab.calls.defaults import default_dtype, get_default_dtype, set_default_dtype
from tinygrad_lab.core.declare import composed, defvjp, defzero, primitive
from tinygrad_lab.core.modes import debug, enable_grad, no_grad
from tinygrad_lab.core.registry import OPS
from tinygrad_lab.core.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.array import array
from tinygrad_lab.version import __version__ as __version__

if TYPE_CHECKING:
    from tinygrad_lab import (
        cluster,
        data,
        distributions,
        export,
        functional,
        lab,
        nn,
        optim,
        random,
        testing,
        viz,
    )
    from tinygrad_lab.cluster import compute
    from tinygrad_lab.compiler import compile, scan
    from tinygrad_lab.memory import reuse_memory
    from tinygrad_lab.rules.checkpoint import checkpoint
    from tinygrad_lab.rules.forward import defjvp
    from tinygrad_lab.saving import load, save

__all__ = [
    "OPS",
    "Value",
    "array",
    "checkpoint",
    "cluster",
    "compile",
    "composed",
    "compute",
    "data",
    "debug",
    "default_dtype",
    "defjvp",
    "defvjp",
    "defzero",
    "distributions",
    "enable_grad",
    "export",
    "functional",
    "get_default_dtype",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "lab",
    "load",
    "nn",
    "no_grad",
    "optim",
    "primitive",
    "random",
    "reuse_memory",
    "rules",
    "save",
    "scan",
    "set_default_dtype",
    "testing",
    "tree",
    "value_and_grad",
    "viz",
    "vjp",
]


OPS.later("tinygrad_lab.functional")
OPS.later("tinygrad_lab.functional.recurrent")

# Loaded on demand: a program that only needs gradients pays for none of them.
_MODULES = frozenset(
    ("cluster", "data", "distributions", "export", "functional", "lab", "nn", "optim", "random", "testing", "viz")
)
_FROM = {
    "checkpoint": "rules.checkpoint", "compile": "compiler", "compute": "cluster", "defjvp": "rules.forward",
    "load": "saving", "reuse_memory": "memory", "save": "saving", "scan": "compiler",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"tinygrad_lab.{name}")
    if name in _FROM:
        return getattr(importlib.import_module(f"tinygrad_lab.{_FROM[name]}"), name)
    raise refusals.names.missing(__name__, name, refusals.names.OF_PACKAGES["tinygrad_lab"], __all__)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _graph(value: Value, **options: Any) -> viz.Graph:
    """Return a picture of the computation that made this Value; in a notebook it shows itself.

    Arguments:
        value: this Value.
        options: those of `tinygrad_lab.viz.draw`.

    Example:
        >>> import tinygrad_lab as tl
        >>> (tl.Value(2.0, name="x") ** 2).graph()
        <Graph graph: 1 operation>
    """
    from tinygrad_lab import viz

    return viz.draw(value, **options)


def _in_notebook(thing: Value | nn.Module, include: Any = None, exclude: Any = None) -> dict[str, str]:
    """Return how a Value or a module shows itself in a notebook, as a mime bundle; notebooks call it."""
    from tinygrad_lab import viz

    return viz.show(thing)


def _traceback(error: OperationError) -> list[str]:
    """Return the traceback for a notebook, after the graph up to the error."""
    from tinygrad_lab import viz

    return viz.show_error(error)


# Floors below do not know pictures: what they show of themselves is registered here.
_SHOWN: tuple[tuple[type, str, Any], ...] = (
    (Value, "graph", _graph),
    (Value, "_repr_mimebundle_", _in_notebook),
    (OperationError, "_render_traceback_", _traceback),
)
for _kind, _name, _method in _SHOWN:
    setattr(_kind, _name, _method)
