"""`Graph`: a picture of a computation graph, which writes itself in every form."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.memory import without_collecting
from tinygrad_lab.viz.choose.arranging import arrange
from tinygrad_lab.viz.describe import health
from tinygrad_lab.viz.describe.difference import Difference, differences
from tinygrad_lab.viz.describe.snapshot import Node, Snapshot
from tinygrad_lab.viz.write import dot, raster, svg, text
from tinygrad_lab.viz.write.colors import Theme
from tinygrad_lab.viz.write.options import Options, check_choice
from tinygrad_lab.viz.write.picture import Picture, compose
from tinygrad_lab.viz.write.raster import Engine


class Graph:
    """A computation graph ready to be looked at. In a notebook it shows itself.

    It is a description: it holds no Value and no array, and keeps no memory of the computation alive.

    Arguments:
        snapshot: what to show.
        options: how to show it.
        following: the same graph in the next training steps.

    Attributes:
        snapshot: all that is known about the graph, as plain data; `snapshot.to_dict()` is its JSON form.
    """

    def __init__(self, snapshot: Snapshot, options: Options, following: tuple[Snapshot, ...] = ()) -> None:
        self.snapshot = snapshot
        self.options = options
        self.following = following

    @cached_property
    def picture(self) -> Picture:
        """The boxes chosen, labelled and placed."""
        with without_collecting():
            return self._composed()

    def _composed(self) -> Picture:
        chosen = self.options
        view = arrange(self.snapshot, chosen.level, chosen.depth, chosen.fold, chosen.max_nodes)
        shown = chosen.view or ("both" if self.snapshot.swept else "forward")
        return compose(view, health.examine(self.snapshot), shown, chosen.level, chosen.color, chosen.direction)

    def svg(self, engine: Engine = "layered", theme: Theme = "auto") -> str:
        """Return the picture as SVG.

        Arguments:
            engine: "layered" is the layout of this package; "dot" is Graphviz's, where it is installed.
            theme: "light", "dark", or "auto" for what the reader's system prefers; "dot" knows only light.

        Example:
            >>> import tinygrad_lab as tl
            >>> (tl.Value(2.0, name="x") ** 2).graph().svg()[:5]
            '<svg '
        """
        check_choice("svg", "engine", engine, Engine)
        check_choice("svg", "theme", theme, Theme)
        if engine == "dot":
            drawn = dot.run(dot.digraph(self.picture).source, "svg")
            if drawn is not None:
                return drawn.decode()
            _warn_without_dot()
        return svg.render(self.picture, theme)

    def dot(self) -> Any:
        """Return the picture as a `graphviz.Digraph`; its `source` is the text.

        Example:
            >>> import tinygrad_lab as tl
            >>> print(tl.Value(2.0, name="x").graph().dot().source.splitlines()[0])
            digraph "graph" {
        """
        return dot.digraph(self.picture)

    def png(self, path: str | Path, engine: Engine = "layered") -> None:
        """Write the picture as PNG, twice the size of the SVG.

        Arguments:
            path: the file.
            engine: "layered" needs the extra `[png]`, and falls back to Graphviz; "dot" is the other way round.

        Raises:
            GraphError: if nothing that is installed can do it.
        """
        check_choice("png", "engine", engine, Engine)
        Path(path).write_bytes(raster.render(self.picture, engine))

    def html(self, path: str | Path, theme: Theme = "auto") -> None:
        """Write one page, which needs nothing else, to explore the graph and step through its back-propagation.

        The page holds the whole graph. `depth`, `fold` and `max_nodes` say what is open when it appears; `view`,
        `level` and `color` are for still pictures: here modules open, and gradients appear step by step.

        Arguments:
            path: the file.
            theme: "light", "dark", or "auto" for what the reader's system prefers.
        """
        Path(path).write_text(self.page(theme), encoding="utf-8")

    def animate(self, path: str | Path, seconds: float = 0.8) -> None:
        """Write the sweep as a short film in which gradients appear as back-propagation reaches them.

        Arguments:
            path: a file; .svg moves by itself and needs nothing, .gif needs the extra `[png]`, .mp4 the extra `[film]`.
            seconds: for which each step stays.

        Raises:
            ArgumentError: for another suffix.
            MissingExtraError: if what the suffix needs is not installed.
        """
        from tinygrad_lab.viz.write import film

        path = Path(path)
        if path.suffix not in (".svg", ".gif", ".mp4"):
            raise ArgumentError(f"animate: suffix must be .svg, .gif or .mp4, got {path.suffix!r}; rename the file")
        if not (isinstance(seconds, int | float) and seconds > 0):
            raise ArgumentError(f"animate: seconds must be more than 0, got {seconds!r}; 0.8 is the default")
        film.write(Graph(self.snapshot, replace(self.options, view="both")).picture, path, seconds)

    def text(self) -> str:
        """Return the picture in words, one row a box.

        Example:
            >>> import tinygrad_lab as tl
            >>> x = tl.Value(2.0, name="x")
            >>> print((x * x + 1).graph().text())
            graph: 2 operations
            0  x         parameter  2
            1  multiply  operation  4 ← 0
            2  1         constant
            3  add       output     5 ← 1, 2
            <BLANKLINE>
        """
        return text.render(self.picture)

    def save(self, path: str | Path) -> None:
        """Write a file of the kind that its suffix says: .svg, .html, .png, .txt, .dot, .gv or .json (the snapshot).

        Raises:
            ArgumentError: for another suffix.
            GraphError: if nothing that is installed writes PNG.
        """
        path = Path(path)
        writers: dict[str, Callable[[], str]] = {
            ".svg": self.svg,
            ".txt": self.text,
            ".dot": lambda: str(self.dot().source),
            ".gv": lambda: str(self.dot().source),
            ".json": lambda: json.dumps(self.snapshot.to_dict(), ensure_ascii=False, indent=1) + "\n",
        }
        if path.suffix == ".png":
            self.png(path)
        elif path.suffix == ".html":
            self.html(path)
        elif path.suffix in writers:
            path.write_text(writers[path.suffix](), encoding="utf-8")
        else:
            known = ", ".join([*writers, ".html", ".png"])
            raise ArgumentError(f"save: suffix must be one of {known}, got {path.suffix!r}; rename the file")

    def find(self, pattern: str) -> list[Node]:
        """Return the nodes whose id, name or operation matches: a part of it, or a pattern with * and ?.

        Example:
            >>> import numpy as np, tinygrad_lab as tl
            >>> [node.id for node in np.tanh(2 * tl.Value(1.0, name="x")).graph().find("tan*")]
            ['tanh']
        """
        glob = pattern if any(c in pattern for c in "*?[") else f"*{pattern}*"
        glob = glob.casefold()
        return [
            node
            for node in self.snapshot.nodes
            if any(fnmatchcase(word.casefold(), glob) for word in (node.id, node.name, node.operation) if word)
        ]

    def diff(self, other: Graph) -> Difference:
        """Return what `other` has more, less and differently.

        Example:
            >>> import tinygrad_lab as tl
            >>> x = tl.Value(2.0, name="x")
            >>> print((x * x).graph().diff((x * x + x).graph()))
            + add
            ~ x: gradient 4 -> 5
        """
        return differences(self.snapshot, other.snapshot)

    def page(self, theme: Theme = "auto", inline: bool = False) -> str:
        """Return the page that `html` writes.

        Arguments:
            theme: "light", "dark", or "auto" for what the reader's system prefers.
            inline: whether it is part of another page, and small.
        """
        from tinygrad_lab.viz.write.html import page  # pages have assets of their own; most pictures need none of them

        check_choice("html", "theme", theme, Theme)
        chosen = self.options
        right = chosen.direction == "right" or (inline and chosen.direction is None)  # there it is wide, and low
        with without_collecting():
            return page(
                self.snapshot, chosen.depth, chosen.fold, chosen.max_nodes, right, theme, self.following, inline
            )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from tinygrad_lab.viz.write.notebook import bundle

        return bundle(self.page(inline=True), self.svg(), self.text())

    def __repr__(self) -> str:
        return f"<Graph {self.snapshot.title}: {self.picture.view.caption}>"


def _warn_without_dot() -> None:
    warnings.warn(
        'svg: engine="dot" needs dot or pygraphviz, and neither made a picture; '
        "the layered layout was used instead, see viz.doctor()",
        RuntimeWarning,
        stacklevel=3,
    )
