"""Hamiltonian Monte Carlo draws from a distribution that is known by its density alone.

    python examples/hmc.py

The density has the shape of a banana, whose moments are known, so that the draws can be judged. The gradient is
compiled once, to a few NumPy calls.
Source: R. Neal, "MCMC using Hamiltonian dynamics", 2011.
"""

import numpy as np

import tinygrad_lab as tl


def log_density(z):
    """Return the logarithm of the density at points (n, 2): x is normal, and y normal around x²."""
    x, y = z[:, 0], z[:, 1]
    return -0.5 * x**2 - 2 * (y - x**2) ** 2


gradient = tl.compile(tl.grad(lambda z: np.sum(log_density(z))))


def leapfrog(z, momentum, size, steps):
    """Follow the motion of particles whose potential is minus the log-density; return places and momenta."""
    momentum = momentum + 0.5 * size * gradient(z)
    for step in range(steps):
        z = z + size * momentum
        momentum = momentum + (size if step < steps - 1 else 0.5 * size) * gradient(z)
    return z, momentum


def draws(start, rng, steps, size=0.06, length=40):
    """Return `steps` states of as many chains as `start` has rows, (steps, n, 2), and the share of moves accepted."""
    z, states, accepted = start, [], 0.0
    for _ in range(steps):
        momentum = rng.normal(size=z.shape)
        moved, arrived = leapfrog(z, momentum, size * rng.uniform(0.8, 1.2), length)
        gained = log_density(moved) - log_density(z) + 0.5 * np.sum(momentum**2 - arrived**2, axis=1)
        taken = np.log(rng.random(len(z))) < gained
        z = np.where(taken[:, None], moved, z)
        states.append(z)
        accepted += np.mean(taken) / steps
    return np.stack(states), accepted


def main(steps=2000, quiet=False):
    """Draw, and return the largest error of a mean or a variance, relative to the standard deviation or variance."""
    rng = np.random.default_rng(0)
    states, accepted = draws(np.zeros((50, 2)), rng, steps)
    z = states[len(states) // 5 :].reshape(-1, 2)  # the first fifth warms up
    mean, variance = np.array([0.0, 1.0]), np.array([1.0, 2.25])  # y = x² + ε: E y = 1, Var y = 2 + 1/4
    errors = np.concatenate([(z.mean(axis=0) - mean) / np.sqrt(variance), z.var(axis=0) / variance - 1])
    if not quiet:
        print(f"{len(z):,} draws, {accepted:.0%} accepted")
        print(f"means {z.mean(axis=0).round(3)} (true: {mean}), variances {z.var(axis=0).round(3)} (true: {variance})")
    return float(np.max(np.abs(errors)))


if __name__ == "__main__":
    main()
