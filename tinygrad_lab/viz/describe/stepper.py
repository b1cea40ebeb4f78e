"""The reverse sweep as a list of steps: upstream gradient × local derivative = contribution, and where they add up.

The numbers are those that the engine's own sweep left in the snapshot; nothing is differentiated here. Only the running
sums are added up again, in the sweep's order and dtype, so that the last one is the gradient to the last bit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.viz.describe.snapshot import Edge, Node, Snapshot
from tinygrad_lab.viz.describe.summary import Summary, jsonable


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one step adds to the gradient of one argument.

    Attributes:
        number: of the edge, in `Snapshot.edges`.
        edge: that edge; its `local` is the local derivative, where there is one number per element.
        arrived: how many contributions the argument's gradient now has.
        uses: how many it will have.
        total: their sum so far, nested as in `tolist()`; None for large arrays.
    """

    number: int
    edge: Edge
    arrived: int
    uses: int
    total: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One operation's turn in the sweep.

    Attributes:
        node: the operation.
        upstream: its gradient, complete by now.
        contributions: one for each argument that needs a gradient.

    Example:
        >>> import tinygrad_lab as tl
        >>> from tinygrad_lab.viz.describe.capture import capture
        >>> from tinygrad_lab.viz.describe.tracing import Trace
        >>> x = tl.Value(3.0, name="x")
        >>> for step in steps(capture([x * x + x], Trace(), "sum")):
        ...     print(step)
        add: 1.0 × 1.0 = 1.0 to multiply; 1.0 × 1.0 = 1.0 to x (1 of 3, Σ 1.0)
        multiply: 1.0 × 3.0 = 3.0 to x (2 of 3, Σ 4.0); 1.0 × 3.0 = 3.0 to x (3 of 3, Σ 7.0)
    """

    node: Node
    upstream: Summary
    contributions: tuple[Contribution, ...]

    def __str__(self) -> str:
        return f"{self.node.name}: " + "; ".join(self._line(contribution) for contribution in self.contributions)

    def _line(self, contribution: Contribution) -> str:
        edge = contribution.edge
        assert edge.gradient is not None
        local = edge.rule if edge.local is None else edge.local
        product = f"{_text(self.upstream)} × {_rounded(local)}" if edge.local is not None else local
        line = f"{product} = {_text(edge.gradient)} to {edge.source}"
        if contribution.uses > 1:
            total = "" if contribution.total is None else f", Σ {_rounded(contribution.total)}"
            line += f" ({contribution.arrived} of {contribution.uses}{total})"
        return line


def _rounded(local: Any) -> str:
    """Return a number as it is, and the elements of an array to four digits."""
    if not isinstance(local, list | tuple):
        return str(local)
    return f"[{', '.join(f'{x:.4g}' if isinstance(x, float) else _rounded(x) for x in local)}]"


def steps(snapshot: Snapshot) -> tuple[Step, ...]:
    """Return the steps of the sweep in its order, the operation that was computed last first.

    The outputs' gradients, ones, are there before the first step. A snapshot without gradients has no steps.

    Arguments:
        snapshot: the graph.
    """
    entering: dict[str, list[tuple[int, Edge]]] = defaultdict(list)
    for number, edge in enumerate(snapshot.edges):
        if edge.gradient is not None:
            entering[edge.target].append((number, edge))
    sums = {own: _ones(snapshot.by_id[own].value) for own in snapshot.outputs}
    arrived: dict[str, int] = defaultdict(int)
    found = []
    for node in reversed(snapshot.nodes):
        if node.gradient is None or node.id not in entering:
            continue
        contributions = []
        for number, edge in entering[node.id]:
            source = edge.source
            sums[source] = _sum(sums.get(source), edge.gradient)
            arrived[source] += 1
            total = None if sums[source] is None else jsonable(sums[source].tolist())
            uses = snapshot.by_id[source].uses
            contributions.append(Contribution(number, edge, arrived[source], uses, total))
        found.append(Step(node, node.gradient, tuple(contributions)))
    return tuple(found)


def _array(summary: Summary | None) -> Any:
    """Return the array of a small summary, None of a large one."""
    if summary is None or summary.value is None:
        return None
    return np.array(summary.value, dtype=summary.dtype)


def _ones(summary: Summary) -> Any:
    return None if summary.value is None else np.ones(summary.shape, dtype=summary.dtype)


def _sum(total: Any, summary: Summary | None) -> Any:
    contribution = _array(summary)
    if total is None or contribution is None:
        return contribution
    with np.errstate(all="ignore"):
        return total + contribution


def _text(summary: Summary) -> str:
    if summary.value is not None and math.prod(summary.shape) <= 1:
        return str(summary.value)
    return f"[{' × '.join(map(str, summary.shape))}, norm {summary.norm:.4g}]"
