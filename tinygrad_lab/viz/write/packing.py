"""A large snapshot in columns, for a page: each text once, numbers in five digits, a tenth of the size of plain JSON.

A column is {"all": x} where every entry is x, {"table": […], "at": […]} where entries repeat, else a list. Records are
{"count": n, field: column, …}; a summary that is not there has the shape null. Edges name their ends by number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from tinygrad_lab.viz.describe.snapshot import Edge, Group, Node, Snapshot
from tinygrad_lab.viz.describe.summary import Summary, jsonable

_NODE = ("id", "kind", "name", "operation", "detail", "group", "source", "detached", "uses")
_EDGE = ("position", "argument", "rule")
_SUMMARY = ("shape", "dtype", "minimum", "mean", "maximum", "norm", "rms", "nan", "infinite", "zero", "value")


def pack(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot in columns, as JSON has it.

    Arguments:
        snapshot: the graph.
    """
    number = {node.id: i for i, node in enumerate(snapshot.nodes)}
    nodes, edges = snapshot.nodes, snapshot.edges
    return {
        "title": snapshot.title,
        "notes": snapshot.notes,
        "outputs": snapshot.outputs,
        "swept": snapshot.swept,
        "nodes": {
            **_records(nodes, _NODE),
            "formulas": column([[formula.to_dict() for formula in node.formulas] for node in nodes]),
            "value": _summaries([node.value for node in nodes]),
            "gradient": _summaries([node.gradient for node in nodes]),
        },
        "edges": {
            **_records(edges, _EDGE),
            "source": [number[edge.source] for edge in edges],
            "target": [number[edge.target] for edge in edges],
            "gradient": _summaries([edge.gradient for edge in edges]),
        },
        "groups": _records(snapshot.groups, ("id", "parent", "path", "call", "name", "kind", "detail")),
    }


def column(entries: Sequence[Any]) -> Any:
    """Return a list of JSON's values in the shortest of the three forms.

    Example:
        >>> column(["a", "b", "a", "a", "a"]), column([1, 1, 1])
        ({'table': ['a', 'b'], 'at': [0, 1, 0, 0, 0]}, {'all': 1})
    """
    keys = [entry if isinstance(entry, str | int | float) else json.dumps(entry) for entry in entries]
    table: dict[Any, int] = {}
    at = [table.setdefault(key, len(table)) for key in keys]
    first = dict(zip(reversed(at), reversed(entries), strict=True))
    if len(table) == 1:
        return {"all": entries[0]}
    if len(table) * 2 < len(entries):
        return {"table": [first[i] for i in range(len(table))], "at": at}
    return list(entries)


def _records(items: Sequence[Node | Edge | Group], fields: Iterable[str]) -> dict[str, Any]:
    return {"count": len(items), **{field: column([getattr(item, field) for item in items]) for field in fields}}


def _summaries(items: Sequence[Summary | None]) -> dict[str, Any]:
    found: dict[str, Any] = {"count": len(items)}
    for field in _SUMMARY:
        found[field] = column([None if item is None else _short(getattr(item, field)) for item in items])
    return found


def _short(x: Any) -> Any:
    if isinstance(x, float) and math.isfinite(x):
        return float(f"{x:.5g}")
    return [_short(item) for item in x] if isinstance(x, list | tuple) else jsonable(x)
