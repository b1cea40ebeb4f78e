"""A picture as DOT, and what can draw DOT: the system's `dot`, or the one inside pygraphviz."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tinygrad_lab.viz.choose.view import MODULE, OMITTED, Box
from tinygrad_lab.viz.describe.snapshot import CONSTANT, INPUT, LABEL, LOSS, OPERATION, OUTPUT, PARAMETER
from tinygrad_lab.viz.write.picture import Picture

if TYPE_CHECKING:
    import graphviz  # on demand, as shutil and subprocess are: they take as long to import as all that draws SVG

SECONDS = 20  # how long `dot` may take

_STYLES = {
    OPERATION: {"shape": "box", "style": "rounded,filled", "fillcolor": "#eef3fa", "color": "#0072b2"},
    MODULE: {"shape": "box", "style": "filled", "fillcolor": "#e2f1fb", "color": "#0072b2", "penwidth": "2"},
    PARAMETER: {"shape": "octagon", "style": "filled", "fillcolor": "#fdf1d6", "color": "#a86f00"},
    INPUT: {"shape": "ellipse", "style": "filled", "fillcolor": "#dff3ea", "color": "#00795a"},
    CONSTANT: {"shape": "box", "style": "dotted,filled", "fillcolor": "#f3f4f6", "color": "#78818b"},
    OUTPUT: {"shape": "box", "style": "filled", "fillcolor": "#f9e8f2", "color": "#a8437f", "peripheries": "2"},
    OMITTED: {"shape": "box", "style": "dashed", "color": "#78818b"},
}
_STYLES[LABEL] = {"shape": "cds", "style": "filled", "fillcolor": "#ece8f8", "color": "#6a4bc4"}
_STYLES[LOSS] = _STYLES[OUTPUT]

# The wheel of pygraphviz carries Graphviz; in a process of its own, so that it can be stopped.
_PYGRAPHVIZ = (
    "import sys, pygraphviz\n"
    "text = sys.stdin.buffer.read().decode()\n"
    "sys.stdout.buffer.write(pygraphviz.AGraph(string=text).draw(format=sys.argv[1], prog='dot'))\n"
)


def digraph(picture: Picture) -> graphviz.Digraph:
    """Return the picture as a `graphviz.Digraph`; its `source` is the DOT text."""
    import graphviz

    view = picture.view
    graph = graphviz.Digraph("graph")
    graph.attr("graph", label=_text(f"{view.snapshot.title}: {view.caption}"), labelloc="t", fontname="Helvetica")
    graph.attr("graph", rankdir="LR" if picture.sideways else "TB")
    graph.attr("node", fontname="Helvetica", fontsize="11")
    names = {own: f"n{i}" for i, own in enumerate(view.boxes)}
    frames = {"": graph}
    for i, own in enumerate(view.clusters):
        frames[own] = graphviz.Digraph(
            f"cluster_{i}", graph_attr={"label": _text(picture.titles[own]), "style": "rounded"}
        )
    for own, box in view.boxes.items():
        frames[box.cluster].node(names[own], _label(picture, own), id=_text(own), **_style(picture, box))
    for own, cluster in reversed(view.clusters.items()):
        frames[cluster.parent].subgraph(frames[own])
    for link in view.links:
        source, target = names[link.source], names[link.target]
        flows = [edge.gradient for edge in link.edges if edge.gradient is not None]
        loop = {"style": "dotted", "constraint": "false"} if link.loop else {}
        if link.each > 1:
            loop["label"] = f"all {link.each}"
        if picture.shown != "backward" or not flows:
            graph.edge(source, target, **loop)
        if picture.shown != "forward" and flows:
            graph.edge(
                source,
                target,
                dir="back",
                style="dashed",
                color="#c04f00",
                **{k: v for k, v in loop.items() if k != "style"},
            )
    return graph


def renderers() -> dict[str, str]:
    """Return what can draw DOT on this machine, by name, with where it is."""
    import shutil

    found = {}
    if (path := shutil.which("dot")) is not None:
        found["dot"] = path
    if find_spec("pygraphviz") is not None:
        found["pygraphviz"] = "Python package"
    return found


def run(source: str, format: str) -> bytes | None:
    """Return DOT drawn as "svg" or "png" by the first renderer that manages in time, or None.

    Arguments:
        source: DOT text.
        format: what `dot -T` knows.
    """
    import subprocess

    for name in renderers():
        command = ["dot", f"-T{format}"] if name == "dot" else [sys.executable, "-c", _PYGRAPHVIZ, format]
        try:
            done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=SECONDS, check=True)  # noqa: S603 no shell
        except (OSError, subprocess.SubprocessError):
            continue
        return done.stdout
    return None


def _label(picture: Picture, own: str) -> str:
    label = picture.labels[own]
    return _text("\n".join((" ".join((label.title, *label.badges)), *label.lines)))


def _style(picture: Picture, box: Box) -> dict[str, str]:
    style = dict(_STYLES[box.kind])
    if box.result:
        style["peripheries"] = "2"
    if any(node.id == picture.health.first for node in box.members):
        style.update(color="#b3001b", penwidth="3")
    return style


def _text(text: str) -> str:
    """Return text as DOT shows it: no backslash escapes, and no HTML even if it looks like it."""
    import graphviz

    return graphviz.nohtml(graphviz.escape(text).replace("\n", "\\n").replace("\x00", "�"))
