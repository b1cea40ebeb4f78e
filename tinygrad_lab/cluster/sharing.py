"""How partitions are shared out: few tasks, each with all that only its partitions need, where their data are."""

from __future__ import annotations

import itertools
import math
import uuid
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_lab.cluster.connecting import Client
from tinygrad_lab.cluster.means import Graph, Means, of_partitions, of_rows, together
from tinygrad_lab.cluster.needs import Futures, Keys, Needs, needs_of

_FAN_IN = 8  # so many partial means become one
_SMALL = 4 << 20  # bytes that a task goes through at least, where there are tasks enough for all threads
_HEAVY = 1 << 20  # bytes of a message that goes to one worker, and from there to the others


def over_threads(job: bytes, arrays: Sequence[Any], keys: Keys) -> Means | None:
    """Return the means over all partitions, by whatever Dask computes with where there is no client."""
    from dask.delayed import Delayed
    from dask.highlevelgraph import HighLevelGraph

    name = f"backward-{uuid.uuid4().hex}"
    level: list[Any] = [(name, 0, number) for number in range(len(keys))]
    graph: dict[Any, Any] = {key: (of_rows, job, key[2], *row) for key, row in zip(level, keys, strict=True)}
    while len(level) > 1:
        groups = _in_groups(level)
        level = [(name, level[0][1] + 1, number) for number in range(len(groups))]
        graph |= {key: (together, group) for key, group in zip(level, groups, strict=True)}
    layers = HighLevelGraph.from_collections(name, graph | {name: level[0]}, dependencies=arrays)
    found: Means | None = Delayed(name, layers).compute()
    return found


def over_workers(client: Client, job: bytes, graph: Graph, keys: Keys, size: float) -> Means | None:
    """Return the means over all partitions, by the workers of a client.

    A task costs the scheduler milliseconds, so there are few: one goes through several partitions, if they are small,
    and computes their blocks, if they are not there yet. What several partitions need is computed once, by Dask.

    Arguments:
        client: of `distributed`.
        job: from `means.packed`.
        graph: computes the blocks.
        keys: of the blocks of each partition.
        size: the bytes of a partition; NaN where nobody knows.
    """
    import cloudpickle

    needs, futures = needs_of(client, graph, keys)
    groups = _groups(needs, _places(client, needs, futures), size, client.nthreads())
    given = [(group, {key: futures[key] for each in group for key in (*each.own, *each.common)}) for group in groups]
    tasks = client.map(
        of_partitions,
        [_sent(client, job)] * len(given),
        [cloudpickle.dumps(([each.partition for each in group], [*blocks])) for group, blocks in given],
        [[*blocks.values()] for _, blocks in given],
        pure=False,
    )
    while len(tasks) > _FAN_IN:
        tasks = client.map(together, _in_groups(tasks), pure=False)
    return together(client.gather(tasks))


def _in_groups(level: Sequence[Any]) -> list[Any]:
    return [level[i : i + _FAN_IN] for i in range(0, len(level), _FAN_IN)]


def _sent(client: Client, job: bytes) -> Any:
    """Return a message for all tasks, or its future if it is large: workers hand that on to each other."""
    if len(job) < _HEAVY:
        return job
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")  # parameters have to travel
        return client.submit(_same, job, pure=False)  # scattered, it would be lost with the worker that has it


def _same(job: bytes) -> bytes:
    return job


def _places(client: Client, needs: Sequence[Needs], futures: Futures) -> list[str | None]:
    """Return for each partition a worker that has data of it, or None."""
    own = [futures[key] for each in needs for key in each.own]
    found = client.who_has(own) if own else {}
    workers = [[worker for key in each.own for worker in found.get(futures[key].key, ())] for each in needs]
    return [some[0] if some else None for some in workers]


def _groups(
    needs: Sequence[Needs], places: Sequence[str | None], size: float, threads: Mapping[str, int]
) -> list[list[Needs]]:
    """Return which partitions go together: those in the same place, so many that all threads have work."""
    there = defaultdict(list)
    for each, place in zip(needs, places, strict=True):
        there[place].append(each)
    groups = []
    for place, some in there.items():
        count = tasks_for(len(some), size, threads.get(place or "", sum(threads.values())))
        bounds = [len(some) * i // count for i in range(count + 1)]
        groups += [some[a:b] for a, b in itertools.pairwise(bounds)]
    return groups


def tasks_for(count: int, size: float, threads: int) -> int:
    """Return how many tasks partitions become that take `size` bytes each.

    Example:
        >>> tasks_for(40, 1e3, threads=2), tasks_for(40, 1e6, threads=2), tasks_for(40, 1e9, threads=2)
        (2, 10, 40)
    """
    enough = 4 * threads if np.isnan(size) else math.ceil(count * size / _SMALL)
    return min(count, max(enough, threads, 1))
