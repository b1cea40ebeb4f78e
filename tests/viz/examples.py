"""Graphs that several tests draw, and the golden files with numbers that no rounding can change."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn, viz

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = '<a|b>{"c"}\\l</script>&\x00\u202e 日本語 é'


def linear(in_features, out_features):
    layer = nn.Linear(in_features, out_features)
    layer.weight.data = np.arange(in_features * out_features, dtype=float).reshape(out_features, in_features)
    layer.bias.data = np.ones(out_features)
    return layer


class Cell(nn.Module):
    def __init__(self):
        self.w, self.u = linear(2, 2), linear(2, 2)

    def forward(self, x, h):
        return np.maximum(self.w(x) + self.u(h), 0)


class Recurrent(nn.Module):
    def __init__(self):
        self.cell = Cell()
        self.out = linear(2, 1)

    def forward(self, steps):
        h = np.zeros((1, 2))
        for x in steps:
            h = self.cell(x, h)
        return np.sum(self.out(h))


def chain(n):
    """n operations, three kinds in turn."""
    y = tl.Value(0.5, name="x")
    for i in range(n):
        y = (np.tanh, lambda v: v * 1.5, lambda v: v + 0.25)[i % 3](y)
    return y


def steps(n):
    return [np.full((1, 2), float(i)) for i in range(n)]


def scalar():
    x, w = tl.Value(2.0, name="x"), tl.Value(3.0, name="w")
    y = x * w + x
    y.name = "y"
    return y.graph(level="scalar")


def sequential():
    model = nn.Sequential(linear(2, 3), nn.ReLU(), linear(3, 1))
    return viz.draw(model, np.array([[1.0, 2.0]]), level="op", view="both")


def recurrent():
    return viz.draw(Recurrent(), steps(4))


def hostile():
    return (tl.Value(2.0, name=HOSTILE) * tl.Value(3.0, name="Σ|w")).graph()


GRAPHS = {"scalar": scalar, "sequential": sequential, "recurrent": recurrent, "hostile": hostile}


def texts(graph):
    """Every text form of a graph, by suffix, but for the source lines: those change with every edit of this file."""
    return {"svg": re.sub(r"\nmade at [^<]*", "", graph.svg()), "dot": graph.dot().source, "txt": graph.text()}


if __name__ == "__main__":  # python -m tests.viz.examples writes the golden files; look at them before you keep them
    GOLDEN.mkdir(exist_ok=True)
    for name, make in GRAPHS.items():
        for suffix, text in texts(make()).items():
            (GOLDEN / f"{name}.{suffix}").write_text(text, encoding="utf-8")
