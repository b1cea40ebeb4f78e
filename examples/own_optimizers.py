"""Optimizers of your own: an `update` of arrays is all there is to write.

    python examples/own_optimizers.py

Muon makes each step of a matrix orthogonal, by a few matrix products. AdaHessian divides by the curvature, estimated by
Hessian products with random signs. Both train the same network as Adam.
Sources: K. Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024; Z. Yao and others,
"AdaHessian: an adaptive second order optimizer for machine learning", 2021.
"""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn


def orthogonal(m, iterations=5):
    """Return roughly U Vᵀ of the decomposition m = U S Vᵀ, by iterations that need no decomposition."""
    x = m / (np.linalg.norm(m) + 1e-7)
    for _ in range(iterations):
        a = x @ x.T
        x = 3.4445 * x + (-4.775 * a + 2.0315 * (a @ a)) @ x
    return x


class Muon(tl.optim.Optimizer):
    """Momentum; a matrix takes the orthogonal part of it, a vector the signs."""

    def update(self, parameter, gradient, state):
        """Return the parameter after a step, and the new state."""
        step = state.get("step", 0)
        momentum = 0.9 * state.get("momentum", 0.0) + gradient
        direction = 0.9 * momentum + gradient
        direction = orthogonal(direction) if np.ndim(direction) == 2 else 0.1 * np.sign(direction)
        return parameter - self.rate(step) * direction, {"step": step + 1, "momentum": momentum}


class AdaHessian(tl.optim.Optimizer):
    """Adam, with the diagonal of the Hessian where Adam has the gradient's square."""

    def curvature(self, loss, model, rng):
        """Remember an estimate of the Hessian's diagonal: z · Hz for random signs z."""
        signs = [rng.choice([-1.0, 1.0], p.shape) for p in self.params]
        leaves, rebuild = model.tree_flatten()
        products = tl.hvp(lambda p: loss(rebuild(p)), [p.data for p in leaves], signs)
        for state, z, product in zip(self.states, signs, products, strict=True):
            state["curvature"] = z * product

    def update(self, parameter, gradient, state):
        """Return the parameter after a step, and the new state."""
        step, h = state.get("step", 0) + 1, state["curvature"]
        m = 0.9 * state.get("m", 0.0) + 0.1 * gradient
        v = 0.99 * state.get("v", 0.0) + 0.01 * h * h
        change = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.99**step)) + 1e-3)
        return parameter - self.rate(step) * change, {"step": step, "m": m, "v": v, "curvature": h}


def network(rng):
    """Return a network that reads digits of 64 pixels."""
    return nn.Sequential(
        nn.Linear(64, 64, rng=rng), nn.Tanh(), nn.Linear(64, 32, rng=rng), nn.Tanh(), nn.Linear(32, 10, rng=rng)
    )


def loss(model, x, y):
    """Return the mean cross-entropy of the model's scores."""
    return tl.functional.cross_entropy(model(x), y)


def trained(make, x, y, steps):
    """Return the loss over all of the data after so many steps of the optimizer."""
    rng = np.random.default_rng(0)
    model = network(rng)
    optimizer = make(model.parameters())
    for _ in range(steps):
        rows = rng.integers(0, len(x), 128)
        optimizer.zero_grad()
        loss(model, x[rows], y[rows]).backward()
        if isinstance(optimizer, AdaHessian):
            optimizer.curvature(lambda m, rows=rows: loss(m, x[rows], y[rows]), model, rng)
        optimizer.step()
    with tl.no_grad():
        return loss(model, x, y).item()


def main(steps=300, quiet=False):
    """Train three times, and return the loss of the worse of the own optimizers, divided by that of Adam."""
    x, y = tl.data.digits()
    x = x.reshape(len(x), -1)
    schedules = tl.optim.schedules
    losses = {
        "Adam": trained(lambda p: tl.optim.Adam(p, lr=schedules.cosine(1e-2, steps)), x, y, steps),
        "Muon": trained(lambda p: Muon(p, lr=schedules.cosine(0.05, steps)), x, y, steps),
        "AdaHessian": trained(lambda p: AdaHessian(p, lr=schedules.cosine(0.3, steps)), x, y, steps),
    }
    if not quiet:
        for name, value in losses.items():
            print(f"{name}: loss {value:.5f} after {steps} steps")
    return max(losses["Muon"], losses["AdaHessian"]) / losses["Adam"]


if __name__ == "__main__":
    main()
