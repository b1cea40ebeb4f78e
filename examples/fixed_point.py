"""An implicit layer: its output solves an equation, and its gradient comes from the equation, not from the solver.

    python examples/fixed_point.py

The layer returns z with z = f(z, x, w). However z was found, the implicit function theorem gives the derivative: with
J = ∂f/∂z, a gradient g becomes u = g + Jᵀu, another fixed point, and then goes one step back through f.
Source: S. Bai, J. Kolter, V. Koltun, "Deep equilibrium models", 2019.
"""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn


def iterate(step, z, tolerance=1e-13, most=400):
    """Return z = step(z), found by going on until nothing changes any more."""
    for _ in range(most):
        z, before = step(z), z
        if np.max(np.abs(z - before)) < tolerance:
            break
    return z


def cell(z, x, w):
    """Return one step of the iteration, of states z and inputs x of shape (batch, size)."""
    return np.tanh(z @ w.T + x)


def implicit_rule(needed, g, z, x, w):
    """Return the gradients by x and w; `tl.vjp` knows the cell's derivatives."""
    _, pull = tl.vjp(cell, z, x, w)
    u = iterate(lambda u: g + pull(u)[0], g)
    by_argument = pull(u)[1:]
    return tuple(by_argument[i] for i in needed)


@tl.primitive(joint=implicit_rule)
def equilibrium(x, w):
    """Return z with z = tanh(w z + x)."""
    return iterate(lambda z: cell(z, x, w), np.zeros_like(x))


class Equilibrium(nn.Module):
    """A layer as deep as it needs to be: `z = tanh(w z + x)`, with w scaled so that the solution is unique."""

    def __init__(self, size, rng):
        self.weight = tl.Value(rng.normal(size=(size, size)) / np.sqrt(size))

    def forward(self, x):
        """Return the states, of the shape of x."""
        norm = np.linalg.norm(self.weight, 2)
        return equilibrium(x, self.weight * (0.9 / np.maximum(0.9, norm)))


def network(rng, size=32):
    """Return the network, from points of the plane to the scores of two classes."""
    return nn.Sequential(nn.Linear(2, size, rng=rng), Equilibrium(size, rng), nn.Linear(size, 2, rng=rng))


def loss(model, x, y):
    """Return the mean cross-entropy of the model's scores."""
    return tl.functional.cross_entropy(model(x), y)


def main(steps=600, quiet=False):
    """Train on two spirals, and return the share of held-out points that are told apart."""
    rng = np.random.default_rng(0)
    x, y = tl.data.spirals(1000, rng, noise=0.03, turns=1.0)
    held_out_x, held_out_y = tl.data.spirals(1000, rng, noise=0.03, turns=1.0)
    model = network(rng)
    optimizer = tl.optim.Adam(model.parameters(), lr=tl.optim.schedules.cosine(0.02, steps))

    def accuracy():
        with tl.no_grad():
            return float(np.mean(np.argmax(model(held_out_x).data, axis=1) == held_out_y))

    for step in range(1, steps + 1):
        rows = rng.integers(0, len(x), 128)
        optimizer.zero_grad()
        value = loss(model, x[rows], y[rows])
        value.backward()
        optimizer.step()
        if not quiet and step % 100 == 0:
            print(f"step {step}: loss {value.item():.3f}, {accuracy():.1%} of the held-out points right")
    return accuracy()


if __name__ == "__main__":
    main()
