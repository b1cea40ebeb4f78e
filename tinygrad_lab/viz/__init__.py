"""Pictures of computation graphs, on any machine: as SVG, HTML, text, DOT and PNG.

`draw` looks at a Value, a module or a function and returns a `Graph`, which shows itself in a notebook and writes
files. The wings, each of which knows only those before it: `describe` makes a graph plain data, `choose` says what to
show of it, `layout` places boxes and lines (it knows neither), `write` writes them down, with `assets`, as SVG, DOT,
text, PNG and the page that steps through back-propagation. `drawing` is the face.
"""

from tinygrad_lab.viz.choose.labels import Shown
from tinygrad_lab.viz.choose.view import Level
from tinygrad_lab.viz.comparison import Comparison, compare
from tinygrad_lab.viz.describe.difference import Difference
from tinygrad_lab.viz.describe.snapshot import Edge, Formula, Group, Node, Snapshot
from tinygrad_lab.viz.describe.stepper import Contribution, Step, steps
from tinygrad_lab.viz.describe.summary import Summary
from tinygrad_lab.viz.drawing import draw
from tinygrad_lab.viz.graph import Graph
from tinygrad_lab.viz.notebook import show, show_error
from tinygrad_lab.viz.write.doctor import doctor

__all__ = [
    "Comparison",
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
    "compare",
    "doctor",
    "draw",
    "show",
    "show_error",
    "steps",
]
