"""A neural ordinary differential equation learns the law of motion of a spiral from one trajectory.

    python examples/neural_ode.py

The law dz/dt = f(z) is a network; Runge-Kutta steps are plain Python, and the gradient goes through all of them.
Source: R. Chen, Y. Rubanova, J. Bettencourt, D. Duvenaud, "Neural ordinary differential equations", 2018.
"""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn

MATRIX = np.array([[-0.1, 2.0], [-2.0, -0.1]])


def law(z):
    """Return the true dz/dt."""
    return z**3 @ MATRIX


def network(rng):
    """Return the law to learn; it sees the cubes of the coordinates, as the true one does."""
    return nn.Sequential(nn.Lambda(lambda z: z**3), nn.Linear(2, 50, rng=rng), nn.Tanh(), nn.Linear(50, 2, rng=rng))


def integrate(f, z, times):
    """Return the solution of dz/dt = f(z) at the times given, (len(times), ...), by fourth-order Runge-Kutta steps."""
    path = [z]
    for h in np.diff(times):
        a = f(z)
        b = f(z + h / 2 * a)
        c = f(z + h / 2 * b)
        d = f(z + h * c)
        z = z + h / 6 * (a + 2 * b + 2 * c + d)
        path.append(z)
    return np.stack(path)


def loss(model, start, times, path):
    """Return the mean absolute distance of the solution from the paths observed."""
    return np.mean(np.abs(integrate(model, start, times) - path))


def main(steps=4000, quiet=False):
    """Train, and return the root mean squared error of the whole path, from its start alone."""
    rng = np.random.default_rng(0)
    times = np.linspace(0, 25, 1001)
    path = integrate(law, np.array([2.0, 0.0]), times)
    length = 10  # of the pieces that the network sees
    model = network(rng)
    optimizer = tl.optim.Adam(model.parameters(), lr=tl.optim.schedules.cosine(1e-2, steps))

    @tl.compile(state=(model, optimizer))
    def step(start, pieces):
        optimizer.zero_grad()
        value = loss(model, start, times[:length], pieces)
        value.backward()
        optimizer.step()
        return value

    for number in range(1, steps + 1):
        first = rng.integers(0, len(times) - length, 40)
        pieces = path[first + np.arange(length)[:, None]]
        value = step(pieces[0], pieces)
        if not quiet and number % 1000 == 0:
            print(f"step {number}: mean distance {value.item():.5f}")

    with tl.no_grad():
        found = integrate(model, path[0], times)
    error = float(np.sqrt(np.mean((found.data - path) ** 2)))
    if not quiet:
        print(f"error of the whole path, four turns from one point: {error:.4f}")
    return error


if __name__ == "__main__":
    main()
