"""Layers and models that custom programs are made of, forward and backward, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Step, compare

import tinygrad_lab as tl
from tinygrad_lab import functional as ours_f

RNG = np.random.default_rng(0)


def array(*shape: int, dtype: str = "float64") -> Any:
    return RNG.normal(size=shape).astype(dtype)


def swept(function: Callable[..., Any], *arrays: Any) -> Step:
    """Return a step that calls the function on Values and sweeps back from the sum of its result."""
    values = [tl.Value(x) for x in arrays]

    def step() -> None:
        for value in values:
            value.grad = None
        np.sum(function(*values)).backward()

    return step


def torch_swept(function: Callable[..., Any], *arrays: Any) -> Step:
    import torch

    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]

    def step() -> None:
        for tensor in tensors:
            tensor.grad = None
        function(*tensors).sum().backward()

    return step


def trained(model: Any, optimizer: Any, loss: Callable[[], Any]) -> Step:
    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


# Each contender is made by a function, so that PyTorch is imported only where it is installed.


def einsum(size: int) -> tuple[Step, Callable[[], Step]]:
    arrays = array(size, size), array(size, size), array(size, size)

    def pytorch() -> Step:
        import torch

        return torch_swept(lambda a, b, c: torch.einsum("ij,jk,kl->il", a, b, c), *arrays)

    return swept(lambda a, b, c: np.einsum("ij,jk,kl->il", a, b, c), *arrays), pytorch


def batched_einsum() -> tuple[Step, Callable[[], Step]]:
    arrays = array(32, 4, 64, 16), array(32, 4, 64, 16)

    def pytorch() -> Step:
        import torch

        return torch_swept(lambda a, b: torch.einsum("bhid,bhjd->bhij", a, b), *arrays)

    return swept(lambda a, b: np.einsum("bhid,bhjd->bhij", a, b), *arrays), pytorch


def windowed_einsum() -> tuple[Step, Callable[[], Step]]:
    x, w = array(16, 8, 256), array(16, 8, 5)

    def pytorch() -> Step:
        import torch

        return torch_swept(lambda x, w: torch.einsum("bctk,ock->bot", x.unfold(2, 5, 1), w), x, w)

    windows = np.lib.stride_tricks.sliding_window_view
    return swept(lambda x, w: np.einsum("bctk,ock->bot", windows(x, 5, axis=2), w), x, w), pytorch


def cube() -> tuple[Step, Callable[[], Step]]:
    x = array(200_000)
    return swept(lambda x: x**3, x), lambda: torch_swept(lambda x: x**3, x)


def layer_norm() -> tuple[Step, Callable[[], Step]]:
    arrays = array(64, 64, 128), array(128), array(128)

    def pytorch() -> Step:
        from torch.nn import functional

        return torch_swept(lambda x, w, b: functional.layer_norm(x, (128,), w, b), *arrays)

    return swept(lambda x, w, b: ours_f.layer_norm(x, 128, w, b), *arrays), pytorch


def max_pool() -> tuple[Step, Callable[[], Step]]:
    x = array(64, 16, 16, 16)

    def pytorch() -> Step:
        from torch.nn import functional

        return torch_swept(lambda x: functional.max_pool2d(x, 2), x)

    return swept(lambda x: ours_f.max_pool2d(x, 2), x), pytorch


def gelu() -> tuple[Step, Callable[[], Step]]:
    x = array(256, 512)

    def pytorch() -> Step:
        from torch.nn import functional

        return torch_swept(functional.gelu, x)

    return swept(ours_f.gelu, x), pytorch


def unstack() -> tuple[Step, Callable[[], Step]]:
    x = array(64, 32, 64)

    def pytorch() -> Step:
        import torch

        return torch_swept(lambda x: sum(torch.unbind(x)), x)

    return swept(lambda x: sum(np.unstack(x)), x), pytorch


def cross_entropy() -> tuple[Step, Callable[[], Step]]:
    x, y = array(4096, 1000, dtype="float32"), RNG.integers(0, 1000, 4096)

    def pytorch() -> Step:
        import torch
        from torch.nn import functional

        return torch_swept(lambda x: functional.cross_entropy(x, torch.tensor(y)), x)

    return swept(lambda x: ours_f.cross_entropy(x, y), x), pytorch


def embedding() -> tuple[Step, Callable[[], Step]]:
    table, numbers = array(50_000, 64, dtype="float32"), RNG.integers(0, 50_000, (32, 64))

    def pytorch() -> Step:
        import torch
        from torch.nn import functional

        return torch_swept(lambda w: functional.embedding(torch.tensor(numbers), w), table)

    return swept(lambda w: ours_f.embedding(numbers, w), table), pytorch


def segment_sum() -> tuple[Step, Callable[[], Step]]:
    x, segments = array(20_000, 32), RNG.integers(0, 2000, 20_000)

    def pytorch() -> Step:
        import torch

        index = torch.tensor(segments)
        return torch_swept(lambda x: torch.zeros(2000, 32, dtype=x.dtype).index_add(0, index, x), x)

    return swept(lambda x: ours_f.segment_sum(x, segments, 2000), x), pytorch


def cnn(dtype: str) -> tuple[Step, Callable[[], Step]]:
    x, y = array(64, 1, 8, 8, dtype=dtype), RNG.integers(0, 10, 64)
    nn, rng = tl.nn, np.random.default_rng(1)
    model = nn.Sequential(
        nn.Conv2D(1, 32, 3, padding=1, rng=rng, dtype=dtype), nn.ReLU(), nn.MaxPool2D(2),
        nn.Conv2D(32, 64, 3, padding=1, rng=rng, dtype=dtype), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten(),
        nn.Linear(256, 10, rng=rng, dtype=dtype),
    )  # fmt: skip

    def pytorch() -> Step:
        import torch
        from torch import nn

        model = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 10),
        ).to(getattr(torch, dtype))  # fmt: skip
        tx, ty = torch.tensor(x), torch.tensor(y)
        loss = lambda: nn.functional.cross_entropy(model(tx), ty)
        return trained(model, torch.optim.Adam(model.parameters()), loss)

    return trained(model, tl.optim.Adam(model.parameters()), lambda: ours_f.cross_entropy(model(x), y)), pytorch


def conv1d(dtype: str) -> tuple[Step, Callable[[], Step]]:
    x, y = array(64, 1, 128, dtype=dtype), RNG.integers(0, 4, 64)
    nn, rng = tl.nn, np.random.default_rng(1)
    model = nn.Sequential(
        nn.Conv1D(1, 16, 5, padding=2, rng=rng, dtype=dtype), nn.ReLU(), nn.MaxPool1D(2),
        nn.Conv1D(16, 32, 5, padding=2, rng=rng, dtype=dtype), nn.ReLU(), nn.AdaptiveAvgPool1D(1), nn.Flatten(),
        nn.Linear(32, 4, rng=rng, dtype=dtype),
    )  # fmt: skip

    def pytorch() -> Step:
        import torch
        from torch import nn

        model = nn.Sequential(
            nn.Conv1d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(16, 32, 5, padding=2), nn.ReLU(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 4),
        ).to(getattr(torch, dtype))  # fmt: skip
        tx, ty = torch.tensor(x), torch.tensor(y)
        loss = lambda: nn.functional.cross_entropy(model(tx), ty)
        return trained(model, torch.optim.Adam(model.parameters()), loss)

    return trained(model, tl.optim.Adam(model.parameters()), lambda: ours_f.cross_entropy(model(x), y)), pytorch


def gru() -> tuple[Step, Callable[[], Step]]:
    x = array(64, 32, 32)
    layer = tl.nn.GRU(32, 64, rng=np.random.default_rng(1))

    def pytorch() -> Step:
        import torch

        layer = torch.nn.GRU(32, 64, dtype=torch.float64)
        return torch_swept(lambda x: layer(x)[0], x)

    return swept(lambda x: layer(x)[0], x), pytorch


def transformer() -> tuple[Step, Callable[[], Step]]:
    x = array(16, 64, 96, dtype="float32")
    options: Any = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
    layer = tl.nn.TransformerEncoderLayer(96, 4, 384, **options, rng=np.random.default_rng(1), dtype="float32")

    def pytorch() -> Step:
        import torch

        layer = torch.nn.TransformerEncoderLayer(96, 4, 384, **options)
        mask = torch.nn.Transformer.generate_square_subsequent_mask(64)
        return torch_swept(lambda x: layer(x, mask, is_causal=True), x)

    return swept(lambda x: layer(x, is_causal=True), x), pytorch


def slices(steps: int) -> tuple[Step, Callable[[], Step]]:
    x = array(steps, 32, 32)
    added = lambda x: sum(x[t] * x[t] for t in range(steps))
    return swept(added, x), lambda: torch_swept(added, x)


ROWS: dict[str, tuple[Callable[[], tuple[Step, Callable[[], Step]]], str]] = {
    "einsum of three matrices of 128": (lambda: einsum(128), "≤ 2"),
    "batched einsum, 32 × 4 × 64 × 16": (batched_einsum, "≤ 2"),
    "einsum over windows of 5, 16 × 8 × 256": (windowed_einsum, "≤ 2"),
    "x ** 3 of 200,000 numbers": (cube, "≤ 3"),
    "LayerNorm, 64 × 64 × 128": (layer_norm, "≤ 2.5"),
    "max-pool, 64 × 16 × 16 × 16": (max_pool, "≤ 2.5"),
    "exact GELU, 256 × 512": (gelu, "≤ 2.5"),
    "unstack, 64 × 32 × 64": (unstack, "≤ 2.5"),
    "cross-entropy, 4096 × 1000, float32": (cross_entropy, "≤ 1.5"),
    "embedding of 50,000 rows, float32": (embedding, "≤ 1.5"),
    "segment sum, 20,000 × 32": (segment_sum, "≤ 1.5"),
    "CNN on digits, step, float32": (lambda: cnn("float32"), "≤ 1.5"),
    "CNN on digits, step, float64": (lambda: cnn("float64"), "≤ 1.0"),
    "Conv1D classifier, step, float32": (lambda: conv1d("float32"), "≤ 1.5"),
    "Conv1D classifier, step, float64": (lambda: conv1d("float64"), "≤ 0.9"),
    "GRU, 64 steps, 32 × 64": (gru, "≤ 1.0"),
    "layer of a GPT, 16 × 64 × 96, float32": (transformer, "≤ 1.2"),
    "400 slices of a sequence": (lambda: slices(400), "linear"),
    "800 slices of a sequence": (lambda: slices(800), "twice that of 400"),
}


def run(with_torch: bool) -> str:
    lines = ["### Layers and models, forward and backward", "", "| what | µs | PyTorch, µs | ratio | target |"]
    lines.append("|---|---:|---:|---:|---:|")
    for name, (make, target) in ROWS.items():
        ours, pytorch = make()
        contenders = {"PyTorch": pytorch(), "ours": ours} if with_torch else {"ours": ours}
        rows = {row.contender: row for row in compare(contenders, rounds=9, round_seconds=0.03)}
        theirs = f"{rows['PyTorch'].microseconds:,.0f} | {rows['ours'].ratio:.2f}" if with_torch else "|"
        lines.append(f"| {name} | {rows['ours'].microseconds:,.0f} | {theirs} | {target} |")
    return "\n".join(lines)
