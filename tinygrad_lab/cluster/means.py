"""What a task does for `backward`: the mean of loss, gradients and buffers over the partitions it is given."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from tinygrad_lab import tree
from tinygrad_lab.core.graph import ancestors
from tinygrad_lab.core.value import Value, next_index
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError, GraphError, TinygradError
from tinygrad_lab.extras import extra
from tinygrad_lab.nn.buffer import Buffer
from tinygrad_lab.nn.module import Module
from tinygrad_lab.random import Generator
from tinygrad_lab.refusals.wording import first_line
from tinygrad_lab.typing import Array, Function

Objective: TypeAlias = Function
Graph: TypeAlias = Mapping[Any, Any]  # Dask's: tasks by their keys


class Means(NamedTuple):
    """Means over so many rows."""

    rows: int
    loss: Any
    gradients: list[Any]
    buffers: list[Any]


class Partition(NamedTuple):
    """The rows of one partition: by number, since each draws its own random numbers; `graph` computes its blocks."""

    number: int
    keys: tuple[Any, ...]
    graph: Graph


class Job(NamedTuple):
    """What each partition needs: a model of its own, and what of that model is asked for, without another search."""

    objective: Objective
    model: Module
    parameters: list[Value]
    buffers: list[Buffer]
    generators: list[Any]
    draws: list[int]


def packed(objective: Objective, model: Module) -> bytes:
    """Return a `Job`, pickled: so no partition sees what another does to the model."""
    with extra("dask"):
        import cloudpickle
    parameters, rebuild = tree.flatten(model)
    bare = [Value(p.data, requires_grad=p.requires_grad) for p in parameters]  # without their gradients
    sent = rebuild(bare)
    generators = [rng for _, rng in sent.named_generators()]
    buffers = [buffer for _, buffer in sent.named_buffers()]
    job = Job(objective, sent, bare, buffers, generators, [_draw(rng) for rng in generators])
    try:
        message: bytes = cloudpickle.dumps(job)
    except TinygradError:
        raise
    except Exception as error:
        told = first_line(error)
        raise ArgumentTypeError(
            f"backward: objective and model cannot be sent to workers ({told}); let them hold what can be pickled"
        ) from error
    return message


def of_partitions(job: bytes, about: bytes, blocks: Sequence[Array]) -> Means | None:
    """Return the means over partitions, one after the other.

    Arguments:
        job: from `packed`.
        about: a list of `Partition`s, and the keys of the blocks; pickled.
        blocks: what is there already.
    """
    partitions, keys = pickle.loads(about)  # noqa: S301  which this program has made
    there = dict(zip(keys, blocks, strict=True))
    return together(of_rows(job, each.number, *_rows(each, there)) for each in partitions)


def of_rows(job: bytes, number: int, *rows: Any) -> Means | None:
    """Return the means over the rows of one partition, or None where it has none."""
    counts = [len(x) for x in rows]
    if len(set(counts)) > 1:
        raise ArgumentError(
            f"backward: the blocks of partition {number} have different numbers of rows, "
            f"{', '.join(map(str, counts))}; cut the arrays alike"
        )
    if not counts[0]:
        return None
    own: Job = pickle.loads(job)  # noqa: S301  which this program has made
    for rng, draw in zip(own.generators, own.draws, strict=True):
        _reseed(rng, [draw, number])
    loss = differentiated(own.objective, own.model, rows, own.parameters)
    return Means(counts[0], loss, [p.grad for p in own.parameters], [buffer.data for buffer in own.buffers])


def differentiated(
    objective: Objective, model: Module, rows: Sequence[Array], only: Sequence[Value] | None = None
) -> Array:
    """Add the gradient of `objective(model, *rows)` to the parameters' `grad`, and return its value.

    Where `only` is given, the gradient of any other Value that was there before would be lost, and is refused.
    """
    start = next_index()
    loss = objective(model, *rows)
    if type(loss) is not Value:
        raise ArgumentTypeError(
            f"backward: objective must return the loss, a scalar Value, got {type(loss).__name__}; return what the "
            f"model gives, and nothing beside it"
        )
    if only is not None:
        known = {*map(id, only)}
        lost = [v for v in ancestors([loss]) if v.op is None and v.index < start and id(v) not in known]
        if lost:
            raise GraphError(
                f"backward: objective uses a Value of shape {lost[0].shape} from outside the model that it is given, "
                f"whose gradient would be lost; use that model, and make the Value a parameter of it, or detach() it"
            )
    loss.backward(retain_graph=False)
    return loss.data


def together(parts: Iterable[Means | None]) -> Means | None:
    """Return the means over all rows of several parts.

    Example:
        >>> together([Means(1, 0.0, [3.0], []), None, Means(2, 3.0, [0.0], [])])
        Means(rows=3, loss=2.0, gradients=[1.0], buffers=[])
    """
    return functools.reduce(_both, parts, None)


def _both(a: Means | None, b: Means | None) -> Means | None:
    if a is None or b is None:
        return a or b
    rows = a.rows + b.rows
    p, q = a.rows / rows, b.rows / rows  # rather than sums, which would overflow in float16

    def mixed(x: Any, y: Any) -> Any:
        terms = [weight * z for weight, z in ((p, x), (q, y)) if z is not None]  # a parameter may have taken no part
        return sum(terms[1:], terms[0]) if terms else None

    gradients, buffers = [list(map(mixed, *pair)) for pair in ((a.gradients, b.gradients), (a.buffers, b.buffers))]
    return Means(rows, mixed(a.loss, b.loss), gradients, buffers)


def _rows(partition: Partition, blocks: Mapping[Any, Any]) -> list[Any]:
    """Return the blocks of a partition, of which its graph computes those that are not there."""
    if not partition.graph:
        return [blocks[key] for key in partition.keys]
    import dask

    there = {key: (lambda block=block: block,) for key, block in blocks.items()}  # tasks, whatever the blocks are
    found: list[Any] = list(dask.get({**there, **partition.graph}, list(partition.keys)))
    return found


def _draw(rng: Any) -> int:
    return int(rng.randint(2**31) if hasattr(rng, "randint") else rng.integers(2**63))


def _reseed(rng: Any, entropy: list[int]) -> None:
    """Let a generator go on elsewhere, so that each partition draws its own numbers."""
    if isinstance(rng, Generator):
        rng.bit_generator.state = Generator((entropy[0] << 24) + entropy[1]).bit_generator.state
    elif hasattr(rng, "randint"):
        rng.seed([word % 2**32 for word in entropy])
    else:
        rng.bit_generator.state = type(rng.bit_generator)(entropy).state
