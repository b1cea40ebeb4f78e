"""`Conv1D` forward and backward at (32, 16, 256) -> 32 filters of 5."""

from __future__ import annotations

import numpy as np
from harness import Step, compare, table

import tinygrad_lab as tl

BATCH, CHANNELS, LENGTH, FILTERS, KERNEL = 32, 16, 256, 32, 5


def ours(dtype: str) -> Step:
    rng = np.random.default_rng(0)
    layer = tl.nn.Conv1D(CHANNELS, FILTERS, KERNEL, rng=rng, dtype=dtype)
    x = tl.Value(rng.normal(size=(BATCH, CHANNELS, LENGTH)).astype(dtype))
    g = rng.normal(size=(BATCH, FILTERS, LENGTH - KERNEL + 1)).astype(dtype)

    def step() -> None:
        layer.zero_grad()
        x.grad = None
        layer(x).backward(g)

    return step


def pytorch(dtype: str) -> Step:
    import torch

    layer = torch.nn.Conv1d(CHANNELS, FILTERS, KERNEL, dtype=getattr(torch, dtype))
    x = torch.randn(BATCH, CHANNELS, LENGTH, dtype=getattr(torch, dtype), requires_grad=True)
    g = torch.randn(BATCH, FILTERS, LENGTH - KERNEL + 1, dtype=getattr(torch, dtype))

    def step() -> None:
        layer.zero_grad()
        x.grad = None
        layer(x).backward(g)

    return step


def run(with_torch: bool) -> str:
    tables = []
    for dtype in ("float64", "float32"):
        contenders = {"PyTorch": pytorch(dtype)} if with_torch else {}
        contenders["tinygrad_lab"] = ours(dtype)
        tables.append(table(f"Conv1D, {dtype}", "≤ 1.0 × PyTorch, one thread", compare(contenders)))
    return "\n\n".join(tables)
