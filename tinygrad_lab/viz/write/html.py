"""A graph as one HTML page that opens anywhere, offline: to move about in, to search, and to step through the sweep.

The page is the files in `assets`, put together, and the snapshot as JSON. Its content security policy names the only
script and style that may run, by their hashes, and allows no connection to anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from functools import cache
from pkgutil import get_data
from typing import Any

from tinygrad_lab.viz.choose.communities import communities
from tinygrad_lab.viz.choose.folding import build
from tinygrad_lab.viz.choose.repetitions import grouped
from tinygrad_lab.viz.choose.view import Fold
from tinygrad_lab.viz.describe.health import MEANINGS, examine
from tinygrad_lab.viz.describe.snapshot import Snapshot
from tinygrad_lab.viz.describe.stepper import steps
from tinygrad_lab.viz.describe.summary import LARGE
from tinygrad_lab.viz.write.colors import Theme
from tinygrad_lab.viz.write.packing import pack

SCRIPTS = (
    "numbers.js", "layout.js", "layering.js", "packing.js", "model.js", "picture.js", "mathematics.js", "panel.js",
    "quiz.js", "stepper.js", "page.js",
)  # fmt: skip


def page(
    snapshot: Snapshot,
    depth: int | None = None,
    fold: Fold = "auto",
    max_nodes: int = 150,
    right: bool = False,
    theme: Theme = "auto",
    following: Sequence[Snapshot] = (),
    inline: bool = False,
) -> str:
    """Return a page that shows a graph.

    Arguments:
        snapshot: the graph.
        depth: how many levels of modules are open at first; None for all.
        fold: whether to group what repeats at the top; "auto" does so if the graph is larger than `max_nodes`.
        max_nodes: how many operations to show at first, if that can be had by closing modules and groups; the reader
            opens them again.
        right: whether to draw from left to right.
        theme: "light", "dark", or "auto" for what the reader's system prefers.
        following: the graph in the training steps that follow.
        inline: whether it is shown inside another page: smaller, and without addresses of its steps.

    Example:
        >>> import tinygrad_lab as tl
        >>> from tinygrad_lab.viz.describe.capture import capture
        >>> from tinygrad_lab.viz.describe.tracing import Trace
        >>> page(capture([tl.Value(2.0) * 3.0], Trace(), "product")).startswith("<!doctype html>")
        True
    """
    style, script = _lean("page.css"), scripts()
    parts = {
        "title": html.escape(snapshot.title).encode("utf-8", "replace").decode(),  # lone surrogates
        "style": style,
        "style_hash": _hash(style),
        "script": script,
        "script_hash": _hash(script),
        "data": _embedded(_data([snapshot, *following], depth, fold, max_nodes, right)),
        "body": ' class="inline"' if inline else "",
        "theme": "" if theme == "auto" else f' data-theme="{theme}"',
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def scripts() -> str:
    """Return the page's whole script; the layout's constants come first."""
    return "\n".join((f"const LAYOUT = {_asset('layout.json').strip()};", *map(_lean, SCRIPTS)))


def _data(snapshots: list[Snapshot], depth: int | None, fold: Fold, max_nodes: int, right: bool) -> dict[str, Any]:
    moments = []
    for snapshot in snapshots:
        health = examine(snapshot)
        if fold is True or (fold == "auto" and len(build(snapshot)) > max_nodes):
            snapshot = communities(grouped(snapshot), max_nodes)
        if snapshot.operations > LARGE:
            graph: dict[str, Any] = {"packed": pack(snapshot)}
        else:
            graph = {"snapshot": snapshot.to_dict(), "steps": _steps(snapshot)}
        moments.append({**graph, "badges": health.badges, "first": health.first, "path": health.path})
    first, *others = moments
    common = {"meanings": MEANINGS, "limit": max_nodes, "depth": depth, "right": right}
    return {**first, **common, "following": others}


def _steps(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [
        {
            "node": step.node.id,
            "contributions": [
                {"edge": one.number, "arrived": one.arrived, "total": one.total} for one in step.contributions
            ],
        }
        for step in steps(snapshot)
    ]


def _embedded(data: dict[str, Any]) -> str:
    """Return JSON that can stand inside a script element, whatever names it holds."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def _lean(name: str) -> str:
    """Return a script or style without the lines that only its readers need."""
    text = re.sub(r"/\*.*?\*/", "", _asset(name), flags=re.DOTALL) if name.endswith(".css") else _asset(name)
    lines = (re.sub(r"  // .*$", "", line.removesuffix("\n")).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def _asset(name: str) -> str:
    return (get_data("tinygrad_lab.viz", f"assets/{name}") or b"").decode()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
