"""A user's program, which type-checkers must have nothing against: models, losses, data, derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import tinygrad_lab as tl
from tinygrad_lab import functional, nn, optim

Floats = NDArray[np.float64]


class Residual(nn.Module):
    """Two layers, added to their input."""

    def __init__(self, width: int, rng: np.random.Generator) -> None:
        super().__init__()
        self.first = nn.Linear(width, width, rng=rng)
        self.second = nn.Linear(width, width, rng=rng)
        self.scale = tl.Value(np.ones(width), name="scale")

    def forward(self, x: tl.Value) -> tl.Value:
        hidden = np.tanh(self.first(x))
        added: tl.Value = self.second(hidden) * self.scale + x
        return added


class Model(nn.Module):
    def __init__(self, inputs: int, width: int, rng: np.random.Generator) -> None:
        super().__init__()
        self.blocks = nn.Sequential(nn.Linear(inputs, width, rng=rng), nn.GELU(), Residual(width, rng))
        self.out = nn.Linear(width, 1, rng=rng)

    def forward(self, x: tl.Value | Floats) -> tl.Value:
        y: tl.Value = self.out(self.blocks(x))
        return y[:, 0]


def penalty(model: nn.Module) -> tl.Value:
    total = tl.Value(0.0, requires_grad=False)
    for parameter in model.parameters():
        total = total + 1e-4 * (parameter**2).sum()
    return total


def batches(x: Floats, y: Floats, size: int) -> Iterator[tuple[Floats, Floats]]:
    for start in range(0, len(x), size):
        yield x[start : start + size], y[start : start + size]


def train(steps: int) -> float:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3))
    y = np.sin(x).sum(axis=1)
    model = Model(3, 8, rng)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    loss = tl.Value(0.0)
    for _ in range(steps):
        for inputs, targets in batches(x, y, 32):
            optimizer.zero_grad()
            loss = np.mean((model(inputs) - targets) ** 2) + penalty(model)
            loss.backward()
            optimizer.step()
    with tl.no_grad():
        error: float = np.max(np.abs(model(x).data - y))
    return error + float(loss.item())


def by_hand() -> dict[str, Floats]:
    w = tl.Value([[1.0, 2.0], [3.0, 4.0]], name="w")
    v = tl.Value(np.arange(2.0), name="v")
    np.mean(np.tanh(v @ w)).backward()
    np.sum(np.exp(-w) * np.array([1.0, 2.0])).backward()
    (2 * v + np.array([1.0, 2.0]) * v - 1 / (v + 1)).sum().backward()
    np.sum(np.stack([v, v * v])).backward()
    np.sum(w.reshape(4, 1) * 2.0).backward()
    np.maximum(v, 0.5)[0].backward()
    functional.cross_entropy(w, np.array([0, 1])).backward()
    first, second = w
    np.dot(first, second.T).backward()
    return {"w": w.grad, "v": v.grad}


def derivatives() -> tuple[Floats, Floats]:
    def energy(x: tl.Value) -> tl.Value:
        total: tl.Value = np.sum(x**3) + np.prod(x) + np.std(x)
        return total

    point = np.array([1.0, 2.0])
    return tl.grad(energy)(point), tl.hessian(energy)(point)


def keep(model: Model, path: Path) -> None:
    tl.save(model, path)
    model.load_state_dict(tl.load(path))


if __name__ == "__main__":
    print(train(2), by_hand(), derivatives())
