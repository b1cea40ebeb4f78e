"""A training step of an MLP 784-256-256-10 on batches of 128, in float32."""

from __future__ import annotations

import numpy as np
from harness import Step, compare, table

import tinygrad_lab as tl

BATCH, SIZES = 128, (784, 256, 256, 10)


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(BATCH, SIZES[0])).astype(np.float32), rng.integers(0, SIZES[-1], BATCH)


def ours() -> Step:
    x, y = data()
    rng = np.random.default_rng(1)
    a, b, c, d = SIZES
    model = tl.nn.Sequential(
        tl.nn.Linear(a, b, rng=rng, dtype=np.float32),
        tl.nn.ReLU(),
        tl.nn.Linear(b, c, rng=rng, dtype=np.float32),
        tl.nn.ReLU(),
        tl.nn.Linear(c, d, rng=rng, dtype=np.float32),
    )
    optimizer, loss_function = tl.optim.SGD(model.parameters(), lr=0.01), tl.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        loss_function(model(x), y).backward()
        optimizer.step()

    return step


def pytorch() -> Step:
    import torch
    from torch import nn

    x, y = (torch.tensor(array) for array in data())
    a, b, c, d = SIZES
    model = nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, c), nn.ReLU(), nn.Linear(c, d))
    optimizer, loss_function = torch.optim.SGD(model.parameters(), lr=0.01), nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        loss_function(model(x), y).backward()
        optimizer.step()

    return step


def run(with_torch: bool) -> str:
    contenders = {"PyTorch": pytorch()} if with_torch else {}
    contenders["tinygrad_lab"] = ours()
    return table("Training step of an MLP 784-256-256-10", "≤ 1.1 × PyTorch, one thread", compare(contenders))
