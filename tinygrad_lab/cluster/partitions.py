"""`backward`: the gradient of a mean over rows, one task for each partition of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.calls.foreign import is_lazy
from tinygrad_lab.cluster.connecting import client_of
from tinygrad_lab.cluster.failures import explaining
from tinygrad_lab.cluster.means import Means, Objective, differentiated, packed
from tinygrad_lab.cluster.needs import Keys
from tinygrad_lab.cluster.sharing import over_threads, over_workers
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.nn.module import Module


def backward(objective: Objective, model: Module, *data: Any) -> Any:
    """Add the gradient of a mean over all rows to the parameters' `grad`, and return that mean.

    `objective(model, *rows)` is called once for each partition, on a worker and on plain NumPy arrays, and the
    partitions' losses and gradients are added up, each with its share `nᵢ / n` of the rows, where they are:

        L = Σ nᵢ Lᵢ / n,   ∂L/∂w = Σ nᵢ ∂Lᵢ/∂w / n

    That is the loss of all data at once, as long as the objective is a mean over rows: what looks at several rows,
    such as the statistics of `BatchNorm1D`, sees those of its partition, and running statistics are averaged. One
    task does a partition, or several small ones, however many operations the model has: with `compute` each operation
    is a task.

    Arguments:
        objective: returns a scalar, the mean over the rows it is given.
        model: whose parameters are differentiated.
        data: arrays with as many rows as each other. Those of Dask are partitioned by their chunks along the first
            axis; without any the objective is called once, here.

    Raises:
        ArgumentError: the arrays' rows do not match, or there are none.
        ArgumentTypeError: the objective cannot be sent to workers, or returns something else than a Value.
        GraphError: the objective uses a Value from outside the model, whose gradient would be lost.
        ClusterError: the cluster is gone, or its workers died of the computation.

    Example:
        >>> import dask.array as da, numpy as np, tinygrad_lab as tl
        >>> x, y = da.ones((6, 2), chunks=(3, 2)), da.ones((6, 1), chunks=(3, 1))
        >>> model = tl.nn.Linear(2, 1, init="zeros")
        >>> tl.cluster.backward(lambda model, x, y: tl.functional.mse_loss(model(x), y), model, x, y)
        np.float64(1.0)
        >>> model.weight.grad
        array([[-2., -2.]])

    Source: S. Li et al., "PyTorch Distributed: experiences on accelerating data parallel training", 2020.
    """
    if not data:
        raise ArgumentError("backward: there are no data; pass arrays x, y, …")
    if not isinstance(model, Module) or not callable(objective):
        raise ArgumentTypeError(
            f"backward: takes a function, a Module and data, got {type(objective).__name__} and "
            f"{type(model).__name__}; call backward(objective, model, x, y)"
        )
    if not any(map(is_lazy, data)):
        return differentiated(objective, model, data)
    with explaining("backward"):
        found = _means(packed(objective, model), *_blocks(data))
    if found is None:
        raise ArgumentError("backward: the data have no rows; check what they were read from")
    for parameter, g in zip(tree.leaves(model), found.gradients, strict=True):
        if g is not None:
            parameter.backward(g.astype(parameter.dtype)[()])  # which adds it, and calls its hooks
    for (_, buffer), mean in zip(model.named_buffers(), found.buffers, strict=True):
        buffer.data = (mean if buffer.data.dtype.kind == "f" else np.rint(mean)).astype(buffer.data.dtype)[()]
    return found.loss


def _means(job: bytes, arrays: Sequence[Any], keys: Keys) -> Means | None:
    from dask.utils import ensure_dict

    graph = {key: task for x in arrays for key, task in ensure_dict(x.__dask_graph__()).items()}
    client = client_of(graph.values())
    if client is None:
        return over_threads(job, arrays, keys)
    return over_workers(client, job, graph, keys, sum(x.nbytes for x in arrays) / len(keys))


def _blocks(data: Sequence[Any]) -> tuple[list[Any], list[tuple[Any, ...]]]:
    """Return arrays cut along their first axis only, and alike, and for each partition the keys of its blocks."""
    import dask.array as da

    data = [x if is_lazy(x) else np.asarray(x) for x in data]
    if any(x.ndim == 0 for x in data):
        raise ArgumentError("backward: data must have a row for each sample, got a scalar; give that to objective")
    rows = [x.shape[0] for x in data]
    first = next(x for x in data if is_lazy(x))
    if np.isnan(rows).any():
        fine = [is_lazy(x) and x.numblocks == (first.numblocks[0], *[1] * (x.ndim - 1)) for x in data]
        if not all(fine):
            raise ArgumentError(
                "backward: arrays with chunks of unknown sizes cannot be cut alike; call compute_chunk_sizes() of each"
            )
        cut = list(data)
    elif len(set(rows)) > 1:
        raise ArgumentError(
            f"backward: the arrays have different numbers of rows, {', '.join(map(str, rows))}; each sample is one "
            f"row of every array"
        )
    else:
        chunks = [(first.chunks[0], *((size,) for size in x.shape[1:])) for x in data]
        lazy = [x if is_lazy(x) else da.from_array(x, chunks=pieces) for x, pieces in zip(data, chunks, strict=True)]
        cut = [x if x.chunks == pieces else x.rechunk(pieces) for x, pieces in zip(lazy, chunks, strict=True)]
    keys = [tuple((x.name, number, *[0] * (x.ndim - 1)) for x in cut) for number in range(first.numblocks[0])]
    return cut, keys
