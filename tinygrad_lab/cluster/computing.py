"""`compute`: everything that is still lazy in some Values and modules, in one computation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinygrad_lab.calls.foreign import is_lazy
from tinygrad_lab.cluster.connecting import client_of
from tinygrad_lab.cluster.failures import explaining
from tinygrad_lab.core.value import Value
from tinygrad_lab.extras import extra
from tinygrad_lab.nn.buffer import Buffer
from tinygrad_lab.nn.module import Module


def compute(*things: Any) -> Any:
    """Compute everything lazy in Values, modules and arrays together, and return them.

    A loss of Dask arrays is lazy, and so are the gradients that its `backward()` leaves. `compute(loss, model)` between
    `backward()` and `step()` runs both as one graph, after which everything on this machine is NumPy's again: the loss,
    the parameters' gradients, and buffers such as running statistics. Where nothing is lazy it does nothing.

    Arguments:
        things: Values, whose `data` and `grad` are computed in place; modules, all of whose parameters and buffers are;
            arrays, and containers of all these.

    Returns:
        What was given, with arrays in the place of lazy ones; a tuple, if several things were given.

    Raises:
        ClusterError: the cluster is gone, or its workers died of the computation.
        MissingExtraError: something is lazy, and Dask is missing.

    Example:
        >>> import dask.array as da, numpy as np, tinygrad_lab as tl
        >>> x, y = da.ones((6, 2), chunks=(3, 2)), da.ones((6, 1), chunks=(3, 1))
        >>> model = tl.nn.Linear(2, 1, init="zeros")
        >>> loss = tl.functional.mse_loss(model(x), y)
        >>> loss.backward()
        >>> loss, model = tl.compute(loss, model)
        >>> loss.item(), model.weight.grad
        (1.0, array([[-2., -2.]]))
    """
    slots = [slot for leaf in _leaves(things) for slot in _slots(leaf)]
    lazy = [x for holder, name in slots if is_lazy(x := getattr(holder, name))]
    arrays = [leaf for leaf in _leaves(things) if is_lazy(leaf)]
    if lazy or arrays:
        computed = iter(_computed([*lazy, *arrays]))
        for holder, name in slots:
            if is_lazy(getattr(holder, name)):
                setattr(holder, name, next(computed))
        things = _replaced(things, computed)
    return things[0] if len(things) == 1 else things


def _computed(lazy: list[Any]) -> list[Any]:
    with extra("dask"):
        import dask
    with explaining("compute"):
        client_of()  # which refuses an asynchronous one
        return [array[()] for array in dask.compute(*lazy)]


def _leaves(thing: Any) -> Iterator[Any]:
    """Yield what containers hold; a module is no container here: it stays itself."""
    if isinstance(thing, list | tuple | dict):
        for held in thing.values() if isinstance(thing, dict) else thing:
            yield from _leaves(held)
    else:
        yield thing


def _replaced(thing: Any, arrays: Iterator[Any]) -> Any:
    """Return the same containers with computed arrays in the place of lazy ones."""
    if isinstance(thing, dict):
        return {key: _replaced(held, arrays) for key, held in thing.items()}
    if isinstance(thing, list | tuple):
        held = [_replaced(one, arrays) for one in thing]
        return type(thing)(*held) if hasattr(thing, "_fields") else type(thing)(held)
    return next(arrays) if is_lazy(thing) else thing


def _slots(leaf: Any) -> Iterator[tuple[Any, str]]:
    """Yield the attributes that hold the arrays of a leaf."""
    if isinstance(leaf, Module):
        for parameter in leaf.parameters():
            yield from _slots(parameter)
        for _, buffer in leaf.named_buffers():
            yield buffer, "data"
    elif type(leaf) is Value:
        yield leaf, "data"
        yield from _slots(leaf.grad) if type(leaf.grad) is Value else [(leaf, "grad")]
    elif type(leaf) is Buffer:
        yield leaf, "data"
