"""Two graphs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.viz.drawing import draw
from tinygrad_lab.viz.graph import Graph
from tinygrad_lab.viz.write import comparison
from tinygrad_lab.viz.write.colors import Theme
from tinygrad_lab.viz.write.options import check_choice


class Comparison:
    """Two graphs side by side, with what changed in colour. In a notebook it shows itself.

    Attributes:
        before, after: the graphs.
        difference: what changed, node by node.
    """

    def __init__(self, before: Graph, after: Graph) -> None:
        self.before, self.after = before, after
        self.difference = before.diff(after)

    def svg(self, theme: Theme = "auto") -> str:
        """Return both pictures as one SVG.

        Arguments:
            theme: "light", "dark", or "auto" for what the reader's system prefers.
        """
        check_choice("svg", "theme", theme, Theme)
        return comparison.render(self.before.picture, self.after.picture, self.difference, theme)

    def save(self, path: str | Path) -> None:
        """Write the pictures as .svg, or what changed as .txt.

        Raises:
            ArgumentError: for another suffix.
        """
        path = Path(path)
        texts = {".svg": self.svg, ".txt": lambda: f"{self.difference}\n"}
        if path.suffix not in texts:
            raise ArgumentError(f"save: suffix must be .svg or .txt, got {path.suffix!r}; rename the file")
        path.write_text(texts[path.suffix](), encoding="utf-8")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": str(self.difference)}

    def __repr__(self) -> str:
        d = self.difference
        return f"<Comparison: {len(d.added)} new, {len(d.removed)} gone, {len(d.changed)} changed>"


def compare(before: Graph | Value, after: Graph | Value) -> Comparison:
    """Return two graphs, or two moments of one, side by side with changes coloured.

    Arguments:
        before: a graph, or a Value, which is drawn.
        after: another.

    Example:
        >>> import tinygrad_lab as tl
        >>> from tinygrad_lab import viz
        >>> x = tl.Value(2.0, name="x")
        >>> viz.compare(x * x, x * x + x)
        <Comparison: 1 new, 0 gone, 1 changed>
    """
    return Comparison(*(one if isinstance(one, Graph) else draw(one) for one in (before, after)))
