"""A small step: one training step of a 2-4-4-1 sigmoid network with bias on 100 points, in float64."""

from __future__ import annotations

import numpy as np
from harness import Step, compare, table

import tinygrad_lab as tl

LEARNING_RATE, POINTS, HIDDEN = 0.1, 100, 4


def data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).uniform(size=(POINTS, 2))
    return x, (x[:, :1] <= x[:, 1:]).astype(float)


def hand_written() -> Step:
    """Forward, backward and update by hand: what the ratio is taken to."""
    x, y = data()
    rng = np.random.default_rng(1)
    w = [rng.normal(size=shape) for shape in ((2, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 1))]
    b = [np.zeros(size) for size in (HIDDEN, HIDDEN, 1)]

    def step() -> object:
        a1 = 1 / (1 + np.exp(-(x @ w[0] + b[0])))
        a2 = 1 / (1 + np.exp(-(a1 @ w[1] + b[1])))
        p = 1 / (1 + np.exp(-(a2 @ w[2] + b[2])))
        error = p - y
        loss = (error * error).mean()
        g3 = (2 / POINTS) * error * p * (1 - p)
        g2 = g3 @ w[2].T * a2 * (1 - a2)
        g1 = g2 @ w[1].T * a1 * (1 - a1)
        for i, (a, g) in enumerate(((x, g1), (a1, g2), (a2, g3))):
            w[i] -= LEARNING_RATE * (a.T @ g)
            b[i] -= LEARNING_RATE * g.sum(0)
        return loss

    return step


def ours() -> Step:
    """The same with modules, a loss and an optimizer, as a user writes it."""
    x, y = data()
    rng = np.random.default_rng(1)
    model = tl.nn.Sequential(
        tl.nn.Linear(2, HIDDEN, rng=rng),
        tl.nn.Sigmoid(),
        tl.nn.Linear(HIDDEN, HIDDEN, rng=rng),
        tl.nn.Sigmoid(),
        tl.nn.Linear(HIDDEN, 1, rng=rng),
        tl.nn.Sigmoid(),
    )
    optimizer = tl.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    mse = tl.nn.MSELoss()

    def step() -> object:
        optimizer.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def pytorch() -> Step:
    import torch
    from torch import nn

    x, y = (torch.tensor(a) for a in data())
    model = nn.Sequential(
        nn.Linear(2, HIDDEN), nn.Sigmoid(), nn.Linear(HIDDEN, HIDDEN), nn.Sigmoid(), nn.Linear(HIDDEN, 1), nn.Sigmoid()
    ).double()
    optimizer, mse = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE), nn.MSELoss()

    def step() -> object:
        optimizer.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def run(with_torch: bool) -> str:
    contenders = {"hand-written NumPy": hand_written(), "tinygrad_lab": ours()}
    if with_torch:
        contenders["PyTorch"] = pytorch()
    return table("A training step of a small network", "tinygrad_lab ≤ 1.7 × hand-written NumPy", compare(contenders))
