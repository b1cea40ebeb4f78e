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
    threads = client.nthreads()
    message, tasks = _sent(client, job), []
    heavy = len(job) >= _HEAVY  # as gradients then are
    for worker, groups in _groups(needs, _places(client, needs, futures), size, threads).items():
        given = [
            (group, {key: futures[key] for each in group for key in (*each.own, *each.common)}) for group in groups
        ]
        options: dict[str, Any] = {"pure": False, "workers": worker, "allow_other_workers": worker is not None}
        some = client.map(
            of_partitions,
            [message] * len(given),
            [cloudpickle.dumps(([each.partition for each in group], [*blocks])) for group, blocks in given],
            [[*blocks.values()] for _, blocks in given],
            **options,
        )
        tasks += client.map(together, _in_groups(some), **options) if heavy else some
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
) -> dict[str | None, list[list[Needs]]]:
    """Return for each worker which partitions go together: those it has, so many that all its threads have work.

    Under None are those of which no worker has anything.
    """
    there = defaultdict(list)
    for each, place in zip(needs, places, strict=True):
        there[place].append(each)
    _even_out(there, size, threads)
    return {place: _cut(some, size, threads.get(place or "", sum(threads.values()))) for place, some in there.items()}


def _cut(some: list[Needs], size: float, threads: int) -> list[list[Needs]]:
    count = tasks_for(len(some), size, threads)
    bounds = [len(some) * i // count for i in range(count + 1)]
    return [some[a:b] for a, b in itertools.pairwise(bounds)]


def _even_out(there: dict[str | None, list[Needs]], size: float, threads: Mapping[str, int]) -> None:
    """Give some partitions of workers that have more than their share to those that have less.

    Dask keeps blocks where they were made, often twice as many on one worker as on another, which all then wait for.
    """
    total = sum(len(some) for place, some in there.items() if place is not None)
    share = {worker: math.ceil(total * count / sum(threads.values())) for worker, count in threads.items()}
    surplus: list[Needs] = []
    for worker, most in share.items():
        some = there.get(worker, [])
        if len(some[most:]) * size >= _SMALL:  # a few kilobytes are done sooner where they are
            there[worker] = some[:most]
            surplus += some[most:]
    for worker, most in share.items():
        free = max(most - len(there.get(worker, ())), 0)
        if surplus and free:
            there[worker] = [*there.get(worker, ()), *surplus[:free]]
            surplus = surplus[free:]


def tasks_for(count: int, size: float, threads: int) -> int:
    """Return how many tasks partitions become that take `size` bytes each.

    Example:
        >>> tasks_for(40, 1e3, threads=2), tasks_for(40, 1e6, threads=2), tasks_for(40, 1e9, threads=2)
        (2, 10, 40)
    """
    enough = 4 * threads if np.isnan(size) else math.ceil(count * size / _SMALL)
    return min(count, max(enough, threads, 1))
