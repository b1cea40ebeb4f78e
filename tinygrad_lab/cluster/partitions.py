"""`backward`: the gradient of a mean over rows, one task for each partition of the data."""

from __future__ import annotations

import os
import pickle
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.cluster.computing import is_lazy
from tinygrad_lab.cluster.failures import explained
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.transforms import value_and_grad
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.extras import extra
from tinygrad_lab.nn.module import Module
from tinygrad_lab.random import Generator

Objective = Callable[..., Any]
Sums = tuple[int, Any, list[Any], list[Any]]  # of some partitions: rows, and weighted by rows loss, gradients, buffers
_FAN_IN = 8  # so many partial sums become one
_SMALL = 4 << 20  # bytes that a task goes through at least, where there are tasks enough for all workers


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
        ArgumentError: the arrays' rows do not match.
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
    if not any(map(is_lazy, data)):
        loss = objective(model, *data)
        loss.backward()
        return loss.data
    rows, loss, gradients, buffers = _summed(_job(objective, model), _blocks(data))
    for parameter, g in zip(tree.leaves(model), gradients, strict=True):
        g = (g / rows).astype(parameter.dtype)[()]
        parameter.grad = g if parameter.grad is None else parameter.grad + g
    for (_, buffer), found in zip(model.named_buffers(), buffers, strict=True):
        mean = found / rows
        buffer.data = (mean if buffer.data.dtype.kind == "f" else np.rint(mean)).astype(buffer.data.dtype)[()]
    return loss / rows


def _job(objective: Objective, model: Module) -> bytes:
    """Return what each partition needs, as one message: no partition sees what another does to the model."""
    with extra("dask"):
        import cloudpickle
    parameters, rebuild = tree.flatten(model)
    draws = [_draw(rng) for rng in _rngs(model)]
    job: bytes = cloudpickle.dumps((objective, rebuild([parameter.data for parameter in parameters]), draws))
    return job


def _rngs(model: Module) -> list[Any]:
    return [rng for _, rng in model.named_generators()]


def _draw(rng: Any) -> int:
    return int(rng.randint(2**31) if hasattr(rng, "randint") else rng.integers(2**63))


def _together(arrays: Sequence[Any]) -> int:
    """Return how many partitions a task takes: a task costs more than the work on a few kilobytes."""
    count = arrays[0].numblocks[0]
    size = sum(x.nbytes for x in arrays) / count
    if np.isnan(size):
        return 1
    return max(1, min(int(_SMALL // max(size, 1)), count // (2 * _threads())))


def _threads() -> int:
    """Return how many tasks run beside each other."""
    try:
        from distributed import default_client

        return max(1, sum(default_client().nthreads().values()))
    except (ImportError, ValueError):  # Dask's own threads
        return os.cpu_count() or 1


def _some(job: bytes, first: int, partitions: list[list[Any]]) -> Sums:
    """Return the sums of partitions that follow one another."""
    return _add([_one(job, number, *rows) for number, rows in enumerate(partitions, first)])


def _one(job: bytes, number: int, *rows: Any) -> Sums:
    """Return of one partition its number of rows, and that times its loss, gradients and buffers."""
    objective, model, draws = pickle.loads(job)  # noqa: S301  which this program has made
    for rng, draw in zip(_rngs(model), draws, strict=True):
        _reseed(rng, [draw, number])
    count = len(rows[0])
    loss, gradients = value_and_grad(objective)(model, *rows)
    held = [buffer.data for _, buffer in model.named_buffers()]
    return count, loss * count, [plain(g) * count for g in tree.leaves(gradients)], [x * count for x in held]


def _reseed(rng: Any, entropy: list[int]) -> None:
    """Let a generator go on elsewhere, so that each partition draws its own numbers."""
    if isinstance(rng, Generator):
        rng.bit_generator.state = Generator((entropy[0] << 24) + entropy[1]).bit_generator.state
    elif hasattr(rng, "randint"):
        rng.seed([word % 2**32 for word in entropy])
    else:
        rng.bit_generator.state = type(rng.bit_generator)(entropy).state


def _add(parts: list[Sums]) -> Sums:
    rows, losses, gradients, buffers = zip(*parts, strict=True)
    return sum(rows), sum(losses), _columns(gradients), _columns(buffers)


def _columns(parts: Sequence[list[Any]]) -> list[Any]:
    return [sum(column[1:], column[0]) for column in zip(*parts, strict=True)]


def _summed(job: bytes, blocks: Any) -> Sums:
    """Return the sum over all partitions, added up where they are, so that little has to travel."""
    from dask.delayed import Delayed
    from dask.highlevelgraph import HighLevelGraph

    arrays, keys = blocks
    name = f"backward-{uuid.uuid4().hex}"
    try:
        together = _together(arrays)
    except Exception as error:
        raise explained("backward", error) from error
    graph: dict[Any, Any] = {f"{name}-job": job}
    level = [(name, 0, first) for first in range(0, len(keys), together)]
    for key in level:
        *_, first = key
        graph[key] = (_some, f"{name}-job", first, [list(row) for row in keys[first : first + together]])
    depth = 0
    while len(level) > 1:
        depth += 1
        groups = [level[i : i + _FAN_IN] for i in range(0, len(level), _FAN_IN)]
        level = [(name, depth, number) for number in range(len(groups))]
        graph |= {key: (_add, group) for key, group in zip(level, groups, strict=True)}
    graph[name] = level[0]
    try:
        found: Sums = Delayed(name, HighLevelGraph.from_collections(name, graph, dependencies=arrays)).compute()
    except Exception as error:
        raise explained("backward", error) from error
    return found


def _blocks(data: Sequence[Any]) -> tuple[list[Any], list[tuple[Any, ...]]]:
    """Return arrays cut along their first axis only, and alike, and for each partition the keys of its blocks."""
    import dask.array as da

    rows = {len(x) for x in data}
    if len(rows) > 1 and not any(np.isnan(count) for count in rows):
        raise ArgumentError(
            f"backward: the arrays have different numbers of rows, {', '.join(str(len(x)) for x in data)}; each "
            f"sample is one row of every array"
        )
    first = next(x for x in data if is_lazy(x))
    cut = [x if is_lazy(x) else da.from_array(np.asarray(x), chunks=(first.chunks[0], *x.shape[1:])) for x in data]
    cut = [x if x.numblocks[1:] == (1,) * (x.ndim - 1) else x.rechunk(dict.fromkeys(range(1, x.ndim), -1)) for x in cut]
    cut = [x if x.numblocks[0] == first.numblocks[0] else x.rechunk({0: first.chunks[0]}) for x in cut]
    keys = [[(x.name, number, *[0] * (x.ndim - 1)) for x in cut] for number in range(first.numblocks[0])]
    return cut, [tuple(row) for row in keys]
