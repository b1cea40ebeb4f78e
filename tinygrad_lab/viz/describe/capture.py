"""From a computation graph to its `Snapshot`: the walk, the names, and the groups by module call."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.core.graph import ancestors, between
from tinygrad_lab.core.operators import POSITIVE
from tinygrad_lab.core.registry import Op
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import GraphError
from tinygrad_lab.optim.base import Optimizer
from tinygrad_lab.viz.describe import snapshot as kinds
from tinygrad_lab.viz.describe.calls import Calls
from tinygrad_lab.viz.describe.formula import formulas
from tinygrad_lab.viz.describe.gradients import Gradients, gradients_of
from tinygrad_lab.viz.describe.groups import Groups
from tinygrad_lab.viz.describe.mathematics import templates
from tinygrad_lab.viz.describe.snapshot import Edge, Formula, Node, Snapshot
from tinygrad_lab.viz.describe.summary import LARGE, Summary, outline, summarise
from tinygrad_lab.viz.describe.tracing import Trace
from tinygrad_lab.viz.describe.updates import updates_of


def capture(outputs: list[Value], trace: Trace, title: str, optimizer: Optimizer | None = None) -> Snapshot:
    """Describe the graph of `outputs`.

    Arguments:
        outputs: what was computed.
        trace: what was seen of the run; an empty one for a graph that was already there.
        title: what to call the graph.
        optimizer: whose updates to describe as well.

    Raises:
        GraphError: if no output requires a gradient.
    """
    roots = list(dict.fromkeys(output for output in outputs if output.requires_grad))
    if not roots:
        raise GraphError(
            "draw: the output has no recorded graph; compute it from a Value that requires a gradient, "
            "outside no_grad() and compiled functions"
        )
    order = ancestors(roots)[::-1]
    notes = []
    asked = [value for value in order if value.op is None and trace.inputs.get(value, True)]
    leaves = asked or [value for value in order if value.op is None]  # or nothing but data
    try:
        gradients = gradients_of(roots, between(order[::-1], leaves)[::-1])
    except Exception as error:  # a rule under construction: the forward pass is what its author wants to see
        gradients = Gradients()
        notes.append(f"No gradients: {type(error).__name__}: {error}")
    if not notes and any(root.shape != () for root in roots):
        notes.append("Gradients are those of the sum of all output elements.")
    swept = any(value.grad is not None for value in leaves)
    capture = _Capture(roots, order, trace, gradients)
    snapshot = capture.snapshot(title, notes, swept)
    return snapshot if optimizer is None else replace(snapshot, updates=updates_of(roots, optimizer, capture.ids))


class _Capture:
    """One walk over a graph, earliest node first."""

    def __init__(self, roots: list[Value], order: list[Value], trace: Trace, gradients: Gradients) -> None:
        self.order, self.trace, self.gradients = order, trace, gradients
        self.target = {value: _behind(value) for value in order}
        self.roots = {self.target[root] for root in roots}
        self.calls = Calls(order, trace.drawn)
        self.names = {**self.calls.names, **trace.names}
        self.groups = Groups(self.calls, [value for value in order if value.op is not None])
        self.formulas: dict[tuple[Op, int], list[Formula]] = {}
        self.ids: dict[Any, str] = {}  # by Value, or by identity of a plain array, which the graph keeps alive
        self.taken: dict[str, int] = {}  # ids, and up to which number they were given
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[Edge] = []
        self.plain = {id(array): name for array, name in trace.plain}
        self.here = Path.cwd()

    def snapshot(self, title: str, notes: list[str], swept: bool) -> Snapshot:
        """Walk, and freeze what was found."""
        for value in self.order:
            if self.target[value] is value:
                if not _is_leaf(value):
                    self._operation(value)
                elif value in self.roots:
                    self._leaf(value)  # other leaves come just before their first use
        self._place_leaves()
        self._find_labels()
        uses = Counter(edge.source for edge in self.edges if edge.gradient is not None)
        unused = [name for value, name in self.names.items() if value not in self.ids]
        if unused:
            notes.append(f"Without influence on the output: {', '.join(unused)}.")
        return Snapshot(
            title,
            tuple(notes),
            tuple(Node(uses=uses[node["id"]], **node) for node in self.nodes),
            tuple(self.edges),
            self.groups.all(),
            tuple(self.ids[root] for root in self.order if root in self.roots),
            swept,
        )

    def _operation(self, value: Value) -> None:
        op = value.op
        assert op is not None
        rules = self._formulas(op, len(value.parents))
        sources: list[tuple[int, str]] = []
        own_words = {"residuals"} if op.residuals else set()  # what its rules kept is no keyword of a call
        words = [f"{key}={_text(item)}" for key, item in value.kwargs.items() if key not in own_words]
        for position, (parent, array) in enumerate(zip(value.parents, value.saved[1:], strict=True)):
            if parent is not None:
                parent = _behind(parent)
                sources.append((position, self.ids.get(parent) or self._leaf(parent)))
            elif _is_array(array):
                sources.append((position, self._constant(array)))
            else:
                words.insert(0, _text(array))
        group = self.groups.of.get(value, "")
        kind = kinds.OPERATION if value not in self.roots else kinds.LOSS if self._is_loss(value) else kinds.OUTPUT
        base = f"{group}/{op.name}" if group else op.name
        more = {"operation": op.name, "detail": ", ".join(words), "group": group, "source": self._source(value)}
        array = value.saved[0]
        summary = outline(array, ends=True) if len(self.order) > LARGE else summarise(array)
        own = self._add(value, base, kind, value.name or op.name, summary, formulas=tuple(rules), **more)
        for position, source in sources:
            rule, key = rules[position], (value, position)
            contribution = self.gradients.contributions.get(key)
            local = self.gradients.local.get(key)
            self.edges.append(Edge(source, own, position, rule.argument, rule.rule, contribution, local))

    def _source(self, value: Value) -> str:
        """Return the line that made a value, without the machine's folders: pictures travel, and are to be alike."""
        if not value.origin or value.origin == self.trace.origin:  # no code of the user's between `draw` and this
            return ""
        path = Path(value.origin)
        if path.parent.name.startswith("ipykernel_"):  # where Jupyter says that a notebook's cells are
            return f"cell:{path.name.rpartition(':')[2]}"
        return path.relative_to(self.here).as_posix() if path.is_relative_to(self.here) else path.name

    def _leaf(self, value: Value) -> str:
        data = value.data if value.op is None else value.saved[0]
        if value in self.trace.inputs or value.op is not None:
            kind = kinds.INPUT
        else:
            kind = kinds.PARAMETER if value.requires_grad else _kind_of_plain(data)
        known = self.names.get(value) or value.name
        name = known or (_constant_name(data) if kind == kinds.CONSTANT else kind)
        return self._add(value, known or kind, kind, name, summarise(data), detached=not value.requires_grad)

    def _constant(self, array: Any) -> str:
        key = ("array", id(array)) if np.ndim(array) else object()
        if key in self.ids:
            return self.ids[key]
        name = self.plain.get(id(array))
        kind = _kind_of_plain(array) if name is None else kinds.INPUT
        known = name or (_constant_name(array) if kind == kinds.CONSTANT else kind)
        return self._add(key, name or kind, kind, known, summarise(array))

    def _add(self, key: Any, base: str, kind: str, name: str, value: Summary, **more: Any) -> str:
        own = base
        while own in self.taken:
            self.taken[base] += 1
            own = f"{base}-{self.taken[base]}"
        self.taken[own] = 1
        self.ids[key] = own
        absent = {"operation": "", "detail": "", "group": "", "formulas": (), "source": "", "detached": False}
        gradient = self.gradients.gradients.get(key) if isinstance(key, Value) else None
        self.nodes.append(
            {**absent, "id": own, "kind": kind, "name": name, "value": value, "gradient": gradient, **more}
        )
        return own

    def _place_leaves(self) -> None:
        """Put parameters and constants into the innermost group that holds all their uses; inputs are from outside."""
        groups = {node["id"]: node["group"] for node in self.nodes}
        places: dict[str, list[str]] = {}
        for edge in self.edges:
            path = self.groups.path(groups[edge.target])
            common = places.setdefault(edge.source, path)
            places[edge.source] = [a for a, b in zip(common, path, strict=False) if a == b]
        for node in self.nodes:
            if node["kind"] in (kinds.PARAMETER, kinds.CONSTANT) and places.get(node["id"]):
                node["group"] = places[node["id"]][-1]

    def _find_labels(self) -> None:
        """Tell labels from data: nothing computed from a label meets a parameter any more."""
        nodes = {node["id"]: node for node in self.nodes}
        meets = {edge.target for edge in self.edges if nodes[edge.source]["kind"] == kinds.PARAMETER}
        for edge in reversed(self.edges):
            if edge.target in meets:
                meets.add(edge.source)
        trained = {edge.source for edge in self.edges if nodes[edge.source]["kind"] == kinds.PARAMETER}
        for edge in self.edges:
            if edge.source in trained:
                trained.add(edge.target)
        beside = {edge.target for edge in self.edges if edge.source in trained}
        for edge in self.edges:
            node = nodes[edge.source]
            if node["kind"] == kinds.INPUT and edge.source not in meets and edge.target in beside:
                unnamed = node["name"] == kinds.INPUT
                node.update(kind=kinds.LABEL, detached=False, name=kinds.LABEL if unnamed else node["name"])

    def _is_loss(self, value: Value) -> bool:
        """Whether an output is what training would minimise: a real scalar, by a loss or of a module's parameters."""
        if np.ndim(value.saved[0]) or np.iscomplexobj(value.saved[0]):
            return False
        assert value.op is not None
        call = self.calls.around(value.index)
        return (
            value.op.family == "losses"
            or (call is not None and call.kind.endswith("Loss"))
            or any(parent in self.calls.names for node in self.order for parent in node.parents)
        )

    def _formulas(self, op: Op, arity: int) -> list[Formula]:
        if (op, arity) in self.formulas:
            return self.formulas[op, arity]
        known = _describe_rules(op)
        last = known[-1] if known else Formula("", "", "")  # a variadic rule serves all arguments
        found = known[:arity] + [last] * (arity - len(known))
        described = [replace(one, math=math) for one, math in zip(found, templates(op, arity), strict=True)]
        return self.formulas.setdefault((op, arity), described)


def _behind(value: Value) -> Value:
    """Return the Value that `value` is only another name for, as transforms and the sweep make them, or itself."""
    while value.op is POSITIVE and value.saved[0] is value.saved[1] and value.parents[0] is not None:
        value = value.parents[0]
    return value


def _is_leaf(value: Value) -> bool:
    return value.op is None or (value.op is POSITIVE and value.parents[0] is None)


def _describe_rules(op: Op) -> list[Formula]:
    try:
        texts = formulas(op)
    except (AttributeError, OSError, SyntaxError, TypeError, ValueError):  # a rule without source text
        texts = [None] * min(len(op.rules), 8)
    result = []
    for position, text in enumerate(texts):
        code = getattr(op.rules[position], "__code__", None)
        names = code.co_varnames[2 : code.co_argcount] if code is not None else ()
        result.append(Formula(names[position] if position < len(names) else "", text or "", ""))
    return result


def _is_array(x: Any) -> bool:
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    return kind in ("b", "i", "u", "f", "c") or (isinstance(x, int | float | complex) and kind == "")


def _kind_of_plain(x: Any) -> str:
    """Return what an array without a name is taken for: one with different elements is data, unless they are truths."""
    flat = np.asarray(x).reshape(-1)
    return kinds.INPUT if flat.size > 1 and flat.dtype != bool and not (flat == flat[0]).all() else kinds.CONSTANT


def _constant_name(x: Any) -> str:
    if np.size(x) == 1:
        return f"{np.asarray(x).reshape(-1)[0]:.4g}"
    return "mask" if np.asarray(x).dtype == bool else "constant"


def _text(x: Any) -> str:
    """Return an argument as text that is the same on every run: no addresses, nothing long."""
    if isinstance(x, slice):
        parts = ["" if part is None else str(part) for part in (x.start, x.stop, x.step)]
        return ":".join(parts if x.step is not None else parts[:2])
    if isinstance(x, tuple | list):
        inner = ", ".join(map(_text, x))
        return f"({inner},)" if type(x) is tuple and len(x) == 1 else f"({inner})" if type(x) is tuple else f"[{inner}]"
    if x is None or x is Ellipsis or isinstance(x, str | int | float | complex | np.generic):
        return "…" if x is Ellipsis else str(x) if isinstance(x, np.generic) else repr(x)
    if hasattr(x, "dtype"):
        return str(x.dtype) + str(np.shape(x))
    return getattr(x, "__name__", None) or type(x).__name__
