"""Model-agnostic meta-learning: parameters from which five examples and one step are enough to learn a sine.

    python examples/maml.py

The outer gradient goes through the inner gradient step: a gradient of a gradient, written like its formula.
Source: C. Finn, P. Abbeel, S. Levine, "Model-agnostic meta-learning for fast adaptation of deep networks", 2017.
"""

import itertools

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn


def tasks(count, rng, points=10):
    """Return inputs and values of `count` sines of random height and phase, (count, 2 · points, 1) each."""
    height, phase = rng.uniform(0.1, 5.0, (count, 1, 1)), rng.uniform(0, np.pi, (count, 1, 1))
    x = rng.uniform(-5.0, 5.0, (count, 2 * points, 1))
    return x, height * np.sin(x - phase)


def network(rng):
    """Return the weights and biases of a network 1-40-40-1, as a list of pairs."""
    sizes = (1, 40, 40, 1)
    return [
        (tl.Value(nn.init.he_normal((m, n), rng).T), tl.Value(np.zeros((1, m)))) for n, m in itertools.pairwise(sizes)
    ]


def predict(layers, x):
    """Return the network's values; weights of shape (count, n, m) are one network a task."""
    *hidden, (w, b) = layers
    for v, c in hidden:
        x = np.tanh(x @ v + c)
    return x @ w + b


def error(layers, x, y):
    """Return the mean squared error of each task, added up: each task's gradient is then its own."""
    return np.sum(np.mean((predict(layers, x) - y) ** 2, axis=(1, 2)))


def adapted(layers, x, y, rate=0.02, steps=1):
    """Return the parameters of every task after gradient steps from the same start."""
    mine = [tuple(np.broadcast_to(p, (len(x), *p.shape)) for p in pair) for pair in layers]
    for _ in range(steps):
        gradients = tl.grad(error)(mine, x, y)
        mine = [(w - rate * dw, b - rate * db) for (w, b), (dw, db) in zip(mine, gradients, strict=True)]
    return mine


def loss(layers, x, y, steps=1):
    """Return the mean error on the second half of each task's points, after learning from the first."""
    half = x.shape[1] // 2
    mine = adapted(layers, x[:, :half], y[:, :half], steps=steps)
    return error(mine, x[:, half:], y[:, half:]) / len(x)


def main(steps=10000, quiet=False):
    """Train, and return the mean squared error on new sines after five steps on ten points each."""
    rng = np.random.default_rng(0)
    layers = network(rng)
    optimizer = tl.optim.Adam(
        [p for pair in layers for p in pair], lr=tl.optim.schedules.cosine(3e-3, steps, minimum=1e-4)
    )
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        value = loss(layers, *tasks(25, rng))
        value.backward()
        optimizer.step()
        if not quiet and step % 2000 == 0:
            print(f"step {step}: error after one step {value.item():.3f}")
    new = tasks(500, np.random.default_rng(1))
    with tl.no_grad():
        before, *after = (float(loss(layers, *new, steps=n)) for n in (0, 1, 5))
    if not quiet:
        print(f"new sines: error {before:.3f} before, {after[0]:.3f} after one step, {after[1]:.3f} after five")
    return after[-1]


if __name__ == "__main__":
    main()
