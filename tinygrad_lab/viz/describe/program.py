"""A compiled program as a snapshot: its calls are the operations; loops' bodies, and what is fused, are groups."""

from __future__ import annotations

from typing import Any

from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, variables
from tinygrad_lab.viz.describe.snapshot import CONSTANT, INPUT, OPERATION, OUTPUT, Edge, Group, Node, Snapshot
from tinygrad_lab.viz.describe.summary import Summary


def describe(program: Program) -> Snapshot:
    """Return the snapshot of a program; of its arrays it knows shapes and dtypes.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> describe(trace(lambda x: np.tanh(x) * 2, np.zeros(3), name="double")).operations
        2
    """
    writer = _Writer()
    writer.add(program, "", {})
    outputs = tuple(writer.ids[v] for v in program.outputs)
    nodes = tuple(
        node if node.id not in outputs or node.kind != OPERATION else _with_kind(node, OUTPUT) for node in writer.nodes
    )
    note = "A compiled program: shapes and dtypes are known, values are not."
    return Snapshot(program.name, (note,), nodes, tuple(writer.edges), tuple(writer.groups), outputs)


class _Writer:
    def __init__(self) -> None:
        self.ids: dict[Variable, str] = {}
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []

    def add(self, program: Program, group: str, known: dict[Variable, str]) -> None:
        """Add a program's calls; `known` has the nodes that its inputs stand for, where it is the body of a loop."""
        self.ids.update(known)
        for v in (*program.inputs, *program.constants):
            if v not in known:
                self._node(v, INPUT if v in program.inputs else CONSTANT, None, group)
        frames: dict[Call, str] = {}
        for fused in program.fused:
            name = f"fused {len(self.groups) + 1}"
            self.groups.append(Group(name, group, name, 1, fused.how, "fused", ""))
            frames |= dict.fromkeys(fused.calls, name)
        for call in program.calls:
            if isinstance(call.function, Loop):
                self._loop(call, call.function, group)
            else:
                for v in call.outputs:
                    self._node(v, OPERATION, call, frames.get(call, group))
                    self._edges(v, list(variables(call)))

    def _loop(self, call: Call, loop: Loop, group: str) -> None:
        name = f"loop {len(self.groups) + 1}"
        length = call.args[0].name if type(call.args[0]) is Variable else str(call.args[0])
        self.groups.append(Group(name, group, name, 1, f"{loop.body.name} × {length}", "loop", ""))
        known = {v: self.ids[x] for v, x in zip(loop.body.inputs, call.args[1:], strict=True) if type(x) is Variable}
        self.add(loop.body, name, known)
        made = loop.body.outputs[: len(loop.body.outputs) - loop.until]
        for v, inner in zip(call.outputs[1:], made, strict=True):
            self._node(v, OPERATION, call, group)
            carried = inner in loop.body.inputs[: loop.carried]  # what is stacked is what the rounds before have made
            self._edges(v, [made[loop.body.inputs.index(inner)] if carried else inner])

    def _node(self, v: Variable, kind: str, call: Call | None, group: str) -> None:
        self.ids[v] = identity = f"{len(self.nodes)}/{v.name}"
        operation = "" if call is None else str(getattr(call.function, "__name__", ""))
        summary = Summary(v.shape, str(v.dtype), None, None, None, 0.0, 0.0, 0, 0, 0, (), None)
        source = "" if call is None else call.line
        detail = "" if call is None else ", ".join(f"{key}={x!r}" for key, x in call.kwargs.items() if _short(x))
        name = operation if v.name.rstrip("_0123456789") == operation else v.name  # `add_2` says no more than `add`
        self.nodes.append(Node(identity, kind, name, operation, detail, group, summary, None, (), source, False, 0))

    def _edges(self, target: Variable, operands: list[Variable]) -> None:
        for position, v in enumerate(operands):
            self.edges.append(Edge(self.ids[v], self.ids[target], position, "", "", None, None))


def _short(x: Any) -> bool:
    return isinstance(x, bool | int | float | str | tuple) and not any(True for _ in variables(x))


def _with_kind(node: Node, kind: str) -> Node:
    return Node(**{**{name: getattr(node, name) for name in node.__slots__}, "kind": kind})
