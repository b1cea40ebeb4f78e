"""A physics-informed network solves Burgers' equation u_t + u u_x = ν u_xx, which forms a shock.

    python examples/pinn_burgers.py

On −1 ≤ x ≤ 1, 0 ≤ t ≤ 1, with u(x, 0) = −sin πx, u(±1, t) = 0 and ν = 0.01/π; the exact solution is known, and is what
the network is judged by. Its derivatives by t and x are rows of the Jacobian, taken forward through the network.
Source: M. Raissi, P. Perdikaris, G. Karniadakis, "Physics-informed neural networks", 2019.
"""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn

NU = 0.01 / np.pi


def exact(t, x, nodes=100):
    """Return the solution for t > 0, an integral over a Gaussian (E. Hopf 1950, J. Cole 1951) by quadrature."""
    z, weights = np.polynomial.hermite.hermgauss(nodes)
    y = x[..., None] - np.sqrt(4 * NU * t[..., None]) * z
    f = weights * np.exp(-np.cos(np.pi * y) / (2 * np.pi * NU))
    return -np.sum(np.sin(np.pi * y) * f, axis=-1) / np.sum(f, axis=-1)


def network(rng):
    """Return the network; it gets points (t, x) and gives a value for each."""
    layers = [nn.Linear(2, 20, rng=rng, init="xavier_normal"), nn.Tanh()]
    for _ in range(4):
        layers += [nn.Linear(20, 20, rng=rng, init="xavier_normal"), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(20, 1, rng=rng, init="xavier_normal"))


def solution(model, t, x):
    """Return u; the conditions at the beginning and at both ends hold whatever the network says."""
    return (1 - x * x) * t * model(np.stack([t, x], axis=-1))[..., 0] - np.sin(np.pi * x)


def residual(model, t, x):
    """Return u_t + u u_x − ν u_xx at each point; the points do not depend on each other, so sums give all slopes."""

    def slopes(t, x):
        u_t, u_x = tl.grad(lambda t, x: np.sum(solution(model, t, x)), argnums=(0, 1))(t, x)
        return np.sum(u_x), (u_t, u_x)

    u_xx, (u_t, u_x) = tl.grad(slopes, argnums=1, has_aux=True)(t, x)
    return u_t + solution(model, t, x) * u_x - NU * u_xx


def loss(model, t, x):
    """Return the mean square of the residual."""
    return np.mean(residual(model, t, x) ** 2)


def error(model):
    """Return the relative error of the solution on a grid, in the mean square."""
    t, x = np.meshgrid(np.linspace(0.01, 1, 100), np.linspace(-1, 1, 257))
    with tl.no_grad():
        found = solution(model, t, x).data
    return float(np.linalg.norm(found - exact(t, x)) / np.linalg.norm(exact(t, x)))


def main(steps=1500, quiet=False):
    """Train, and return the relative error against the exact solution."""
    rng = np.random.default_rng(0)
    model = network(rng)
    t, x = rng.random(2000), np.concatenate([rng.uniform(-1, 1, 1500), 0.1 * rng.normal(size=500).clip(-9, 9)])
    iteration = 0

    def report(intermediate_result):
        nonlocal iteration
        iteration += 1
        if not quiet and iteration % 100 == 0:
            print(f"iteration {iteration}: mean squared residual {intermediate_result.fun:.2e}")

    options = {"maxiter": steps, "maxfun": 2 * steps, "maxcor": 50, "ftol": 0, "gtol": 0}
    both = tl.compile(tl.value_and_grad(loss))  # six times as fast as the loss itself
    found = tl.optim.minimize(both, model, (t, x), jac=True, callback=report, options=options)
    model.load_state_dict(found.parameters.state_dict())
    if not quiet:
        print(f"relative error against the exact solution: {error(model):.2e}")
    return error(model)


if __name__ == "__main__":
    main()
