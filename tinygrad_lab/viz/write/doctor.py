"""What can draw on this machine."""

from __future__ import annotations

from importlib.util import find_spec

from tinygrad_lab.viz.write import dot


def doctor() -> str:
    """Return a text that says what can draw on this machine, and how to get what cannot.

    Example:
        >>> print(doctor().splitlines()[0])
        svg, text, dot source   always there
    """
    found = dot.renderers()
    resvg = find_spec("resvg_py") is not None
    rows = [
        ("svg, text, dot source", "always there"),
        ("dot", found.get("dot", "not found; install Graphviz")),
        ("pygraphviz", found.get("pygraphviz", 'not found; run: pip install "tinygrad-lab[dot]"')),
        ("resvg-py", "Python package" if resvg else 'not found; run: pip install "tinygrad-lab[png]"'),
        ("png", "resvg-py" if resvg else next(iter(found), "nothing writes it")),
        ('engine="dot"', next(iter(found), "the layered layout stands in")),
    ]
    return "\n".join(f"{name:<24}{state}" for name, state in rows)
