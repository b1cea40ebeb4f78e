"""How things show themselves in a notebook: an interactive view, with a picture and a text beside it in one bundle.

The view is the page, in a frame that may run its script and nothing else. Where frames are not shown, as on GitHub, the
picture behind it is; where pictures are not, its text.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_lab.nn.described import arguments
from tinygrad_lab.nn.module import Module
from tinygrad_lab.viz.choose.labels import number

HEIGHT = 520

Bundle = dict[str, str]


def bundle(page: str, svg: str, text: str) -> Bundle:
    """Return a mime bundle of one thing in three forms.

    Arguments:
        page: an HTML page that needs nothing else.
        svg: a picture.
        text: words.
    """
    image = base64.b64encode(svg.encode()).decode()
    words = html.escape(text, quote=True)
    view = (
        f'<div style="position:relative;height:{HEIGHT}px;max-width:1100px;overflow:hidden;resize:vertical">'
        f'<img alt="{words}" style="max-width:100%;max-height:100%" src="data:image/svg+xml;base64,{image}">'
        f'<iframe sandbox="allow-scripts" title="Computation graph" style="position:absolute;inset:0;width:100%;'
        f'height:100%;border:1px solid #8884;border-radius:8px;background:#fff" '
        f'srcdoc="{html.escape(page, quote=True)}"></iframe></div>'
    )
    return {"text/html": view, "image/svg+xml": svg, "text/plain": text}


def module_bundle(module: Module) -> Bundle:
    """Return a module as a tree that opens and closes, with shapes and numbers of parameters."""
    return {"text/html": f'<div style="font-family:monospace">{_tree("", module)}</div>', "text/plain": repr(module)}


def _tree(name: str, module: Module) -> str:
    own = [(path, p) for path, p in module.named_parameters() if "." not in path]
    count = sum(parameter.size for parameter in module.parameters())
    title = html.escape(f"{name}: " if name else "") + f"<b>{html.escape(type(module).__name__)}</b>"
    title += f"({html.escape(arguments(module))})"
    title += f' <span style="opacity:.65">{count:,} parameters</span>' if count else ""
    rows = [f"<div>{html.escape(path)} {p.shape} {p.dtype}</div>" for path, p in own]
    rows += [_tree(child, inner) for child, inner in module.named_children()]
    if not rows:
        return f'<div style="margin-left:1.2em">{title}</div>'
    inside = "".join(rows)
    return (f'<details open="" style="margin-left:.6em"><summary>{title}</summary>'
            f'<div style="margin-left:1.4em">{inside}</div></details>')  # fmt: skip


def curves_bundle(columns: Mapping[str, Sequence[float]], text: str) -> Bundle:
    """Return curves by name as a small picture, with their last figures, and a text.

    Arguments:
        columns: numbers by epoch, by name.
        text: in words.
    """
    svg = curves(columns)
    return {"image/svg+xml": svg, "text/html": svg, "text/plain": text}


COLORS = ("#0072b2", "#c04f00", "#00795a", "#a8437f")
WIDE, HIGH, EDGE = 420.0, 110.0, 18.0
MOST = 840  # points of a curve that are drawn: two for each of its pixels


def curves(columns: Mapping[str, Sequence[float]]) -> str:
    """Return curves over the epochs, each in its own scale, as SVG.

    Example:
        >>> curves({"loss": [3.0, 2.0, 1.5]}).count("<polyline")
        1
    """
    parts = []
    for i, (name, column) in enumerate(columns.items()):
        color, top = COLORS[i % len(COLORS)], i * (HIGH + EDGE)
        shown = sorted({round(k * (len(column) - 1) / MOST) for k in range(MOST + 1)}) if column else []
        finite = [x for x in column if math.isfinite(x)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        span, step = (high - low) or 1.0, WIDE / max(len(column) - 1, 1)
        points = " ".join(
            f"{8 + j * step:.1f},{top + EDGE + HIGH - (x - low) / span * (HIGH - 10):.1f}"
            for j, x in ((j, column[j]) for j in shown)
            if math.isfinite(x)
        )
        last = number(column[-1]) if column else "–"
        words = html.escape(f"{name}: {last} after {len(column)} epochs, from {number(low)} to {number(high)}")
        parts.append(f'<text x="8" y="{top + 13:.0f}" fill="{color}">{words}</text>'
                     f'<polyline fill="none" stroke="{color}" stroke-width="1.6" points="{points}"/>')  # fmt: skip
    height = len(columns) * (HIGH + EDGE) + EDGE
    label = html.escape("; ".join(f"{name} {number(column[-1])}" for name, column in columns.items() if column))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE + 16:.0f}" height="{height:.0f}" role="img" '
        f'viewBox="0 0 {WIDE + 16:.0f} {height:.0f}" aria-label="{label}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def plain(thing: Any) -> Bundle:
    """Return what a thing says of itself, where there is nothing to draw."""
    return {"text/plain": repr(thing)}
