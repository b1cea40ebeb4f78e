"""Pictures of computation graphs, on any machine: as SVG, HTML, text, DOT and PNG.

`draw` looks at a Value, a module or a function and returns a `Graph`, which shows itself in a notebook and writes
files. The floors: `snapshot` describes a graph as plain data (`tracing` and `capture` make the description), `view`
chooses what to show (`folding` finds what repeats, `health` what is wrong), `layout` places it, and `svg`, `dot`,
`text` and `raster` write it down; `html` writes the page that steps through back-propagation, as `steps` has it.
"""

from tinygrad_lab.viz.difference import Difference
from tinygrad_lab.viz.graph import Graph, doctor, draw
from tinygrad_lab.viz.labels import Shown
from tinygrad_lab.viz.snapshot import Edge, Formula, Group, Node, Snapshot
from tinygrad_lab.viz.stepper import Contribution, Step, steps
from tinygrad_lab.viz.summary import Summary
from tinygrad_lab.viz.view import Level

__all__ = [
    "Contribution",
    "Difference",
    "Edge",
    "Formula",
    "Graph",
    "Group",
    "Level",
    "Node",
    "Shown",
    "Snapshot",
    "Step",
    "Summary",
    "doctor",
    "draw",
    "steps",
]
