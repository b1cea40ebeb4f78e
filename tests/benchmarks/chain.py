"""Overhead of an operation: a chain of mul and tanh on ten float64 numbers, forward and backward."""

from __future__ import annotations

import numpy as np
from harness import Row, Step, compare, table

import tinygrad_lab as tl

LINKS = 50  # of two operations each
X, C, G = np.linspace(-1, 1, 10), np.full(10, 0.9), np.ones(10)


def numpy_forward() -> None:
    y = X
    for _ in range(LINKS):
        y = np.tanh(y * C)


def numpy_both() -> np.ndarray:
    """Forward and backward by hand: the arithmetic that no framework can leave out."""
    y, saved = X, []
    for _ in range(LINKS):
        y = np.tanh(y * C)
        saved.append(y)
    g = G
    for y in reversed(saved):
        g = g * (1 - y * y) * C
    return g


def ours() -> Step:
    x = tl.Value(X)

    def step() -> None:
        y = x
        for _ in range(LINKS):
            y = np.tanh(y * C)
        x.grad = None
        y.backward(G)

    return step


def pytorch() -> Step:
    import torch

    x, c, g = torch.tensor(X, requires_grad=True), torch.tensor(C), torch.tensor(G)

    def step() -> None:
        y = x
        for _ in range(LINKS):
            y = torch.tanh(y * c)
        x.grad = None
        y.backward(g)

    return step


def run(with_torch: bool) -> str:
    contenders = {
        "NumPy, forward only": numpy_forward,
        "NumPy, forward and backward by hand": numpy_both,
        "tinygrad_lab, forward and backward": ours(),
    }
    if with_torch:
        contenders["PyTorch, forward and backward"] = pytorch()
    rows = compare(contenders)
    per_operation = [Row(row.contender, row.microseconds / (2 * LINKS), row.ratio) for row in rows]
    forward, by_hand, framework = (row.microseconds for row in per_operation[:3])
    overhead = framework - by_hand
    per_operation.append(Row("overhead of tinygrad_lab over the arithmetic", overhead, overhead / forward))
    return table(
        "An operation on ten numbers (µs an operation)",
        "overhead ≤ 5 × NumPy's forward cost, and the whole ≤ half of PyTorch's",
        per_operation,
    )
