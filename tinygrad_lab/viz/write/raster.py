"""PNG, by whatever is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from tinygrad_lab.errors import MissingExtraError
from tinygrad_lab.viz.write import dot, svg
from tinygrad_lab.viz.write.picture import Picture

Engine = Literal["layered", "dot"]

SCALE = 2  # pixels per unit of the SVG


def render(picture: Picture, engine: Engine) -> bytes:
    """Return the picture as PNG: our layout through resvg-py, or else `dot`'s.

    Raises:
        MissingExtraError: neither resvg-py, nor `dot`, nor pygraphviz can draw it here.
    """
    ours = find_spec("resvg_py") is not None
    if not ours or engine == "dot":
        drawn = dot.run(dot.digraph(picture).source, "png")
        if drawn is not None:
            return drawn
    if not ours:
        raise MissingExtraError(
            "png: there is no renderer, neither resvg-py nor dot nor pygraphviz; "
            'run: pip install "tinygrad-lab[png]", or save as .svg or .html'
        )
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg.render(picture, "light"), zoom=SCALE))
