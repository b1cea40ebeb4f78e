"""The graph up to an operation that refused its inputs, with that operation as the culprit."""

from __future__ import annotations

import re
from dataclasses import replace

from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import GraphError, OperationError
from tinygrad_lab.nn.module import Module
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.snapshot import OPERATION, Edge, Formula, Node, Snapshot
from tinygrad_lab.viz.describe.summary import Summary
from tinygrad_lab.viz.describe.tracing import Trace


def up_to(error: OperationError) -> Snapshot:
    """Return the graph of what the failed operation was given, and the operation itself, without a value.

    Arguments:
        error: raised by an operation on Values.

    Raises:
        GraphError: if none of them has a recorded graph.
    """
    given = [value for value in error.arguments if isinstance(value, Value)]
    known = [value for value in given if value.requires_grad]
    if not known:
        raise GraphError(
            f"draw: this error does not come from an operation on Values that require a gradient ({error}); "
            f"draw one that does"
        )
    snapshot = capture(known, Trace(names=_names(error)), "up to the error")
    ends = dict(zip(dict.fromkeys(known), _ids(snapshot, known), strict=True))
    layer = type(error.layer).__name__ if error.layer is not None else str(error).partition(":")[0]
    nothing = Summary((), "no value", None, None, None, 0.0, 0.0, 0, 0, 0, (), None)
    culprit = Node("✗", OPERATION, layer, layer, "", "", nothing, None, (Formula("", "", ""),), "", False, 0)
    edges = [Edge(ends[value], culprit.id, i, "", "", None, None) for i, value in enumerate(given) if value in ends]
    nodes = tuple(replace(node, kind=OPERATION) if node.operation else node for node in snapshot.nodes)
    return replace(
        snapshot, nodes=(*nodes, culprit), edges=(*snapshot.edges, *edges), outputs=(culprit.id,),
        notes=(str(error),), culprit=culprit.id,
    )  # fmt: skip


def _names(error: OperationError) -> dict[Value, str]:
    """Return what the parameters of the layer that refused are called, as seen from the module that was called."""
    if not isinstance(error.layer, Module):
        return {}
    at = re.search(r' at "(.*)"$', error.where)
    prefix = f"{at[1]}." if at else ""
    return {parameter: prefix + name for name, parameter in error.layer.named_parameters()}


def _ids(snapshot: Snapshot, known: list[Value]) -> list[str]:
    """Return the ids of these values: the outputs of their snapshot, in order of time."""
    order = sorted(dict.fromkeys(known), key=lambda value: value.index)
    ids = dict(zip(order, snapshot.outputs, strict=True))
    return [ids[value] for value in dict.fromkeys(known)]
