"""A Gaussian process chooses its own kernel by the marginal likelihood, and says how sure it is.

    python examples/gaussian_process.py

The data are a trend, a season and noise. The gradient goes through the Cholesky factor; Newton's method needs Hessian
products, which come for nothing.
Source: C. Rasmussen, C. Williams, "Gaussian processes for machine learning", 2006, algorithm 2.1.
"""

import numpy as np

import tinygrad_lab as tl


def series(rng, n=160, noise=0.2):
    """Return times and values that were measured, and the times and values in between, without noise."""
    t = np.sort(rng.uniform(0, 10, n))
    between = np.linspace(0.2, 9.8, 200)
    return t, truth(t) + noise * rng.normal(size=n), between, truth(between)


def truth(t):
    """Return the function that was measured."""
    return 2 * np.sin(0.6 * t) + np.sin(2 * np.pi * t)


def kernel(p, s, t):
    """Return the covariances of the function at times s and t: a smooth trend, and a season that may drift."""
    apart = s[:, None] - t[None, :]
    trend = np.exp(2 * p["trend"] - 0.5 * (apart / np.exp(p["trend_length"])) ** 2)
    waves = np.sin(np.pi * apart / np.exp(p["period"])) / np.exp(p["season_length"])
    return trend + np.exp(2 * p["season"] - 2 * waves**2)


def factor(p, t):
    """Return the Cholesky factor of the covariance of what was measured."""
    return np.linalg.cholesky(kernel(p, t, t) + np.exp(2 * p["noise"]) * np.eye(len(t)))


def loss(p, t, y):
    """Return minus the logarithm of the marginal likelihood, for each measurement, in nats."""
    lower = factor(p, t)
    white = np.linalg.solve(lower, y)
    return (0.5 * white @ white + np.sum(np.log(np.diagonal(lower)))) / len(t) + 0.5 * np.log(2 * np.pi)


def predict(p, t, y, new):
    """Return the mean and the standard deviation of the function at new times."""
    lower = factor(p, t)
    white, across = np.linalg.solve(lower, y), np.linalg.solve(lower, kernel(p, t, new))
    return across.T @ white, np.sqrt(np.diagonal(kernel(p, new, new)) - np.sum(across**2, axis=0))


def main(steps=40, quiet=False):
    """Choose the kernel, and return the root mean squared error between the measurements."""
    t, y, between, true = series(np.random.default_rng(0))
    start = {
        "trend": 0.0, "trend_length": 0.5, "season": 0.0, "season_length": 0.0, "period": 0.1, "noise": -1.0,
    }  # fmt: skip  # each the logarithm of what it is named after

    def report(intermediate_result):
        if not quiet:
            print(f"minus log marginal likelihood: {intermediate_result.fun:.4f} nats a measurement")

    found = tl.optim.minimize(loss, start, (t, y), method="trust-ncg", callback=report, options={"maxiter": steps})
    p = found.parameters
    mean, deviation = predict(p, t, y, between)
    error = float(np.sqrt(np.mean((mean - true) ** 2)))
    if not quiet:
        inside = np.mean(np.abs(mean - true) < 2 * deviation)
        print(f"noise {np.exp(p['noise']):.3f} (true: 0.2), period {np.exp(p['period']):.3f} (true: 1)")
        print(f"error between the measurements {error:.3f}; {inside:.0%} within two standard deviations")
    return error


if __name__ == "__main__":
    main()
