"""Processor time and memory of pictures by size, for docs/graphs.md: `python -m tests.viz.measure`. Not a test."""

from __future__ import annotations

import time
import tracemalloc
from statistics import median

import numpy as np

import tinygrad_lab as tl
from tests.viz.examples import Recurrent, steps
from tinygrad_lab import viz
from tinygrad_lab.viz.write.options import Options


def layers(n):
    """A deep network without modules, three operations and two parameters a layer."""
    rng = np.random.default_rng(0)
    h = tl.Value(rng.normal(size=(4, 8)), name="x")
    for _ in range(n // 3):
        h = np.tanh(h @ tl.Value(rng.normal(size=(8, 8)) / 3) + tl.Value(np.zeros(8)))
    return np.sum(h)


def tangle(n):
    """Operations on results picked at random among the twelve latest."""
    rng = np.random.default_rng(0)
    values = [tl.Value(float(i)) for i in range(5)]
    while len(values) < n - 16:
        i, j = rng.integers(max(0, len(values) - 12), len(values), 2)
        values.append(values[i] + values[j] if rng.random() < 0.6 else np.tanh(values[i]))
    return sum(values[-12:])


def whole(graph):
    return viz.Graph(graph.snapshot, Options(view="both", fold=False, max_nodes=10**9))


def seconds(function):
    times = []
    for _ in range(3):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return median(times)


def main():
    print("graph, operations, s: describe, draw as is, lay out all, write all; MB: graph, peak; kB: SVG as is, all")
    for name, make in (("layers", layers), ("tangle", tangle)):
        for n in (100, 1000, 3000):
            value = make(n)
            graph = value.graph()
            everything = whole(graph)
            row = [
                seconds(value.graph),
                seconds(lambda graph=graph: viz.Graph(graph.snapshot, graph.options).svg()),
                seconds(lambda graph=graph: whole(graph).picture),
                seconds(everything.svg),
            ]
            tracemalloc.start()
            kept = value.graph()
            size = tracemalloc.get_traced_memory()[0]
            whole(kept).svg()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            sizes = len(graph.svg()) / 1e3, len(everything.svg()) / 1e3
            print(name, graph.snapshot.operations, *(f"{x:.2f}" for x in row), f"{size / 1e6:.1f} {peak / 1e6:.1f}",
                  *(f"{x:.0f}" for x in sizes))  # fmt: skip
    model, inputs = Recurrent(), steps(75)
    print("recurrent, 300 operations:", f"{seconds(lambda: viz.draw(model, inputs).svg()):.2f} s")


if __name__ == "__main__":
    main()
