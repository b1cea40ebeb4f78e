"""What a training step of a GPT adds to a process at its peak, beside PyTorch: each in a process of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SHAPES = {  # batch, positions, size, heads, layers
    "24 × 64 × 96, 3 layers": (24, 64, 96, 4, 3),
    "16 × 128 × 192, 4 layers": (16, 128, 192, 6, 4),
}
ALPHABET = 96
TARGET = 1.1


def batch(count: int, length: int) -> Any:
    rng = np.random.default_rng(0)
    return rng.integers(0, ALPHABET, (count, length)), rng.integers(0, ALPHABET, (count, length))


def ours(count: int, length: int, size: int, heads: int, layers: int) -> Callable[[], None]:
    import tinygrad_lab as tl
    from tinygrad_lab import nn

    rng, dtype = np.random.default_rng(0), "float32"
    options: Any = {"activation": "gelu", "batch_first": True, "norm_first": True, "rng": rng, "dtype": dtype}
    embedding, position = nn.Embedding(ALPHABET, size, rng=rng, dtype=dtype), nn.LearnedEncoding(length, size)
    stack = nn.ModuleList(nn.TransformerEncoderLayer(size, heads, 4 * size, 0.0, **options) for _ in range(layers))
    head = nn.Sequential(nn.LayerNorm(size, dtype=dtype), nn.Linear(size, ALPHABET, rng=rng, dtype=dtype))
    modules = nn.ModuleList([embedding, position.astype(dtype), *stack, head])
    optimizer = tl.optim.AdamW(modules.parameters(), lr=1e-3)
    x, y = batch(count, length)

    def step() -> None:
        hidden = position(embedding(x))
        for layer in stack:
            hidden = layer(hidden, is_causal=True)
        optimizer.zero_grad()
        loss = tl.functional.cross_entropy(head(hidden), y, axis=-1)
        del hidden
        loss.backward(retain_graph=False)
        optimizer.step()

    return step


def pytorch(count: int, length: int, size: int, heads: int, layers: int) -> Callable[[], None]:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    options: Any = {"activation": "gelu", "batch_first": True, "norm_first": True}
    embedding, position = nn.Embedding(ALPHABET, size), nn.Parameter(torch.zeros(length, size))
    stack = nn.ModuleList(nn.TransformerEncoderLayer(size, heads, 4 * size, 0.0, **options) for _ in range(layers))
    head = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, ALPHABET))
    mask = nn.Transformer.generate_square_subsequent_mask(length)
    optimizer = torch.optim.AdamW([*embedding.parameters(), position, *stack.parameters(), *head.parameters()], lr=1e-3)
    x, y = map(torch.tensor, batch(count, length))

    def step() -> None:
        hidden = embedding(x) + position
        for layer in stack:
            hidden = layer(hidden, mask, is_causal=True)
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(hidden).movedim(-1, 1), y).backward()
        optimizer.step()

    return step


def held(what: str) -> float:
    """Return how many MB the process holds (VmRSS), or has held at most (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(what + ":")[2].split()[0]) / 1024


def added(make: Callable[..., Callable[[], None]], shape: tuple[int, ...]) -> float:
    """Return by how many MB four steps raise the process above what it held when the model was made."""
    step = make(*shape)
    before = held("VmRSS")
    for _ in range(4):
        step()
    return held("VmHWM") - before


def run(with_torch: bool) -> str:
    lines = ["### Memory of a GPT's training step, float32", "", "| what | MB | PyTorch, MB | ratio | target |"]
    lines.append("|---|---:|---:|---:|---:|")
    for name, shape in SHAPES.items():
        figures = []
        for make in (ours, pytorch) if with_torch else (ours,):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                figures.append(pool.apply(added, (make, shape)))
        theirs = f"{figures[1]:.0f} | {figures[0] / figures[1]:.2f}" if with_torch else "|"
        lines.append(f"| {name} | {figures[0]:.0f} | {theirs} | ≤ {TARGET} |")
    return "\n".join(lines)
