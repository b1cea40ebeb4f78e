"""What partitions need, by Dask's graphs: tasks that one of them alone needs, and what is there or for several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tinygrad_lab.cluster.connecting import Client
from tinygrad_lab.cluster.means import Graph, Partition

Keys = Sequence[tuple[Any, ...]]  # of the blocks of each partition
Futures = dict[Any, Any]  # by the keys of what they stand for

_ALL = -1  # in the place of a partition's number


class Needs(NamedTuple):
    """A partition with the tasks that it alone needs, and the keys of what else it needs."""

    partition: Partition
    own: list[Any]  # that no other partition needs
    common: list[Any]


def needs_of(client: Client, graph: Graph, keys: Keys) -> tuple[list[Needs], Futures]:
    """Return what each partition needs, and futures of what is there already, or begun here since several need it."""
    futures = _futures(client, graph)
    owners = _owners(graph, keys, futures)
    tasks: list[dict[Any, Any]] = [{} for _ in keys]
    for key, owner in owners.items():
        if owner != _ALL and key not in futures:
            tasks[owner][key] = graph[key]
    outside = [_outside(graph, row, mine) for row, mine in zip(keys, tasks, strict=True)]
    shared = [key for key in dict.fromkeys(key for some in outside for key in some) if key not in futures]
    if shared:
        common = {
            key: graph[key] for key, owner in owners.items() if key in graph and (owner == _ALL or key in futures)
        }
        futures |= zip(shared, client.get(common, shared, sync=False), strict=True)
    return [
        Needs(
            Partition(number, row, mine),
            [key for key in some if owners[key] == number],
            [key for key in some if owners[key] != number],
        )
        for number, (row, mine, some) in enumerate(zip(keys, tasks, outside, strict=True))
    ], futures


def _futures(client: Client, graph: Graph) -> Futures:
    """Return the futures of what a client's workers have of a graph, or are about to have."""
    from distributed import Future

    known = client.futures
    return {
        key: task if isinstance(task, Future) else Future(key, client)
        for key, task in graph.items()
        if isinstance(task, Future) or key in known
    }


def _owners(graph: Graph, keys: Keys, futures: Futures) -> dict[Any, int]:
    """Return for all keys that partitions need the number of the only one that needs it, or `_ALL`."""
    owners: dict[Any, int] = {}
    for number, row in enumerate(keys):
        stack = [(key, number) for key in row]
        while stack:
            key, owner = stack.pop()
            if owners.get(key) in (owner, _ALL):
                continue
            below = () if key in futures else _dependencies(graph, key)
            alone = key not in owners and all(each in graph for each in below)  # or it needs a future of its own
            owners[key] = owner if alone else _ALL
            stack += [(each, owners[key]) for each in below if each in graph]
    return owners


def _outside(graph: Graph, row: Iterable[Any], tasks: Mapping[Any, Any]) -> list[Any]:
    """Return the keys of what a partition needs but does not compute."""
    found = [each for key in tasks for each in _dependencies(graph, key)]
    return [key for key in dict.fromkeys([*row, *found]) if key not in tasks]


def _dependencies(graph: Graph, key: Any) -> Iterable[Any]:
    from dask.core import get_dependencies

    known: Iterable[Any] | None = getattr(graph[key], "dependencies", None)  # those of tuples have to be found
    return get_dependencies(graph, key) if known is None else known
