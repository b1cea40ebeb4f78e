"""One-dimensional convolutions tell noisy waves apart: sines, squares, triangles and saw teeth.

python examples/conv1d_classifier.py
"""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn

KINDS = ("sine", "square", "triangle", "saw tooth")


def waves(n, rng, length=128, noise=0.2):
    """Return n waves of random period, phase and height, (n, 1, length) in float32, and what kind each is."""
    kind = rng.integers(0, len(KINDS), n)
    period, phase, height = rng.uniform(12, 32, (n, 1)), rng.random((n, 1)), rng.uniform(0.7, 1.4, (n, 1))
    turn = (np.arange(length) / period + phase) % 1.0
    forms = [np.sin(2 * np.pi * turn), np.sign(0.5 - turn), 4 * np.abs(turn - 0.5) - 1, 2 * turn - 1]
    x = height * np.choose(kind[:, None], forms) + noise * rng.normal(size=(n, length))
    return x[:, None].astype(np.float32), kind


def network(rng, dtype=np.float32):
    """Return the network; the mean over all positions makes it indifferent to the length."""

    def block(inputs, outputs):
        return nn.Sequential(
            nn.Conv1D(inputs, outputs, 5, padding="same", bias=False, rng=rng, dtype=dtype),
            nn.BatchNorm1D(outputs, dtype=dtype),
            nn.ReLU(),
            nn.MaxPool1D(2),
        )

    return nn.Sequential(
        block(1, 16), block(16, 32), block(32, 32), nn.AdaptiveAvgPool1D(1), nn.Flatten(),
        nn.Linear(32, len(KINDS), rng=rng, dtype=dtype),
    )  # fmt: skip


def loss(model, x, y):
    """Return the mean cross-entropy of the model's scores."""
    return tl.functional.cross_entropy(model(x), y)


def main(steps=600, quiet=False):
    """Train, and return the share of new waves that are told right."""
    rng = np.random.default_rng(0)
    model = network(rng)
    optimizer = tl.optim.Adam(model.parameters(), lr=tl.optim.schedules.cosine(5e-3, steps))
    for step in range(1, steps + 1):
        x, y = waves(64, rng)
        optimizer.zero_grad()
        value = loss(model, x, y)
        value.backward()
        optimizer.step()
        if not quiet and step % 100 == 0:
            print(f"step {step}: loss {value.item():.3f}")
    x, y = waves(2000, np.random.default_rng(1))
    with tl.no_grad():
        found = np.argmax(model.eval()(x).data, axis=1)
    if not quiet:
        for i, kind in enumerate(KINDS):
            print(f"{kind}: {np.mean(found[y == i] == i):.1%} right")
    return float(np.mean(found == y))


if __name__ == "__main__":
    main()
